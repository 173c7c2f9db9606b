//! The loss of pictures and its gradient against its definition.

use super::{
    super::super::testing::{assert_close, assert_slopes, assert_threads_do_not_matter, noise, wide},
    *,
};

const WEIGHTS: TermWeights = TermWeights { square: 0.7, gradient: 1.3, energy: 2.1 };

struct Case {
    pictures: Pictures,
    weights: TermWeights,
    drawn: Vec<f32>,
    wanted: Vec<f32>,
}

impl Case {
    fn new([picture, height, width, channel]: [usize; 4], weights: TermWeights) -> Self {
        let pictures = Pictures { picture, height, width, channel };
        let [drawn, wanted] = [1, 2].map(|seed| noise(seed, picture * height * width * channel));
        Self { pictures, weights, drawn, wanted }
    }

    fn fused(&self) -> (f64, Vec<f32>) {
        let mut gradient = vec![f32::NAN; self.drawn.len()];
        let loss = reconstruction_loss(self.pictures, self.weights, &self.drawn, &self.wanted, &mut gradient);
        (loss, gradient)
    }

    fn at(&self, picture: usize, row: usize, column: usize, channel: usize) -> usize {
        ((picture * self.pictures.height + row) * self.pictures.width + column) * self.pictures.channel
            + channel
    }

    /// Slopes in one direction: places of both ends, with `[rows, columns]` of each plane.
    fn slopes(&self, [down, across]: [usize; 2]) -> (Vec<[usize; 2]>, [usize; 2]) {
        let Pictures { picture, height, width, channel } = self.pictures;
        let [rows, columns] = [height - down, width - across];
        let mut ends = Vec::new();
        for (plane, row) in (0..picture * channel).flat_map(|plane| (0..rows).map(move |row| (plane, row))) {
            for column in 0..columns {
                let (picture, channel) = (plane / channel, plane % channel);
                let near = self.at(picture, row, column, channel);
                ends.push([near, self.at(picture, row + down, column + across, channel)]);
            }
        }
        (ends, [rows, columns])
    }

    /// The loss of a drawing, and its gradient.
    fn reference(&self, drawn: &[f64]) -> (f64, Vec<f64>) {
        let wanted = wide(&self.wanted);
        let count = drawn.len() as f64;
        let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
        let [square, slope_weight, energy] =
            [self.weights.square, self.weights.gradient, self.weights.energy].map(f64::from);
        let off = drawn.iter().zip(&wanted).map(|(a, b)| a - b).collect::<Vec<_>>();
        let mut loss = off.iter().map(|off| off.abs() + square * off * off).sum::<f64>() / count;
        let mut gradient =
            off.iter().map(|off| (sign(*off) + 2.0 * square * off) / count).collect::<Vec<_>>();
        for direction in [[1, 0], [0, 1]] {
            let (ends, [rows, columns]) = self.slopes(direction);
            let slope = |of: &[f64], [near, far]: [usize; 2]| of[far] - of[near];
            let mut d_slopes = vec![0.0; ends.len()];
            for (d, &ends) in d_slopes.iter_mut().zip(&ends) {
                let error = slope(drawn, ends) - slope(&wanted, ends);
                let scale =
                    slope_weight / (rows * columns * self.pictures.picture * self.pictures.channel) as f64;
                loss += scale * error.abs();
                *d += scale * sign(error);
            }
            if energy != 0.0 {
                let patches = patches(ends.len() / (rows * columns), [rows, columns]);
                for patch in &patches {
                    let mean =
                        |of: &[f64]| patch.iter().map(|&idx| slope(of, ends[idx]).abs()).sum::<f64>() / 64.0;
                    let error = mean(drawn) - mean(&wanted);
                    let scale = energy / patches.len() as f64;
                    loss += scale * error.abs();
                    for &idx in patch {
                        d_slopes[idx] += scale / 64.0 * sign(error) * sign(slope(drawn, ends[idx]));
                    }
                }
            }
            for (d, [near, far]) in d_slopes.iter().zip(ends) {
                gradient[near] -= d;
                gradient[far] += d;
            }
        }
        (loss, gradient)
    }
}

