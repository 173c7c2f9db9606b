//! `dreamlane evaluate world`: dreams beside recordings, figures, gates, a picture and a page.

mod stretches;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use burn::tensor::Device;
use clap::{Args, Subcommand, ValueEnum};
use dreamlane::{
    core::{Error, Policy, Result, Seed, WorldModel},
    datasets::{FrameCache, durable},
    evaluation::{
        self, Bounds, Command, DriftSettings, Gate, Judged, OutcomeReport, OutcomeSettings, Settings,
        WorldReport, dream_strip, drift, evaluate_world, outcomes,
    },
    worlds::{self, Mean, Still, checkpoint},
};
use serde_json::json;

use super::{
    Surroundings,
    choices::{self, Part},
    probe::EvaluateProbe,
    report, sources, store,
    usefulness::EvaluateUsefulness,
};
use crate::progress::Bar;
pub(super) use stretches::{cases, spread};
use stretches::{longest, usual, windows};

/// Frames recorded after each context, where recordings are long enough: what steering responses need to show
/// their lag.
const SHORTEST: usize = 40;
/// Dreams behind each figure of drift: one tile of lanes.
const DRIFT_DREAMS: usize = 64;
/// Most recorded frames after each context of those dreams: as many as a film shows twice over, and few enough that
/// 64 stretches of large pictures fit into memory.
const FILMED: usize = 200;
/// Steps at which dreams are judged where none are named: those of the promises, and those of the ladder.
const PROMISED: [usize; 4] = [1, 5, 10, 20];
const LADDER: [usize; 6] = [1, 4, 8, 16, 32, 64];
/// Steps within which a task may end.
const ENDING_STEPS: usize = 8;
/// Cases of the film strip, and the steps it shows.
const STRIP_CASES: usize = 5;
const STRIP_STEPS: [usize; 12] = [1, 2, 3, 5, 7, 10, 13, 16, 20, 25, 30, 40];

/// Arguments of `evaluate`.
#[derive(Args)]
pub(crate) struct Evaluate {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A world.
    World(EvaluateWorld),
    /// A world beside the truth that it dreams of, under the same and under other actions.
    Paired(super::paired::EvaluatePaired),
    /// What a small net that has learned to read recorded frames reads off dreamed ones, in metres.
    Probe(EvaluateProbe),
    /// What a steering predictor learns from dreams, beside what it learns from recordings.
    Usefulness(EvaluateUsefulness),
}

/// Which world, on what.
#[derive(Args, Clone)]
pub(crate) struct EvaluateWorld {
    /// A run or checkpoint.
    pub(crate) run: PathBuf,
    /// The recordings to hold it against; its own training data when not given.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// The part of the data to judge on; `all` for data that was never trained on.
    #[arg(long, value_enum, default_value_t = Part::Test)]
    pub(crate) split: Part,
    /// Steps after the context at which dreams are judged; when not given 1,5,10,20 with --gate, else 1,4,8,16,32,64 as
    /// far as half of the recordings reach.
    #[arg(long, value_delimiter = ',')]
    pub(crate) horizons: Vec<usize>,
    /// Most cases, spread evenly over the recordings.
    #[arg(long, default_value_t = 256)]
    pub(crate) cases: usize,
    /// Most stretches of 8 steps in which rewards and endings are judged, half of them with an ending where there are
    /// as many; 0 for none.
    #[arg(long, default_value_t = 2048)]
    pub(crate) endings: usize,
    /// Dreams behind the mean dream.
    #[arg(long, default_value_t = 8)]
    pub(crate) dreams: usize,
    /// Steps after the context at which drift is measured, each at least 10; 0 for none. Beyond the recorded stretch
    /// recorded actions are played again.
    #[arg(long, value_delimiter = ',', default_value = "20,50,100,200")]
    pub(crate) drift: Vec<usize>,
    /// Who drives those long dreams in place of recorded actions, such as `noisy:0.8`, endings ignored: actions of
    /// other moments take a world that obeys them off the road.
    #[arg(long)]
    pub(crate) drift_policy: Option<String>,
    /// Which promises to check the figures against.
    #[arg(long, value_enum)]
    pub(crate) gate: Option<Promise>,
    /// The seed of dreams and intervals.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// What a world's products are made of.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) precision: choices::Numbers,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder for report.html, report.json and strip.png; `evaluation` in the run when not given.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

/// The promises made for real video, see the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Promise {
    /// For the end of recordings whose beginning was trained on.
    Tails,
    /// For recordings never trained on.
    Unseen,
}

