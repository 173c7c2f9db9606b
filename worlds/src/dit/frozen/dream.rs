//! A `dit` in motion on a CPU: an [`Imagination`] of lanes on the host.

use std::sync::Arc;

use burn::tensor::{DType, Int, Tensor, TensorData};
use dreamlane_core::{
    Actions, Context, Error, Imagination, LaneMask, Observation, Prediction, Result, Seed, Snapshot,
};
use rayon::prelude::*;

use super::{super::Dit, lane::Lane, room::Room};
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
        let said = lanes.par_chunks_mut(size).map(|lanes| (trunk.dream(lanes), lanes.len()));
        let said = said.collect::<Vec<_>>();
        let said = said.iter().flat_map(|(said, count)| &said[..*count]);
        let mut readouts = vec![[0.0; 2]; self.lanes.len()];
        for (lane, said) in running.indices().zip(said) {
            readouts[lane] = *said;
        }
        let column = |of: &dyn Fn([f32; 2]) -> f32| {
            let values = readouts.iter().map(|&readout| of(readout)).collect::<Vec<_>>();
            Tensor::from_data(TensorData::new(values, [readouts.len()]), &world.device)
        };
        Prediction {
            latent: self.latents(),
            reward: column(&|[reward, _]| reward),
            ending: column(&|[_, ending]| ending),
            trust: Tensor::ones([readouts.len()], &world.device),
        }
    }

    fn observe(&mut self, actions: &Actions, seen: &Observation, lanes: &LaneMask) -> Result<()> {
        let world = self.world.clone();
        let camera = &world.spec.cameras[0];
        let (wanted, found) = ([self.lanes.len(), 3, camera.height, camera.width], seen.images[0].dims());
        if wanted != found {
            return Err(Error::mismatch("frames", "size", format!("{wanted:?}"), format!("{found:?}")));
        }
        let all = bytes(&seen.images[0]);
        let len = camera.frame_len();
        let marked = lanes.indices().flat_map(|lane| &all[lane * len..(lane + 1) * len]).copied();
        let latents = world.encoder().see(&marked.collect::<Vec<_>>());
        let trunk = world.trunk();
        let mut lanes = self.acted(actions, lanes);
        let size = per_task(lanes.len());
        let each = trunk.sizes.tokens * trunk.sizes.token_dim;
        let latents = latents.par_chunks(size * each);
        lanes.par_chunks_mut(size).zip(latents).for_each(|(lanes, latents)| trunk.observe(lanes, latents));
        Ok(())
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
        self.lanes[lane].snapshot()
    }

    fn restore(&mut self, lane: usize, from: &Snapshot) -> Result<()> {
        self.lanes[lane] = Lane::restored(from, &self.world.shape())?;
        Ok(())
    }
}

impl Dit {
    /// Lanes that have seen their contexts and dreamed nothing yet.
    fn begun(&self, contexts: &[Context], seeds: &[Seed]) -> Result<Vec<Lane>> {
        let begin = |(context, &seed): (&Context, &Seed)| {
            self.checked(context)?;
            let latents = self.encoder().see(&context.images[0]);
            let mut lane = Lane::new(&self.shape(), seed);
            self.trunk().begin(&mut lane, &latents, &context.actions);
            Ok(lane)
        };
        contexts.par_iter().zip(seeds).map(begin).collect()
    }

    /// Pictures, of bytes, to latents `[picture, token, token_dim]`.
    pub(in super::super) fn see(&self, pictures: &Tensor<4, Int>) -> Tensor<3> {
        let shape = self.shape();
        let latents = self.encoder().see(&bytes(pictures));
        let data = TensorData::new(latents, [pictures.dims()[0], shape.tokens, shape.token_dim]);
        Tensor::from_data(data, &self.device)
    }

    /// Latents `[picture, token, token_dim]` to pictures of bytes.
    pub(in super::super) fn draw(&self, latents: &Tensor<3>) -> Tensor<4, Int> {
        let camera = &self.spec.cameras[0];
        let pictures = self.decoder().draw(&numbers(latents));
        let data = TensorData::new(pictures, [latents.dims()[0], 3, camera.height, camera.width]);
        Tensor::from_data(data, (&self.device, DType::U8))
    }
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
