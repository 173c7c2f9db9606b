//! The same ring driven by the engine: four arcs that follow one another, cars that steer and see across their ends.

use std::{f64::consts::TAU, sync::Arc};

use dreamlane_traffic::{
    chance::Chance,
    driver::Temper,
    flow::{Participant, Rules, Stage, Traffic},
    road::{Builder, Curve, LaneIdx, Line, Network, Pose, Sketch},
};

use super::{measures::Tick, reference::Ring};

const PIECES: u32 = 4;

/// The ring of a case, with its drivers.
pub(crate) fn stage(ring: &Ring, noise_mps2: f64) -> Arc<Stage> {
    let temper = Temper { idm: ring.idm, bend_mps2: 1e3, ..Temper::normal() };
    let rules = Rules { tempers: vec![temper], noise_mps2, friction: 1e3, ..Rules::textbook() };
    Stage::new(network(ring.ring_m), rules)
}

fn network(ring_m: f64) -> Network {
    let (piece_m, bend_per_m) = (ring_m / f64::from(PIECES), TAU / ring_m);
    let mut builder = Builder::default();
    let mut from = Pose { x_m: 0.0, y_m: 0.0, heading_rad: 0.0 };
    for _ in 0..PIECES {
        let curve = Curve::arc(from, piece_m, bend_per_m);
        from = curve.end();
        builder.add(Sketch::new(curve, 100.0, [Line::Solid; 2]));
    }
    (0..PIECES).for_each(|piece| builder.connect(LaneIdx(piece), LaneIdx((piece + 1) % PIECES)));
    builder.finish().unwrap()
}

/// Traffic that begins as a tick says.
pub(crate) fn begin(stage: &Arc<Stage>, ring: &Ring, start: &Tick, seed: u64) -> Traffic {
    let mut traffic = Traffic::new(stage.clone(), Chance::new(seed));
    let piece_m = ring.ring_m / f64::from(PIECES);
    for (position_m, speed_mps) in start.positions_m.iter().zip(&start.speeds_mps) {
        let position_m = position_m.rem_euclid(ring.ring_m);
        let piece = ((position_m / piece_m) as u32).min(PIECES - 1);
        traffic.add(Participant {
            lane: LaneIdx(piece),
            s_m: position_m - f64::from(piece) * piece_m,
            speed_mps: *speed_mps,
            desired_mps: ring.desired_mps,
            length_m: ring.car_m,
            ..Participant::default()
        });
    }
    traffic
}

/// Moves traffic on and copies where everyone is.
pub(crate) fn advance(traffic: &mut Traffic, tick: &mut Tick, ring: &Ring, step_secs: f64) {
    traffic.tick(step_secs);
    let (fleet, piece_m) = (traffic.fleet(), ring.ring_m / f64::from(PIECES));
    for car in 0..fleet.len() {
        tick.positions_m[car] = f64::from(fleet.lane[car].0) * piece_m + fleet.s_m[car];
        tick.speeds_mps[car] = fleet.speed_mps[car];
    }
}
