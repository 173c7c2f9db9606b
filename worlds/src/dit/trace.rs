//! What a world computes of a batch, by name, so that the same model elsewhere can be held against it.

use burn::tensor::{Tensor, TensorData};
use dreamlane_core::{Batch, Seed, WorldModel as _};

use super::{
    Dit,
    codec::{reconstruction_loss, to_unit},
    objective::{Clips, Draws, loss, noised_clips},
};

/// Tensors by name.
type Trace = Vec<(&'static str, TensorData)>;

impl Dit {
    /// Inputs and answers of codec, transformer and both losses for a batch of clips, with noise from `seed`.
    ///
    /// `benches/pytorch/parity.py` says what each name stands for and what shape it has.
    #[must_use]
    pub fn trace(&self, clips: &Batch, seed: Seed) -> Trace {
        let mut trace = self.trace_codec(clips);
        trace.extend(self.trace_trunk(clips, seed));
        trace
    }

    fn trace_codec(&self, clips: &Batch) -> Trace {
        let seen = clips.to_device(&self.device).images[0].clone();
        let pictures = to_unit(seen.flatten::<4>(0, 1));
        let latents = self.network.encode(pictures.clone());
        let drawn = self.network.decode(latents.clone(), self.layout.grids[0]);
        let lost = reconstruction_loss(drawn.clone(), pictures.clone(), &self.config.learning);
        vec![
            ("codec.pictures", data(&pictures)),
            ("codec.latents", data(&latents)),
            ("codec.decoded", data(&drawn)),
            ("reconstruction.pictures", data(&pictures)),
            ("reconstruction.drawn", data(&drawn)),
            ("reconstruction.value", data(&lost)),
        ]
    }

    fn trace_trunk(&self, clips: &Batch, seed: Seed) -> Trace {
        let latents = self.encode(&clips.to_device(&self.device));
        let [count, time, ..] = latents.dims();
        let clips = Clips::recorded(clips.clone(), latents.clone());
        let draws = Draws::new(&self.config, &clips, seed, 0, true);
        let pass = noised_clips(&self.config, &clips, &draws);
        let levels = TensorData::new(draws.levels.clone(), [count * time]);
        let shares = TensorData::new(draws.shares.clone(), [count * time]);
        let mut trace = vec![
            ("trunk.noisy", data(&pass.noisy)),
            ("trunk.previous", data(&pass.previous)),
            ("trunk.actions", data(&pass.actions)),
            ("trunk.levels", levels.clone()),
            ("trunk.shares", shares),
            ("loss.latents", data(&latents)),
            ("loss.levels", levels),
        ];
        let outcome = self.network.trunk.forward(pass, &self.layout);
        let predicted = data(&outcome.predicted);
        trace.extend([("trunk.predicted", predicted.clone()), ("loss.predicted", predicted)]);
        let readout = data(&outcome.readout);
        trace.extend([("trunk.readout", readout.clone()), ("loss.readout", readout)]);
        if self.layout.rewards {
            let per_frame = |numbers: &[f32]| TensorData::new(numbers.to_vec(), [count, time]);
            let (rewards, ends) = (per_frame(&clips.batch.rewards), per_frame(&clips.batch.ends));
            trace.extend([("loss.rewards", rewards), ("loss.ends", ends)]);
        }
        let bins = self.network.bins(self.config.trunk.bins);
        let told = (outcome, &bins);
        let (lost, _) = loss(&self.config, &self.layout, &clips, latents.clone(), &draws, told);
        trace.push(("loss.value", data(&lost)));
        trace
    }
}

fn data<const D: usize>(tensor: &Tensor<D>) -> TensorData {
    tensor.to_data()
}
