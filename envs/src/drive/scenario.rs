//! What an episode of driving is made of: the road, who is on it, who is driven from outside and how, how it ends.

use std::{path::PathBuf, sync::Arc};

use dreamlane_core::{Error, Result};
use dreamlane_traffic::{
    chance::Chance,
    driver::Temper,
    flow::{Mix, Rules, Stage, Supply, Variant},
    layout::Layout,
    participant::Kind,
    platoon::Follower,
    road::{LaneIdx, Network, Users},
};
use serde::{Deserialize, Serialize};

use super::{
    actions::ActionKind,
    checks,
    replay::{self, Replay},
};

/// What anyone drives at most, for the length of a road that nobody comes to the end of.
const FASTEST_MPS: f64 = 42.0;
/// The longest straight road.
const LONGEST_M: f64 = 20_000.0;

/// Where those who are driven from outside begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Start {
    /// On any lane for vehicles, where there is room.
    Anywhere,
    /// So far along one of the entries for its kind.
    Entries {
        /// Which of them, counted from the right, or from the last by -1; any of them when empty.
        entries: Vec<isize>,
        /// Least and most metres along.
        along_m: [f64; 2],
    },
}

/// What driving is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// To drive on, fast and to the right, until the clock ends it.
    Cruise,
    /// To reach the destination.
    Arrive,
    /// To stand in the bay that is the destination.
    Park,
}

/// What an episode of driving is made of. Every registered `drive/...` is one; each field can be set by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The road.
    pub layout: Layout,
    /// Which models move the traffic: `textbook` or `highway-env`.
    pub variant: Variant,
    /// Fewest and most vehicles at the start, beside the seats.
    pub cars: [usize; 2],
    /// Cyclists at the start.
    pub cyclists: usize,
    /// People on foot at the start.
    pub walkers: usize,
    /// Vehicles that stand parked in bays.
    pub parked: usize,
    /// Most participants at a time.
    pub most: usize,
    /// Where traffic comes from.
    pub supply: Supply,
    /// Who it is.
    pub mix: Mix,
    /// Participants that are driven from outside, in each lane of the batch.
    pub seats: usize,
    /// What they are, in turn: `kinds=["car","pedestrian"]`, or one for all, `kinds=truck`.
    pub kinds: Vec<Kind>,
    /// Where they begin.
    pub start: Start,
    /// Lowest and highest speed at which they begin.
    pub start_mps: [f64; 2],
    /// Destinations that are drawn from, by index; empty for any that can be reached, in a car park for any bay.
    pub goals: Vec<usize>,
    /// What they drive for.
    pub aim: Aim,
    /// How they are driven: `continuous`, `pedals`, `meta`, `curvature` or `waypoints`.
    pub actions: ActionKind,
    /// Steps before an action acts.
    pub delay_steps: usize,
    /// Fastest change of the acceleration in m/s³; 0 for any.
    pub jerk_mps3: f64,
    /// Fastest change of the steering angle in rad/s; 0 for any.
    pub steering_radps: f64,
    /// What tyres hold, as a share of the weight.
    pub friction: f64,
    /// Standard deviation of what drivers' accelerations miss.
    pub noise_mps2: f64,
    /// Standard deviation of what is added to every number of the state vector.
    pub state_noise: f64,
    /// Chance per step that a car beside is missing from the state vector.
    pub state_dropout: f64,
    /// Standard deviation of what is added to every byte of a picture.
    pub picture_noise: f64,
    /// Chance per step that a picture is black.
    pub picture_dropout: f64,
    /// Steps per second.
    pub steps_per_second: u32,
    /// Ticks of the physics in a step.
    pub ticks: usize,
    /// Steps after which the clock cuts the episode.
    pub clock_steps: usize,
    /// Rows and columns of the camera's picture; 0 for no camera.
    pub picture: usize,
    /// Recorded platoons to drive in instead of the layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// A file of `calibrate` whose driver takes the place of the ordinary one. The speed that it would like counts in a
    /// replay alone: it was fitted in a jam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
}

/// The network with its rules, and what a replay makes of it.
pub(super) struct Ground {
    pub(super) stage: Arc<Stage>,
    pub(super) platoons: Vec<replay::Recorded>,
    /// The driver of the scenario's `calibration`.
    pub(super) calibrated: Option<Follower>,
}

