//! The state vector: the seat, the six cars that matter to it, and off the motorway the way ahead and who is near.
//!
//! A name ends with its unit, so a reader needs no table: `ego.speed/30mps` is the speed divided by 30 m/s.
//! The six are the nearest ahead and behind in the seat's own lane and in those beside it: unlike the six nearest
//! of all, they never lose the leader to a crowd behind. A car further than 100 m away, or a lane that does not
//! exist, gives zeros with `present` 0.

use dreamlane_traffic::{
    chance::Chance,
    flow::{NOWHERE, Neighbour, Traffic, View},
    layout::Layout,
    road::{Control, LaneIdx, Light},
};

use super::{Scenario, task::lanes_beside};

/// Cars further away than this are not reported.
pub const RANGE_M: f64 = 100.0;
const SPEED_MPS: f64 = 30.0;
const OFFSET_M: f64 = 2.0;
const HEADING_RAD: f64 = 0.5;
const LEFT_M: f64 = 8.0;
const FASTER_MPS: f64 = 10.0;
/// Numbers of one of the six.
const PER_CAR: usize = 4;
const CARS: usize = 6;
/// Numbers of the seat itself.
const OWN: usize = 4;
/// Those who are near in any direction, and how near that is.
const NEAREST: usize = 4;
const NEAR_M: f64 = 50.0;
const PER_NEAR: usize = 5;
/// How far ahead the bend of the lane is told.
const BEND_AHEAD_M: f64 = 15.0;
const BEND_M: f64 = 20.0;

/// Lane beside the seat's, and its name before `ahead` and `behind`.
const BESIDE: [&str; 3] = ["", "left_", "right_"];

/// Names of the state vector, in order.
#[must_use]
pub fn names(scenario: &Scenario) -> Vec<String> {
    let mut names = vec![
        format!("ego.speed/{SPEED_MPS}mps"),
        // From the middle of the lanes in the same direction, left positive; 1 is the left edge of a motorway.
        format!("ego.lateral/{}m", half_m(scenario)),
        // From the middle of the nearest lane.
        format!("ego.offset/{OFFSET_M}m"),
        // From the direction of the lane.
        format!("ego.heading/{HEADING_RAD}rad"),
    ];
    for beside in BESIDE {
        for place in ["ahead", "behind"] {
            names.extend([
                format!("{beside}{place}.present"),
                format!("{beside}{place}.forward/{RANGE_M}m"),
                format!("{beside}{place}.left/{LEFT_M}m"),
                format!("{beside}{place}.faster/{FASTER_MPS}mps"),
            ]);
        }
    }
    if is_off_the_motorway(scenario) {
        names.extend([
            format!("lane.limit/{SPEED_MPS}mps"),
            format!("lane.bend/{BEND_M}m"),
            format!("ahead.bend/{BEND_M}m"),
            // Lane changes to the left that the way to the destination asks for.
            "route.sideways/2lanes".to_owned(),
            "line.present".to_owned(),
            format!("line.forward/{NEAR_M}m"),
            // 1 for red and for a stop sign, 0.5 for yellow.
            "line.red".to_owned(),
            "goal.present".to_owned(),
            format!("goal.forward/{RANGE_M}m"),
            format!("goal.left/{RANGE_M}m"),
            "goal.heading/3.2rad".to_owned(),
        ]);
        for near in 0..NEAREST {
            names.extend([
                format!("near{near}.present"),
                format!("near{near}.forward/{NEAR_M}m"),
                format!("near{near}.left/{NEAR_M}m"),
                format!("near{near}.forward_speed/{FASTER_MPS}mps"),
                format!("near{near}.left_speed/{FASTER_MPS}mps"),
            ]);
        }
    }
    names
}

fn half_m(scenario: &Scenario) -> f64 {
    match &scenario.layout {
        Layout::Highway(highway) => 2.0 * highway.lanes as f64,
        _ => 8.0,
    }
}

fn is_off_the_motorway(scenario: &Scenario) -> bool {
    !matches!(scenario.layout, Layout::Highway(_))
}

