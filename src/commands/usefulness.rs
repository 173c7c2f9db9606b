//! `dreamlane evaluate usefulness`: what a steering predictor learns from dreams, beside what it learns from recordings.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use dreamlane::{
    core::{ActionSpace, Error, Result, Seed},
    datasets::{Augmentation, FrameCache, Mirror, Split, WindowSampler, durable, mirrored_columns},
    evaluation::{Learning, Steered, UsefulnessSettings, usefulness, usefulness_table},
};
use serde_json::json;

use super::{Surroundings, choices::Part, continued::continued, sources, store};
use crate::progress::Bar;

/// Changes of light while a net learns.
const LIGHT: f32 = 0.3;
/// Frames of a step of training.
const BATCH: usize = 64;
/// The highest rate of training.
const RATE: f64 = 1e-3;

/// From what, and tested on what.
#[derive(Args, Clone)]
pub(crate) struct EvaluateUsefulness {
    /// Recordings, whose training part is learned from.
    #[arg(long)]
    recorded: PathBuf,
    /// Dreams, recorded by `rollout`, all of which are learned from; or `world:RUN`, which dreams on from the training
    /// part of the recordings under the actions that were recorded there, into `dreams` in --out.
    #[arg(long)]
    dreams: String,
    /// Recordings to test on; the --recorded ones when not given.
    #[arg(long)]
    test: Option<PathBuf>,
    /// The part to test on; `all` for recordings that nothing was trained on.
    #[arg(long, value_enum, default_value_t = Part::Test)]
    split: Part,
    /// Frames that the net looks at. Several show what was steered before, which a driver repeats.
    #[arg(long, default_value_t = 1)]
    frames: usize,
    /// Steps of each training.
    #[arg(long, default_value_t = 600)]
    steps: usize,
    /// Trainings of each kind.
    #[arg(long, default_value_t = 3)]
    seeds: usize,
    /// Most frames to test on.
    #[arg(long, default_value_t = 4000)]
    tested: usize,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Folder for usefulness.json; none is written when not given.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl EvaluateUsefulness {
    /// Teaches nets from recordings, from dreams and from both, and tests them.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        let recorded = store::frames(&self.recorded)?;
        let dreams = store::frames(&self.dreams(&recorded, surroundings)?)?;
        let test = self.test.as_ref().map_or_else(|| Ok(recorded.clone()), |test| store::frames(test))?;
        if test.fingerprint() == recorded.fingerprint() && matches!(self.split, Part::Train | Part::All) {
            return Err(Error::Invalid(
                "nets learn from the training part of these recordings: test on `--split test`, or name others by --test"
                    .to_owned(),
            )
            .into());
        }
        let taught = [(&recorded, Split::Train), (&dreams, Split::All)];
        let [from_recorded, from_dreams] =
            taught.map(|(cache, split)| sampler(cache, split, augmentation(cache)));
        let (from_recorded, from_dreams) = (from_recorded?, from_dreams?);
        let tested_on = sampler(&test, self.split.into(), Augmentation::none())?;
        let settings = UsefulnessSettings {
            learning: Learning {
                frames: self.frames,
                steps: self.steps,
                batch: BATCH,
                rate: RATE,
                seed: Seed::new(self.seed),
                device: surroundings.device.clone(),
            },
            seeds: self.seeds,
            most: self.tested,
        };
        let mut bar = Bar::new("steering");
        let report = usefulness(
            [
                Steered { cache: &recorded, sampler: &from_recorded },
                Steered { cache: &dreams, sampler: &from_dreams },
            ],
            Steered { cache: &test, sampler: &tested_on },
            &settings,
            &mut |about, step| bar.say(step as u64, self.steps as u64, about),
        )?;
        bar.finish();
        let figures = json!({
            "recorded": recorded.fingerprint(),
            "dreams": dreams.fingerprint(),
            "test": test.fingerprint(),
            "split": format!("{:?}", self.split).to_lowercase(),
            "seed": self.seed,
            "report": report,
        });
        let figures = serde_json::to_string_pretty(&figures)?;
        if let Some(out) = &self.out {
            std::fs::create_dir_all(out).map_err(Error::io(out))?;
            durable::write(&out.join("usefulness.json"), figures.as_bytes())?;
        }
        match self.json {
            true => println!("{figures}"),
            false => println!("{}", usefulness_table(&report)),
        }
        Ok(())
    }

    /// The data set of dreams, made where a world is named.
    fn dreams(&self, recorded: &FrameCache, surroundings: &Surroundings) -> Result<PathBuf> {
        let Some(run) = self.dreams.strip_prefix(sources::WORLD) else {
            return Ok(PathBuf::from(&self.dreams));
        };
        let out = self.out.as_ref().ok_or_else(|| {
            Error::Invalid("--dreams world:RUN needs --out, a folder to dream into".to_owned())
        })?;
        let dreams = out.join("dreams");
        continued(Path::new(run), (&self.recorded, recorded), self.seed, &dreams, &surroundings.device)?;
        Ok(dreams)
    }
}

fn sampler(cache: &Arc<FrameCache>, split: Split, augmentation: Augmentation) -> Result<WindowSampler> {
    WindowSampler::new(cache.clone(), split, store::split_rule(cache), augmentation)
}

/// Light, and left for right where steering allows it.
fn augmentation(cache: &FrameCache) -> Augmentation {
    let spec = cache.spec();
    let symmetric = match &spec.action {
        ActionSpace::Continuous { names, low, high } => {
            let columns = mirrored_columns(names);
            !columns.is_empty() && columns.iter().all(|&column| low[column] == -high[column])
        }
        ActionSpace::Discrete { .. } => false,
    };
    let mirror = if symmetric { Mirror::Half } else { Mirror::Never };
    Augmentation { mirror, light: LIGHT, shift_px: 0 }
}
