//! The configuration of the `dit` world: one dial, the size, sets the rest.

use dreamlane_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How far each token looks, how wide it is, and how it is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DitConfig {
    /// The codec: pictures to latents and back.
    pub codec: CodecConfig,
    /// The transformer: latents and actions to the next latents.
    pub trunk: TrunkConfig,
    /// How both are trained.
    pub learning: LearningConfig,
}

/// A convolutional codec of stride 8.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodecConfig {
    /// Channels at a quarter of the picture's size.
    pub fine: usize,
    /// Channels at an eighth of the picture's size.
    pub coarse: usize,
    /// Residual blocks at each size of the decoder, and at the coarse size of the encoder.
    pub blocks: usize,
    /// Channels of a latent pixel.
    pub latent: usize,
    /// Latent pixels on each side of a token, each 8 pixels of the picture: 1, 2 or 4.
    pub patch: usize,
}

impl CodecConfig {
    /// Numbers in a token.
    #[must_use]
    pub fn token_dim(&self) -> usize {
        self.patch * self.patch * self.latent
    }
}

/// A factorised spacetime transformer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkConfig {
    /// Width of a token.
    pub dim: usize,
    /// Layers; every second one also attends over time.
    pub depth: usize,
    /// Attention heads.
    pub heads: usize,
    /// Width of the feed-forward layer.
    pub hidden: usize,
    /// Tokens that hold nothing but what the model writes there.
    pub registers: usize,
    /// Frames that a frame can see, itself among them.
    pub context: usize,
    /// Frames that a dream wants to see before it begins; no more than `context`.
    pub wants: usize,
    /// Past actions, the newest first, that condition a frame directly.
    pub actions: usize,
    /// Denoising passes of one step, each over an equal share of the way from noise to data.
    pub passes: usize,
    /// The finest share of that way that is learned is one over this, a power of two.
    pub finest: usize,
    /// Share of noise mixed into frames that are known, as a guard against drift.
    pub context_noise: f32,
    /// Bins of the distribution of a reward.
    pub bins: usize,
    /// Whether pictures are predicted as what is added to those before; states always are.
    pub anchored: bool,
    /// Whether the features of clean frames are to be predicted from noised ones while learning (as in V-JEPA,
    /// 2404.08471); it costs a pass of the running mean a step.
    pub foresees: bool,
}

/// The course of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningConfig {
    /// Steps of the codec.
    pub codec_steps: usize,
    /// Steps of the transformer.
    pub steps: usize,
    /// Single frames of a codec batch.
    pub codec_batch: usize,
    /// Clips of a transformer batch.
    pub batch: usize,
    /// Share of the clips that end where a task ended.
    pub ends: f32,
    /// Frames of a clip; more than `context`, so that no frame depends on where a clip begins.
    pub clip: usize,
    /// Parts a batch is cut into, each learned on a thread of its own; gradients are summed in order.
    pub shards: usize,
    /// Largest learning rate of the codec.
    pub codec_rate: f64,
    /// Largest learning rate of the transformer.
    pub rate: f64,
    /// Weight decay of AdamW.
    pub weight_decay: f32,
    /// Whether weight matrices of the transformer's blocks are moved by Muon rather than AdamW.
    pub muon: bool,
    /// Steps of linear warm-up.
    pub warm_up: usize,
    /// Chance that a frame's action is hidden.
    pub action_dropout: f32,
    /// Chance that a frame of a clip is one that is known, lightly noised, rather than one that is to be drawn.
    pub known: f32,
    /// Chance that a frame to be drawn learns to go as far as a dream's pass does, straight from the data, rather than
    /// the finest share.
    pub direct: f32,
    /// Every so many steps half of the frames learn to go twice as far in one pass as in two (shortcuts); 0 for never.
    pub shortcut_every: usize,
    /// Every so many steps clips are dreamed on from within, to learn from frames that are not real; 0 for never.
    pub dream_every: usize,
    /// Weight of the error of rewards and endings.
    pub readout_weight: f32,
    /// Weight of the error of what a dream says of its own error.
    pub doubt_weight: f32,
    /// How much an ending counts, since it is rare.
    pub ending_weight: f32,
    /// How much a token of the state vector counts beside one of a picture.
    pub state_weight: f32,
    /// Weight of the squared error in the codec loss, beside the absolute one. It is what finds thin and rare things,
    /// such as lane lines, which a median forgets.
    pub square_weight: f32,
    /// Weight of picture gradients in the codec loss.
    pub gradient_weight: f32,
    /// Weight of local gradient energy in the codec loss.
    pub energy_weight: f32,
    /// Standard deviation of noise on the codec's latents, against brittle latents.
    pub latent_noise: f32,
    /// How much more a changed latent counts than a still one.
    pub change_weight: f32,
    /// Weight of the error of features, where `trunk.foresees`.
    pub feature_weight: f32,
    /// Decay of the running mean of weights that is saved.
    pub average: f32,
    /// Clips kept aside, on which trust and the chance of an ending are calibrated; 0 for none.
    pub calibrated_on: usize,
    /// Whether actions are dealt to the wrong clips: an action-blind control, never a real world.
    pub shuffle_actions: bool,
}

