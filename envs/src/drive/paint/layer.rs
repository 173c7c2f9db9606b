//! The layer in front of the ground: convex polygons on a grid four times as fine, later ones on top.

use super::colour::Colour;

/// Samples per pixel, each way.
const FINE: usize = 4;

/// What a sample shows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sample {
    Ground,
    /// The ground in this much light, 255 being full.
    Shadow(u8),
    Solid([u8; 3]),
}

/// A grid of samples over a square picture.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    side: usize,
    samples: Vec<Sample>,
    /// Whether anything was painted in a pixel row.
    painted: Vec<bool>,
}

impl Layer {
    /// A clear layer over a picture of this side.
    #[must_use]
    pub(super) fn new(side: usize) -> Self {
        Self { side, samples: vec![Sample::Ground; (side * FINE).pow(2)], painted: vec![false; side] }
    }

    /// Paints a convex polygon given in pixels.
    pub(super) fn fill(&mut self, polygon: &[[f64; 2]], colour: Colour) {
        self.paint(polygon, Sample::Solid(colour.map(|channel| channel as u8)));
    }

    /// Darkens the ground under a convex polygon.
    pub(super) fn shade(&mut self, polygon: &[[f64; 2]], light: f32) {
        self.paint(polygon, Sample::Shadow((255.0 * light) as u8));
    }

    fn paint(&mut self, polygon: &[[f64; 2]], sample: Sample) {
        let fine = FINE as f64;
        let width = self.side * FINE;
        let heights = || polygon.iter().map(|point| point[1] * fine);
        let top = nearest(heights().fold(f64::INFINITY, f64::min));
        let bottom = nearest(heights().fold(f64::NEG_INFINITY, f64::max)).min(width);
        for row in top..bottom {
            let Some((left, right)) = span(polygon, (row as f64 + 0.5) / fine) else { continue };
            let from = nearest(left * fine).min(width);
            let to = nearest(right * fine).min(width);
            if from < to {
                self.samples[row * width + from..row * width + to].fill(sample);
                self.painted[row / FINE] = true;
            }
        }
    }

    /// Puts the layer over the ground and clears it.
    pub(super) fn settle(&mut self, pixels: &mut [Colour]) {
        let width = self.side * FINE;
        for row in 0..self.side {
            if !std::mem::take(&mut self.painted[row]) {
                continue;
            }
            let samples = &mut self.samples[row * FINE * width..(row + 1) * FINE * width];
            for column in 0..self.side {
                let pixel = &mut pixels[row * self.side + column];
                *pixel = blend(samples, width, column, *pixel);
            }
            samples.fill(Sample::Ground);
        }
    }
}

/// The nearest whole number, 0 for all below: a cast takes what is negative to 0, and is no call as `f64::round` is.
fn nearest(value: f64) -> usize {
    (value + 0.5) as u32 as usize
}

/// The mean of the samples of one pixel.
fn blend(samples: &[Sample], width: usize, column: usize, ground: Colour) -> Colour {
    let mut sum = [0.0; 3];
    let mut ground_light = 0.0;
    for line in samples.chunks_exact(width) {
        for sample in &line[column * FINE..(column + 1) * FINE] {
            match sample {
                Sample::Ground => ground_light += 1.0,
                Sample::Shadow(light) => ground_light += f32::from(*light) / 255.0,
                Sample::Solid(colour) => {
                    (0..3).for_each(|channel| sum[channel] += f32::from(colour[channel]))
                }
            }
        }
    }
    [0, 1, 2].map(|channel| (sum[channel] + ground_light * ground[channel]) / (FINE * FINE) as f32)
}

/// Where a horizontal line cuts a convex polygon.
fn span(polygon: &[[f64; 2]], y: f64) -> Option<(f64, f64)> {
    let (mut left, mut right) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut from = *polygon.last()?;
    for &to in polygon {
        if (from[1] <= y) != (to[1] <= y) {
            let x = from[0] + (y - from[1]) / (to[1] - from[1]) * (to[0] - from[0]);
            left = left.min(x);
            right = right.max(x);
        }
        from = to;
    }
    (left < right).then_some((left, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_covered_pixel_is_half_painted_and_settling_clears() {
        let mut layer = Layer::new(16);
        layer.fill(&[[1.5, 2.0], [3.0, 2.0], [3.0, 3.0], [1.5, 3.0]], [200.0; 3]);
        let mut pixels = vec![[100.0; 3]; 256];
        layer.settle(&mut pixels);
        let row = &pixels[2 * 16..2 * 16 + 4];
        assert_eq!(row, [[100.0; 3], [150.0; 3], [200.0; 3], [100.0; 3]]);
        let mut again = vec![[100.0; 3]; 256];
        layer.settle(&mut again);
        assert_eq!(again, vec![[100.0; 3]; 256]);
    }
}
