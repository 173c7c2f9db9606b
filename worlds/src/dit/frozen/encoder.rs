//! Pictures of bytes to latent tokens, a picture at a time on one thread. Always in single precision: a dream sees few.

use dreamlane_nn::kernels::cpu::{
    nonlinearity::Nonlinearity::{Identity, Relu, Tanh},
    shuffle::Shuffle,
};
use rayon::prelude::*;

use super::{
    super::Dit,
    convolution::{Buffers, Make, Packed, Scratch},
    linear::Precision,
    parameters::Parameters,
    rooms::Rooms,
};
use crate::host::numbers;

/// Packed weights.
pub(super) struct Encoder {
    mean: Vec<f32>,
    scale: Vec<f32>,
    /// Pixels to the numbers of the first layer.
    pixels: Shuffle,
    enter: Packed,
    shrink: Packed,
    seen: Vec<[Packed; 2]>,
    squeeze: Packed,
    /// Latent pixels to tokens.
    tokens: Shuffle,
    rooms: Rooms<Room>,
}

struct Room {
    buffers: Buffers,
    scratch: Scratch,
}

impl Encoder {
    pub(super) fn new(world: &Dit, grid: [usize; 2]) -> Self {
        let network = &world.network;
        let parameters = Parameters::of(&network.codec);
        let patch = world.config.codec.patch;
        let [height, width] = grid.map(|side| 2 * patch * side);
        let large = Make { parameters: &parameters, precision: Precision::F32, size: [height, width] };
        let small = Make { size: [height / 2, width / 2], ..large };
        Self {
            mean: numbers(&network.latent_mean.val()),
            scale: numbers(&network.latent_scale.val()),
            pixels: Shuffle { height, width, channels: 3, block: 4 },
            enter: large.layer("enter", 1, Identity, Identity),
            shrink: large.layer("shrink", 2, Relu, Identity),
            seen: small.residuals("seen"),
            squeeze: small.layer("squeeze", 1, Relu, Tanh),
            tokens: Shuffle {
                height: grid[0],
                width: grid[1],
                channels: world.config.codec.latent,
                block: patch,
            },
            rooms: Rooms::new(),
        }
    }

    /// The latents `[picture, token, token_dim]` of `pictures` `[picture, 3, height, width]`.
    pub(super) fn see(&self, pictures: &[u8]) -> Vec<f32> {
        let len = |shuffle: &Shuffle| {
            shuffle.height * shuffle.width * shuffle.channels * shuffle.block * shuffle.block
        };
        let (each, made) = (len(&self.pixels), len(&self.tokens));
        let mut latents = vec![0.0; pictures.len() / each * made];
        latents.par_chunks_exact_mut(made).zip(pictures.par_chunks_exact(each)).for_each(
            |(latents, picture)| {
                self.rooms.within(|| self.room(), |room| self.see_one(picture, room, latents))
            },
        );
        latents
    }

    fn see_one(&self, picture: &[u8], room: &mut Room, latents: &mut [f32]) {
        let Room { buffers, scratch } = room;
        self.pixels.fold_bytes(picture, &mut buffers.x[..picture.len()]);
        buffers.through(&self.enter, scratch);
        buffers.through(&self.shrink, scratch);
        buffers.through_residuals(&self.seen, scratch);
        buffers.through(&self.squeeze, scratch);
        self.tokens.fold_here(&buffers.x[..latents.len()], latents);
        for token in latents.chunks_exact_mut(self.mean.len()) {
            let learned = self.scale.iter().zip(&self.mean);
            token.iter_mut().zip(learned).for_each(|(x, (scale, mean))| *x = (*x - mean) / scale);
        }
    }

    fn layers(&self) -> impl Iterator<Item = &Packed> {
        [&self.enter, &self.shrink, &self.squeeze].into_iter().chain(self.seen.iter().flatten())
    }

    fn room(&self) -> Room {
        let largest = self.layers().map(Packed::largest_len).max().unwrap_or(0);
        Room { buffers: Buffers::new(largest), scratch: Scratch::for_all(self.layers()) }
    }
}
