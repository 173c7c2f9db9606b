//! The packed weights of the transformer, and all that is the same for every step.

use burn::tensor::Device;
use dreamlane_nn::{
    Frequencies, Rotations,
    kernels::cpu::{
        activation::silu,
        attention::{qk::Placing, ring::RingSizes, space::SpaceSizes},
        linear::Activation,
    },
};

use super::{
    super::{
        Dit,
        readout::Telling,
        trunk::{READERS, told_level},
    },
    linear::{Linear, Precision},
    parameters::Parameters,
    room::Room,
    rooms::Rooms,
};
use crate::host::numbers;

/// Rows of a block's modulation: shift, scale and gate of space, time and feed-forward.
pub(super) const ROWS: usize = 9;

/// Sizes of all that is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Tokens of a frame: all, those of its latents, which come first, and those of its pictures, which begin.
    pub(super) all: usize,
    pub(super) tokens: usize,
    pub(super) pictured: usize,
    pub(super) token_dim: usize,
    pub(super) dim: usize,
    pub(super) hidden: usize,
    /// Numbers in the action history of a frame.
    pub(super) features: usize,
    pub(super) passes: usize,
    /// Whether the frame before is added to what is predicted.
    pub(super) anchored: bool,
    /// Numbers that the reader says.
    pub(super) said: usize,
    pub(super) space: SpaceSizes,
    pub(super) ring: RingSizes,
}

pub(super) struct Attention {
    pub(super) qkv: Linear,
    query_gain: Vec<f32>,
    key_gain: Vec<f32>,
    pub(super) out: Linear,
}

pub(super) struct Block {
    pub(super) space: Attention,
    pub(super) time: Option<Attention>,
    pub(super) widen: Linear,
    pub(super) narrow: Linear,
    /// `[ROWS, dim]`.
    pub(super) offsets: Vec<f32>,
}

/// A perceptron of two layers.
pub(super) struct Conditioner {
    first: Linear,
    second: Linear,
}

/// The transformer.
pub(super) struct Trunk {
    pub(super) sizes: Sizes,
    /// What frames that are known are told: τ.
    pub(super) observed: f32,
    /// What the noise of dreams is multiplied by.
    pub(super) temperature: f32,
    pub(super) telling: Telling,
    pub(super) enter: Linear,
    pub(super) enter_state: Option<Linear>,
    /// `[token, dim]`.
    pub(super) places: Vec<f32>,
    pub(super) action_token: Linear,
    pub(super) action_condition: Conditioner,
    /// The condition `[dim]` of the level of each pass of a step, then of frames that are known.
    pub(super) levels: Vec<Vec<f32>>,
    pub(super) modulation: Linear,
    pub(super) blocks: Vec<Block>,
    pub(super) leave: Linear,
    pub(super) leave_state: Option<Linear>,
    /// `[state token, token_dim]`, flat: what makes numbers of the state as large as their spread; empty without one.
    pub(super) shrink: Vec<f32>,
    /// The same: the largest code of a change.
    pub(super) most: Vec<f32>,
    pub(super) heads: Linear,
    pub(super) space: Rotations,
    pub(super) time: Frequencies,
    /// What latents are moved and scaled by, `[token_dim]`.
    pub(super) mean: Vec<f32>,
    pub(super) scale: Vec<f32>,
    pub(super) rooms: Rooms<Room>,
}

impl Attention {
    fn new(parameters: &Parameters, name: &str, precision: Precision) -> Self {
        let gain = |which: &str| parameters.get(&format!("{name}.heads.{which}_gain")).numbers.clone();
        Self {
            qkv: Linear::new(parameters, &format!("{name}.heads.qkv"), precision),
            query_gain: gain("query"),
            key_gain: gain("key"),
            out: Linear::new(parameters, &format!("{name}.heads.out"), precision),
        }
    }

    pub(super) fn placing<'a>(&'a self, cos: &'a [f32], sin: &'a [f32]) -> Placing<'a> {
        Placing { query_gain: &self.query_gain, key_gain: &self.key_gain, cos, sin }
    }
}

