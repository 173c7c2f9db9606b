//! Who goes first where two roads cross: signs, lights, and the priorities that follow from them.

use serde::{Deserialize, Serialize};

use super::carriageway::within;
use crate::road::{Control, RoadError, Signal};

/// What governs an intersection of a road from east to west with one from north to south.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// No signs: all arms are equal, only those who turn left give way to those who do not.
    Equal,
    /// The road from east to west has priority.
    #[default]
    PriorityRoad,
    /// The road from east to west has priority, and the other one has stop signs.
    StopMinor,
    /// Stop signs on all arms.
    StopAll,
    /// Traffic lights.
    Signals(Lights),
}

/// The times of traffic lights, one road after the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lights {
    /// Green of each road, seconds.
    pub green_secs: f64,
    /// Green for those who turn left, after the others of the same road, seconds. Without it they share the
    /// green of their road and give way to those who come. It needs two lanes per direction, so that nobody
    /// waits behind another's light.
    pub left_green_secs: Option<f64>,
    /// Yellow after each green, seconds.
    pub yellow_secs: f64,
    /// Red for all after each yellow, seconds.
    pub all_red_secs: f64,
}

impl Default for Lights {
    fn default() -> Self {
        Self { green_secs: 20.0, left_green_secs: None, yellow_secs: 3.0, all_red_secs: 2.0 }
    }
}

/// A way across an intersection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Movement {
    Right,
    Straight,
    Left,
}

impl Movement {
    pub(super) const ALL: [Self; 3] = [Self::Right, Self::Straight, Self::Left];

    /// The arm that one leaves by, where arms are counted counter-clockwise.
    pub(super) fn leaves_by(self, arm: usize) -> usize {
        let further = match self {
            Self::Right => 1,
            Self::Straight => 2,
            Self::Left => 3,
        };
        (arm + further) % 4
    }
}

/// Priority of people on foot on a crossing: above all vehicles.
pub(super) const WALKERS_PRIORITY: u8 = 6;

impl Rule {
    pub(super) fn check(&self, lanes: usize) -> Result<(), RoadError> {
        let Self::Signals(lights) = self else { return Ok(()) };
        within("lights green_secs", lights.green_secs, [3.0, 300.0])?;
        within("lights yellow_secs", lights.yellow_secs, [0.0, 10.0])?;
        within("lights all_red_secs", lights.all_red_secs, [0.0, 30.0])?;
        let Some(left_green_secs) = lights.left_green_secs else { return Ok(()) };
        within("lights left_green_secs", left_green_secs, [3.0, 300.0])?;
        within("intersection lanes, with lights for turning left", lanes as f64, [2.0, 2.0])
    }

    /// Priority of vehicles on their way across, 0 to 4.
    pub(super) fn priority(&self, arm: usize, movement: Movement) -> u8 {
        let turns_left = movement == Movement::Left;
        self.tier(arm) + u8::from(!turns_left)
    }

    /// Priority of cyclists who ride straight on or turn right: above vehicles that turn across their lane.
    pub(super) fn cycle_priority(&self, arm: usize) -> u8 {
        self.tier(arm) + 2
    }

    pub(super) fn control(&self, arm: usize, movement: Movement) -> Control {
        match self {
            Self::Equal | Self::PriorityRoad => Control::None,
            Self::StopMinor if is_east_west(arm) => Control::None,
            Self::StopMinor | Self::StopAll => Control::Stop,
            Self::Signals(lights) => Control::Signal(lights.group(arm, movement)),
        }
    }

    /// What stands before the crossing over an arm: people on foot go along with the road beside them.
    pub(super) fn crossing_control(&self, arm: usize) -> Control {
        match self {
            Self::Signals(lights) => Control::Signal(lights.group(arm + 1, Movement::Straight)),
            _ => Control::None,
        }
    }

    pub(super) fn signal(&self) -> Option<Signal> {
        let Self::Signals(lights) = self else { return None };
        let road = [Some(lights.green_secs), lights.left_green_secs];
        let greens_secs: Vec<f64> = [road, road].into_iter().flatten().flatten().collect();
        Some(Signal::in_turn(&greens_secs, lights.yellow_secs, lights.all_red_secs))
    }

    fn tier(&self, arm: usize) -> u8 {
        match self {
            Self::PriorityRoad | Self::StopMinor if is_east_west(arm) => 3,
            _ => 0,
        }
    }
}

impl Lights {
    /// The road from north to south comes first, and within a road those who turn left come last.
    fn group(&self, arm: usize, movement: Movement) -> u8 {
        let road = u8::from(is_east_west(arm));
        match self.left_green_secs {
            Some(_) => 2 * road + u8::from(movement == Movement::Left),
            None => road,
        }
    }
}

fn is_east_west(arm: usize) -> bool {
    arm.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_priority_road_goes_before_the_other_and_straight_before_left() {
        let rule = Rule::PriorityRoad;
        let order = [(1, Movement::Left), (1, Movement::Straight), (0, Movement::Left), (0, Movement::Right)];
        for pair in order.windows(2) {
            assert!(rule.priority(pair[0].0, pair[0].1) < rule.priority(pair[1].0, pair[1].1), "{pair:?}");
        }
        assert!(rule.cycle_priority(1) < rule.priority(0, Movement::Left));
        assert!(rule.cycle_priority(0) < WALKERS_PRIORITY);
    }

    #[test]
    fn lights_for_turning_left_have_groups_of_their_own() {
        let lights = Lights { left_green_secs: Some(8.0), ..Lights::default() };
        let rule = Rule::Signals(lights);
        assert_eq!(rule.signal().unwrap().groups(), 4);
        assert_eq!(rule.control(0, Movement::Left), Control::Signal(3));
        assert_eq!(rule.control(3, Movement::Right), Control::Signal(0));
        assert_eq!(
            rule.crossing_control(0),
            Control::Signal(0),
            "over the east arm one walks from south to north"
        );
        assert!(rule.check(1).is_err() && rule.check(2).is_ok());
    }
}
