//! A driver for `drive/highway`: follows the car ahead by the Intelligent Driver Model and keeps its lane.
//!
//! It reads the state vector by name, so it drives in the truth and in any world that predicts the same state.
//! A name ends with its unit: `ego.speed/30mps` is the speed divided by 30 m/s.
//! IDM: <https://arxiv.org/abs/cond-mat/0002177>, parameters of <https://arxiv.org/abs/0912.3613>, table 1.

use dreamlane_core::{ActionSpace, Actions, EnvSpec, Error, Policy, Result, Seed, Timestep};

use crate::rows::actions;

const HEADWAY_SECS: f32 = 1.5;
const STANDSTILL_GAP_M: f32 = 2.0;
const ACCELERATION_MPS2: f32 = 1.4;
const BRAKING_MPS2: f32 = 2.0;
/// Speed without a leader: the middle of what `drive/highway` draws for an ego that drives itself.
const DESIRED_MPS: f32 = 27.0;
/// Length of every vehicle of `drive/highway`.
const LENGTH_M: f32 = 5.0;
/// What a full command of `drive/highway` is worth.
const FULL_ACCELERATION_MPS2: f32 = 5.0;
const FULL_LATERAL_MPS2: f32 = 4.0;
/// Lane keeping as a damped spring across the lane: 1.2 rad/s, no overshoot.
const SPRING_PER_SECS2: f32 = 1.44;
const DAMPING_PER_SECS: f32 = 2.4;

/// The car-following driver; it has no memory.
#[derive(Clone, Debug)]
pub struct Idm {
    speed: Reading,
    offset: Reading,
    heading: Reading,
    ahead_present: Reading,
    ahead_forward: Reading,
    ahead_faster: Reading,
    acceleration: Command,
    steering: Command,
    width: usize,
}

/// Where a command stands in an action, and its bounds.
#[derive(Clone, Copy, Debug)]
struct Command {
    idx: usize,
    low: f32,
    high: f32,
}

/// Where a quantity stands in the state vector, and what a value of 1 is worth.
#[derive(Clone, Copy, Debug)]
struct Reading {
    idx: usize,
    scale: f32,
}

impl Idm {
    /// A driver for an env with the state vector and the actions of `drive/highway`.
    ///
    /// # Errors
    /// When the spec lacks a number that the driver needs.
    pub fn new(spec: &EnvSpec) -> Result<Self> {
        let reading = |name: &str| Reading::find(spec, name);
        Ok(Self {
            speed: reading("ego.speed")?,
            offset: reading("ego.offset")?,
            heading: reading("ego.heading")?,
            ahead_present: reading("ahead.present")?,
            ahead_forward: reading("ahead.forward")?,
            ahead_faster: reading("ahead.faster")?,
            acceleration: Command::find(spec, "acceleration")?,
            steering: Command::find(spec, "steering")?,
            width: spec.action.width(),
        })
    }

    fn acceleration_mps2(&self, state: &[f32]) -> f32 {
        let speed_mps = self.speed.of(state).max(0.0);
        let free = 1.0 - (speed_mps / DESIRED_MPS).powi(4);
        if self.ahead_present.of(state) < 0.5 {
            return ACCELERATION_MPS2 * free;
        }
        let gap_m = (self.ahead_forward.of(state) - LENGTH_M).max(0.01);
        let closing_mps = -self.ahead_faster.of(state);
        let dynamic_m = speed_mps * HEADWAY_SECS
            + speed_mps * closing_mps / (2.0 * (ACCELERATION_MPS2 * BRAKING_MPS2).sqrt());
        let wanted_m = STANDSTILL_GAP_M + dynamic_m.max(0.0);
        ACCELERATION_MPS2 * (free - (wanted_m / gap_m).powi(2))
    }

    fn lateral_mps2(&self, state: &[f32]) -> f32 {
        let across_mps = self.speed.of(state) * self.heading.of(state);
        -SPRING_PER_SECS2 * self.offset.of(state) - DAMPING_PER_SECS * across_mps
    }
}

