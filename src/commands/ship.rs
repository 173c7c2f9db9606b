//! `dreamlane ship`: a trained world made small enough to be handed on, with beginnings, so that it dreams at once.

use std::path::{Path, PathBuf};

use clap::Args;
use dreamlane::{
    core::{
        Contexts as _, EnvSpec, Episode, Error, Provenance, Result, Seed, Step, Truncation, WorldModel as _,
    },
    datasets::{DatasetContexts, FrameCache, Split, format_named, open_any},
    worlds::{BEGINNINGS, Dit, checkpoint},
};

use super::{Surroundings, sources, store};

/// Arguments of `ship`.
#[derive(Args)]
pub(crate) struct Ship {
    /// A run or checkpoint of a `dit`.
    run: PathBuf,
    /// The folder to make: weights in half precision, and beginnings.
    #[arg(long)]
    out: PathBuf,
    /// Recordings that the beginnings are taken from; the run's own training data when not given. They are taken from
    /// the part that is kept for the last judgement.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Beginnings to hand on.
    #[arg(long, default_value_t = 16)]
    beginnings: u64,
    /// How to keep the beginnings.
    #[arg(long, default_value = "lerobot-av1")]
    format: String,
    /// The seed that beginnings are drawn with.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Ship {
    /// Writes the folder and says how large it is.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        if self.out.exists() {
            return Err(Error::mismatch(&self.out, "folder to make", "none yet", "one").into());
        }
        let world = Dit::load(&checkpoint::locate(&self.run)?, &surroundings.device)?;
        let data = match &self.data {
            Some(data) => data.clone(),
            None => sources::trained_on(&self.run)?,
        };
        let cache = store::frames(&data)?;
        sources::fits(&world, &cache, &data)?;
        let rule = store::split_rule(&cache);
        let contexts = DatasetContexts::new(cache.clone(), Split::Test, rule, world.spec().context)?;
        world.save_half(&self.out)?;
        let source = open_any(&data)?;
        let provenance = match source.provenance() {
            Some(provenance) => provenance.clone(),
            None => super::provenance::imported(&super::provenance::folder_name(&data), None),
        };
        self.begin(&contexts, &cache, &provenance)?;
        println!("{}: {:.2} MB", self.out.display(), size(&self.out)? as f64 / 1e6);
        Ok(())
    }

    /// One short episode per beginning.
    fn begin(&self, contexts: &DatasetContexts, cache: &FrameCache, provenance: &Provenance) -> Result<()> {
        let spec = EnvSpec { rewards: false, scenes: false, ..cache.spec().clone() };
        let format = format_named(&self.format)?;
        let mut sink = format.create(&self.out.join(BEGINNINGS), &spec, provenance)?;
        for id in 0..self.beginnings {
            let context = contexts.draw(Seed::new(self.seed).split(id))?;
            let step = |t: usize| Step {
                images: (context.images.iter().zip(&spec.cameras))
                    .map(|(bytes, camera)| {
                        bytes[t * camera.frame_len()..(t + 1) * camera.frame_len()].to_vec()
                    })
                    .collect(),
                state: row(&context.state, t, spec.state.len()),
                action: row(&context.actions, t, spec.action.width()),
                reward: 0.0,
                trust: 1.0,
                scene: None,
            };
            let steps = (0..context.len).map(step).collect();
            let (task, beginning) = ("a beginning".to_owned(), context.source.clone());
            let truncated = Some(Truncation::Horizon);
            sink.write(&Episode { id, task, beginning, steps, terminated: false, truncated })?;
        }
        sink.finish()
    }
}

fn row(values: &[f32], t: usize, width: usize) -> Vec<f32> {
    values[t * width..(t + 1) * width].to_vec()
}

/// Bytes of all files of a folder.
fn size(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        let about = entry.metadata().map_err(Error::io(entry.path()))?;
        sum += if about.is_dir() { size(&entry.path())? } else { about.len() };
    }
    Ok(sum)
}