impl TrunkConfig {
    /// The least share of the way from noise to data that a pass learns to go.
    #[must_use]
    pub fn finest_share(&self) -> f32 {
        1.0 / self.finest as f32
    }
}

/// Sizes above this are mistakes, or meant to exhaust memory.
const LARGEST: usize = 1 << 16;

/// The registered sizes.
pub const SIZES: [&str; 5] = ["debug", "nano", "drive", "base", "large"];

impl DitConfig {
    /// The configuration of a size: `debug`, `nano`, `drive`, `base` or `large`.
    ///
    /// # Errors
    /// When no size has this name.
    pub fn sized(size: &str) -> Result<Self> {
        match size {
            "debug" => Ok(Self::debug()),
            "nano" => Ok(Self::nano()),
            "drive" => Ok(Self::drive()),
            "base" => Ok(Self::base()),
            "large" => Ok(Self::large()),
            _ => Err(Error::unknown("preset", size, SIZES)),
        }
    }

    /// Small enough for tests: learns nothing, does everything.
    #[must_use]
    pub fn debug() -> Self {
        let mut config = Self::nano();
        config.codec = CodecConfig { fine: 8, coarse: 8, blocks: 1, latent: 4, patch: 2 };
        config.trunk = TrunkConfig {
            dim: 16,
            depth: 2,
            heads: 2,
            hidden: 32,
            context: 4,
            wants: 2,
            actions: 3,
            ..config.trunk
        };
        config.learning = LearningConfig {
            codec_steps: 4,
            steps: 4,
            codec_batch: 8,
            batch: 2,
            clip: 6,
            shards: 2,
            warm_up: 1,
            shortcut_every: 2,
            dream_every: 3,
            calibrated_on: 4,
            ..config.learning
        };
        config
    }

    /// For two CPU cores and 64x64 pictures.
    #[must_use]
    pub fn nano() -> Self {
        Self {
            codec: CodecConfig { fine: 64, coarse: 96, blocks: 1, latent: 8, patch: 2 },
            trunk: TrunkConfig {
                dim: 128,
                depth: 6,
                heads: 4,
                hidden: 384,
                registers: 2,
                context: 32,
                wants: 16,
                actions: 8,
                passes: 2,
                finest: 4,
                context_noise: 0.1,
                bins: 41,
                anchored: true,
                foresees: false,
            },
            learning: LearningConfig {
                codec_steps: 2500,
                steps: 4000,
                codec_batch: 32,
                batch: 8,
                ends: 0.2,
                clip: 40,
                shards: 4,
                codec_rate: 2e-3,
                rate: 4e-3,
                weight_decay: 0.02,
                muon: true,
                warm_up: 100,
                action_dropout: 0.1,
                known: 0.5,
                direct: 0.75,
                shortcut_every: 6,
                dream_every: 6,
                readout_weight: 0.1,
                doubt_weight: 0.05,
                ending_weight: 5.0,
                state_weight: 0.5,
                square_weight: 0.0,
                gradient_weight: 1.0,
                energy_weight: 1.5,
                latent_noise: 0.05,
                change_weight: 3.0,
                feature_weight: 0.5,
                average: 0.995,
                calibrated_on: 128,
                shuffle_actions: false,
            },
        }
    }