impl Block {
    fn new(parameters: &Parameters, idx: usize, precision: Precision) -> Self {
        let linear =
            |name: &str| Linear::new(parameters, &format!("blocks.{idx}.feed_forward.{name}"), precision);
        let time = format!("blocks.{idx}.time");
        let has_time = parameters.has(&format!("{time}.heads.qkv.weight"));
        Self {
            space: Attention::new(parameters, &format!("blocks.{idx}.space"), precision),
            time: has_time.then(|| Attention::new(parameters, &time, precision)),
            widen: linear("widen"),
            narrow: linear("narrow"),
            offsets: parameters.get(&format!("blocks.{idx}.offsets")).numbers.clone(),
        }
    }
}

impl Conditioner {
    fn new(parameters: &Parameters, name: &str) -> Self {
        let layer = |which| Linear::new(parameters, &format!("{name}.{which}"), Precision::F32);
        Self { first: layer("first"), second: layer("second") }
    }

    /// `out` `[row, dim]` of `x` `[row, features]`, by way of `room` `[2, row, dim]`.
    pub(super) fn apply(&self, x: &[f32], room: &mut [f32], out: &mut [f32]) {
        let (first, active) = room[..2 * out.len()].split_at_mut(out.len());
        self.first.apply(x, &mut [], first, Activation::None);
        silu(first, active);
        self.second.apply(active, &mut [], out, Activation::None);
    }
}

impl Trunk {
    pub(super) fn new(world: &Dit) -> Self {
        let (network, precision) = (&world.network, world.precision);
        let parameters = Parameters::of(&network.trunk);
        let single = |name: &str| Linear::new(&parameters, name, Precision::F32);
        let perhaps = |name: &str| parameters.has(&format!("{name}.weight")).then(|| single(name));
        let measured = |name: &str| {
            let name = format!("scales.{name}");
            if parameters.has(&name) { parameters.get(&name).numbers.clone() } else { Vec::new() }
        };
        let sizes = sizes(world);
        let level_condition = Conditioner::new(&parameters, "level_condition");
        let share = 1.0 / sizes.passes as f32;
        let passes = (0..sizes.passes).map(|pass| [pass as f32 * share, share]);
        let observed = world.observed_level();
        let levels = passes
            .chain([[observed, world.config.trunk.finest_share()]])
            .map(|told| condition(&level_condition, told, sizes.dim, &world.device));
        let places = world.layout.places(sizes.all).into_iter();
        let head_dim = sizes.space.head_dim;
        Self {
            sizes,
            observed,
            temperature: world.temperature,
            telling: world.telling(),
            enter: single("enter"),
            enter_state: perhaps("enter_state"),
            places: parameters.get("places").numbers.clone(),
            action_token: single("action_token"),
            action_condition: Conditioner::new(&parameters, "action_condition"),
            levels: levels.collect(),
            modulation: single("modulation"),
            blocks: (0..parameters.count("blocks"))
                .map(|idx| Block::new(&parameters, idx, precision))
                .collect(),
            leave: single("leave"),
            leave_state: perhaps("leave_state"),
            shrink: measured("shrink"),
            most: measured("most"),
            heads: single("heads"),
            space: Frequencies::new(head_dim, 2, 100.0).table(places),
            time: Frequencies::new(head_dim, 1, 1000.0),
            mean: numbers(&network.latent_mean.val()),
            scale: numbers(&network.latent_scale.val()),
            rooms: Rooms::new(),
        }
    }
}

fn sizes(world: &Dit) -> Sizes {
    let (shape, trunk) = (world.shape(), &world.config.trunk);
    let (heads, head_dim) = (shape.heads, shape.head_dim);
    Sizes {
        all: shape.frame_tokens,
        tokens: shape.tokens,
        pictured: world.layout.pictured(),
        token_dim: shape.token_dim,
        dim: trunk.dim,
        hidden: trunk.hidden,
        features: world.layout.features,
        passes: trunk.passes,
        anchored: trunk.anchored,
        said: world.layout.said(trunk.bins),
        space: SpaceSizes { token: shape.frame_tokens, readers: READERS, heads, head_dim },
        ring: RingSizes { token: shape.frame_tokens, heads, head_dim, past: shape.past },
    }
}

/// The condition of a level and a share, `[dim]`.
fn condition(conditioner: &Conditioner, [level, share]: [f32; 2], dim: usize, device: &Device) -> Vec<f32> {
    let waves = numbers(&told_level([&[level], &[share]], device));
    let (mut room, mut out) = (vec![0.0; 2 * dim], vec![0.0; dim]);
    conditioner.apply(&waves, &mut room, &mut out);
    out
}