impl Policy for Idm {
    fn act(&mut self, now: &Timestep, _seeds: &[Seed]) -> Result<Actions> {
        let [rows, features] = now.observation.state.dims();
        let state: Vec<f32> = now.observation.state.to_data().iter().collect();
        let mut values = vec![0.0; rows * self.width];
        for row in 0..rows {
            let state = &state[row * features..(row + 1) * features];
            let action = &mut values[row * self.width..(row + 1) * self.width];
            self.acceleration.give(action, self.acceleration_mps2(state) / FULL_ACCELERATION_MPS2);
            self.steering.give(action, self.lateral_mps2(state) / FULL_LATERAL_MPS2);
        }
        Ok(actions(now, values))
    }
}

impl Reading {
    fn find(spec: &EnvSpec, name: &str) -> Result<Self> {
        let found = spec.state.iter().enumerate().find_map(|(idx, full)| {
            let unit = full.strip_prefix(name)?;
            if unit.is_empty() {
                return Some(Self { idx, scale: 1.0 });
            }
            let number = unit.strip_prefix('/')?.trim_end_matches(|letter: char| letter.is_alphabetic());
            number.parse().ok().map(|scale| Self { idx, scale })
        });
        found.ok_or_else(|| {
            Error::Invalid(format!(
                "policy idm needs `{name}` in the state vector, as drive/highway has it; {} has {:?}",
                spec.name, spec.state
            ))
        })
    }

    fn of(self, state: &[f32]) -> f32 {
        state[self.idx] * self.scale
    }
}

impl Command {
    fn find(spec: &EnvSpec, name: &str) -> Result<Self> {
        let lacking = || {
            Error::Invalid(format!(
                "policy idm needs the command `{name}`, {} has {:?}",
                spec.name, spec.action
            ))
        };
        let ActionSpace::Continuous { names, low, high } = &spec.action else { return Err(lacking()) };
        let idx = names.iter().position(|action| action == name).ok_or_else(lacking)?;
        Ok(Self { idx, low: low[idx], high: high[idx] })
    }

    /// Writes a value, within bounds; a state that is not finite asks for nothing.
    fn give(self, action: &mut [f32], value: f32) {
        let value = if value.is_finite() { value } else { 0.0 };
        action[self.idx] = value.clamp(self.low, self.high);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dreamlane_core::ActionSpace;

    const STATE: [&str; 6] = [
        "ego.speed/30mps",
        "ego.offset/2m",
        "ego.heading/0.5rad",
        "ahead.present",
        "ahead.forward/100m",
        "ahead.faster/10mps",
    ];

    fn spec(state: &[&str]) -> EnvSpec {
        EnvSpec {
            name: "toy".into(),
            lanes: 1,
            seats: 1,
            steps_per_second: 10,
            rewards: false,
            state: state.iter().map(|&name| name.to_owned()).collect(),
            cameras: Vec::new(),
            action: ActionSpace::Continuous {
                names: vec!["acceleration".into(), "steering".into()],
                low: vec![-1.0; 2],
                high: vec![1.0; 2],
            },
            scenes: false,
        }
    }

    #[test]
    fn it_settles_behind_a_leader_and_in_the_middle_of_the_lane() {
        let idm = Idm::new(&spec(&STATE)).unwrap();
        let (mut speed, mut offset, mut heading, mut forward, dt) =
            (25.0f32, 1.5f32, 0.0f32, 60.0f32, 0.05f32);
        for _ in 0..8000 {
            let state =
                [speed / 30.0, offset / 2.0, heading / 0.5, 1.0, forward / 100.0, (20.0 - speed) / 10.0];
            offset += speed * heading * dt;
            heading += idm.lateral_mps2(&state) / speed * dt;
            forward += (20.0 - speed) * dt;
            speed += idm.acceleration_mps2(&state) * dt;
        }
        let gap_m = (STANDSTILL_GAP_M + 20.0 * HEADWAY_SECS) / (1.0 - (20.0 / DESIRED_MPS).powi(4)).sqrt();
        assert!((forward - LENGTH_M - gap_m).abs() < 0.1, "gap {}, expected {gap_m}", forward - LENGTH_M);
        assert!(offset.abs() < 0.01 && heading.abs() < 0.001, "offset {offset}, heading {heading}");
    }

    #[test]
    fn a_spec_without_the_state_is_refused_by_name() {
        let message = Idm::new(&spec(&STATE[..3])).unwrap_err().to_string();
        assert!(message.contains("`ahead.present`"), "{message}");
    }
}
