//! Dreams that go on from recordings under the actions recorded there, as a data set.
//!
//! A replaying policy knows nothing of the context that it drives on from, so its actions are those of elsewhere. Here
//! each dream has its own: whoever learns from it learns what the driver did about what is seen.

use std::path::Path;

use burn::tensor::Device;
use dreamlane::{
    core::{EnvSpec, Episode, Error, Origin, Provenance, Result, Seed, Source, Step, Truncation},
    datasets::{FrameCache, Split, format_named},
    evaluation::{Bounds, Case, Settings, dream_rows},
    worlds::{self, checkpoint},
};

use super::{evaluate::cases, provenance, sources};
use crate::progress::Bar;

/// Dreams, spread evenly over the recordings, and their steps.
const DREAMS: usize = 300;
const STEPS: usize = 60;
/// Dreams that are made before they are written.
const CHUNK: usize = 64;

/// Dreams of the world `run` from the training part of `data`, written to `out` as a new data set.
pub(super) fn continued(
    run: &Path,
    (data, cache): (&Path, &FrameCache),
    seed: u64,
    out: &Path,
    device: &Device,
) -> Result<()> {
    if out.exists() {
        return Err(Error::mismatch(out, "place of new dreams", "nothing", "something"));
    }
    let world = worlds::load(run, device)?;
    sources::fits(world.as_ref(), cache, data)?;
    let name = format!("{}{}", sources::WORLD, provenance::folder_name(run));
    // Who learns to steer by pictures wants nothing else of a world that dreams a state too.
    let spec = EnvSpec {
        name: name.clone(),
        rewards: false,
        scenes: false,
        state: Vec::new(),
        lanes: 1,
        ..cache.spec().clone()
    };
    let origin = Origin {
        name: world.spec().world.clone(),
        hash: checkpoint::fingerprint(&checkpoint::locate(run)?)?,
    };
    let provenance = Provenance {
        world: Some(origin),
        contexts: Some(provenance::contexts(data, cache, Split::Train)),
        run_seed: Some(seed),
        horizon: Some(STEPS),
        ..provenance::played(&name, Source::Dream)
    };
    let settings = Settings {
        horizons: vec![STEPS],
        dreams: 1,
        response_steps: 0,
        response_cases: 0,
        state: Vec::new(),
        bounds: Bounds::usual(),
        seed: Seed::new(seed),
        device: device.clone(),
    };
    let cases = cases(cache, Split::Train, world.spec().context, STEPS, DREAMS)?;
    let mut sink = format_named("lerobot")?.create(out, &spec, &provenance)?;
    let mut bar = Bar::new("dream");
    let steps: Vec<usize> = (1..=STEPS).collect();
    for (chunk_idx, chunk) in cases.chunks(CHUNK).enumerate() {
        // Each chunk has noise of its own.
        let settings = Settings { seed: settings.seed.split(chunk_idx as u64), ..settings.clone() };
        let rows = dream_rows(&world, chunk, &steps, &settings)?;
        for (idx, (case, row)) in chunk.iter().zip(rows).enumerate() {
            sink.write(&episode(chunk_idx * CHUNK + idx, case, row.dreamed, spec.action.width()))?;
        }
        bar.at((chunk_idx * CHUNK + chunk.len()) as u64, cases.len() as u64);
    }
    sink.finish()?;
    bar.finish();
    Ok(())
}

/// One dream; its first frame is the last one of the context.
fn episode(id: usize, case: &Case, frames: Vec<Vec<u8>>, width: usize) -> Episode {
    let last = frames.len() - 1;
    let step = |(time, image): (usize, Vec<u8>)| Step {
        images: vec![image],
        state: Vec::new(),
        action: if time == last { vec![0.0; width] } else { case.actions[time * width..][..width].to_vec() },
        reward: 0.0,
        trust: 1.0,
        scene: None,
    };
    Episode {
        id: id as u64,
        task: "drive on as recorded".to_owned(),
        beginning: case.context.source.clone(),
        steps: frames.into_iter().enumerate().map(step).collect(),
        terminated: false,
        truncated: Some(Truncation::Horizon),
    }
}
