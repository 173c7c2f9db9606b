//! `dreamlane evaluate probe`: a small net that has learned to read recorded frames reads dreamed ones, in metres.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use dreamlane::{
    core::{Batch, Error, Result, Seed, WorldModel},
    datasets::{Augmentation, FrameCache, Split, WindowSampler},
    evaluation::{Learning, Probe, ProbeReport, ProbeSettings, Through, probe_table, probe_world},
    worlds::{self, checkpoint},
};
use serde_json::{Value, json};

use super::{
    Surroundings,
    choices::{self, Part},
    evaluate, sources, store,
    telling::Telling,
};
use crate::progress::Bar;

/// Changes of light while the probe learns, so that it reads what it has not seen.
const LIGHT: f32 = 0.2;
/// Stacks of a step of training.
const BATCH: usize = 64;
/// The highest rate of training.
const RATE: f64 = 2e-3;

/// Which world, on what.
#[derive(Args, Clone)]
pub(crate) struct EvaluateProbe {
    /// A run or checkpoint.
    run: PathBuf,
    /// The recordings to hold it against; its own training data when not given.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The part of the data to judge on; `all` for data that neither world nor probe were trained on.
    #[arg(long, value_enum, default_value_t = Part::Test)]
    split: Part,
    /// The recordings whose training part the probe learns from; those to judge on when not given.
    #[arg(long)]
    train_data: Option<PathBuf>,
    /// Steps after the context at which dreams are read.
    #[arg(long, value_delimiter = ',', default_value = "1,8,32")]
    horizons: Vec<usize>,
    /// Most cases, spread evenly over the recordings.
    #[arg(long, default_value_t = 512)]
    cases: usize,
    /// Frames that the probe looks at.
    #[arg(long, default_value_t = 4)]
    frames: usize,
    /// Steps of the probe's training.
    #[arg(long, default_value_t = 2000)]
    steps: usize,
    /// Teach the probe on half of the frames as the world's codec draws them, so that its blur is not held against dreams.
    #[arg(long)]
    through_codec: bool,
    /// The seed of the probe, the dreams and the intervals.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What a world's products are made of.
    #[arg(long, value_enum, default_value_t)]
    precision: choices::Numbers,
    #[command(flatten)]
    telling: Telling,
}

impl EvaluateProbe {
    /// Teaches a probe, lets it read dreams, prints, and leaves a report.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        let device = &surroundings.device;
        let world = worlds::load_with(&self.run, device, self.precision.stepping())?;
        let hash = checkpoint::fingerprint(&checkpoint::locate(&self.run)?)?;
        let data = match &self.data {
            Some(data) => data.clone(),
            None => sources::trained_on(&self.run)?,
        };
        let cache = store::frames(&data)?;
        sources::fits(world.as_ref(), &cache, &data)?;
        let taught_on = match &self.train_data {
            Some(data) => store::frames(data)?,
            None => cache.clone(),
        };
        self.check(&cache, &taught_on)?;
        let horizon = self.horizons.iter().copied().max().unwrap_or(1);
        let cases = evaluate::cases(&cache, self.split.into(), world.spec().context, horizon, self.cases)?;
        let probe = self.taught(&world, &taught_on, surroundings)?;
        let settings = ProbeSettings {
            horizons: self.horizons.clone(),
            seed: Seed::new(self.seed).split(1),
            device: device.clone(),
        };
        let mut bar = Bar::new("dreams");
        let report = probe_world(&probe, &world, &cases, &settings, &mut |done| {
            bar.at(done as u64, cases.len() as u64);
        })?;
        bar.finish();
        let figures = self.figures(&report, &hash, [&cache, &taught_on]);
        Ok(self.telling.tell(&self.run, "probe.json", &figures, &probe_table(&report))?)
    }

    /// A probe is judged on frames that it did not learn from, and asked what it was taught.
    fn check(&self, cache: &FrameCache, taught_on: &FrameCache) -> Result<()> {
        let same = cache.fingerprint() == taught_on.fingerprint();
        if same && matches!(self.split, Part::Train | Part::All) {
            return Err(Error::Invalid(
                "the probe learns from the training part of these recordings: judge on `--split test`, or name others by --train-data"
                    .to_owned(),
            ));
        }
        let (spec, taught) = (cache.spec(), taught_on.spec());
        if spec.state != taught.state || spec.action.names() != taught.action.names() {
            let told =
                |state: &[String], actions: &[String]| format!("{} states, actions {actions:?}", state.len());
            return Err(Error::mismatch(
                "--train-data",
                "states and actions",
                told(&spec.state, spec.action.names()),
                told(&taught.state, taught.action.names()),
            ));
        }
        Ok(())
    }

    fn taught(
        &self,
        world: &Arc<dyn WorldModel>,
        cache: &Arc<FrameCache>,
        surroundings: &Surroundings,
    ) -> Result<Probe> {
        let rule = store::split_rule(cache);
        let light = Augmentation { light: LIGHT, ..Augmentation::none() };
        let train = WindowSampler::new(cache.clone(), Split::Train, rule, light)?;
        let validation = WindowSampler::new(cache.clone(), Split::Validation, rule, Augmentation::none())?;
        let learning = Learning {
            frames: self.frames,
            steps: self.steps,
            batch: BATCH,
            rate: RATE,
            seed: Seed::new(self.seed).split(0),
            device: surroundings.device.clone(),
        };
        let through = |batch: Batch| half_through(world.as_ref(), batch, surroundings);
        let through: Option<Through<'_>> = if self.through_codec { Some(&through) } else { None };
        let mut bar = Bar::new("probe");
        let probe = Probe::learn(cache, [&train, &validation], &learning, through, &mut |done| {
            bar.at(done as u64, self.steps as u64);
        })?;
        bar.finish();
        Ok(probe)
    }

    fn figures(&self, report: &ProbeReport, hash: &str, [data, taught_on]: [&FrameCache; 2]) -> Value {
        json!({
            "world": hash,
            "precision": self.precision,
            "data": data.fingerprint(),
            "probe_data": taught_on.fingerprint(),
            "split": format!("{:?}", self.split).to_lowercase(),
            "through_codec": self.through_codec,
            "steps": self.steps,
            "seed": self.seed,
            "report": report,
        })
    }
}

/// The windows with every other one as the world's codec draws it.
fn half_through(world: &dyn WorldModel, mut batch: Batch, surroundings: &Surroundings) -> Batch {
    let half = batch.slice(0, batch.batch / 2);
    let latents = world.encode(&half.to_device(&surroundings.device));
    let [windows, time, token, dim] = latents.dims();
    let mut drawn = world.decode(latents.reshape([windows * time, token, dim]));
    let drawn = drawn.images.swap_remove(0).into_data();
    batch.images[0].iter_mut().zip(drawn.iter::<u8>()).for_each(|(byte, drawn)| *byte = drawn);
    batch
}