/// Writes the state vector of a seat in the order of [`names`]. `chance` names the noise of this step.
pub(super) fn write(
    scenario: &Scenario,
    traffic: &mut Traffic,
    idx: usize,
    chance: Chance,
    features: &mut [f32],
) {
    let beside = lanes_beside(traffic, idx);
    let secs = traffic.secs();
    let view = traffic.view();
    features[..OWN].copy_from_slice(&own(scenario, &view, idx, beside));
    let end = OWN + CARS * PER_CAR;
    neighbours(scenario, &view, idx, chance, &mut features[OWN..end]);
    if is_off_the_motorway(scenario) {
        let way = way(&view, idx, secs);
        features[end..end + way.len()].copy_from_slice(&way);
        near(scenario, &view, idx, chance, &mut features[end + way.len()..]);
    }
    if scenario.state_noise > 0.0 {
        for (place, feature) in features.iter_mut().enumerate() {
            *feature += (scenario.state_noise * chance.of(1).of(place as u64).normal()) as f32;
        }
    }
}

fn own(scenario: &Scenario, view: &View, idx: usize, (right, left): (u32, u32)) -> [f32; OWN] {
    let fleet = view.fleet();
    let frame = view.frame(idx, fleet.lane[idx]);
    let across = fleet.sin[idx] * frame.cos - fleet.cos[idx] * frame.sin;
    let along = fleet.cos[idx] * frame.cos + fleet.sin[idx] * frame.sin;
    let lateral_m = (f64::from(right) - f64::from(left)) * OFFSET_M + fleet.d_m[idx];
    [
        (fleet.speed_mps[idx] / SPEED_MPS) as f32,
        (lateral_m / half_m(scenario)) as f32,
        (fleet.d_m[idx] / OFFSET_M) as f32,
        (across.atan2(along) / HEADING_RAD) as f32,
    ]
}

fn neighbours(scenario: &Scenario, view: &View, idx: usize, chance: Chance, features: &mut [f32]) {
    let own = view.fleet().lane[idx];
    let lane = view.lane(own);
    let sides = [(Some(own), 0.0), (lane.left, 1.0), (lane.right, -1.0)];
    let mut slots = features.chunks_exact_mut(PER_CAR);
    for (lane, sign) in sides {
        let pair = lane.map_or([None; 2], |lane| view.around(idx, lane));
        for neighbour in pair {
            let Some(slot) = slots.next() else { return };
            slot.copy_from_slice(&match (lane, neighbour) {
                (Some(lane), Some(neighbour)) if !is_lost(scenario, view, neighbour.who, chance) => {
                    relative(view, idx, lane, sign, &neighbour)
                }
                _ => [0.0; PER_CAR],
            });
        }
    }
}

/// Whether the sensors miss a participant in this step.
fn is_lost(scenario: &Scenario, view: &View, who: usize, chance: Chance) -> bool {
    scenario.state_dropout > 0.0
        && chance.of(2).of(u64::from(view.fleet().id[who])).share() < scenario.state_dropout
}

fn relative(view: &View, idx: usize, lane: LaneIdx, sign: f64, other: &Neighbour) -> [f32; PER_CAR] {
    let fleet = view.fleet();
    if other.ahead_m.abs() > RANGE_M {
        return [0.0; PER_CAR];
    }
    let frame = view.frame(idx, fleet.lane[idx]);
    let forward_mps = fleet.speed_mps[idx] * (fleet.cos[idx] * frame.cos + fleet.sin[idx] * frame.sin);
    // Across their own lane where they are on another one than they were found on: they reach into it.
    let d_m =
        if fleet.lane[other.who] == lane { fleet.d_m[other.who] } else { view.frame(other.who, lane).d_m };
    [
        1.0,
        (other.ahead_m / RANGE_M) as f32,
        ((2.0 * OFFSET_M * sign + d_m - fleet.d_m[idx]) / LEFT_M) as f32,
        ((other.speed_mps - forward_mps) / FASTER_MPS) as f32,
    ]
}

