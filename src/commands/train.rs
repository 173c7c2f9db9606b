//! `dreamlane train world`: a data set to a checkpoint.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use dreamlane::{
    core::{Error, Learner as _, Result, Seed, WorldSpec, known_names},
    datasets::{Augmentation, Mirror, Split, WindowSampler, mirrored_columns},
    training::{Plan, Progress, RunFolder, TrainingData, train},
    worlds::{DitConfig, DitLearner},
};

use super::{Surroundings, store};
use crate::{
    allocator,
    progress::{Bar, time},
};

/// Arguments of `train`.
#[derive(Args)]
pub(crate) struct Train {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A world model.
    World(TrainWorld),
}

/// What is to be trained, on what.
#[derive(Args, Clone)]
pub(crate) struct TrainWorld {
    /// The size: debug, nano, base or large.
    #[arg(long, default_value = "nano")]
    pub(crate) preset: String,
    /// A data set.
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// The run folder to make.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// A run or checkpoint whose weights to begin with.
    #[arg(long)]
    pub(crate) init: Option<PathBuf>,
    /// The seed of weights, batches and noise.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Settings that differ from the preset, such as `learning.steps=500`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// What is changed in training cuts.
    #[arg(long, value_enum, default_value_t = Augment::Full)]
    pub(crate) augment: Augment,
}

/// What is changed in training cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Augment {
    /// Nothing.
    None,
    /// Picture and steering are mirrored together.
    Mirror,
    /// Mirrored, and light, colour and place are changed, over a whole cut.
    Full,
}

impl Train {
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        let What::World(what) = self.what;
        what.run(surroundings)
    }
}

impl TrainWorld {
    /// Trains, and leaves a run folder whose newest checkpoint is `checkpoints/last`.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        allocator::keep_pages();
        let config = configured(DitConfig::sized(&self.preset)?, &self.settings)?;
        let cache = store::frames(&self.data)?;
        let rule = store::split_rule(&cache);
        let spec = WorldSpec::of_data(cache.spec(), "dit");
        let seed = Seed::new(self.seed);
        let augmentation = self.augment.augmentation(cache.spec().action.names());
        let data = TrainingData {
            train: WindowSampler::new(cache.clone(), Split::Train, rule, augmentation)?,
            validation: WindowSampler::new(cache.clone(), Split::Validation, rule, Augmentation::none())?,
        };
        data.train.check(config.learning.clip).context("training windows")?;
        data.validation.check(config.learning.clip).context("validation windows")?;
        let mut learner = match &self.init {
            None => DitLearner::new(config, spec, seed, &surroundings.device)?,
            Some(run) => {
                let folder = dreamlane::worlds::checkpoint::locate(run)?;
                DitLearner::from_weights(&config, &folder, &spec, seed, &surroundings.device)?
            }
        };
        let mut run = RunFolder::create(&self.out)?;
        self.record(&self.out)?;
        let (done, steps) = learner.progress();
        eprintln!(
            "{} weights, {} steps, {} windows to learn from: {}",
            learner.world().parameters(),
            steps - done,
            data.train.n_starts(learner.world().config().learning.clip),
            self.out.display()
        );
        let plan = Plan::for_steps(steps - done, seed.split(2));
        let mut bar = Bar::new("train");
        let mut last = String::new();
        train(&mut learner, &data, &plan, &mut run, &surroundings.stop, &mut |progress| {
            show(&mut bar, progress, &mut last);
        })?;
        bar.finish();
        println!("{}", run.last_checkpoint().display());
        Ok(())
    }

    /// What was asked for, beside what came of it.
    fn record(&self, out: &Path) -> Result<()> {
        let data = std::path::absolute(&self.data).unwrap_or_else(|_| self.data.clone());
        let path = out.join(RUN);
        let table = toml::toml! {
            data = (data.display().to_string())
            preset = (self.preset.clone())
            seed = (self.seed.to_string())
            augment = (format!("{:?}", self.augment).to_lowercase())
            settings = (self.settings.clone())
        };
        std::fs::write(&path, table.to_string()).map_err(Error::io(&path))
    }
}

/// The file in a run folder that says how it was begun.
pub(crate) const RUN: &str = "run.toml";

impl Augment {
    fn augmentation(self, actions: &[String]) -> Augmentation {
        // Data without a steering cannot be mirrored.
        let mirror = if mirrored_columns(actions).is_empty() { Mirror::Never } else { Mirror::Half };
        match self {
            Self::None => Augmentation::none(),
            Self::Mirror => Augmentation { mirror, ..Augmentation::none() },
            Self::Full => Augmentation { mirror, light: 0.7, shift_px: 3 },
        }
    }
}

/// The configuration with `key=value` settings put in; keys are dotted, values TOML.
fn configured(config: DitConfig, settings: &[String]) -> Result<DitConfig> {
    let invalid = |message: String| Error::Invalid(message.trim().replace('\n', " "));
    let mut table = toml::Value::try_from(&config).map_err(|error| invalid(error.to_string()))?;
    for setting in settings {
        let (key, value) = setting
            .split_once('=')
            .ok_or_else(|| invalid(format!("expected KEY=VALUE, found `{setting}`")))?;
        let parsed: toml::Table = toml::from_str(&format!("value = {value}"))
            .map_err(|error| invalid(format!("--set {setting}: {}", error.message())))?;
        let mut place = &mut table;
        for part in key.split('.') {
            let known = place
                .as_table()
                .map_or_else(String::new, |table| known_names(table.keys().map(String::as_str)));
            place = place.get_mut(part).ok_or_else(|| Error::Unknown {
                kind: "setting",
                name: key.to_owned(),
                known,
            })?;
        }
        *place = match (&*place, &parsed["value"]) {
            // `1` for a setting that is a fraction.
            (toml::Value::Float(_), toml::Value::Integer(whole)) => toml::Value::Float(*whole as f64),
            (_, value) => value.clone(),
        };
    }
    let config: DitConfig =
        table.try_into().map_err(|error: toml::de::Error| invalid(format!("--set: {error}")))?;
    config.check()?;
    Ok(config)
}

fn show(bar: &mut Bar, progress: &Progress, last: &mut String) {
    if let Some(validated) = &progress.validated {
        *last = validated.iter().map(|(name, number)| format!(", {name} {number:.3}")).collect();
    }
    let loss = progress.learned.get("loss").copied().unwrap_or(f64::NAN);
    let words =
        format!("{:.2}/s, {} to go, loss {loss:.4}{last}", progress.rate, time(progress.seconds_to_go()));
    bar.say(progress.step as u64, progress.steps as u64, &words);
}
