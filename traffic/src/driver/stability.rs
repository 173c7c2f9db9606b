//! When a row of equal drivers is stable: linear theory of small disturbances around an even flow.
//!
//! A driver's acceleration is a function of its gap, its speed, and how fast the gap opens. Its three slopes
//! at equilibrium decide whether a small disturbance fades or grows from car to car. Wilson and Ward 2011,
//! "Car-following models: fifty years of linear stability analysis",
//! <https://doi.org/10.1080/03081060.2011.530826>, and Treiber and Kesting 2013, "Traffic Flow Dynamics",
//! chapter 15, <https://doi.org/10.1007/978-3-642-32460-4>.

use std::f64::consts::TAU;

use super::Idm;

/// How a driver in even flow responds to small changes: the slopes of its acceleration at equilibrium.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response {
    /// Acceleration gained per metre of gap, f_s in 1/s², positive.
    pub to_gap_per_s2: f64,
    /// Acceleration gained per m/s of own speed where the gap stays constant, f_v in 1/s, negative.
    pub to_speed_per_s: f64,
    /// Acceleration gained per m/s by which the leader is faster, f_Δ in 1/s, not negative.
    pub to_opening_per_s: f64,
}

/// A wave on a ring of cars: car `n`, counted forwards, is displaced by the real part of `exp(i phase n +
/// rate t)`, where the rate has the growth as its real part and the turning as its imaginary part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// How far the wave turns from one car to the next one ahead, in radians.
    pub phase_rad: f64,
    /// Growth of the wave in 1/s: positive where it grows, negative where it fades.
    pub growth_per_s: f64,
    /// How fast each car swings, in rad/s.
    pub turning_rad_per_s: f64,
}

impl Response {
    /// The response of a driver that keeps `speed_mps`, more than 0 and less than `desired_mps`, at the gap
    /// that belongs to it.
    #[must_use]
    pub fn at_equilibrium(idm: &Idm, speed_mps: f64, desired_mps: f64) -> Self {
        let gap_m = idm.equilibrium_gap_m(speed_mps, desired_mps);
        let wanted_m = idm.standstill_gap_m + speed_mps * idm.headway_secs;
        let fading_per_mps = idm.exponent / desired_mps * (speed_mps / desired_mps).powf(idm.exponent - 1.0);
        let crowding_per_m = wanted_m / (gap_m * gap_m);
        let acceleration_mps2 = idm.acceleration_mps2;
        Self {
            to_gap_per_s2: 2.0 * acceleration_mps2 * wanted_m * crowding_per_m / gap_m,
            to_speed_per_s: -acceleration_mps2 * (fading_per_mps + 2.0 * idm.headway_secs * crowding_per_m),
            to_opening_per_s: speed_mps * (acceleration_mps2 / idm.braking_mps2).sqrt() * crowding_per_m,
        }
    }

    /// The long-wave criterion, ½ f_v² − f_Δ f_v − f_s in 1/s²: an endless row of cars is stable where it is
    /// positive.
    ///
    /// A short ring holds no long waves and may be stable below zero; ask [`Self::fastest_mode`] there.
    #[must_use]
    pub fn long_wave_margin_per_s2(&self) -> f64 {
        let speed_per_s = self.to_speed_per_s;
        0.5 * speed_per_s * speed_per_s - self.to_opening_per_s * speed_per_s - self.to_gap_per_s2
    }

    /// The faster growing of the two waves that turn by `phase_rad` from car to car.
    ///
    /// Its rate λ solves λ² + p λ + q = 0 with p = −f_v + f_Δ (1 − e^{iθ}) and q = f_s (1 − e^{iθ}), θ the
    /// phase.
    #[must_use]
    pub fn mode(&self, phase_rad: f64) -> Mode {
        let (sine, cosine) = phase_rad.sin_cos();
        let (p_re, p_im) =
            (self.to_opening_per_s * (1.0 - cosine) - self.to_speed_per_s, -self.to_opening_per_s * sine);
        let (q_re, q_im) = (self.to_gap_per_s2 * (1.0 - cosine), -self.to_gap_per_s2 * sine);
        let (square_re, square_im) = (p_re * p_re - p_im * p_im - 4.0 * q_re, 2.0 * p_re * p_im - 4.0 * q_im);
        let (root_re, root_im) = square_root(square_re, square_im);
        // The principal root has no negative real part, so adding it gives the faster growing wave.
        Mode { phase_rad, growth_per_s: 0.5 * (root_re - p_re), turning_rad_per_s: 0.5 * (root_im - p_im) }
    }

