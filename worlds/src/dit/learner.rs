//! Training of a `dit`, in two stages: the codec on single frames, then, with the codec frozen, the transformer on clips.
//!
//! What is saved and validated is a running mean of the weights.

use std::path::Path;

use burn::{
    module::{Module as _, Param},
    tensor::{Device, Tensor},
};
use dreamlane_core::{Batch, BatchShape, Error, Learner, Metrics, Result, Seed, WorldModel as _};
use dreamlane_nn::kernels::is_fused;

use super::{
    Dit, calibration,
    codec::{Codec, gradient_energy, reconstruction_loss, to_unit},
    foresight,
    gradients::learn_in_shards,
    network::Network,
    objective::{Clips, Draws, is_drawn, loss, number, predict},
    optimizer::Optimizer,
    shortcut, state,
};

/// Gradients longer than this are shortened.
const MAX_NORM: f64 = 1.0;
/// Share of the clips that are calibrated on which are for the hazard.
const ENDINGS_CALIBRATED_ON: f32 = 0.5;
/// The learning rate ends at this share of its largest value.
const LAST_RATE: f64 = 0.02;

/// A `dit` with its optimisers.
pub struct DitLearner {
    /// The running mean, which is what is saved.
    pub(super) world: Dit,
    pub(super) codec: Codec,
    pub(super) network: Network,
    pub(super) codec_optimizer: Optimizer,
    pub(super) optimizer: Optimizer,
    pub(super) step: usize,
    pub(super) seed: Seed,
}

/// Where training stands.
enum Stage {
    Codec { share: f64 },
    Trunk { step: usize, share: f64 },
}

impl DitLearner {
    /// The world as it would be saved.
    #[must_use]
    pub fn world(&self) -> &Dit {
        &self.world
    }

    /// The same, when learning is over.
    #[must_use]
    pub fn into_world(self) -> Dit {
        self.world
    }

    fn stage(&self) -> Stage {
        let learning = &self.world.config.learning;
        match self.step.checked_sub(learning.codec_steps) {
            None => Stage::Codec { share: self.step as f64 / learning.codec_steps as f64 },
            Some(step) => Stage::Trunk { step, share: step as f64 / learning.steps.max(1) as f64 },
        }
    }

    /// Linear warm-up, then half a cosine down to [`LAST_RATE`].
    fn rate(&self, largest: f64, step: usize, share: f64) -> f64 {
        let warm_up = ((step + 1) as f64 / self.world.config.learning.warm_up.max(1) as f64).min(1.0);
        let fall = 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
        largest * warm_up * (LAST_RATE + (1.0 - LAST_RATE) * fall)
    }

    /// The running mean follows closely at first, then ever more slowly.
    fn decay(&self, step: usize) -> f32 {
        let step = step as f32;
        self.world.config.learning.average.min((1.0 + step) / (10.0 + step))
    }

    fn learn_codec(&mut self, batch: &Batch, share: f64) -> Metrics {
        let learning = self.world.config.learning.clone();
        let shards = learning.shards.min(batch.batch);
        let device = self.world.device.clone();
        let seed = self.seed.split(self.step as u64);
        let learned = learn_in_shards(&self.codec, shards, MAX_NORM, |codec, shard| {
            let [from, to] = shard_range(batch.batch, shards, shard);
            let cameras = pictures(&batch.slice(from, to), &device).into_iter().enumerate();
            let losses = cameras.map(|(camera_idx, pictures)| {
                let latents = codec.encode(Tensor::from_inner(pictures.clone()));
                let seed = seed.split(shard as u64).split(camera_idx as u64);
                let noise = seed.normal(latents.shape().num_elements());
                let noise = Tensor::<1>::from_data(noise.as_slice(), &device)
                    .reshape(latents.dims())
                    .mul_scalar(learning.latent_noise);
                let drawn = codec.decode(latents + Tensor::from_inner(noise));
                reconstruction_loss(drawn, Tensor::from_inner(pictures), &learning)
            });
            let losses = losses.collect::<Vec<_>>();
            let loss = Tensor::cat(losses, 0).mean();
            let measured = vec![number(&loss)];
            (loss, measured)
        });
        let rate = self.rate(learning.codec_rate, self.step, share);
        let metrics =
            Metrics::from([("loss", learned.measured[0]), ("gradient", learned.norm), ("rate", rate)]);
        let decay = self.decay(self.step);
        let (codec, average) = (self.codec.clone(), self.world.network.codec.clone());
        let (codec, average) = self.codec_optimizer.step(codec, average, learned, rate, decay);
        self.codec = codec;
        self.world.network.codec = average;
        metrics
    }