impl Evaluate {
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        match self.what {
            What::World(what) => what.run(surroundings),
            What::Paired(what) => what.run(surroundings),
            What::Probe(what) => what.run(surroundings),
            What::Usefulness(what) => what.run(surroundings),
        }
    }
}

impl EvaluateWorld {
    /// Judges, prints, and leaves a page, a report and a film strip.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        self.run_after(&[], surroundings)
    }

    /// The same, where these commands led here: the page shows them too.
    pub(crate) fn run_after(mut self, before: &[Command], surroundings: &Surroundings) -> anyhow::Result<()> {
        let device = &surroundings.device;
        let folder = checkpoint::locate(&self.run)?;
        let world = worlds::load_with(&self.run, device, self.precision.stepping())?;
        let data = match &self.data {
            Some(data) => data.clone(),
            None => sources::trained_on(&self.run)?,
        };
        let cache = store::frames(&data)?;
        sources::fits(world.as_ref(), &cache, &data)?;
        let (split, context) = (self.split.into(), world.spec().context);
        if self.horizons.is_empty() {
            self.horizons = self.usual_horizons(usual(&cache, split, context));
        }
        let furthest = self.horizons.iter().copied().max().unwrap_or(1);
        let horizon = furthest.max(SHORTEST.min(longest(&cache, split, context)));
        let judged_cases = cases(&cache, split, context, horizon, self.cases)?;
        let film_cases = cases(&cache, split, context, self.film(&cache, context), DRIFT_DREAMS)?;
        let opponents = self.opponents(world.as_ref(), &cache, device)?;
        let settings = self.settings(&cache, device);
        let mut driver = (self.drift_policy.as_deref())
            .map(|name| sources::policy(name, cache.spec(), None).map(|(policy, _)| (name, policy)))
            .transpose()?;
        let mut bar = Bar::new("evaluate");
        let mut say = |progress: &evaluation::Progress| {
            bar.say(progress.done as u64, progress.total as u64, &progress.stage);
        };
        let mut report = evaluate_world(&world, &opponents, &judged_cases, &settings, &mut say)?;
        if self.drift != [0] {
            let driver = driver.as_mut().map(|(name, policy)| (*name, &mut **policy as &mut dyn Policy));
            match drift(&world, &opponents, &film_cases, &self.drift_settings(device), driver, &mut say) {
                Ok(drift) => report.drift = Some(drift),
                Err(Error::Invalid(reason)) => report.notes.push(format!("drift was not measured: {reason}")),
                Err(error) => return Err(error.into()),
            }
        }
        match self.outcomes(&world, &cache, device, &mut say) {
            Ok(outcomes) => report.outcomes = outcomes,
            Err(Error::Invalid(reason)) => report.notes.push(format!("endings were not judged: {reason}")),
            Err(error) => return Err(error.into()),
        }
        bar.finish();
        let gates = self.gate.map_or_else(Vec::new, |promise| evaluation::gates(&report, promise.into()));
        let hash = checkpoint::fingerprint(&folder)?;
        let page = report::page(
            &report::Judged {
                asked: &self,
                world: &world,
                hash: &hash,
                data: &data,
                cache: &cache,
                report: &report,
                gates: &gates,
                cases: &film_cases,
                settings: &settings,
            },
            before,
        )?;
        let spread = spread(judged_cases, STRIP_CASES);
        let steps = STRIP_STEPS.into_iter().filter(|&step| step <= horizon).collect::<Vec<_>>();
        let strip = dream_strip(&world, &spread, &steps, &settings, 2)?;
        let out = self.out.clone().unwrap_or_else(|| self.run.join("evaluation"));
        std::fs::create_dir_all(&out).map_err(Error::io(&out))?;
        let figures = self.figures(&report, &gates, &hash, &data)?;
        durable::write(&out.join("report.json"), figures.as_bytes())?;
        durable::write(&out.join("strip.png"), &strip)?;
        durable::write(&out.join("report.html"), page.as_bytes())?;
        match self.json {
            true => println!("{figures}"),
            false => {
                println!("{}\n{}", evaluation::table(&report, &gates), out.join("report.html").display())
            }
        }
        Ok(())
    }

    /// Steps to judge at where nobody named any, and half of the recordings have `reach` after a context.
    fn usual_horizons(&self, reach: usize) -> Vec<usize> {
        match self.gate {
            Some(_) => PROMISED.into(),
            None => LADDER.into_iter().filter(|&step| step <= reach.max(1)).collect(),
        }
    }

    fn settings(&self, cache: &FrameCache, device: &Device) -> Settings {
        Settings {
            horizons: self.horizons.clone(),
            dreams: self.dreams,
            response_steps: SHORTEST,
            response_cases: 96,
            state: cache.spec().state.clone(),
            bounds: Bounds::usual(),
            seed: Seed::new(self.seed),
            device: device.clone(),
        }
    }

    /// Rewards and endings; none where the recordings have none or nobody asked.
    fn outcomes(
        &self,
        world: &Arc<dyn WorldModel>,
        cache: &FrameCache,
        device: &Device,
        say: &mut dyn FnMut(&evaluation::Progress),
    ) -> Result<Option<OutcomeReport>> {
        if self.endings == 0 || !cache.spec().rewards || !world.spec().rewards {
            return Ok(None);
        }
        // Streams of their own, as for drift.
        let seed = Seed::new(self.seed).split(8);
        let split = self.split.into();
        let drawn = windows(cache, split, [world.spec().context, ENDING_STEPS], self.endings, seed.split(0));
        let settings = OutcomeSettings { steps: ENDING_STEPS, seed: seed.split(1), device: device.clone() };
        let total = drawn.len();
        outcomes(world, &mut drawn.into_iter().map(|drawn| drawn.window(cache)), total, &settings, say)
    }

    fn drift_settings(&self, device: &Device) -> DriftSettings {
        DriftSettings {
            steps: self.drift.clone(),
            dreams: DRIFT_DREAMS,
            // Streams of their own: the seed's first children feed the other figures.
            seed: Seed::new(self.seed).split(7),
            device: device.clone(),
        }
    }

    /// Frames after each context of the stretches that are filmed and dreamed on from: as many as drift asks for
    /// where every other unbroken part of the recording has them, up to a bound.
    fn film(&self, cache: &FrameCache, context: usize) -> usize {
        let usual = usual(cache, self.split.into(), context).max(1);
        usual.min(self.drift.iter().copied().max().unwrap_or(0).clamp(SHORTEST, FILMED))
    }

    fn opponents(
        &self,
        world: &dyn WorldModel,
        cache: &FrameCache,
        device: &Device,
    ) -> Result<Vec<(&'static str, Arc<dyn WorldModel>)>> {
        // The mean is that of the world's own training data where it can be found, else that of the data judged on.
        let own = sources::trained_on(&self.run).and_then(|data| store::frames(&data));
        let mean = match own {
            Ok(own) if own.spec().cameras == cache.spec().cameras => {
                store::mean_frame(&own, store::split_rule(&own))
            }
            _ => store::mean_frame(cache, store::split_rule(cache)),
        };
        Ok(vec![
            ("still", Arc::new(Still::new(world.spec(), device))),
            ("mean", Arc::new(Mean::new(world.spec(), mean, device)?)),
        ])
    }

    fn figures(&self, report: &WorldReport, gates: &[Gate], hash: &str, data: &Path) -> Result<String> {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let figures = json!({
            "world": hash,
            "precision": self.precision,
            "data": name(data),
            "split": format!("{:?}", self.split).to_lowercase(),
            "seed": self.seed,
            "gates": gates,
            "report": report,
        });
        serde_json::to_string_pretty(&figures).map_err(|error| Error::Invalid(error.to_string()))
    }
}

impl From<Promise> for Judged {
    fn from(promise: Promise) -> Self {
        match promise {
            Promise::Tails => Self::Tails,
            Promise::Unseen => Self::Unseen,
        }
    }
}
