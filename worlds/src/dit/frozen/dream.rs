//! A `dit` in motion on a CPU: an [`Imagination`] of lanes on the host.

use std::{ops::Range, sync::Arc};

use burn::tensor::{DType, Int, Tensor, TensorData};
use dreamlane_core::{
    Actions, Context, Imagination, LaneMask, Observation, Prediction, Result, Seed, Snapshot,
};
use rayon::prelude::*;

use super::{
    super::{
        Dit,
        readout::{Said, prediction},
    },
    lane::Lane,
    room::Room,
};
use crate::host::numbers;

/// Some dreams of one world.
pub(in super::super) struct Dream {
    world: Arc<Dit>,
    pub(super) lanes: Vec<Lane>,
}

impl Dream {
    pub(in super::super) fn begin(world: Arc<Dit>, contexts: &[Context], seeds: &[Seed]) -> Result<Self> {
        assert_eq!(contexts.len(), seeds.len(), "contexts and seeds");
        let lanes = world.begun(contexts, seeds)?;
        Ok(Self { world, lanes })
    }

    /// The marked lanes, each after its action.
    fn acted(&mut self, actions: &Actions, lanes: &LaneMask) -> Vec<&mut Lane> {
        let width = self.world.spec.action.width();
        let values = numbers(&actions.values);
        let count = self.lanes.len();
        assert_eq!(values.len(), count * width, "actions of {count} lanes of width {width}");
        let mut acted = Vec::with_capacity(count);
        for (idx, lane) in self.lanes.iter_mut().enumerate().filter(|(idx, _)| lanes.get(*idx)) {
            lane.history.push(actions.given.get(idx).then(|| &values[idx * width..(idx + 1) * width]));
            acted.push(lane);
        }
        acted
    }
}

impl Imagination for Dream {
    fn step(&mut self, actions: &Actions, running: &LaneMask) -> Prediction {
        let world = self.world.clone();
        let trunk = world.trunk();
        let mut lanes = self.acted(actions, running);
        let size = per_task(lanes.len());
        let vector = world.vector();
        let said = lanes.par_chunks_mut(size).map(|lanes| (trunk.dream(lanes, vector), lanes.len()));
        let said = said.collect::<Vec<_>>();
        prediction(self.latents(), &spread(&said, running))
    }

    fn observe(&mut self, actions: &Actions, seen: &Observation, lanes: &LaneMask) -> Result<Prediction> {
        let (world, marked) = (self.world.clone(), lanes);
        world.check_seen(seen, self.lanes.len())?;
        let chosen = lanes.indices().collect::<Vec<_>>();
        let latents = world.seen_latents(&picked(seen, &chosen), &state_of(seen, &chosen));
        let trunk = world.trunk();
        let mut lanes = self.acted(actions, marked);
        let size = per_task(lanes.len());
        let each = trunk.sizes.tokens * trunk.sizes.token_dim;
        let latents = latents.par_chunks(size * each);
        let said = lanes.par_chunks_mut(size).zip(latents);
        let said = said.map(|(lanes, latents)| (trunk.observe(lanes, latents), lanes.len()));
        let said = said.collect::<Vec<_>>();
        Ok(prediction(self.latents(), &spread(&said, marked)))
    }

    fn replace(&mut self, lanes: &[usize], contexts: &[Context], seeds: &[Seed]) -> Result<()> {
        assert_eq!((lanes.len(), lanes.len()), (contexts.len(), seeds.len()), "lanes, contexts and seeds");
        for (&lane, begun) in lanes.iter().zip(self.world.begun(contexts, seeds)?) {
            self.lanes[lane] = begun;
        }
        Ok(())
    }

    fn fork(&self, lanes: &[usize], noise: Option<&[Seed]>) -> Box<dyn Imagination> {
        let forked = lanes.iter().enumerate().map(|(idx, &lane)| {
            let lane = self.lanes[lane].clone();
            match noise {
                Some(seeds) => Lane { seed: seeds[idx], ..lane },
                None => lane,
            }
        });
        Box::new(Self { world: self.world.clone(), lanes: forked.collect() })
    }

    fn latents(&self) -> Tensor<3> {
        let shape = self.world.shape();
        let all = self.lanes.iter().flat_map(|lane| &lane.latest).copied().collect::<Vec<_>>();
        let data = TensorData::new(all, [self.lanes.len(), shape.tokens, shape.token_dim]);
        Tensor::from_data(data, &self.world.device)
    }

    fn snapshot(&self, lane: usize) -> Snapshot {
        self.lanes[lane].snapshot(self.world.identity())
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        self.lanes[lane] = Lane::restored(from, &self.world.shape(), self.world.identity())?;
        Ok(())
    }
}

impl Dit {
    /// Lanes that have seen their contexts and dreamed nothing yet.
    fn begun(&self, contexts: &[Context], seeds: &[Seed]) -> Result<Vec<Lane>> {
        let begin = |(context, &seed): (&Context, &Seed)| {
            self.checked(context)?;
            let latents = self.seen_latents(&context.images, &context.state);
            let mut lane = Lane::new(&self.shape(), seed);
            self.trunk().begin(&mut lane, &latents, &context.actions);
            Ok(lane)
        };
        contexts.par_iter().zip(seeds).map(begin).collect()
    }