/// The way ahead: limit, bends, lane changes, the next line to stop at, the destination.
fn way(view: &View, idx: usize, secs: f64) -> [f32; 11] {
    let fleet = view.fleet();
    let own = fleet.lane[idx];
    let network = view.network();
    let lane = view.lane(own);
    let curve = &lane.sketch.curve;
    let left_m = curve.length_m() - fleet.s_m[idx];
    let next = view.next(idx, own);
    let bend_ahead = match next {
        Some(next) if left_m < BEND_AHEAD_M => {
            view.lane(next).sketch.curve.curvature_per_m(BEND_AHEAD_M - left_m)
        }
        _ => curve.curvature_per_m(fleet.s_m[idx] + BEND_AHEAD_M),
    };
    let sideways = match fleet.destination[idx] {
        NOWHERE => 0,
        destination => network.guide(usize::from(destination), own).sideways,
    };
    let line = next.filter(|_| left_m < NEAR_M).map(|next| view.lane(next).sketch.control);
    let red = match line {
        Some(Control::Stop) if Some(fleet.stopped_at[idx]) != next => 1.0,
        Some(Control::Signal(group)) => match network.signal().map(|signal| signal.light(group, secs)) {
            Some(Light::Red) => 1.0,
            Some(Light::Yellow) => 0.5,
            _ => 0.0,
        },
        _ => 0.0,
    };
    let is_line = line.is_some_and(|control| control != Control::None);
    let goal = goal(view, idx);
    [
        (lane.sketch.limit_mps / SPEED_MPS) as f32,
        (curve.curvature_per_m(fleet.s_m[idx]) * BEND_M) as f32,
        (bend_ahead * BEND_M) as f32,
        f32::from(sideways) / 2.0,
        f32::from(u8::from(is_line)),
        if is_line { (left_m / NEAR_M) as f32 } else { 0.0 },
        red,
        goal[0],
        goal[1],
        goal[2],
        goal[3],
    ]
}

/// Where the destination is from the seat, and how it is turned.
fn goal(view: &View, idx: usize) -> [f32; 4] {
    let fleet = view.fleet();
    let destination = fleet.destination[idx];
    let lanes = (destination != NOWHERE).then(|| view.network().exit_lanes(usize::from(destination)));
    let Some(&lane) = lanes.and_then(|lanes| lanes.first()) else { return [0.0; 4] };
    let end = view.lane(lane).sketch.curve.end();
    let [forward_m, left_m] = seen_from(view, idx, end.x_m - fleet.x_m[idx], end.y_m - fleet.y_m[idx]);
    let turn_rad = dreamlane_traffic::participant::bicycle::wrap(end.heading_rad - fleet.heading_rad[idx]);
    [
        1.0,
        (forward_m / RANGE_M).clamp(-3.0, 3.0) as f32,
        (left_m / RANGE_M).clamp(-3.0, 3.0) as f32,
        (turn_rad / 3.2) as f32,
    ]
}

fn seen_from(view: &View, idx: usize, x: f64, y: f64) -> [f64; 2] {
    let (sin, cos) = (view.fleet().sin[idx], view.fleet().cos[idx]);
    [x * cos + y * sin, y * cos - x * sin]
}

/// The nearest in any direction, by distance, then by index.
fn near(scenario: &Scenario, view: &View, idx: usize, chance: Chance, features: &mut [f32]) {
    let fleet = view.fleet();
    let mut nearest = [(NEAR_M * NEAR_M, usize::MAX); NEAREST];
    let seen_of = |&other: &usize| other != idx && !is_lost(scenario, view, other, chance);
    for other in (0..fleet.len()).filter(seen_of) {
        let (dx, dy) = (fleet.x_m[other] - fleet.x_m[idx], fleet.y_m[other] - fleet.y_m[idx]);
        let mut candidate = (dx * dx + dy * dy, other);
        for slot in &mut nearest {
            if candidate.0 < slot.0 {
                std::mem::swap(slot, &mut candidate);
            }
        }
    }
    for (slot, (_, other)) in features.chunks_exact_mut(PER_NEAR).zip(nearest) {
        slot.copy_from_slice(&if other == usize::MAX { [0.0; PER_NEAR] } else { seen(view, idx, other) });
    }
}