impl Scenario {
    /// All that makes a scenario another one, as text, but for what files hold.
    pub(super) fn told_apart(&self) -> String {
        let mut apart = self.clone();
        apart.calibration = None;
        if let Some(replay) = &mut apart.replay {
            replay.data = PathBuf::new();
        }
        format!("{apart:?}")
    }

    /// Lays the road and sets the rules.
    pub(super) fn ground(&self, name: &str) -> Result<Ground> {
        checks::numbers(self, name)?;
        let mut rules = match self.variant {
            Variant::Textbook => Rules::textbook(),
            Variant::HighwayEnv => Rules::highway_env(),
        };
        rules.noise_mps2 = self.noise_mps2;
        rules.friction = self.friction;
        if self.aim == Aim::Park {
            rules.reverse_mps = 3.0;
            rules.stands_at_end = true;
        }
        let calibrated = self.calibration.as_deref().map(replay::calibrated).transpose()?;
        if let Some(follower) = calibrated {
            rules.tempers[0] = Temper { idm: follower.idm(), ..rules.tempers[0] };
        }
        let invalid = |error: dreamlane_traffic::road::RoadError| Error::Invalid(format!("{name}: {error}"));
        let network = self.layout_for_clock(name)?.build().map_err(invalid)?;
        let (platoons, tracks) = match &self.replay {
            Some(replay) => replay.load(self.seats)?,
            None => (Vec::new(), Vec::new()),
        };
        checks::road(self, name, &network)?;
        Ok(Ground { stage: Stage::with_tracks(network, rules, tracks), platoons, calibrated })
    }

    /// A straight road is as long as anyone can drive before the clock ends the episode.
    fn layout_for_clock(&self, name: &str) -> Result<Layout> {
        let mut layout = self.layout.clone();
        if let (Layout::Highway(highway), Supply::Window { behind_m, ahead_m }) = (&mut layout, self.supply) {
            let secs = self.clock_steps as f64 / f64::from(self.steps_per_second);
            let needed_m = behind_m + 2.0 * ahead_m + FASTEST_MPS * secs;
            if needed_m > LONGEST_M {
                return Err(Error::Invalid(format!(
                    "{name}: clock_steps: expected {:.0} at most, which a road of {LONGEST_M} m is long enough for, \
                     found {}",
                    (LONGEST_M - behind_m - 2.0 * ahead_m) / FASTEST_MPS * f64::from(self.steps_per_second),
                    self.clock_steps
                )));
            }
            highway.length_m = highway.length_m.max(needed_m);
        }
        Ok(layout)
    }

    /// What is in a seat.
    pub(super) fn kind(&self, seat: usize) -> Kind {
        self.kinds.get(seat % self.kinds.len().max(1)).copied().unwrap_or_default()
    }

    /// The entries at which those of a kind can begin, in the order of the network.
    pub(super) fn entries(&self, network: &Network, kind: Kind) -> Vec<LaneIdx> {
        let is_for = |users: Users| move |lane: &LaneIdx| network.lane(*lane).sketch.users == users;
        let all = |users: Users| -> Vec<LaneIdx> {
            network.entries().iter().copied().filter(is_for(users)).collect()
        };
        let own = all(kind.users());
        // A cyclist takes the road where there is no lane of its own.
        if own.is_empty() && kind == Kind::Cyclist { all(Users::Vehicles) } else { own }
    }

    /// The destinations that are drawn from; none for any that can be reached.
    pub(super) fn goals(&self, network: &Network) -> Vec<usize> {
        // The last destination of a car park is its way out.
        if self.goals.is_empty() && self.aim == Aim::Park {
            return (0..network.exits().len().saturating_sub(1)).collect();
        }
        self.goals.clone()
    }
}

impl Ground {
    /// What files brought into it, as a number: the numbers of a calibrated driver, and all moments of all tracks.
    pub(super) fn digest(&self) -> u64 {
        let follower = self.calibrated.map_or_else(Vec::new, |follower| {
            vec![
                follower.desired_mps,
                follower.headway_secs,
                follower.standstill_gap_m,
                follower.acceleration_mps2,
                follower.braking_mps2,
                follower.exponent,
                follower.hardest_braking_mps2,
            ]
        });
        let moments = self.stage.tracks.iter().flat_map(|track| track.moments());
        let moments =
            moments.flat_map(|moment| [moment.secs, moment.place_m[0], moment.place_m[1], moment.speed_mps]);
        let numbers = follower.into_iter().chain(moments);
        numbers.fold(Chance::new(0), |chance, number| chance.of(number.to_bits())).bits()
    }
}
