//! Steps the truth: eight highways side by side under random actions; finished lanes begin anew.

use burn::tensor::Device;
use dreamlane::{agents, envs, prelude::*};

const LANES: usize = 8;
const STEPS: u64 = 50;

#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
pub(crate) fn main() -> Result<()> {
    let device: Device = dreamlane::device::choose("")?;
    let mut env = envs::build("drive/highway", LANES, &device)?;
    let mut policy = agents::build("random", env.spec())?;
    let run = Seed::new(7);
    // An episode is a function of its seed, so each gets a number of its own.
    let mut begun = LANES as u64;
    let seeds = (0..begun).map(|episode| run.split(episode)).collect::<Vec<_>>();
    let mut now = env.reset(&LaneMask::all(LANES), &seeds)?;
    let mut total = 0.0;
    for step in 0..STEPS {
        let draws = (0..LANES as u64).map(|lane| run.split(1000 + step).split(lane)).collect::<Vec<_>>();
        let actions = policy.act(&now, &draws)?;
        now = env.step(&actions, &LaneMask::all(LANES))?;
        total += now.reward.clone().sum().into_scalar::<f32>();
        let finished = now.finished();
        if finished.any() {
            let seeds =
                finished.indices().zip(begun..).map(|(_, episode)| run.split(episode)).collect::<Vec<_>>();
            begun += seeds.len() as u64;
            // Nothing resets by itself; the other lanes stand still meanwhile.
            now = env.reset(&finished, &seeds)?;
        }
    }
    println!(
        "{STEPS} steps in {LANES} lanes, {begun} episodes begun, {:.2} reward a step",
        total / STEPS as f32
    );
    Ok(())
}
