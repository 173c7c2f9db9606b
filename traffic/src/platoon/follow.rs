//! Drives followers behind recorded leaders and tallies how far their gaps are from the recorded ones.
//!
//! A follower starts at its recorded place and speed. Each step of 0.1 s is ballistic, as in Treiber and Kanagaraj,
//! *Comparing numerical integration schemes for time-continuous car-following models* (2015),
//! <https://arxiv.org/abs/1403.4881>: v' = max(0, v + a dt), x' = x + (v + v') dt / 2.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::follower::Follower;
use super::{Car, Platoon, table::STEP_SECS};

/// The least recorded gap, in metres, of a follower that is scored.
///
/// The files give no lengths, and a gap smaller than this, with the stated length taken off, says that the two cars
/// were not one behind the other, as during a lane change. A relative error has no meaning there.
pub const LEAST_GAP_M: f64 = 0.5;

/// Rows of a window, 5 s.
pub const WINDOW_ROWS: usize = 50;

/// How a follower drives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// By the intelligent driver model.
    Idm(Follower),
    /// On and on at the speed it starts with.
    HoldSpeed,
    /// Always at the mean of its own recorded gaps: it knows the future, and nothing of how gaps vary.
    HoldMeanGap,
}

/// Sums of errors over rows. The first row is left out, for there the error is zero by construction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Rows.
    pub rows: usize,
    /// Squared errors of the gap over the recorded bumper-to-bumper gap.
    pub relative_squares: f64,
    /// Squared errors of the gap over the recorded distance of the front bumpers.
    pub front_relative_squares: f64,
    /// Squared errors of the gap, in square metres.
    pub squares_m2: f64,
    /// Squared errors of the gap over the recorded gap, in metres: Treiber and Kesting's mixed measure.
    pub mixed_squares_m: f64,
    /// The recorded gaps, in metres.
    pub gaps_m: f64,
    /// Rows in which the follower touches its leader.
    pub touching_rows: usize,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.relative_squares += other.relative_squares;
        self.front_relative_squares += other.front_relative_squares;
        self.squares_m2 += other.squares_m2;
        self.mixed_squares_m += other.mixed_squares_m;
        self.gaps_m += other.gaps_m;
        self.touching_rows += other.touching_rows;
    }

    fn row(&mut self, gap_m: f64, recorded_gap_m: f64, length_m: f64) {
        let square_m2 = (gap_m - recorded_gap_m) * (gap_m - recorded_gap_m);
        let front_m = recorded_gap_m + length_m;
        self.rows += 1;
        self.relative_squares += square_m2 / (recorded_gap_m * recorded_gap_m);
        self.front_relative_squares += square_m2 / (front_m * front_m);
        self.squares_m2 += square_m2;
        self.mixed_squares_m += square_m2 / recorded_gap_m;
        self.gaps_m += recorded_gap_m;
        self.touching_rows += usize::from(gap_m <= 0.0);
    }
}

/// One follower's errors in one platoon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Follow {
    /// The vehicle ahead.
    pub leader_id: u32,
    /// The vehicle that follows.
    pub follower_id: u32,
    /// Its errors.
    pub tally: Tally,
}

/// A follower and the car ahead of it, as recorded.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The car ahead.
    pub leader: &'a Car,
    /// The car that follows.
    pub follower: &'a Car,
}

impl Pair<'_> {
    /// The recorded bumper-to-bumper gaps in metres, a value per row.
    pub fn gaps_m(&self, length_m: f64) -> impl Iterator<Item = f64> {
        let fronts = self.leader.position_m.iter().zip(&self.follower.position_m);
        fronts.map(move |(leader_m, follower_m)| leader_m - follower_m - length_m)
    }

    /// Whether the follower is behind its leader in the whole recording, of two rows or more.
    pub fn is_in_line(&self, length_m: f64) -> bool {
        let rows = self.follower.position_m.len();
        let columns = [&self.leader.position_m, &self.leader.speed_mps, &self.follower.speed_mps];
        rows >= 2
            && columns.iter().all(|column| column.len() == rows)
            && self.gaps_m(length_m).all(|gap_m| gap_m >= LEAST_GAP_M)
    }

    /// Drives the follower behind its recorded leader.
    pub fn drive(&self, length_m: f64, rule: Rule) -> Follow {
        let rows = 0..self.follower.position_m.len();
        follow(*self, Track::of(self.leader), rows, length_m, rule, |_| {})
    }

    /// Drives the follower behind its recorded leader and puts it back to its recorded state every [`WINDOW_ROWS`].
    pub fn drive_windows(&self, length_m: f64, rule: Rule) -> Follow {
        let last = self.follower.position_m.len() - 1;
        let mut whole =
            Follow { leader_id: self.leader.id, follower_id: self.follower.id, tally: Tally::default() };
        for start in (0..last).step_by(WINDOW_ROWS) {
            let rows = start..(start + WINDOW_ROWS).min(last) + 1;
            whole.tally.add(&follow(*self, Track::of(self.leader), rows, length_m, rule, |_| {}).tally);
        }
        whole
    }
}