/// Slopes of each patch of 8x8, every 4.
fn patches(planes: usize, [rows, columns]: [usize; 2]) -> Vec<Vec<usize>> {
    let mut patches = Vec::new();
    for plane in 0..planes {
        for top in (0..=rows - 8).step_by(4) {
            for left in (0..=columns - 8).step_by(4) {
                let numbers =
                    (top..top + 8).flat_map(|row| (left..left + 8).map(move |column| row * columns + column));
                patches.push(numbers.map(|idx| plane * rows * columns + idx).collect());
            }
        }
    }
    patches
}

fn check(case: &Case) {
    let (loss, gradient) = case.fused();
    let (wanted, wanted_gradient) = case.reference(&wide(&case.drawn));
    assert!((loss - wanted).abs() <= 1e-6 * wanted, "{loss} instead of {wanted}: {:?}", case.pictures);
    let count = gradient.len() as f64;
    let gradient = gradient.iter().map(|value| value * count as f32).collect::<Vec<_>>();
    let wanted_gradient = wanted_gradient.iter().map(|value| value * count).collect::<Vec<_>>();
    assert_close(&gradient, &wanted_gradient, 1e-6);
    if gradient.len() < 3000 {
        assert_slopes(|drawn| case.reference(drawn).0 * count, &case.drawn, &wanted_gradient);
    }
}

#[test]
fn the_loss_and_its_gradient_equal_their_definitions() {
    for sizes in [[1, 9, 9, 1], [2, 9, 14, 3], [1, 13, 12, 2], [2, 17, 21, 1], [1, 16, 16, 3], [3, 64, 64, 3]]
    {
        check(&Case::new(sizes, WEIGHTS));
    }
}

#[test]
fn terms_can_be_left_out() {
    for sizes in [[1, 2, 2, 1], [2, 3, 5, 3], [1, 13, 12, 2]] {
        check(&Case::new(sizes, TermWeights { energy: 0.0, ..WEIGHTS }));
        check(&Case::new(sizes, TermWeights { square: 0.0, gradient: 0.0, energy: 0.0 }));
    }
}

#[test]
fn an_exact_drawing_costs_nothing() {
    let mut case = Case::new([2, 13, 14, 3], WEIGHTS);
    case.drawn = case.wanted.clone();
    let (loss, gradient) = case.fused();
    assert!(loss == 0.0 && gradient.iter().all(|&value| value == 0.0), "{loss}");
}

#[test]
fn planes_are_pictures_of_one_channel() {
    let Case { pictures, weights, drawn, wanted } = Case::new([2, 13, 18, 3], WEIGHTS);
    let Pictures { picture, height, width, channel } = pictures;
    let pixels = height * width;
    let planar = |values: &[f32]| {
        let picture = |picture: &[f32]| {
            (0..channel * pixels)
                .map(|idx| picture[idx % pixels * channel + idx / pixels])
                .collect::<Vec<_>>()
        };
        values.chunks_exact(channel * pixels).flat_map(picture).collect::<Vec<_>>()
    };
    let planes = Case {
        pictures: Pictures::planes([picture, channel, height, width]),
        weights,
        drawn: planar(&drawn),
        wanted: planar(&wanted),
    };
    let (loss, gradient) = Case { pictures, weights, drawn, wanted }.fused();
    let (planes_loss, planes_gradient) = planes.fused();
    assert!((loss - planes_loss).abs() < 1e-6 * loss, "{loss} and {planes_loss}");
    assert_close(&planes_gradient, &wide(&planar(&gradient)), 1e-8);
}

#[test]
fn threads_do_not_matter() {
    let case = Case::new([6, 64, 64, 3], WEIGHTS);
    assert_threads_do_not_matter(|| {
        let (loss, mut gradient) = case.fused();
        gradient.extend([(loss.to_bits() >> 32) as u32, loss.to_bits() as u32].map(f32::from_bits));
        gradient
    });
}
