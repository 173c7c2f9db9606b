//! The optimiser against a plain transcription of the one of burn.

use super::{
    super::testing::{assert_threads_do_not_matter, noise, wide},
    *,
};

const LENGTHS: [usize; 7] = [0, 1, 5, 16, 1000, 32_769, 100_003];
const RULE: AdamW = AdamW { beta_1: 0.9, beta_2: 0.99, epsilon: 1e-8, weight_decay: 0.05 };

/// Weights, both moments and the average after some steps.
fn learned(length: usize, steps: usize) -> [Vec<f32>; 4] {
    let mut weights = noise(1, length);
    let (mut first, mut second, mut average) = (vec![0.0; length], vec![0.0; length], weights.clone());
    for time in 1..=steps {
        let gradients = noise(10 + time as u64, length);
        let parameters = Parameters {
            weights: &mut weights,
            gradients: &gradients,
            first_moment: &mut first,
            second_moment: &mut second,
        };
        let step = Step { time, rate: 3e-4 * time as f64, gradient_scale: 0.7 };
        RULE.step_with_average(step, parameters, &mut average, 0.9);
    }
    [weights, first, second, average]
}

/// The lines of burn-optim for one number.
fn learned_as_in_burn(length: usize, steps: usize) -> [Vec<f32>; 4] {
    let mut weights = noise(1, length);
    let (mut first, mut second, mut average) =
        (vec![0.0_f32; length], vec![0.0_f32; length], weights.clone());
    for time in 1..=steps {
        let gradients = noise(10 + time as u64, length);
        let rate = 3e-4 * time as f64;
        for idx in 0..length {
            let gradient = gradients[idx] * 0.7;
            let factors = [1.0 - RULE.beta_1, 1.0 - RULE.beta_2];
            if time == 1 {
                first[idx] = gradient * factors[0];
                second[idx] = gradient * gradient * factors[1];
            } else {
                first[idx] = first[idx] * RULE.beta_1 + gradient * factors[0];
                second[idx] = second[idx] * RULE.beta_2 + gradient * gradient * factors[1];
            }
            let power = time as i32;
            let mean = first[idx] / (1.0 - RULE.beta_1.powi(power));
            let mean_square = second[idx] / (1.0 - RULE.beta_2.powi(power));
            let delta = mean / (mean_square.sqrt() + RULE.epsilon);
            let decay_rate = rate * f64::from(RULE.weight_decay);
            weights[idx] = weights[idx] * ((1.0 - decay_rate) as f32) - delta * (rate as f32);
            average[idx] = average[idx] * 0.9 + weights[idx] * (1.0 - 0.9_f32);
        }
    }
    [weights, first, second, average]
}

#[test]
fn steps_have_the_bytes_of_burn() {
    for length in LENGTHS {
        assert!(learned(length, 5) == learned_as_in_burn(length, 5), "{length} parameters");
    }
}

#[test]
fn the_average_changes_nothing_else() {
    let mut weights = noise(1, 1001);
    let (mut first_moment, mut second_moment) = (vec![0.0; 1001], vec![0.0; 1001]);
    let gradients = noise(11, 1001);
    let parameters = Parameters {
        weights: &mut weights,
        gradients: &gradients,
        first_moment: &mut first_moment,
        second_moment: &mut second_moment,
    };
    RULE.step(Step { time: 1, rate: 3e-4, gradient_scale: 0.7 }, parameters);
    let with_average = learned(1001, 1);
    assert!([weights, first_moment, second_moment] == with_average[..3], "the average changes the step");
}

#[test]
fn the_norm_is_that_of_double_precision() {
    for length in LENGTHS {
        let values = noise(3, length);
        let wanted = wide(&values).iter().map(|value| value * value).sum::<f64>();
        assert!((squared_norm(&values) - wanted).abs() <= 1e-6 * wanted, "{length} numbers");
    }
}

#[test]
fn threads_do_not_matter() {
    let values = noise(3, 200_000);
    assert_threads_do_not_matter(|| {
        let norm = squared_norm(&values).to_bits();
        let halves = [(norm >> 32) as u32, norm as u32].map(f32::from_bits);
        [learned(100_003, 2).concat(), halves.to_vec()].concat()
    });
}
