//! What drift is measured on: a small convolutional net with fixed random weights, pooled to 64 numbers per picture.
//!
//! Random features see colour, contrast and texture, need no foreign weights, and are the same on every machine and
//! in every run, so that distances compare. After Naeem et al. 2020, <https://arxiv.org/abs/2002.09797>, section 5.

use dreamlane_core::Seed;

/// Numbers per picture: mean and standard deviation of each channel of the last layer.
pub(crate) const FEATURES: usize = 64;

/// Channels before, between and after the layers.
const CHANNELS: [usize; 4] = [3, 16, 32, FEATURES / 2];

/// Names the weights. Another number gives other distances, so it stays.
const WEIGHTS: u64 = 64;

/// Rows and columns of a kernel.
const KERNEL: usize = 3;

/// Rows and columns that a kernel moves on.
pub(crate) const STRIDE: usize = 2;

/// Three layers, each a 3x3 convolution of stride 2 with the edge repeated, then a ReLU.
pub(crate) struct FeatureMap {
    layers: Vec<Layer>,
}

struct Layer {
    inputs: usize,
    outputs: usize,
    /// `[row, column, input, output]`, normal with variance 2 / inputs of a kernel, which keeps the scale.
    weights: Vec<f32>,
}

/// A picture or a layer's answer: `[height, width, channel]`.
pub(crate) struct Plane {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) values: Vec<f32>,
}

impl FeatureMap {
    pub(crate) fn new() -> Self {
        let layer = |(idx, pair): (usize, &[usize])| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let fan = KERNEL * KERNEL * inputs;
            let scale = (2.0 / fan as f32).sqrt();
            let draws = Seed::new(WEIGHTS).split(idx as u64).normal(fan * outputs);
            Layer { inputs, outputs, weights: draws.into_iter().map(|draw| scale * draw).collect() }
        };
        Self { layers: CHANNELS.windows(2).enumerate().map(layer).collect() }
    }

    /// The features of a picture `[channel, height, width]`: all means, then all standard deviations.
    pub(crate) fn of(&self, frame: &[u8], width: usize) -> Vec<f64> {
        let layers = self.layers_of(frame, width);
        pooled(&layers.last().expect("there are layers").values)
    }

    /// The answers of all layers to a picture `[channel, height, width]`, the first layer first.
    pub(crate) fn layers_of(&self, frame: &[u8], width: usize) -> Vec<Plane> {
        let plane = frame.len() / 3;
        let pixels = (0..plane).flat_map(|pixel| [pixel, pixel + plane, pixel + 2 * plane]);
        let values = pixels.map(|idx| f32::from(frame[idx]) / 127.5 - 1.0).collect();
        let picture = Plane { height: plane / width, width, values };
        let mut answers: Vec<Plane> = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            answers.push(layer.apply(answers.last().unwrap_or(&picture)));
        }
        answers
    }
}

impl Layer {
    fn apply(&self, plane: &Plane) -> Plane {
        let (height, width) = (plane.height.div_ceil(STRIDE), plane.width.div_ceil(STRIDE));
        let mut values = vec![0.0; height * width * self.outputs];
        for (idx, answer) in values.chunks_mut(self.outputs).enumerate() {
            let (top, left) = (idx / width * STRIDE, idx % width * STRIDE);
            for (tap, weights) in self.weights.chunks(self.inputs * self.outputs).enumerate() {
                let row = (top + tap / KERNEL).saturating_sub(1).min(plane.height - 1);
                let column = (left + tap % KERNEL).saturating_sub(1).min(plane.width - 1);
                let from = (row * plane.width + column) * self.inputs;
                let seen = &plane.values[from..from + self.inputs];
                for (value, weights) in seen.iter().zip(weights.chunks(self.outputs)) {
                    answer.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
                }
            }
            answer.iter_mut().for_each(|sum| *sum = sum.max(0.0));
        }
        Plane { height, width, values }
    }
}

/// Mean and standard deviation of each channel of `[height, width, channel]`.
fn pooled(values: &[f32]) -> Vec<f64> {
    let channels = FEATURES / 2;
    let count = (values.len() / channels) as f64;
    let (mut sums, mut squares) = (vec![0.0; channels], vec![0.0; channels]);
    for place in values.chunks(channels) {
        for (channel, &value) in place.iter().enumerate() {
            sums[channel] += f64::from(value);
            squares[channel] += f64::from(value).powi(2);
        }
    }
    let means = sums.iter().map(|sum| sum / count);
    let spread = |(sum, square): (&f64, &f64)| (square / count - (sum / count).powi(2)).max(0.0).sqrt();
    means.chain(sums.iter().zip(&squares).map(spread)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture `[3, 16, 16]` of seeded noise of this strength about grey.
    fn noisy(seed: u64, strength: f32) -> Vec<u8> {
        Seed::new(seed).normal(3 * 16 * 16).iter().map(|draw| (128.0 + strength * draw) as u8).collect()
    }

    #[test]
    fn a_flat_picture_has_means_and_no_spread() {
        let features = FeatureMap::new().of(&[200; 3 * 16 * 16], 16);
        assert_eq!(features.len(), FEATURES);
        assert!(features[..FEATURES / 2].iter().any(|&mean| mean > 0.05));
        assert!(features[FEATURES / 2..].iter().all(|&spread| spread < 1e-3), "{features:?}");
    }

    #[test]
    fn texture_and_colour_both_show() {
        let map = FeatureMap::new();
        let apart = |a: &[u8], b: &[u8]| -> f64 {
            map.of(a, 16).iter().zip(map.of(b, 16)).map(|(a, b)| (a - b).powi(2)).sum()
        };
        let (calm, calm_too, rough) = (noisy(1, 20.0), noisy(2, 20.0), noisy(3, 60.0));
        let mut tinted = calm.clone();
        tinted[..256].iter_mut().for_each(|red| *red = red.saturating_add(40));
        assert!(apart(&calm, &rough) > 5.0 * apart(&calm, &calm_too));
        assert!(apart(&calm, &tinted) > 2.0 * apart(&calm, &calm_too));
    }
}