    /// Freezes the codec and measures its latents, so that noise of variance 1 is their equal.
    fn begin_trunk(&mut self, batch: &Batch) {
        let tokens = pictures(batch, &self.world.device).into_iter().map(|pictures| {
            let codec = &self.world.network.codec;
            let tokens = codec.gathered(codec.encode(pictures));
            let [picture, token, dim] = tokens.dims();
            tokens.reshape([picture * token, dim])
        });
        let tokens = Tensor::cat(tokens.collect(), 0);
        let dim = tokens.dims()[1];
        let (variance, mean) = tokens.var_mean(0);
        let fixed = |tensor: Tensor<2>| {
            Param::from_tensor(tensor.reshape([1, 1, dim]).detach()).set_require_grad(false)
        };
        let network = &mut self.world.network;
        network.latent_mean = fixed(mean);
        network.latent_scale = fixed(variance.sqrt().clamp_min(1e-3));
        self.network = network.clone().train();
    }

    fn learn_trunk(&mut self, batch: &Batch, step: usize, share: f64) -> Metrics {
        let config = self.world.config.clone();
        let batch = if config.learning.shuffle_actions { &dealt_wrong(batch) } else { batch };
        if step == 0 && self.world.config.learning.codec_steps > 0 && !self.world.network.is_measured() {
            self.begin_trunk(batch);
        }
        let world = &self.world;
        let shards = config.learning.shards.min(batch.batch);
        let seed = self.seed.split(self.step as u64);
        let latents = world.encode(&batch.to_device(&world.device));
        let falls_on =
            |every: usize| every > 0 && step >= config.learning.warm_up && step.is_multiple_of(every);
        let clips = match falls_on(config.learning.dream_every) && is_fused(&world.device) {
            true => world.dreamed_clips(batch.clone(), latents, seed.split(u64::MAX)),
            false => Clips::recorded(batch.clone(), latents),
        };
        let shortcuts = falls_on(config.learning.shortcut_every);
        let bins = world.network.bins(config.trunk.bins);
        let learned = learn_in_shards(&self.network.trunk, shards, MAX_NORM, |trunk, shard| {
            let [from, to] = shard_range(batch.batch, shards, shard);
            let part = clips.slice(from, to);
            let draws = Draws::new(&config, &part, seed, from, shortcuts);
            let targets = match shortcuts {
                true => shortcut::targets(&world.network.trunk, &config, &world.layout, &part, &draws),
                false => part.latents.clone(),
            };
            let foreseen = config
                .trunk
                .foresees
                .then(|| foresight::wanted(&world.network.trunk, &config, &world.layout, &part, &draws));
            let part = part.learned();
            let outcome = predict(trunk, &config, &world.layout, &part, &draws);
            let features = outcome.features.clone();
            let targets = Tensor::from_inner(targets);
            let (mut total, measured) =
                loss(&config, &world.layout, &part, targets, &draws, (outcome, &bins));
            let foreseen = foreseen
                .map(Tensor::from_inner)
                .and_then(|wanted| foresight::loss(trunk, features, wanted, &config, &part, &draws));
            if let Some(foreseen) = foreseen {
                total = total + foreseen.mul_scalar(config.learning.feature_weight);
            }
            (total, measured)
        });
        let rate = self.rate(config.learning.rate, step, share);
        let mut metrics =
            Metrics::from([("loss", learned.measured[0]), ("gradient", learned.norm), ("rate", rate)]);
        if world.layout.rewards {
            metrics.insert("readout", learned.measured[1]);
        }
        if falls_on(config.learning.dream_every) {
            metrics.insert("expected", learned.measured[2]);
        }
        let (trunk, average) = (self.network.trunk.clone(), self.world.network.trunk.clone());
        let (trunk, average) = self.optimizer.step(trunk, average, learned, rate, self.decay(step));
        self.network.trunk = trunk;
        self.world.network.replace_trunk(average);
        metrics
    }
}

impl Learner for DitLearner {
    fn wants(&self) -> BatchShape {
        let learning = &self.world.config.learning;
        match self.stage() {
            Stage::Codec { .. } => BatchShape { batch: learning.codec_batch, time: 1, ends: 0.0 },
            Stage::Trunk { .. } => {
                BatchShape { batch: learning.batch, time: learning.clip, ends: learning.ends }
            }
        }
    }

    fn progress(&self) -> (usize, usize) {
        let learning = &self.world.config.learning;
        (self.step, learning.codec_steps + learning.steps)
    }

    fn learn(&mut self, batch: &Batch) -> Metrics {
        let metrics = match self.stage() {
            Stage::Codec { share } => self.learn_codec(batch, share),
            Stage::Trunk { step, share } => self.learn_trunk(batch, step, share),
        };
        self.step += 1;
        metrics
    }