    /// The mode that grows fastest, or fades slowest, on a ring of `n_cars`; the ring is unstable where it
    /// grows.
    ///
    /// `None` for fewer than two cars, which have nobody to follow.
    #[must_use]
    pub fn fastest_mode(&self, n_cars: usize) -> Option<Mode> {
        // The modes beyond half a turn are mirror images of those before it and grow alike.
        (1..=n_cars / 2)
            .map(|index| self.mode(TAU * index as f64 / n_cars as f64))
            .max_by(|one, other| one.growth_per_s.total_cmp(&other.growth_per_s))
    }
}

/// The principal square root of a complex number, as real and imaginary part.
fn square_root(re: f64, im: f64) -> (f64, f64) {
    let modulus = re.hypot(im);
    // Rounding may leave a tiny negative number below the root of a nearly real one.
    let root_re = (0.5 * (modulus + re)).max(0.0).sqrt();
    let root_im = (0.5 * (modulus - re)).max(0.0).sqrt();
    (root_re, root_im.copysign(im))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::driver::Leader;

    fn idm(headway_secs: f64, standstill_gap_m: f64, acceleration_mps2: f64, braking_mps2: f64) -> Idm {
        Idm { headway_secs, standstill_gap_m, acceleration_mps2, braking_mps2, ..Idm::kesting_2010() }
    }

    /// Drivers with a flow: a driver, its speed and its desired speed, in m/s.
    fn flows() -> impl Strategy<Value = (Idm, f64, f64)> {
        let drivers = (0.5..2.0, 1.0..3.0, 0.3..3.0, 0.8..3.5).prop_map(|(t, s0, a, b)| idm(t, s0, a, b));
        (drivers, 0.05..0.95, 10.0..35.0).prop_map(|(idm, share, desired)| (idm, share * desired, desired))
    }

    /// On a ring of 22 cars of 4.5 m and 230 m: speed (km/h), long-wave margin (1/s²) and fastest growth
    /// (1/s), each with the tolerance of its last given digit.
    fn check(name: &str, idm: Idm, desired_mps: f64, expected: [(f64, f64); 3]) {
        let speed_mps = idm.equilibrium_speed_mps(230.0 / 22.0 - 4.5, desired_mps);
        let response = Response::at_equilibrium(&idm, speed_mps, desired_mps);
        let fastest = response.fastest_mode(22).unwrap();
        let found = [3.6 * speed_mps, response.long_wave_margin_per_s2(), fastest.growth_per_s];
        for ((quantity, found), (expected, tolerance)) in
            ["speed", "margin", "growth"].iter().zip(found).zip(expected)
        {
            assert!((found - expected).abs() <= tolerance, "{name}: {quantity} {found}, not {expected}");
        }
    }

    #[test]
    fn the_sets_of_the_ring_experiment_have_their_known_margins_and_growth() {
        let (v, m) = (0.05, 0.000_5);
        check("C", idm(0.8, 1.0, 0.8, 2.0), 11.1, [(21.2, v), (-0.067, m), (0.018, m)]);
        check("B", idm(0.6, 1.5, 0.6, 1.5), 11.1, [(24.2, v), (-0.055, m), (0.019, m)]);
        check("F", idm(1.0, 2.0, 1.0, 1.5), 30.0, [(14.2, v), (-0.097, m), (0.022, m)]);
        check("T", idm(1.6, 2.0, 0.73, 1.67), 33.3, [(8.9, v), (-0.061, m), (0.011, m)]);
        check("A", idm(0.6, 1.5, 1.0, 1.5), 11.1, [(24.2, v), (-0.025, m), (-0.006_5, 0.000_05)]);
        check("D", idm(0.6, 1.5, 3.0, 3.0), 11.1, [(24.2, v), (0.295, m), (-0.040, m)]);
        check("highway-env", idm(1.5, 5.0, 3.0, 5.0), 30.0, [(2.3, v), (0.26, 0.005), (-0.006, m)]);
    }

    #[test]
    fn a_ring_too_short_for_long_waves_is_stable_where_a_longer_one_is_not() {
        let idm = idm(0.6, 1.5, 1.0, 1.5);
        let speed_mps = idm.equilibrium_speed_mps(230.0 / 22.0 - 4.5, 11.1);
        let response = Response::at_equilibrium(&idm, speed_mps, 11.1);
        let grows = |n_cars| response.fastest_mode(n_cars).unwrap().growth_per_s > 0.0;
        let first = (2..100).find(|&n_cars| grows(n_cars));
        assert_eq!(first, Some(29));
    }

    #[test]
    fn a_lone_car_has_no_mode() {
        let response = Response::at_equilibrium(&Idm::kesting_2010(), 10.0, 30.0);
        assert_eq!(response.fastest_mode(1), None);
        assert_eq!(response.fastest_mode(0), None);
    }

    proptest! {
        #[test]
        fn the_response_is_the_slope_of_the_acceleration((idm, speed_mps, desired_mps) in flows()) {
            let response = Response::at_equilibrium(&idm, speed_mps, desired_mps);
            let gap_m = idm.equilibrium_gap_m(speed_mps, desired_mps);
            let slope = |by: [f64; 3]| {
                let at = |step: f64| {
                    let own_mps = speed_mps + step * by[1];
                    let leader = Leader { gap_m: gap_m + step * by[0], speed_mps: own_mps + step * by[2] };
                    idm.acceleration(own_mps, desired_mps, Some(leader))
                };
                (at(1e-5) - at(-1e-5)) / 2e-5
            };
            prop_assert!((slope([1.0, 0.0, 0.0]) - response.to_gap_per_s2).abs() < 1e-7);
            prop_assert!((slope([0.0, 1.0, 0.0]) - response.to_speed_per_s).abs() < 1e-7);
            prop_assert!((slope([0.0, 0.0, 1.0]) - response.to_opening_per_s).abs() < 1e-7);
        }

        #[test]
        fn a_mode_solves_its_equation((idm, speed_mps, desired_mps) in flows(), phase_rad in 0.05..6.2) {
            let response = Response::at_equilibrium(&idm, speed_mps, desired_mps);
            let mode = response.mode(phase_rad);
            let multiply = |(a, b): (f64, f64), (c, d): (f64, f64)| (a * c - b * d, a * d + b * c);
            let rate = (mode.growth_per_s, mode.turning_rad_per_s);
            let ahead = (1.0 - phase_rad.cos(), -phase_rad.sin());
            let factor = (response.to_opening_per_s * ahead.0 - response.to_speed_per_s,
                response.to_opening_per_s * ahead.1);
            let (square, linear) = (multiply(rate, rate), multiply(rate, factor));
            let re = square.0 + linear.0 + response.to_gap_per_s2 * ahead.0;
            let im = square.1 + linear.1 + response.to_gap_per_s2 * ahead.1;
            prop_assert!(re.abs() < 1e-9 && im.abs() < 1e-9, "left over {re} + {im} i");
            // The other root sums with this one to minus the factor; it must not grow faster.
            prop_assert!(mode.growth_per_s >= -factor.0 - mode.growth_per_s - 1e-12);
        }

        #[test]
        fn long_waves_grow_by_the_long_wave_margin((idm, speed_mps, desired_mps) in flows()) {
            // To second order in the phase the growth is −θ² f_s margin / |f_v|³.
            let response = Response::at_equilibrium(&idm, speed_mps, desired_mps);
            let phase_rad = 1e-3 * (response.to_speed_per_s.powi(2) / response.to_gap_per_s2).min(1.0);
            let expected = -response.to_gap_per_s2 * response.long_wave_margin_per_s2()
                / response.to_speed_per_s.abs().powi(3);
            let found = response.mode(phase_rad).growth_per_s / phase_rad.powi(2);
            prop_assert!((found - expected).abs() < 1e-3 * (1.0 + expected.abs()), "{found}, not {expected}");
        }
    }
}
