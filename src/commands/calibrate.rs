//! `dreamlane calibrate`: fits how drivers follow to recorded platoons, and tests it on those held out.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clap::{Args, ValueEnum};
use dreamlane::{
    core::{Error, Result},
    datasets::durable,
    traffic::platoon::{
        self, Calibration, Drivers, Follower, Goal, Platoon, PlatoonError, Progress, Rule, Scores, Settings,
        Split,
    },
};
use serde::Serialize;

use super::Surroundings;
use crate::progress::Bar;

/// Arguments of `calibrate`.
#[derive(Args)]
pub(crate) struct Calibrate {
    /// Folder of tables, one per platoon: `t1,ID1,Y1,v1,a1,ID2,...`, the leader first, 10 rows a second.
    #[arg(long)]
    data: PathBuf,
    /// Decides which half is held out and what the search draws.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Length of the cars, which the tables do not tell: gaps are from bumper to bumper.
    #[arg(long, default_value_t = 4.5)]
    length_m: f64,
    /// Also fits every driver of the training half alone.
    #[arg(long)]
    drivers: bool,
    /// Also fits one driver to the half held out itself: what no single driver can do better than.
    #[arg(long)]
    ceiling: bool,
    /// What is made small: relative errors, or relative and absolute ones alike.
    #[arg(long, value_enum, default_value_t)]
    goal: Wanted,
    /// How platoons that share vehicles are kept apart: whole groups, or by leaving out those that link them.
    #[arg(long, value_enum, default_value_t)]
    split: Halving,
    /// File to write the result to, for `drive/...:calibration=FILE`.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// What a calibration makes small.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Wanted {
    #[default]
    Relative,
    Mixed,
}

/// How the halves are made.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Halving {
    #[default]
    Whole,
    Cut,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    calibration: &'a Calibration,
    #[serde(skip_serializing_if = "Option::is_none")]
    drivers: Option<&'a Drivers>,
    /// RMSPE of one driver on the half that it was fitted to, which is the one held out above.
    #[serde(skip_serializing_if = "Option::is_none")]
    ceiling: Option<f64>,
}

impl Calibrate {
    /// Fits, writes and prints.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        let broken = |error: PlatoonError| Error::broken(&self.data, error);
        if !self.data.is_dir() {
            return Err(Error::mismatch(&self.data, "--data", "a folder of platoons", "none").into());
        }
        let platoons = platoon::read_folder(&self.data).map_err(broken)?;
        let split = match self.split {
            Halving::Whole => platoon::halves(&platoons, self.seed),
            Halving::Cut => platoon::halves_by_cutting(&platoons, self.seed),
        };
        let goal = match self.goal {
            Wanted::Relative => Goal::Relative,
            Wanted::Mixed => Goal::Mixed,
        };
        let settings = Settings { length_m: self.length_m, goal, ..Settings::thorough(self.seed) };
        let stop = &surroundings.stop;
        let calibration =
            platoon::calibrate(&platoons, &split, &settings, watch("calibrate", stop)).map_err(broken)?;
        let drivers = self.drivers.then(|| {
            let trained: Vec<&Platoon> = split.train.iter().map(|&idx| &platoons[idx]).collect();
            platoon::calibrate_drivers(trained, &settings, watch("drivers", stop))
        });
        let drivers = drivers.transpose().map_err(broken)?;
        let ceiling = self.ceiling.then(|| {
            let itself = Split { train: split.test.clone(), ..split.clone() };
            platoon::calibrate(&platoons, &itself, &settings, watch("ceiling", stop))
        });
        let ceiling = ceiling.transpose().map_err(broken)?;
        let ceiling_rmspe = ceiling.as_ref().map(|fitted| fitted.calibrated.train_pairs.rmspe);
        if let Some(out) = &self.out {
            write(out, &calibration)?;
        }
        if self.json {
            let report =
                Report { calibration: &calibration, drivers: drivers.as_ref(), ceiling: ceiling_rmspe };
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            print!("{}", told(&calibration, drivers.as_ref()));
            if let Some(rmspe) = ceiling_rmspe {
                println!("one driver fitted to the half held out itself: RMSPE {:.1} %", 100.0 * rmspe);
            }
        }
        let finished = calibration.finished
            && drivers.is_none_or(|drivers| drivers.finished)
            && ceiling.is_none_or(|ceiling| ceiling.finished);
        if finished { Ok(()) } else { Err(Error::Stopped.into()) }
    }
}