    /// Pictures of bytes, one tensor per camera, and state `[frame, feature]` to latents `[frame, token, token_dim]`.
    pub(in super::super) fn see(&self, pictures: &[Tensor<4, Int>], state: &Tensor<2>) -> Tensor<3> {
        let shape = self.shape();
        let frames = pictures[0].dims()[0];
        let pictures = pictures.iter().map(bytes).collect::<Vec<_>>();
        let latents = self.seen_latents(&pictures, &numbers(state));
        Tensor::from_data(TensorData::new(latents, [frames, shape.tokens, shape.token_dim]), &self.device)
    }

    /// The same on the host: per camera the bytes of all frames, and their states.
    fn seen_latents(&self, pictures: &[Vec<u8>], state: &[f32]) -> Vec<f32> {
        let seen = self.encoders().iter().zip(pictures).map(|(encoder, pictures)| encoder.see(pictures));
        let seen = seen.collect::<Vec<_>>();
        let dim = self.layout.token_dim;
        let lens = self.layout.grids.iter().map(|[rows, columns]| rows * columns * dim).collect::<Vec<_>>();
        let (frames, features) = (seen[0].len() / lens[0].max(1), self.layout.state);
        let mut latents = Vec::with_capacity(frames * self.layout.tokens() * dim);
        for frame in 0..frames {
            for (seen, len) in seen.iter().zip(&lens) {
                latents.extend_from_slice(&seen[frame * len..(frame + 1) * len]);
            }
            if let Some(vector) = self.vector() {
                let first = latents.len();
                latents.resize(first + vector.len(), 0.0);
                vector.encode(&state[frame * features..(frame + 1) * features], &mut latents[first..]);
            }
        }
        latents
    }

    /// Latents `[frame, token, token_dim]` to pictures of bytes, one tensor per camera.
    pub(in super::super) fn draw(&self, latents: &Tensor<3>) -> Vec<Tensor<4, Int>> {
        let [frames, token, dim] = latents.dims();
        let latents = numbers(latents);
        let mut first = 0;
        let mut pictures = Vec::with_capacity(self.spec.cameras.len());
        for ((camera, decoder), [rows, columns]) in
            self.spec.cameras.iter().zip(self.decoders()).zip(&self.layout.grids)
        {
            let len = rows * columns * dim;
            let drawn = match len == token * dim {
                true => decoder.draw(&latents),
                false => {
                    let parts =
                        latents.chunks_exact(token * dim).flat_map(|frame| &frame[first..first + len]);
                    decoder.draw(&parts.copied().collect::<Vec<_>>())
                }
            };
            first += len;
            let data = TensorData::new(drawn, [frames, 3, camera.height, camera.width]);
            pictures.push(Tensor::from_data(data, (&self.device, DType::U8)));
        }
        pictures
    }
}

impl Dit {
    /// Dreams the frames `dreamed` of one clip on from those before it, and tells each to `see` as it comes.
    /// `latents` `[time, token, token_dim]`, `actions` `[time, width]`: the action taken at each frame.
    pub(in super::super) fn dream_on(
        &self,
        latents: &[f32],
        actions: &[f32],
        dreamed: Range<usize>,
        seed: Seed,
        see: &mut dyn FnMut(usize, &Lane, &Said),
    ) {
        let (shape, trunk, vector) = (self.shape(), self.trunk(), self.vector());
        let (each, width) = (shape.tokens * shape.token_dim, shape.width);
        let mut lane = Lane::new(&shape, seed);
        trunk.begin(&mut lane, &latents[..dreamed.start * each], &actions[..dreamed.start * width]);
        for t in dreamed {
            lane.history.push(Some(&actions[(t - 1) * width..t * width]));
            let said = trunk.dream(&mut [&mut lane], vector);
            see(t, &lane, &said[0]);
        }
    }
}

/// What blocks of lanes said, at the places of the lanes that were marked.
fn spread(said: &[([Said; Room::FRAMES], usize)], marked: &LaneMask) -> Vec<Said> {
    let mut all = vec![Said::default(); marked.len()];
    let said = said.iter().flat_map(|(said, count)| &said[..*count]);
    marked.indices().zip(said).for_each(|(lane, said)| all[lane] = *said);
    all
}

/// Per camera, the bytes of the pictures of some rows.
fn picked(seen: &Observation, rows: &[usize]) -> Vec<Vec<u8>> {
    let of_camera = |images: &Tensor<4, Int>| {
        let [_, channel, height, width] = images.dims();
        let (all, len) = (bytes(images), channel * height * width);
        rows.iter().flat_map(|row| &all[row * len..(row + 1) * len]).copied().collect()
    };
    seen.images.iter().map(of_camera).collect()
}

/// The states of some rows.
fn state_of(seen: &Observation, rows: &[usize]) -> Vec<f32> {
    let (all, len) = (numbers(&seen.state), seen.state.dims()[1]);
    rows.iter().flat_map(|row| &all[row * len..(row + 1) * len]).copied().collect()
}

/// Lanes of a block: as many as may be, unless threads would have nothing to do.
fn per_task(lanes: usize) -> usize {
    lanes.div_ceil(rayon::current_num_threads()).clamp(1, Room::FRAMES)
}

/// The bytes of pictures.
fn bytes(pictures: &Tensor<4, Int>) -> Vec<u8> {
    match pictures.to_data().convert_dtype(DType::U8).try_into_vec() {
        Ok(bytes) => bytes,
        Err(error) => panic!("pictures are bytes: {error:?}"),
    }
}
