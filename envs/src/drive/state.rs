//! The state vector: the ego, and the six cars that matter to it.
//!
//! A name ends with its unit, so a reader needs no table: `ego.speed/30mps` is the speed divided by 30 m/s.
//! The six are the nearest ahead and behind in the ego's own lane and in those beside it: unlike the six nearest
//! of all, they never lose the leader to a crowd behind. A car further than 100 m away, or a lane that does not
//! exist, gives zeros with `present` 0.

use super::{road::Road, scene::Scene, traffic::Car};

/// Cars further away than this are not reported.
pub const RANGE_M: f64 = 100.0;
const SPEED_MPS: f64 = 30.0;
const OFFSET_M: f64 = 2.0;
const HEADING_RAD: f64 = 0.5;
const LEFT_M: f64 = 8.0;
const FASTER_MPS: f64 = 10.0;

/// Lane beside the ego's, and its name before `ahead` and `behind`.
const BESIDE: [(isize, &str); 3] = [(0, ""), (1, "left_"), (-1, "right_")];

/// Names of the state vector, in order.
#[must_use]
pub fn names(road: Road) -> Vec<String> {
    let mut names = vec![
        format!("ego.speed/{SPEED_MPS}mps"),
        // From the middle of the road, left positive; 1 is the left edge.
        format!("ego.lateral/{}m", road.width_m() / 2.0),
        // From the middle of the nearest lane.
        format!("ego.offset/{OFFSET_M}m"),
        format!("ego.heading/{HEADING_RAD}rad"),
    ];
    for (_, beside) in BESIDE {
        for place in ["ahead", "behind"] {
            names.extend([
                format!("{beside}{place}.present"),
                format!("{beside}{place}.forward/{RANGE_M}m"),
                format!("{beside}{place}.left/{LEFT_M}m"),
                format!("{beside}{place}.faster/{FASTER_MPS}mps"),
            ]);
        }
    }
    names
}

/// The numbers of the state vector, in the order of [`names`].
#[must_use]
pub fn features(scene: &Scene) -> Vec<f32> {
    let (road, ego) = (scene.road, &scene.ego);
    let lane_idx = road.nearest_lane(ego.y_m);
    let half_m = road.width_m() / 2.0;
    let mut features = vec![
        (ego.speed_mps / SPEED_MPS) as f32,
        ((ego.y_m - half_m) / half_m) as f32,
        ((ego.y_m - road.centre_m(lane_idx)) / OFFSET_M) as f32,
        (ego.heading_rad / HEADING_RAD) as f32,
    ];
    for (step, _) in BESIDE {
        let lane_idx = lane_idx.checked_add_signed(step).filter(|&lane_idx| lane_idx < road.lanes);
        let ahead = lane_idx.and_then(|idx| scene.traffic.lane(idx).rfind(|car| car.x_m >= ego.x_m));
        let behind = lane_idx.and_then(|idx| scene.traffic.lane(idx).find(|car| car.x_m < ego.x_m));
        for car in [ahead, behind] {
            features.extend(relative(scene, lane_idx, car));
        }
    }
    features
}

fn relative(scene: &Scene, lane_idx: Option<usize>, car: Option<&Car>) -> [f32; 4] {
    let ego = &scene.ego;
    let (Some(lane_idx), Some(car)) = (lane_idx, car) else { return [0.0; 4] };
    let forward_m = car.x_m - ego.x_m;
    if forward_m.abs() > RANGE_M {
        return [0.0; 4];
    }
    [
        1.0,
        (forward_m / RANGE_M) as f32,
        ((scene.road.centre_m(lane_idx) - ego.y_m) / LEFT_M) as f32,
        ((car.speed_mps - ego.forward_mps()) / FASTER_MPS) as f32,
    ]
}

#[cfg(test)]
mod tests {
    use dreamlane_core::Seed;

    use super::*;
    use crate::drive::HighwayConfig;

    #[test]
    fn every_number_has_a_name_and_stays_small() {
        let mut scene = Scene::begin(&HighwayConfig::standard(), Seed::new(1));
        for _ in 0..200 {
            let _ = scene.step(None);
            let features = features(&scene);
            assert_eq!(features.len(), names(scene.road).len());
            assert!(features.iter().all(|x| x.is_finite() && x.abs() <= 3.5), "{features:?}");
        }
    }

    #[test]
    fn the_leader_is_reported_where_it_is() {
        let mut scene = Scene::begin(&HighwayConfig::standard(), Seed::new(2));
        // Following brings the leader within range.
        for _ in 0..300 {
            let _ = scene.step(None);
        }
        scene.ego.heading_rad = 0.0;
        let lane_idx = scene.road.nearest_lane(scene.ego.y_m);
        let leader = scene.traffic.lane(lane_idx).rfind(|car| car.x_m > scene.ego.x_m).copied().unwrap();
        let features = features(&scene);
        assert_eq!(features[4], 1.0);
        assert!((f64::from(features[5]) * RANGE_M - (leader.x_m - scene.ego.x_m)).abs() < 1e-4);
        assert!(
            (f64::from(features[7]) * FASTER_MPS - (leader.speed_mps - scene.ego.speed_mps)).abs() < 1e-5
        );
    }
}
