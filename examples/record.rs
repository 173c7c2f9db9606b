//! Records episodes of the truth as a LeRobot v3 data set, and reads them back.

use std::{path::Path, sync::atomic::AtomicBool};

use dreamlane::{
    agents, datasets, envs,
    prelude::*,
    rollouts::{Plan, rollout},
};

fn main() -> Result<()> {
    record("runs/recorded".as_ref())
}

/// Records into a folder that does not exist yet.
#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
pub(crate) fn record(folder: &Path) -> Result<()> {
    let device = dreamlane::device::choose("")?;
    let mut env = envs::build("drive/highway", 4, &device)?;
    let mut policy = agents::build("noisy:0.5", env.spec())?;
    let plan =
        Plan { episodes: 0..6, run_seed: Seed::new(1), task: "an example".into(), max_steps: Some(20) };
    let provenance =
        Provenance { source: Source::Truth, ..Provenance::recording("drive/highway", "examples") };
    let sink = datasets::format_named("lerobot")?.create(folder, env.spec(), &provenance)?;
    let stop = AtomicBool::new(false);
    let summary = rollout(env.as_mut(), policy.as_mut(), &plan, Some(sink), &stop, &mut |_| ())?;

    let recorded = datasets::open_any(folder)?;
    assert_eq!(recorded.lengths().len() as u64, summary.episodes);
    for (episode_idx, len) in recorded.lengths().iter().enumerate() {
        let episode = recorded.read(episode_idx)?;
        let total: f32 = episode.steps.iter().map(|step| step.reward).sum();
        println!("episode {}: {len} observations, {total:.1} reward, {:?}", episode.id, episode.truncated);
    }
    Ok(())
}