    fn validate(&self, batch: &Batch) -> Metrics {
        let world = &self.world;
        if let Stage::Codec { .. } = self.stage() {
            let mean = |of: &dyn Fn(Tensor<4>) -> f64| {
                let all = pictures(batch, &world.device);
                let count = all.len() as f64;
                all.into_iter().map(of).sum::<f64>() / count
            };
            let drawn =
                |pictures: Tensor<4>| world.network.codec.decode(world.network.codec.encode(pictures));
            let sharpness = mean(&|pictures| {
                gradient_energy(&drawn(pictures.clone())) / gradient_energy(&pictures).max(1e-12)
            });
            let squares = mean(&|pictures| number(&(drawn(pictures.clone()) - pictures).square().mean()));
            // Pixels span 2 here, so that the peak is 2 squared.
            return Metrics::from([("psnr", 10.0 * (4.0 / squares).log10()), ("sharpness", sharpness)]);
        }
        let latents = world.encode(&batch.to_device(&world.device));
        let [_, time, _, _] = latents.dims();
        let clips = Clips::recorded(batch.clone(), latents.clone());
        let draws = Draws::new(&world.config, &clips, Seed::new(0), 0, false).in_turn(&world.config, time);
        let outcome = predict(&world.network.trunk, &world.config, &world.layout, &clips, &draws);
        let weights = world.error_weights();
        // The frames that were drawn, and what came before each of them.
        let error = |predicted: &Tensor<4>, back: usize| {
            let frames = (0..time).filter(|&t| is_drawn(t));
            let of_frame = |t: usize| {
                let now = latents.clone().narrow(1, t, 1);
                let off = predicted.clone().narrow(1, t - back, 1) - now;
                number(&(off.square() * weights.clone()).mean())
            };
            frames.map(of_frame).sum::<f64>() / (time / 2).max(1) as f64
        };
        let drawn = error(&outcome.predicted, 0);
        let still = error(&latents, 1);
        // Where nothing moves there is nothing to be skilled at, which must not look like broken weights.
        Metrics::from([("error", drawn), ("skill", 1.0 - drawn / still.max(1e-6))])
    }

    fn merit(&self, validated: &Metrics) -> Option<f64> {
        validated.get("skill").copied()
    }

    fn calibrates(&self) -> Option<BatchShape> {
        let (learning, trunk) = (&self.world.config.learning, &self.world.config.trunk);
        // Dreams of a learner are stepped by the packed weights of a CPU.
        let wanted = learning.calibrated_on > 0 && is_fused(&self.world.device);
        wanted.then(|| BatchShape {
            batch: learning.calibrated_on,
            time: trunk.wants + calibration::STEPS,
            ends: if self.world.layout.rewards { ENDINGS_CALIBRATED_ON } else { 0.0 },
        })
    }

    fn calibrate(&mut self, batch: &Batch) -> Metrics {
        if batch.time <= self.world.config.trunk.wants {
            return Metrics::new();
        }
        self.world.calibrate_on(batch)
    }

    fn about(&self) -> String {
        self.world.about()
    }

    fn save(&self, folder: &Path) -> Result<()> {
        self.world.save(folder)
    }

    fn save_state(&self, checkpoint: &Path) -> Result<()> {
        let weights = state::Trained { codec: self.codec.valid(), trunk: self.network.trunk.valid() };
        state::save(checkpoint, &weights, [&self.codec_optimizer, &self.optimizer])
    }

    fn load_state(&mut self, checkpoint: &Path, step: usize) -> Result<()> {
        let world = Dit::load(checkpoint, &self.world.device)?;
        if world.config != self.world.config || world.spec != self.world.spec {
            return Err(Error::mismatch(
                checkpoint,
                "settings of the run",
                format!("{:?} {:?}", self.world.config, self.world.spec),
                format!("{:?} {:?}", world.config, world.spec),
            ));
        }
        let trained =
            state::Trained { codec: world.network.codec.clone(), trunk: world.network.trunk.clone() };
        let trained = state::load(
            checkpoint,
            trained,
            [&mut self.codec_optimizer, &mut self.optimizer],
            &self.world.device,
        )?;
        self.network = world.network.clone().train();
        self.codec = trained.codec.train();
        self.network.trunk = trained.trunk.train();
        self.world = world;
        self.step = step;
        Ok(())
    }
}

/// Per camera `[batch * time, 3, height, width]` in [-1, 1].
fn pictures(batch: &Batch, device: &Device) -> Vec<Tensor<4>> {
    let images = batch.to_device(device).images;
    images.into_iter().map(|images| to_unit(images.flatten::<4>(0, 1))).collect()
}

fn shard_range(batch: usize, shards: usize, shard: usize) -> [usize; 2] {
    [shard * batch / shards, (shard + 1) * batch / shards]
}

/// Each clip with the actions of its neighbour.
fn dealt_wrong(batch: &Batch) -> Batch {
    let mut wrong = batch.clone();
    wrong.actions.rotate_left(batch.actions.len() / batch.batch);
    wrong
}
