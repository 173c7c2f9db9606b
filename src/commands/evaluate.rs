//! `dreamlane evaluate world`: dreams beside recordings, figures, gates, a picture and a page.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use burn::tensor::Device;
use clap::{Args, Subcommand, ValueEnum};
use dreamlane::{
    core::{Context, Error, Result, Seed, WorldModel},
    datasets::{FrameCache, Split, durable, ranges},
    evaluation::{
        self, Case, Command, DriftSettings, Gate, Judged, Settings, WorldReport, dream_strip, drift,
        evaluate_world,
    },
    worlds::{self, Mean, Still, checkpoint},
};
use serde_json::json;

use super::{Surroundings, report, rollout::Part, sources, store};
use crate::progress::Bar;

/// Frames recorded after each context, where recordings are long enough: what steering responses need to show
/// their lag.
const SHORTEST: usize = 40;
/// Dreams behind each figure of drift: one tile of lanes.
const DRIFT_DREAMS: usize = 64;
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
    /// Steps after the context at which dreams are judged.
    #[arg(long, value_delimiter = ',', default_value = "1,5,10,20")]
    pub(crate) horizons: Vec<usize>,
    /// Most cases, spread evenly over the recordings.
    #[arg(long, default_value_t = 256)]
    pub(crate) cases: usize,
    /// Dreams behind the mean dream.
    #[arg(long, default_value_t = 8)]
    pub(crate) dreams: usize,
    /// Steps after the context at which drift is measured, each at least 10; 0 for none. Beyond the recorded stretch
    /// recorded actions are played again.
    #[arg(long, value_delimiter = ',', default_value = "20,50,100,200")]
    pub(crate) drift: Vec<usize>,
    /// Which promises to check the figures against.
    #[arg(long, value_enum)]
    pub(crate) gate: Option<Promise>,
    /// The seed of dreams and intervals.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// What a world's products are made of.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) precision: sources::Numbers,
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
        let What::World(what) = self.what;
        what.run(surroundings)
    }
}

impl EvaluateWorld {
    /// Judges, prints, and leaves a page, a report and a film strip.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        self.run_after(&[], surroundings)
    }

    /// The same, where these commands led here: the page shows them too.
    pub(crate) fn run_after(self, before: &[Command], surroundings: &Surroundings) -> anyhow::Result<()> {
        let device = &surroundings.device;
        let folder = checkpoint::locate(&self.run)?;
        let world = worlds::load_with(&self.run, device, self.precision.stepping())?;
        let data = match &self.data {
            Some(data) => data.clone(),
            None => sources::trained_on(&self.run)?,
        };
        let cache = store::frames(&data)?;
        sources::fits(world.as_ref(), &cache, &data)?;
        let furthest = self.horizons.iter().copied().max().unwrap_or(1);
        let (split, context) = (self.split.into(), world.spec().context);
        let horizon = furthest.max(SHORTEST.min(longest(&cache, split, context)));
        let judged_cases = cases(&cache, split, context, horizon, self.cases)?;
        let film_cases = cases(&cache, split, context, self.film(&cache, context), DRIFT_DREAMS)?;
        let opponents = self.opponents(world.as_ref(), &cache, device)?;
        let settings = self.settings(device);
        let mut bar = Bar::new("evaluate");
        let mut say = |progress: &evaluation::Progress| {
            bar.say(progress.done as u64, progress.total as u64, &progress.stage);
        };
        let mut report = evaluate_world(&world, &opponents, &judged_cases, &settings, &mut say)?;
        if self.drift != [0] {
            match drift(&world, &opponents, &film_cases, &self.drift_settings(device), &mut say) {
                Ok(drift) => report.drift = Some(drift),
                Err(Error::Invalid(reason)) => report.notes.push(format!("drift was not measured: {reason}")),
                Err(error) => return Err(error.into()),
            }
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

    fn settings(&self, device: &Device) -> Settings {
        Settings {
            horizons: self.horizons.clone(),
            dreams: self.dreams,
            response_steps: SHORTEST,
            response_cases: 96,
            seed: Seed::new(self.seed),
            device: device.clone(),
        }
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
    /// where every other unbroken part of the recording has them.
    fn film(&self, cache: &FrameCache, context: usize) -> usize {
        let mut lengths = ranges(cache.lengths(), self.split.into(), store::split_rule(cache))
            .into_iter()
            .map(|(_, range)| range.len().saturating_sub(context))
            .filter(|&len| len > 0)
            .collect::<Vec<_>>();
        lengths.sort_unstable();
        let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(1);
        usual.min(self.drift.iter().copied().max().unwrap_or(0).max(SHORTEST))
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

/// Frames that the longest unbroken part has after a context.
fn longest(cache: &FrameCache, split: Split, context: usize) -> usize {
    let ranges = ranges(cache.lengths(), split, store::split_rule(cache));
    ranges.into_iter().map(|(_, range)| range.len()).max().unwrap_or(0).saturating_sub(context)
}

/// Stretches of `context + horizon` frames, at most `most` of them, spread evenly.
pub(crate) fn cases(
    cache: &FrameCache,
    split: Split,
    context: usize,
    horizon: usize,
    most: usize,
) -> Result<Vec<Case>> {
    let len = context + horizon;
    let rule = store::split_rule(cache);
    let starts = ranges(cache.lengths(), split, rule)
        .into_iter()
        .flat_map(|(episode_idx, range)| {
            let last = (range.end + 1).saturating_sub(len);
            (range.start..last).map(move |start| (episode_idx, start))
        })
        .collect::<Vec<_>>();
    if starts.is_empty() {
        return Err(Error::Invalid(format!(
            "no stretch of {len} frames ({context} of context, {horizon} to dream) fits into this part of the data"
        )));
    }
    let spec = cache.spec();
    let (frame, width) = (spec.cameras[0].frame_len(), spec.action.width());
    let case = |(episode_idx, start): (usize, usize)| {
        let window = cache.window(episode_idx, start, len);
        let images = &window.images[0];
        Case {
            run: episode_idx,
            frame: start + context - 1,
            context: Context {
                len: context,
                images: vec![images[..context * frame].to_vec()],
                state: Vec::new(),
                actions: window.actions[..context * width].to_vec(),
                source: format!("episode {episode_idx}, frame {start}"),
            },
            actions: window.actions[(context - 1) * width..(len - 1) * width].to_vec(),
            truth: images[context * frame..].to_vec(),
        }
    };
    Ok(spread(starts, most).into_iter().map(case).collect())
}

/// At most `most` of the items, evenly spaced, in order.
pub(super) fn spread<T>(items: Vec<T>, most: usize) -> Vec<T> {
    let (len, count) = (items.len(), most.min(items.len()));
    let kept =
        (0..count).map(|idx| (2 * idx + 1) * len / (2 * count)).collect::<std::collections::BTreeSet<_>>();
    items.into_iter().enumerate().filter_map(|(idx, item)| kept.contains(&idx).then_some(item)).collect()
}
