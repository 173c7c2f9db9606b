//! Steps a learned world as an environment. This one is untrained, so it dreams of fog; `dreamlane train world`
//! makes better ones, and `dreamlane::worlds::load` reads them.

use std::{path::Path, sync::Arc, sync::atomic::AtomicBool};

use dreamlane::{
    agents,
    datasets::{self, DatasetContexts, FrameCache, Split, SplitRule},
    envs::{
        self,
        dream::{DreamLimits, WorldEnv},
    },
    prelude::*,
    rollouts::{Plan, rollout},
    worlds::{Dit, DitConfig},
};

fn main() -> Result<()> {
    dream("runs/dreamed".as_ref())
}

/// Keeps the recordings that the dreams begin from in a folder that does not exist yet.
#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
pub(crate) fn dream(folder: &Path) -> Result<()> {
    let device = dreamlane::device::choose("")?;
    let mut truth = envs::build("drive/highway", 4, &device)?;
    let mut driver = agents::build("idm", truth.spec())?;
    let plan =
        Plan { episodes: 0..4, run_seed: Seed::new(0), task: "an example".into(), max_steps: Some(10) };
    let provenance =
        Provenance { source: Source::Truth, ..Provenance::recording("drive/highway", "examples") };
    let sink = datasets::format_named("lerobot")?.create(&folder.join("truth"), truth.spec(), &provenance)?;
    let stop = AtomicBool::new(false);
    rollout(truth.as_mut(), driver.as_mut(), &plan, Some(sink), &stop, &mut |_| ())?;

    let source = datasets::open_any(&folder.join("truth"))?;
    let frames = FrameCache::open_or_build(source.as_ref(), &folder.join("truth.frames"), &mut |_, _| ())?;
    let spec = WorldSpec::of_data(frames.spec(), "dit");
    let world = Arc::new(Dit::new(DitConfig::debug(), spec, Seed::new(2), &device)?);
    let context = world.spec().context;
    let contexts = DatasetContexts::new(Arc::new(frames), Split::All, SplitRule::ByEpisode, context)?;
    let limits = DreamLimits { clock: None, horizon: 20, min_trust: 0.0 };
    let mut env = WorldEnv::new(world, Arc::new(contexts), 8, limits, "world:example".into(), &device)?;

    let mut policy = agents::build("random", env.spec())?;
    let plan = Plan { episodes: 0..16, run_seed: Seed::new(3), task: "a dream".into(), max_steps: None };
    let summary = rollout(&mut env, policy.as_mut(), &plan, None, &stop, &mut |_| ())?;
    println!(
        "{} dreams, {} steps, {:.0} a second",
        summary.episodes, summary.steps, summary.env_steps_per_sec
    );
    Ok(())
}
