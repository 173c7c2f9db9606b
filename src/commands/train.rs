//! `dreamlane train world`: a data set to a checkpoint.

mod request;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use burn::tensor::Device;
use clap::{Args, Subcommand, ValueEnum};
use dreamlane::{
    core::{EnvSpec, Error, Learner as _, Result, Seed, WorldSpec, known_names},
    datasets::{Augmentation, FrameCache, Mirror, Split, WindowSampler, mirrored_columns},
    training::{Plan, Progress, RECORD, RunFolder, TrainingData, train},
    worlds::{DitConfig, DitLearner},
};
use serde::{Deserialize, Serialize};

use self::request::Request;
use super::{Surroundings, store};
use crate::progress::{Bar, time};

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
    /// The size: debug, nano, drive (nano for painted pictures), base or large [default: nano].
    #[arg(long)]
    pub(crate) preset: Option<String>,
    /// A data set; a run that is resumed knows its own.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// The run folder to make, or to go on with.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Go on with the run, with what it was begun with, to the same bytes as without a stop.
    #[arg(long)]
    pub(crate) resume: bool,
    /// A run or checkpoint whose weights to begin with.
    #[arg(long)]
    pub(crate) init: Option<PathBuf>,
    /// A run or checkpoint whose codec to take: it is not trained again, the rest begins anew. So runs that are compared
    /// can share one.
    #[arg(long, conflicts_with = "init")]
    pub(crate) codec: Option<PathBuf>,
    /// The seed of weights, batches and noise [default: 0].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Settings that differ from the preset, such as `learning.steps=500`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
    /// What is changed in training cuts [default: full, of data with a state vector none].
    #[arg(long, value_enum)]
    pub(crate) augment: Option<Augment>,
    /// Licence of the data, for the card of the world [default: what the data set says].
    #[arg(long)]
    pub(crate) licence: Option<String>,
    /// Steps between checkpoints [default: a tenth of the run].
    #[arg(long, value_name = "STEPS")]
    pub(crate) save_every: Option<NonZeroUsize>,
    /// Checkpoints to keep beside the best one, the newest [default: 3].
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<NonZeroUsize>,
}

/// What is changed in training cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
        let (request, cache, known) = self.resolved(&surroundings.device)?;
        let config = &request.config;
        let rule = store::split_rule(&cache);
        let seed = Seed::new(request.seed);
        let augmentation = request.augment.augmentation(cache.spec().action.names());
        let data = TrainingData {
            train: WindowSampler::new(cache.clone(), Split::Train, rule, augmentation)?,
            validation: WindowSampler::new(cache.clone(), Split::Validation, rule, Augmentation::none())?,
        };
        data.train.check(config.learning.clip).context("training windows")?;
        data.validation.check(config.learning.clip).context("validation windows")?;
        let mut learner = self.learner(&request, &data.train, &cache, seed, surroundings)?;
        let (begun, steps) = (request.begun(), learner.progress().1);
        let mut plan = Plan::for_steps(begun, steps, seed.split(2));
        plan.save_every = request.save_every.unwrap_or(plan.save_every);
        plan.keep = self.keep.map_or(request.keep.unwrap_or(plan.keep), NonZeroUsize::get);
        let mut run = match known {
            Known::Run => RunFolder::resume(&self.out, request.facts(), &mut learner)?,
            Known::Nothing => RunFolder::create(&self.out, &request.text()?, request.facts())?,
        };
        eprintln!(
            "{} weights, {} steps, {} windows to learn from: {}",
            learner.world().parameters(),
            steps - learner.progress().0,
            data.train.n_starts(config.learning.clip),
            self.out.display()
        );
        let mut bar = Bar::new("train");
        let mut last = String::new();
        train(&mut learner, &data, &plan, &mut run, &surroundings.stop, &mut |progress| {
            show(&mut bar, progress, &mut last);
        })?;
        bar.finish();
        println!("{}", run.last_checkpoint().display());
        Ok(())
    }

    /// What is asked for, its data, and whether there is a run to go on with.
    fn resolved(&self, device: &Device) -> Result<(Request, Arc<FrameCache>, Known)> {
        let record = if self.resume { RunFolder::record(&self.out)? } else { None };
        if let Some(record) = record {
            let path = self.out.join(RECORD);
            let request = Request::parse(&record, &path)?;
            request.agrees(self, &path)?;
            let data = self.data.as_deref().unwrap_or(Path::new(&request.data));
            let cache = store::frames(data)?;
            request.is_of(data, &cache)?;
            request.warn_of_changes(device);
            return Ok((request, cache, Known::Run));
        }
        let Some(data) = &self.data else {
            return Err(match self.resume {
                true => Error::Invalid(format!(
                    "no run to resume: no `{RECORD}` in {}; with --data DIR it begins",
                    self.out.display()
                )),
                false => Error::Invalid("train world needs --data, a data set to learn from".into()),
            });
        };
        let config = configured(DitConfig::sized(self.preset.as_deref().unwrap_or(PRESET))?, &self.settings)?;
        let cache = store::frames(data)?;
        Ok((Request::begun_now(self, config, data, &cache, device)?, cache, Known::Nothing))
    }

    /// As it was, or will be, when the run began.
    fn learner(
        &self,
        request: &Request,
        data: &WindowSampler,
        cache: &FrameCache,
        seed: Seed,
        surroundings: &Surroundings,
    ) -> Result<DitLearner> {
        let (spec, config) = (WorldSpec::of_data(cache.spec(), "dit"), request.config.clone());
        let device = &surroundings.device;
        // A checkpoint has all weights, so the run that lent the first ones may be gone.
        let is_new = !RunFolder::has_checkpoint(&self.out)?;
        match (&request.init, &request.codec) {
            (Some(init), _) if is_new => {
                DitLearner::from_weights(&config, &init.located()?, &spec, seed, device)
            }
            (_, Some(codec)) if is_new => {
                let folder = codec.located()?;
                DitLearner::with_codec(config, &folder, (spec, &data.measures()), seed, device)
            }
            _ => DitLearner::new(config, spec, &data.measures(), seed, device),
        }
    }
}

/// Whether there is something to go on with.
enum Known {
    Run,
    Nothing,
}

/// The size where none is given.
const PRESET: &str = "nano";

impl Augment {
    /// What is right for such data: a state vector names sides and places, which a changed picture would belie.
    fn usual(spec: &EnvSpec) -> Self {
        if spec.state.is_empty() { Self::Full } else { Self::None }
    }

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
