//! What an episode of driving is made of: the road, who is on it, who is driven from outside and how, how it ends.

use std::{path::PathBuf, sync::Arc};

use dreamlane_core::{Error, Result};
use dreamlane_traffic::{
    driver::Temper,
    flow::{Mix, Rules, Stage, Supply, Track, Variant},
    layout::Layout,
    participant::Kind,
};
use serde::{Deserialize, Serialize};

use super::{actions::ActionKind, replay::Replay};

/// Where those who are driven from outside begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Start {
    /// On any lane for vehicles, where there is room.
    Anywhere,
    /// So far along one of these entries of the network.
    Entries {
        /// Which of them.
        entries: Vec<usize>,
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
    /// What they are.
    pub kind: Kind,
    /// Where they begin.
    pub start: Start,
    /// Lowest and highest speed at which they begin.
    pub start_mps: [f64; 2],
    /// Destinations that are drawn from, by index; empty for any that can be reached.
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
    /// A file of `calibrate` whose driver takes the place of the ordinary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PathBuf>,
}

/// The network with its rules, and what a replay makes of it.
pub(super) struct Ground {
    pub(super) stage: Arc<Stage>,
    pub(super) platoons: Vec<super::replay::Recorded>,
}

impl Scenario {
    /// Checks the numbers that every scenario has.
    fn check(&self, name: &str) -> Result<()> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let level = |value: f64| value >= 0.0 && value.is_finite();
        let checks: [(&str, bool, &str); 14] = [
            ("cars", self.cars[0] <= self.cars[1], "the fewest first"),
            ("most", (1..=2000).contains(&self.most), "1 to 2000"),
            ("seats", (1..=64).contains(&self.seats), "1 to 64"),
            (
                "start_mps",
                self.start_mps[0] <= self.start_mps[1] && level(self.start_mps[0]),
                "the slowest first",
            ),
            ("delay_steps", self.delay_steps <= 100, "at most 100"),
            ("jerk_mps3", level(self.jerk_mps3), "0 or more"),
            ("steering_radps", level(self.steering_radps), "0 or more"),
            ("friction", self.friction > 0.0 && self.friction <= 2.0, "above 0, at most 2"),
            (
                "noise_mps2",
                level(self.noise_mps2) && level(self.state_noise) && level(self.picture_noise),
                "0 or more",
            ),
            ("dropout", share(self.state_dropout) && share(self.picture_dropout), "0 to 1"),
            ("steps_per_second", (1..=100).contains(&self.steps_per_second), "1 to 100"),
            ("ticks", (1..=100).contains(&self.ticks), "1 to 100"),
            ("clock_steps", (1..=1_000_000).contains(&self.clock_steps), "1 to 1000000"),
            ("picture", self.picture == 0 || (16..=1024).contains(&self.picture), "0 or 16 to 1024"),
        ];
        match checks.iter().find(|(_, fits, _)| !fits) {
            Some((field, _, expected)) => Err(Error::Invalid(format!(
                "{name}: {field}: expected {expected}, found {}",
                self.told(field)
            ))),
            None => Ok(()),
        }
    }

    /// All that makes a scenario another one, as text; files count by their names, wherever they lie.
    pub(super) fn told_apart(&self) -> String {
        let mut apart = self.clone();
        let name = |path: &PathBuf| path.file_name().map(PathBuf::from).unwrap_or_default();
        apart.calibration = apart.calibration.as_ref().map(name);
        if let Some(replay) = &mut apart.replay {
            replay.data = name(&replay.data);
        }
        format!("{apart:?}")
    }

    /// What a field is, for a message.
    fn told(&self, field: &str) -> String {
        let table = toml::Table::try_from(self).unwrap_or_default();
        let one = |key: &str| table.get(key).map_or_else(String::new, ToString::to_string);
        match field {
            "dropout" => format!("{} and {}", one("state_dropout"), one("picture_dropout")),
            "noise_mps2" => {
                format!("{}, {} and {}", one("noise_mps2"), one("state_noise"), one("picture_noise"))
            }
            field => one(field),
        }
    }

    /// Lays the road and sets the rules.
    pub(super) fn ground(&self, name: &str) -> Result<Ground> {
        self.check(name)?;
        let invalid = |error: dreamlane_traffic::road::RoadError| Error::Invalid(format!("{name}: {error}"));
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
        if let Some(path) = &self.calibration {
            rules.tempers[0] = Temper { idm: super::replay::calibrated(path)?, ..rules.tempers[0] };
        }
        let Some(replay) = &self.replay else {
            let network = self.layout_for_clock().build().map_err(invalid)?;
            self.check_indexes(name, &network)?;
            return Ok(Ground { stage: Stage::new(network, rules), platoons: Vec::new() });
        };
        let (platoons, tracks) = replay.load()?;
        let network = self.layout.build().map_err(invalid)?;
        let tracks: Vec<Track> = tracks;
        Ok(Ground { stage: Stage::with_tracks(network, rules, tracks), platoons })
    }

    /// A straight road is as long as anyone can drive before the clock ends the episode.
    fn layout_for_clock(&self) -> Layout {
        let mut layout = self.layout.clone();
        if let (Layout::Highway(highway), Supply::Window { behind_m, ahead_m }) = (&mut layout, self.supply) {
            let secs = self.clock_steps as f64 / f64::from(self.steps_per_second);
            highway.length_m = highway.length_m.max(behind_m + 2.0 * ahead_m + 42.0 * secs);
        }
        layout
    }

    fn check_indexes(&self, name: &str, network: &dreamlane_traffic::road::Network) -> Result<()> {
        let (entries, exits) = (network.entries().len(), network.exits().len());
        let Start::Entries { entries: wanted, .. } = &self.start else {
            return self.check_goals(name, exits);
        };
        if let Some(found) = wanted.iter().find(|&&entry| entry >= entries) {
            return Err(Error::Invalid(format!(
                "{name}: start: expected entries below {entries}, found {found}"
            )));
        }
        self.check_goals(name, exits)
    }

    fn check_goals(&self, name: &str, exits: usize) -> Result<()> {
        match self.goals.iter().find(|&&goal| goal >= exits) {
            Some(found) => {
                Err(Error::Invalid(format!("{name}: goals: expected below {exits}, found {found}")))
            }
            None => Ok(()),
        }
    }
}