    /// `nano` for painted pictures, such as those of the truth: they have thin lines and flat faces, which the weights
    /// for real video draw as noise.
    #[must_use]
    pub fn drive() -> Self {
        let nano = Self::nano();
        let learning =
            LearningConfig { square_weight: 20.0, gradient_weight: 0.0, energy_weight: 0.5, ..nano.learning };
        Self { learning, ..nano }
    }

    /// For one GPU of 24 GB.
    #[must_use]
    pub fn base() -> Self {
        let nano = Self::nano();
        Self {
            codec: CodecConfig { fine: 128, coarse: 256, blocks: 3, latent: 16, patch: 2 },
            trunk: TrunkConfig {
                dim: 384,
                depth: 12,
                heads: 6,
                hidden: 1536,
                registers: 4,
                passes: 4,
                finest: 8,
                ..nano.trunk
            },
            learning: LearningConfig {
                codec_steps: 20_000,
                steps: 60_000,
                codec_batch: 128,
                batch: 32,
                clip: 48,
                shards: 1,
                codec_rate: 1e-3,
                rate: 5e-4,
                warm_up: 1000,
                average: 0.999,
                ..nano.learning
            },
        }
    }

    /// For one large GPU.
    #[must_use]
    pub fn large() -> Self {
        let base = Self::base();
        Self {
            codec: CodecConfig { fine: 192, coarse: 384, blocks: 4, latent: 16, patch: 2 },
            trunk: TrunkConfig {
                dim: 1024,
                depth: 24,
                heads: 16,
                hidden: 4096,
                context: 64,
                wants: 32,
                ..base.trunk
            },
            learning: LearningConfig { clip: 96, rate: 2e-4, ..base.learning },
        }
    }

    /// Checks what the arithmetic relies on.
    ///
    /// # Errors
    /// When a number cannot work, naming it and what it must be.
    pub fn check(&self) -> Result<()> {
        let (codec, trunk, learning) = (&self.codec, &self.trunk, &self.learning);
        let sizes = [
            [codec.fine, codec.coarse, codec.blocks, codec.latent, trunk.dim, trunk.depth],
            [trunk.heads, trunk.hidden, trunk.registers, trunk.context, trunk.actions, trunk.bins],
        ];
        let head = trunk.dim.checked_div(trunk.heads).unwrap_or(0);
        let demands = [
            (sizes.as_flattened().iter().all(|&size| size <= LARGEST), "every size must be at most 65536"),
            (
                head > 0 && head.is_multiple_of(2) && head * trunk.heads == trunk.dim,
                "trunk.dim must be an even multiple of trunk.heads",
            ),
            (trunk.depth >= 2, "trunk.depth must be at least 2"),
            (trunk.context >= 2, "trunk.context must be at least 2"),
            (
                (1..=trunk.context).contains(&trunk.wants),
                "trunk.wants must be at least 1 and at most trunk.context",
            ),
            (
                trunk.finest.is_power_of_two() && trunk.finest <= 1024,
                "trunk.finest must be a power of two of at most 1024",
            ),
            (
                trunk.passes.is_power_of_two() && trunk.passes <= trunk.finest,
                "trunk.passes must be a power of two of at most trunk.finest",
            ),
            (trunk.bins >= 2, "trunk.bins must be at least 2"),
            (trunk.actions >= 1, "trunk.actions must be at least 1"),
            ((0.0..1.0).contains(&trunk.context_noise), "trunk.context_noise must lie in [0, 1)"),
            ([1, 2, 4].contains(&codec.patch), "codec.patch must be 1, 2 or 4"),
            (
                self.codec.latent >= 1 && self.codec.fine >= 1 && self.codec.coarse >= 1,
                "codec channels must be at least 1",
            ),
            (learning.clip >= 2, "learning.clip must be at least 2"),
            (
                learning.shards >= 1 && learning.batch >= learning.shards,
                "learning.batch must be at least learning.shards, and both at least 1",
            ),
            (
                learning.batch.is_multiple_of(learning.shards.max(1)),
                "learning.batch must be a multiple of learning.shards",
            ),
            (
                learning.codec_batch.is_multiple_of(learning.shards.max(1)),
                "learning.codec_batch must be a multiple of learning.shards",
            ),
            ((0.0..1.0).contains(&learning.average), "learning.average must lie in [0, 1)"),
        ];
        match demands.iter().find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, demand)) => Err(Error::Invalid(format!("configuration: {demand}"))),
        }
    }
}