/// All followers of some platoons, each with its leader.
pub fn pairs<'a>(platoons: impl IntoIterator<Item = &'a Platoon>) -> impl Iterator<Item = Pair<'a>> {
    let neighbours = platoons.into_iter().flat_map(|platoon| platoon.cars.windows(2));
    neighbours.map(|cars| Pair { leader: &cars[0], follower: &cars[1] })
}

/// Drives each follower behind its recorded leader. Followers with a gap below [`LEAST_GAP_M`] are left out.
pub fn follow_pairs<'a>(
    platoons: impl IntoIterator<Item = &'a Platoon>,
    length_m: f64,
    rule: Rule,
) -> Vec<Follow> {
    pairs(platoons).filter(|pair| pair.is_in_line(length_m)).map(|pair| pair.drive(length_m, rule)).collect()
}

/// Like [`follow_pairs`], but each follower is put back to its recorded state every [`WINDOW_ROWS`]: forecasts of 5 s.
pub fn follow_windows<'a>(
    platoons: impl IntoIterator<Item = &'a Platoon>,
    length_m: f64,
    rule: Rule,
) -> Vec<Follow> {
    let in_line = pairs(platoons).filter(|pair| pair.is_in_line(length_m));
    in_line.map(|pair| pair.drive_windows(length_m, rule)).collect()
}

/// Drives whole platoons: only their first car is recorded, each other one follows the driven car ahead.
/// A platoon ends before the first follower with a gap below [`LEAST_GAP_M`].
pub fn follow_platoons<'a>(
    platoons: impl IntoIterator<Item = &'a Platoon>,
    length_m: f64,
    rule: Rule,
) -> Vec<Follow> {
    let mut follows = Vec::new();
    for platoon in platoons {
        let mut ahead: Option<[Vec<f64>; 2]> = None;
        for pair in pairs([platoon]).take_while(|pair| pair.is_in_line(length_m)) {
            let mut driven = [vec![pair.follower.position_m[0]], vec![pair.follower.speed_mps[0]]];
            let track = match &ahead {
                None => Track::of(pair.leader),
                Some([position_m, speed_mps]) => Track { position_m, speed_mps },
            };
            let rows = 0..platoon.rows();
            follows.push(follow(pair, track, rows, length_m, rule, |state| {
                driven[0].push(state[0]);
                driven[1].push(state[1]);
            }));
            ahead = Some(driven);
        }
    }
    follows
}

/// What a follower sees of the car ahead: a value per row.
struct Track<'a> {
    position_m: &'a [f64],
    speed_mps: &'a [f64],
}

impl<'a> Track<'a> {
    fn of(car: &'a Car) -> Self {
        Self { position_m: &car.position_m, speed_mps: &car.speed_mps }
    }
}

/// Drives one follower behind a track over some rows and compares its gaps with those to the recorded leader.
/// `each` gets the position and speed of the follower at each row after the first.
fn follow(
    pair: Pair<'_>,
    ahead: Track<'_>,
    rows: Range<usize>,
    length_m: f64,
    rule: Rule,
    mut each: impl FnMut([f64; 2]),
) -> Follow {
    let Pair { leader, follower } = pair;
    let mean_gap_m = match rule {
        Rule::HoldMeanGap => pair.gaps_m(length_m).sum::<f64>() / follower.position_m.len() as f64,
        Rule::Idm(_) | Rule::HoldSpeed => 0.0,
    };
    let mut tally = Tally::default();
    let (mut position_m, mut speed_mps) = (follower.position_m[rows.start], follower.speed_mps[rows.start]);
    for row in rows.start + 1..rows.end {
        let was_mps = speed_mps;
        match rule {
            Rule::Idm(driver) => {
                let gap_m = ahead.position_m[row - 1] - position_m - length_m;
                let acceleration_mps2 = driver.acceleration_mps2(gap_m, speed_mps, ahead.speed_mps[row - 1]);
                speed_mps = (speed_mps + acceleration_mps2 * STEP_SECS).max(0.0);
                position_m += 0.5 * (was_mps + speed_mps) * STEP_SECS;
            }
            Rule::HoldSpeed => position_m += speed_mps * STEP_SECS,
            Rule::HoldMeanGap => {
                position_m = ahead.position_m[row] - length_m - mean_gap_m;
                speed_mps = ahead.speed_mps[row];
            }
        }
        let recorded_gap_m = leader.position_m[row] - follower.position_m[row] - length_m;
        tally.row(ahead.position_m[row] - position_m - length_m, recorded_gap_m, length_m);
        each([position_m, speed_mps]);
    }
    Follow { leader_id: leader.id, follower_id: follower.id, tally }
}

#[cfg(test)]
pub(crate) mod tests;
