//! Latent tokens to pictures of bytes, a picture at a time on one thread.

use dreamlane_nn::kernels::cpu::{
    nonlinearity::Nonlinearity::{Identity, Relu},
    shuffle::Shuffle,
};
use rayon::prelude::*;

use super::{
    super::Dit,
    convolution::{Buffers, Make, Packed, Scratch},
    parameters::{Parameter, Parameters},
    rooms::Rooms,
};
use crate::host::numbers;

/// Packed weights.
pub(super) struct Decoder {
    mean: Vec<f32>,
    scale: Vec<f32>,
    /// Tokens to latent pixels.
    tokens: Shuffle,
    unsqueeze: Packed,
    coarse: Vec<[Packed; 2]>,
    /// Its channels are in the order in which they become pixels: row and column of the pixel, then channel.
    grow: Packed,
    fine: Vec<[Packed; 2]>,
    leave: Packed,
    /// Numbers of the last layer to pixels.
    pixels: Shuffle,
    rooms: Rooms<Room>,
}

struct Room {
    buffers: Buffers,
    scratch: Scratch,
    bytes: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(world: &Dit, grid: [usize; 2]) -> Self {
        let network = &world.network;
        let parameters = Parameters::of(&network.codec);
        let precision = world.precision;
        let patch = world.config.codec.patch;
        let [height, width] = grid.map(|side| patch * side);
        let small = Make { parameters: &parameters, precision, size: [height, width] };
        let large = Make { size: [2 * height, 2 * width], ..small };
        let (grow_weight, grow_bias) = pixels_first(&parameters);
        Self {
            mean: numbers(&network.latent_mean.val()),
            scale: numbers(&network.latent_scale.val()),
            tokens: Shuffle {
                height: grid[0],
                width: grid[1],
                channels: world.config.codec.latent,
                block: patch,
            },
            unsqueeze: small.layer("unsqueeze", 1, Identity, Identity),
            coarse: small.residuals("coarse"),
            grow: small.packed(&grow_weight, &grow_bias, 1, Relu, Identity),
            fine: large.residuals("fine"),
            leave: large.layer("leave", 1, Relu, Identity),
            pixels: Shuffle { height: 2 * height, width: 2 * width, channels: 3, block: 4 },
            rooms: Rooms::new(),
        }
    }

    /// The pictures `[picture, 3, height, width]` of `latents` `[picture, token, token_dim]`.
    pub(super) fn draw(&self, latents: &[f32]) -> Vec<u8> {
        let Shuffle { height, width, channels, block } = self.tokens;
        let (each, drawn) = (height * width * channels * block * block, self.picture_len());
        let mut pictures = vec![0; latents.len() / each * drawn];
        pictures.par_chunks_exact_mut(drawn).zip(latents.par_chunks_exact(each)).for_each(
            |(picture, latents)| {
                self.rooms.within(|| self.room(), |room| self.draw_one(latents, room, picture))
            },
        );
        pictures
    }

    fn draw_one(&self, latents: &[f32], room: &mut Room, picture: &mut [u8]) {
        let Room { buffers, scratch, bytes } = room;
        for (place, tokens) in
            buffers.y.chunks_exact_mut(self.mean.len()).zip(latents.chunks_exact(self.mean.len()))
        {
            let learned = self.scale.iter().zip(&self.mean);
            for ((place, token), (scale, mean)) in place.iter_mut().zip(tokens).zip(learned) {
                *place = token * scale + mean;
            }
        }
        self.tokens.unfold_here(&buffers.y[..latents.len()], &mut buffers.x[..latents.len()]);
        buffers.through(&self.unsqueeze, scratch);
        buffers.through_residuals(&self.coarse, scratch);
        buffers.through(&self.grow, scratch);
        self.spread(buffers);
        buffers.through_residuals(&self.fine, scratch);
        buffers.through(&self.leave, scratch);
        self.pixels.unfold_bytes(&buffers.x[..picture.len()], bytes, picture);
    }

    /// Pixels of the small size `[row, column, 2, 2, channel]` to those of the large size.
    fn spread(&self, buffers: &mut Buffers) {
        let Shuffle { height, width, .. } = self.pixels;
        let line = self.grow.shape().out_len() / (height / 2);
        let half = line / (width / 2) / 2;
        let lines = buffers.x.chunks_exact(line).zip(buffers.y.chunks_exact_mut(line));
        for (small, large) in lines.take(height / 2) {
            let (above, below) = large.split_at_mut(line / 2);
            let pixels = above.chunks_exact_mut(half).zip(below.chunks_exact_mut(half));
            for (small, (above, below)) in small.chunks_exact(2 * half).zip(pixels) {
                above.copy_from_slice(&small[..half]);
                below.copy_from_slice(&small[half..]);
            }
        }
        std::mem::swap(&mut buffers.x, &mut buffers.y);
    }

    /// Bytes of a picture.
    fn picture_len(&self) -> usize {
        let Shuffle { height, width, channels, block } = self.pixels;
        height * width * channels * block * block
    }

    fn layers(&self) -> impl Iterator<Item = &Packed> {
        let blocks = self.coarse.iter().chain(&self.fine).flatten();
        [&self.unsqueeze, &self.grow, &self.leave].into_iter().chain(blocks)
    }

    fn room(&self) -> Room {
        let largest = self.layers().map(Packed::largest_len).max().unwrap_or(0);
        Room {
            buffers: Buffers::new(largest),
            scratch: Scratch::for_all(self.layers()),
            bytes: vec![0; self.picture_len()],
        }
    }
}

/// Weight and bias of the layer that makes four pixels of one, with the pixel before the channel in their order.
fn pixels_first(parameters: &Parameters) -> (Parameter, Vec<f32>) {
    let (weight, bias) = (parameters.get("grow.weight"), parameters.get("grow.bias"));
    let (row, fine) = (weight.numbers.len() / bias.numbers.len(), bias.numbers.len() / 4);
    let order = (0..4).flat_map(|pixel| (0..fine).map(move |channel| channel * 4 + pixel));
    let numbers = order.clone().flat_map(|from| &weight.numbers[from * row..(from + 1) * row]).copied();
    let reordered = Parameter { numbers: numbers.collect(), dims: weight.dims.clone() };
    (reordered, order.map(|from| bias.numbers[from]).collect())
}