fn seen(view: &View, idx: usize, other: usize) -> [f32; PER_NEAR] {
    let fleet = view.fleet();
    let place = seen_from(view, idx, fleet.x_m[other] - fleet.x_m[idx], fleet.y_m[other] - fleet.y_m[idx]);
    let speed_mps = fleet.speed_mps[other];
    let speed = seen_from(view, idx, speed_mps * fleet.cos[other], speed_mps * fleet.sin[other]);
    [
        1.0,
        (place[0] / NEAR_M) as f32,
        (place[1] / NEAR_M) as f32,
        ((speed[0] - fleet.speed_mps[idx]) / FASTER_MPS) as f32,
        (speed[1] / FASTER_MPS) as f32,
    ]
}

#[cfg(test)]
mod tests {
    use dreamlane_core::Seed;

    use super::*;
    use crate::drive::{episode::Episode, presets};

    fn begun(scenario: &Scenario, seed: u64) -> Episode {
        let ground = scenario.ground("drive/test").unwrap();
        Episode::begin(scenario, &ground, Seed::new(seed))
    }

    fn features(scenario: &Scenario, episode: &mut Episode) -> Vec<f32> {
        let mut features = vec![0.0; names(scenario).len()];
        write(scenario, &mut episode.traffic, 0, Chance::new(0), &mut features);
        features
    }

    #[test]
    fn every_number_has_a_name_and_stays_small() {
        for scenario in [presets::highway(), presets::roundabout(), presets::parking(), presets::merge()] {
            let mut episode = begun(&scenario, 1);
            for _ in 0..100 {
                episode.step(&scenario, &[None]);
                let features = features(&scenario, &mut episode);
                assert!(features.iter().all(|x| x.is_finite() && x.abs() <= 6.5), "{features:?}");
            }
        }
    }

    #[test]
    fn the_leader_is_reported_where_it_is() {
        let scenario = presets::highway();
        let mut episode = begun(&scenario, 2);
        // Following brings the leader within range.
        for _ in 0..300 {
            episode.step(&scenario, &[None]);
        }
        let told = features(&scenario, &mut episode);
        let fleet = episode.traffic.fleet();
        let ahead =
            (1..fleet.len()).filter(|&who| fleet.lane[who] == fleet.lane[0] && fleet.x_m[who] > fleet.x_m[0]);
        let leader = ahead.min_by(|&a, &b| fleet.x_m[a].total_cmp(&fleet.x_m[b])).unwrap();
        assert_eq!(told[4], 1.0);
        assert!((f64::from(told[5]) * RANGE_M - (fleet.x_m[leader] - fleet.x_m[0])).abs() < 1e-3);
        assert!(
            (f64::from(told[7]) * FASTER_MPS - (fleet.speed_mps[leader] - fleet.speed_mps[0])).abs() < 1e-2
        );
    }

    #[test]
    fn noise_changes_every_number_and_who_drops_out_is_seen_nowhere() {
        let scenario = presets::highway();
        let noisy = Scenario { state_noise: 0.1, state_dropout: 1.0, ..presets::highway() };
        let mut episode = begun(&scenario, 3);
        let (clear, dim) = (features(&scenario, &mut episode), features(&noisy, &mut episode));
        assert!(clear.iter().zip(&dim).all(|(a, b)| a != b));
        let lost = Scenario { state_dropout: 1.0, ..presets::highway() };
        assert!(features(&lost, &mut episode)[OWN..].iter().all(|&x| x == 0.0));
        let lost = Scenario { state_dropout: 1.0, ..presets::merge() };
        let mut episode = begun(&lost, 3);
        let told = names(&lost).into_iter().zip(features(&lost, &mut episode));
        let others = told.filter(|(name, _)| {
            name.contains("ahead.") || name.contains("behind.") || name.starts_with("near")
        });
        assert!(others.filter(|(name, _)| !name.starts_with("ahead.bend")).all(|(_, x)| x == 0.0));
    }
}