/// Shows progress, and ends the search when the user asks for it: the best so far is kept.
fn watch(what: &'static str, stop: &Arc<AtomicBool>) -> impl FnMut(Progress) -> ControlFlow<()> {
    let (mut bar, stop) = (Bar::new(what), stop.clone());
    move |progress| {
        let words = format!("RMSPE {:.2} %", 100.0 * progress.best);
        bar.say(progress.done as u64, progress.total as u64, &words);
        if progress.done == progress.total {
            bar.finish();
        }
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn write(out: &std::path::Path, calibration: &Calibration) -> Result<()> {
    let text = serde_json::to_string_pretty(calibration).map_err(|error| Error::broken(out, error))?;
    durable::write(out, text.as_bytes())
}

fn told(calibration: &Calibration, drivers: Option<&Drivers>) -> String {
    let Calibration { settings, parameters, train, test, .. } = calibration;
    let mut text = format!(
        "{} files with {} vehicles to fit, {} files with {} others held out, seed {}\n",
        train.files.len(),
        train.vehicles,
        test.files.len(),
        test.vehicles,
        settings.seed
    );
    let Follower { desired_mps, headway_secs, standstill_gap_m, acceleration_mps2, braking_mps2, .. } =
        parameters;
    text += &format!(
        "IDM: v0 {desired_mps:.2} m/s, T {headway_secs:.2} s, s0 {standstill_gap_m:.2} m, a {acceleration_mps2:.2} \
         m/s2, b {braking_mps2:.2} m/s2\n"
    );
    if !calibration.at_bounds.is_empty() {
        text += &format!("at a bound of the search: {}\n", calibration.at_bounds.join(", "));
    }
    text += &format!(
        "\nRMSPE of the gap, cars of {} m        fitted   held out   [95 %]           platoons   5 s ahead\n",
        settings.length_m
    );
    for scores in std::iter::once(&calibration.calibrated).chain(&calibration.baselines) {
        text += &row(scores);
    }
    let held_out = &calibration.calibrated.test_pairs;
    text += &format!(
        "held out: median pair {:.1} %, front bumper to front bumper {:.1} %, RMSE {:.2} m, {} collisions\n",
        100.0 * held_out.median_pair_rmspe,
        100.0 * held_out.rmspe_of_front_distance,
        held_out.rmse_m,
        held_out.collisions
    );
    if let Some(drivers) = drivers {
        text += &format!(
            "every driver alone: {} drivers, RMSPE {:.1} % on what it was fitted to\n",
            drivers.drivers.len(),
            100.0 * drivers.score.rmspe
        );
    }
    text
}

fn row(scores: &Scores) -> String {
    let name = match scores.rule {
        Rule::Idm(follower) if follower == Follower::textbook() => "IDM of the textbook",
        Rule::Idm(_) => "IDM calibrated",
        Rule::HoldSpeed => "hold the speed",
        Rule::HoldMeanGap => "hold the own mean gap",
    };
    let percent = |share: f64| 100.0 * share;
    let [low, high] = scores.test_pairs.rmspe_interval;
    format!(
        "{name:37} {:6.1} %   {:6.1} %   [{:.1}, {:.1}]   {:10.1} %   {:7.1} %\n",
        percent(scores.train_pairs.rmspe),
        percent(scores.test_pairs.rmspe),
        percent(low),
        percent(high),
        percent(scores.test_platoons.rmspe),
        percent(scores.test_windows.rmspe)
    )
}
