//! `dreamlane evaluate paired`: a world beside the truth that it dreams of, under the same and under other actions.

use std::path::{Path, PathBuf};

use clap::Args;
use dreamlane::{
    core::{Result, Seed},
    envs,
    evaluation::{PairedReport, PairedSettings, Progress, paired, paired_table},
    worlds::{self, checkpoint},
};
use serde_json::{Value, json};

use super::{Surroundings, choices, sources, telling::Telling};
use crate::progress::Bar;

/// Episodes of the truth that run side by side.
const LANES: usize = 32;

/// Which world, beside which truth.
#[derive(Args, Clone)]
pub(crate) struct EvaluatePaired {
    /// A run or checkpoint.
    run: PathBuf,
    /// The truth that it was made for, such as `drive/highway`.
    #[arg(long)]
    truth: String,
    /// Who drives the truth to where dreams begin.
    #[arg(long, default_value = "noisy:0.5")]
    policy: String,
    /// Episodes of the truth, one beginning of a dream in each.
    #[arg(long, default_value_t = 64)]
    episodes: usize,
    /// Steps after the context at which predictions are judged, beside 1, 2, 4 and so on before it.
    #[arg(long, default_value_t = 32)]
    horizon: usize,
    /// Steps for which changed actions are held and compared.
    #[arg(long, default_value_t = 8)]
    following: usize,
    /// How hard is braked, accelerated and steered, as a part of the way to the action's bound.
    #[arg(long, default_value_t = 0.7)]
    push: f32,
    /// Steps into long dreams, which the policy drives, endings ignored, at which dreams are forked: 0,50,1000. None
    /// when not given.
    #[arg(long, value_delimiter = ',')]
    forks: Vec<usize>,
    /// Another world to hold beside it, such as one whose actions were shuffled in training.
    #[arg(long)]
    against: Option<PathBuf>,
    /// The seed of episodes, dreams and intervals.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What a world's products are made of.
    #[arg(long, value_enum, default_value_t)]
    precision: choices::Numbers,
    #[command(flatten)]
    telling: Telling,
}

impl EvaluatePaired {
    /// Plays the truth, dreams beside it, prints, and leaves a report.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        let device = &surroundings.device;
        let load = |run: &Path| worlds::load_with(run, device, self.precision.stepping());
        let world = load(&self.run)?;
        let against = self.against.as_deref().map(load).transpose()?;
        let mut truth = envs::build(&self.truth, LANES.min(self.episodes.max(1)), device)?;
        let (mut policy, driver) = sources::policy(&self.policy, &truth.spec().clone(), None)?;
        let settings = PairedSettings {
            episodes: self.episodes,
            horizons: horizons(self.horizon),
            following: self.following,
            push: self.push,
            forks: self.forks.clone(),
            seed: Seed::new(self.seed),
            device: device.clone(),
        };
        let mut bar = Bar::new("evaluate");
        let mut say = |progress: &Progress| {
            bar.say(progress.done as u64, progress.total as u64, &progress.stage);
        };
        let (truth, policy) = (truth.as_mut(), policy.as_mut());
        let report = paired(truth, policy, &world, against.as_ref(), &settings, &mut say)?;
        bar.finish();
        let figures = self.figures(&report, &driver.name)?;
        Ok(self.telling.tell(&self.run, "paired.json", &figures, &paired_table(&report))?)
    }

    fn figures(&self, report: &PairedReport, policy: &str) -> Result<Value> {
        let hash = |run: &Path| checkpoint::fingerprint(&checkpoint::locate(run)?);
        Ok(json!({
            "world": hash(&self.run)?,
            "against": self.against.as_deref().map(hash).transpose()?,
            "precision": self.precision,
            "policy": policy,
            "seed": self.seed,
            "report": report,
        }))
    }
}

/// Powers of two below the furthest, and the furthest.
fn horizons(furthest: usize) -> Vec<usize> {
    let powers = std::iter::successors(Some(1), |step| Some(step * 2));
    powers.take_while(|&step| step < furthest).chain([furthest]).collect()
}
