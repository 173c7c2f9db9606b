//! The fundamental diagram of SUMO 1.28 on closed rings: `checks/sumo_ring.py`.
//!
//! The same drivers start evenly spaced at half of the speed at which they end. SUMO's ballistic step is ours, so
//! what is left is how rings are drawn and how cars see across the joints of their lanes.

use dreamlane_traffic::driver::Idm;
use serde::Deserialize;

use super::{figure, read};
use crate::ring::{
    engine,
    measures::{Flow, record},
    reference::Ring,
};

#[derive(Deserialize)]
struct Recorded {
    vehicle_type: VehicleType,
    simulation: Simulation,
    points: Vec<Point>,
}

/// A `vType` in the words of SUMO.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VehicleType {
    tau: f64,
    accel: f64,
    decel: f64,
    min_gap: f64,
    delta: f64,
    length: f64,
    max_speed: f64,
    emergency_decel: f64,
}

#[derive(Deserialize)]
struct Simulation {
    step_length_s: f64,
    seconds: f64,
    counted_seconds: f64,
    jitter_m: f64,
}

/// One density on one ring.
#[derive(Deserialize)]
struct Point {
    length_m: f64,
    vehicles: usize,
    density_per_km: f64,
    flow_per_h: f64,
    /// By the formula of the model, as the script works it out.
    equilibrium_speed_mps: f64,
}

/// By how much the engine is off at a point, as shares of what is expected.
struct Deviation {
    flow: f64,
    speed: f64,
}

impl Recorded {
    fn ring(&self, point: &Point) -> Ring {
        let kind = &self.vehicle_type;
        let idm = Idm {
            headway_secs: kind.tau,
            standstill_gap_m: kind.min_gap,
            acceleration_mps2: kind.accel,
            braking_mps2: kind.decel,
            exponent: kind.delta,
            hardest_braking_mps2: kind.emergency_decel,
        };
        let (n_cars, ring_m) = (point.vehicles, point.length_m);
        Ring { idm, desired_mps: kind.max_speed, n_cars, ring_m, car_m: kind.length }
    }

    fn compare(&self, point: &Point) -> Deviation {
        let (ring, simulation) = (self.ring(point), &self.simulation);
        let start = ring.disturbed(|_| [0.0, -0.5 * ring.equilibrium_mps()]);
        let stage = engine::stage(&ring, 0.0);
        let mut traffic = engine::begin(&stage, &ring, &start, 0);
        let step_secs = simulation.step_length_s;
        let ticks = |secs: f64| (secs / step_secs).round() as usize;
        let n_counted = ticks(simulation.counted_seconds);
        let ticks = record(start, ticks(simulation.seconds) - n_counted, n_counted, |tick| {
            engine::advance(&mut traffic, tick, &ring, step_secs);
        });
        let flow = Flow::measure(&ticks, step_secs, ring.ring_m, ring.car_m);
        assert!(flow.smallest_gap_m > 0.0, "{} cars collide", point.vehicles);
        let deviation = Deviation {
            flow: point.density_per_km * flow.mean_kmh / point.flow_per_h - 1.0,
            speed: flow.mean_kmh / 3.6 / point.equilibrium_speed_mps - 1.0,
        };
        eprintln!(
            "{} m, {} cars: {:.1} cars/h, SUMO {:.1}, {:+.2e}; speed {:+.2e} of theory",
            point.length_m,
            point.vehicles,
            point.density_per_km * flow.mean_kmh,
            point.flow_per_h,
            deviation.flow,
            deviation.speed
        );
        deviation
    }

    /// Compares all densities on the rings of this length.
    fn check(&self, ring_m: f64) {
        assert_eq!(self.simulation.jitter_m, 0.0, "theory is for an even start");
        let points = self.points.iter().filter(|point| point.length_m == ring_m);
        let deviations: Vec<Deviation> = points.map(|point| self.compare(point)).collect();
        assert!(deviations.len() >= 14, "{} densities", deviations.len());
        let largest = |of: fn(&Deviation) -> f64| deviations.iter().map(of).map(f64::abs).fold(0.0, f64::max);
        let (flow, speed) = (largest(|one| one.flow), largest(|one| one.speed));
        let squares: f64 = deviations.iter().map(|one| one.flow * one.flow).sum();
        let root_mean_square = (squares / deviations.len() as f64).sqrt();
        let name = |quantity: &str| format!("sumo_{ring_m}_m_ring_{quantity}");
        figure(&name("densities"), deviations.len());
        figure(&name("flow_largest_deviation"), format_args!("{flow:.2e}"));
        figure(&name("flow_root_mean_square_deviation"), format_args!("{root_mean_square:.2e}"));
        figure(&name("equilibrium_speed_largest_deviation"), format_args!("{speed:.2e}"));
        assert!(flow < 0.05 && root_mean_square < 0.05, "flow: {flow}, {root_mean_square}");
        assert!(speed < 0.01, "equilibrium speed: {speed}");
    }
}

#[test]
fn flows_on_a_ring_of_a_kilometre_are_those_of_sumo() {
    let Some(recorded) = read::<Recorded>("sumo/ring.json") else { return };
    recorded.check(1000.0);
}

#[test]
fn flows_on_the_ring_of_the_experiment_are_those_of_sumo() {
    let Some(recorded) = read::<Recorded>("sumo/ring.json") else { return };
    recorded.check(230.0);
}
