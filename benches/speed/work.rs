//! Floating point operations of what is measured, from the sizes of the world; a multiply-add is two.
//!
//! Matrix products and convolutions count, element-wise passes are memory traffic, and padding is no work.

use dreamlane::{
    core::WorldSpec,
    worlds::{CodecConfig, DitConfig, TrunkConfig},
};

/// Pixels per side of a latent pixel; a token is two of them wide.
const STRIDE: usize = 8;
/// Numbers that a noise level is told in.
const LEVEL: usize = 64;
/// Tokens that read and are not read.
const READERS: usize = 1;
/// Channels of a block of 4x4 pixels.
const PIXELS: usize = 48;

/// Sizes of a world.
pub(crate) struct Work {
    config: DitConfig,
    latent_pixels: usize,
    features: usize,
    /// Numbers that the reader says.
    said: usize,
}

fn product(rows: usize, from: usize, to: usize) -> f64 {
    2.0 * (rows * from * to) as f64
}

fn convolution(pixels: usize, [from, to]: [usize; 2], kernel: usize) -> f64 {
    product(pixels, kernel * kernel * from, to)
}

impl Work {
    pub(crate) fn of(config: &DitConfig, spec: &WorldSpec) -> Self {
        let camera = &spec.cameras[0];
        Self {
            config: config.clone(),
            latent_pixels: camera.height * camera.width / (STRIDE * STRIDE),
            features: config.trunk.actions * (spec.action.width() + 1),
            said: 2 + if spec.rewards { config.trunk.bins } else { 0 },
        }
    }

    /// One step of one lane, with its picture: the passes that draw it, and the one that commits it.
    pub(crate) fn step(&self) -> f64 {
        let TrunkConfig { passes, context, .. } = self.config.trunk;
        (passes + 1) as f64 * self.trunk(context) + self.decoding()
    }

    /// One step of learning of the transformer that falls on neither shortcuts nor dreams. The way back takes twice the way there; the frozen codec has none.
    pub(crate) fn learn_trunk(&self) -> f64 {
        let (learning, context) = (&self.config.learning, self.config.trunk.context);
        let clip = (1..=learning.clip).map(|frames| 3.0 * self.trunk(frames.min(context)) + self.encoding());
        learning.batch as f64 * clip.sum::<f64>()
    }

    /// One step of learning of the codec. Nobody asks for the gradient of its pictures.
    pub(crate) fn learn_codec(&self) -> f64 {
        let picture = 3.0 * (self.encoding() + self.decoding()) - self.entering();
        self.config.learning.codec_batch as f64 * picture
    }

    /// One pass of one frame that sees so many frames, itself among them.
    fn trunk(&self, reach: usize) -> f64 {
        let TrunkConfig { dim, depth, hidden, registers, .. } = self.config.trunk;
        let latents = self.latent_pixels / self.config.codec.patch.pow(2);
        let token_dim = self.config.codec.token_dim();
        let tokens = latents + 1 + registers + READERS;
        let condition = |features| product(1, features, dim) + product(1, dim, dim);
        let around = product(latents, 2 * token_dim, dim)
            + product(1, self.features, dim)
            + condition(self.features)
            + condition(LEVEL)
            + product(1, dim, 9 * dim)
            + product(latents, dim, token_dim)
            + product(READERS, dim, self.said);
        // Scores, and the sum of values by them.
        let attention = |keys| product(tokens, dim, 4 * dim) + 2.0 * product(tokens, dim, keys);
        let feed_forward = 2.0 * product(tokens, dim, hidden);
        let block = attention(tokens - READERS) + feed_forward;
        around + depth as f64 * block + (depth / 2) as f64 * attention(reach)
    }

    /// The first convolution of one picture.
    fn entering(&self) -> f64 {
        convolution(4 * self.latent_pixels, [PIXELS, self.config.codec.fine], 3)
    }

    fn encoding(&self) -> f64 {
        let CodecConfig { fine, coarse, blocks, latent, .. } = self.config.codec;
        self.entering()
            + convolution(self.latent_pixels, [fine, coarse], 3)
            + (2 * blocks) as f64 * convolution(self.latent_pixels, [coarse; 2], 3)
            + convolution(self.latent_pixels, [coarse, latent], 1)
    }

    fn decoding(&self) -> f64 {
        let CodecConfig { fine, coarse, blocks, latent, .. } = self.config.codec;
        let (pixels, fine_pixels) = (self.latent_pixels, 4 * self.latent_pixels);
        convolution(pixels, [latent, coarse], 3)
            + (2 * blocks) as f64 * convolution(pixels, [coarse; 2], 3)
            + convolution(pixels, [coarse, 4 * fine], 1)
            + (2 * blocks) as f64 * convolution(fine_pixels, [fine; 2], 3)
            + convolution(fine_pixels, [fine, PIXELS], 3)
    }
}
