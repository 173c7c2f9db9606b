//! Recorded platoons as scenarios: six cars in a queue on a motorway, one of which is the seat.
//!
//! The others are where the record says, or, behind the seat, follow by rule and so react to it. See `dreamlane_traffic::platoon` for the data.

use std::path::{Path, PathBuf};

use dreamlane_core::{Error, Result};
use dreamlane_traffic::{
    chance::Chance,
    flow::{Driver, Moment, Participant, Track, Traffic},
    platoon::{self, Calibration, Follower, Platoon},
    road::LaneIdx,
};
use serde::{Deserialize, Serialize};

use super::scenario::Ground;

/// Where the record's first car begins along the road: the rest of the platoon is behind it.
const AHEAD_M: f64 = 300.0;
/// Length of the cars, which the record does not know.
const LENGTH_M: f64 = 4.5;
const WIDTH_M: f64 = 1.8;

/// Who moves the cars that are not the seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Others {
    /// The record.
    #[default]
    Recorded,
    /// The record for those ahead of the seat, rules for those behind it.
    RulesBehind,
}

/// Which recorded cars to drive among.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replay {
    /// Folder of the platoons' tables.
    pub data: PathBuf,
    /// Name of one platoon; any of them, by the seed, when empty.
    pub platoon: String,
    /// The car that is the seat, counted from the leader, which is 0; -1 for any follower.
    pub car: isize,
    /// Who moves the others.
    pub others: Others,
}

impl Default for Replay {
    fn default() -> Self {
        Self { data: PathBuf::new(), platoon: String::new(), car: -1, others: Others::Recorded }
    }
}

/// A platoon by the tracks of its cars, the leader first.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    first_track: usize,
    starts: Vec<(f64, f64)>,
}

impl Replay {
    /// Reads the platoons, and lays their tracks along the x axis.
    pub(super) fn load(&self, seats: usize) -> Result<(Vec<Recorded>, Vec<Track>)> {
        if self.data.as_os_str().is_empty() {
            return Err(Error::Invalid(
                "drive/platoon: expected a folder of recorded platoons, found none: set replay.data=FOLDER"
                    .into(),
            ));
        }
        if !self.data.is_dir() {
            return Err(Error::mismatch(&self.data, "replay.data", "a folder of platoons", "none"));
        }
        let broken = |error: platoon::PlatoonError| Error::broken(&self.data, error);
        let platoons = platoon::read_folder(&self.data).map_err(broken)?;
        let chosen: Vec<&Platoon> = platoons
            .iter()
            .filter(|platoon| self.platoon.is_empty() || platoon.name == self.platoon)
            .collect();
        if chosen.is_empty() {
            let known = platoons.iter().map(|platoon| platoon.name.as_str());
            return Err(Error::unknown("platoon", &self.platoon, known));
        }
        let most = chosen.iter().map(|platoon| platoon.cars.len()).min().unwrap_or(0);
        if self.car < -1 || self.car >= most as isize {
            return Err(Error::Invalid(format!(
                "drive/platoon: replay.car: expected 0 to {}, or -1 for any follower, found {}",
                most.saturating_sub(1),
                self.car
            )));
        }
        if seats != 1 {
            return Err(Error::Invalid(format!("drive/platoon: seats: expected 1, found {seats}")));
        }
        let mut tracks = Vec::new();
        let mut recorded = Vec::new();
        for platoon in chosen {
            let first_track = tracks.len();
            let origin_m = platoon.cars[0].position_m[0];
            let mut starts = Vec::new();
            for car in &platoon.cars {
                let moments = car.position_m.iter().zip(&car.speed_mps).enumerate();
                let moments: Vec<Moment> = moments
                    .map(|(row, (position_m, speed_mps))| Moment {
                        secs: row as f64 * platoon::table::STEP_SECS,
                        // The record tells front bumpers, the track the middle.
                        place_m: [AHEAD_M + position_m - origin_m - 0.5 * LENGTH_M, 0.0],
                        speed_mps: *speed_mps,
                    })
                    .collect();
                starts.push((moments[0].place_m[0], moments[0].speed_mps));
                tracks.extend(Track::new(moments));
            }
            recorded.push(Recorded { first_track, starts });
        }
        Ok((recorded, tracks))
    }

    /// Puts a platoon on the road, its seat first.
    pub(super) fn begin(&self, ground: &Ground, traffic: &mut Traffic, chance: Chance) {
        let platoons = &ground.platoons;
        let Some(platoon) = platoons.get(chance.of(0).below(platoons.len().max(1))) else { return };
        let followers = platoon.starts.len() - 1;
        let seat = usize::try_from(self.car).unwrap_or_else(|_| 1 + chance.of(1).below(followers.max(1)));
        let others = (0..platoon.starts.len()).filter(|&car| car != seat);
        for car in std::iter::once(seat).chain(others) {
            let (x_m, speed_mps) = platoon.starts[car];
            let by_rule = car == seat || (self.others == Others::RulesBehind && car > seat);
            let track = (platoon.first_track + car) as u32;
            traffic.add(Participant {
                lane: LaneIdx(0),
                s_m: x_m,
                speed_mps,
                driver: if by_rule { Driver::Rule } else { Driver::Log { track } },
                // Beyond the limit of any motorway, where no calibration says better.
                desired_mps: ground.calibrated.map_or(33.3, |follower| follower.desired_mps),
                gives_up: car != seat,
                look: chance.of(2).of(car as u64).bits() as u32,
                length_m: LENGTH_M,
                width_m: WIDTH_M,
                ..Participant::default()
            });
        }
    }
}

/// The driver that a calibration found.
pub(super) fn calibrated(path: &Path) -> Result<Follower> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let calibration: Calibration = serde_json::from_str(&text).map_err(|error| Error::broken(path, error))?;
    let follower = calibration.parameters;
    let numbers = [
        ("desired_mps", follower.desired_mps),
        ("headway_secs", follower.headway_secs),
        ("standstill_gap_m", follower.standstill_gap_m),
        ("acceleration_mps2", follower.acceleration_mps2),
        ("braking_mps2", follower.braking_mps2),
        ("exponent", follower.exponent),
        ("hardest_braking_mps2", follower.hardest_braking_mps2),
    ];
    match numbers.iter().find(|(_, number)| !(*number > 0.0 && *number < 1e3)) {
        Some((field, found)) => Err(Error::mismatch(path, *field, "above 0 and below 1000", found)),
        None => Ok(follower),
    }
}
