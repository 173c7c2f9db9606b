//! The import itself: runs of all sources, pictures decoded side by side, written as one data set.

use std::path::{Path, PathBuf};

use dreamlane_core::{
    ActionSpace, CameraSpec, EnvSpec, Episode, EpisodeSink, Error, Format as _, Provenance, Result, Step,
};
use rayon::prelude::*;

use super::{catalogue::Record, runs::Recording, skips::Skips, store::Store};
use crate::{Checked, area, aside, lerobot::LeRobot, picture};

/// Largest picture file that is read.
const MAX_PICTURE_BYTES: u64 = 16 << 20;
/// Pictures decoded between two reports of progress.
const CHUNK: usize = 256;
/// One observation and its outcome: less teaches nothing.
const SHORTEST: usize = 2;

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReport {
    /// Unbroken runs written.
    pub episodes: usize,
    /// Frames written.
    pub frames: usize,
    /// Names and reasons of what was left out: pictures, catalogue lines, files. The first hundred.
    pub skipped: Vec<String>,
    /// All that was left out by name.
    pub n_skipped: usize,
    /// Runs of a single frame, which are left out without a name.
    pub n_short: usize,
}

/// Imports tub folders and tars into a new LeRobot data set at `out`.
///
/// Pictures are stretched to `size`, `[height, width]`, by area averaging. An episode is an unbroken run: sessions,
/// time gaps of more than four frame periods, deleted and broken records cut. Actions are steering and throttle; there
/// are no rewards, and a run has neither ended nor been truncated: its recording stops.
/// `provenance` is kept with the data set; `progress` hears of frames done and in all. Nothing is left at `out` when the import fails.
///
/// # Errors
/// When a source holds no readable tub, the sources have different rates, no frame is usable, or `out` is in use
/// or cannot be written.
pub fn import(
    sources: &[PathBuf],
    out: &Path,
    size: [usize; 2],
    provenance: &Provenance,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<ImportReport> {
    area::check_size(size)?;
    aside::check_free(out)?;
    let mut skips = Skips::default();
    let tubs = read_tubs(sources, &mut skips)?;
    let steps_per_second = common_rate(&tubs)?;

    aside::write(out, |folder| {
        let mut writing = Writing {
            sink: LeRobot.create(folder, &spec(size, steps_per_second), provenance)?,
            report: ImportReport { episodes: 0, frames: 0, skipped: Vec::new(), n_skipped: 0, n_short: 0 },
            skips,
            size,
        };
        let total: usize = tubs.iter().map(|(_, recording)| recording.records.len()).sum();
        let mut done = 0;
        for (tub, recording) in &tubs {
            for run in &recording.runs {
                writing.write_run(tub, &recording.records[run.clone()], &mut |frames| {
                    done += frames;
                    progress(done as u64, total as u64);
                })?;
            }
        }
        writing.finish(&tubs[0].0.path)
    })
}

struct Writing {
    sink: Box<dyn EpisodeSink>,
    report: ImportReport,
    skips: Skips,
    size: [usize; 2],
}

impl Writing {
    /// Completes the data set; `first` is the first tub, for the message where nothing was usable.
    fn finish(self, first: &Path) -> Result<ImportReport> {
        let Self { sink, mut report, skips, .. } = self;
        if report.episodes == 0 {
            let skipped = skips.listed.first();
            let reason = skipped
                .map_or("no records".to_owned(), |skipped| format!("first of {}: {skipped}", skips.count));
            return Err(Error::broken(first, format!("no usable run of {SHORTEST} frames; {reason}")));
        }
        sink.finish()?;
        (report.skipped, report.n_skipped) = (skips.listed, skips.count);
        Ok(report)
    }

    /// Writes the unbroken parts of a run, which a broken picture cuts in two.
    fn write_run(&mut self, tub: &Store, records: &[Record], progress: &mut dyn FnMut(usize)) -> Result<()> {
        let mut steps = Vec::new();
        for chunk in records.chunks(CHUNK) {
            let size = self.size;
            let decoded: Vec<Checked<Vec<u8>>> =
                chunk.par_iter().map(|record| decode(tub, record, size)).collect();
            for (record, picture) in chunk.iter().zip(decoded) {
                match picture {
                    Ok(picture) => steps.push(step(record, picture)),
                    Err(reason) => {
                        self.skips.push(format!("{}/{}", tub.name, record.picture), reason);
                        self.write_episode(tub, &records[0].session, &mut steps)?;
                    }
                }
            }
            progress(chunk.len());
        }
        self.write_episode(tub, &records[0].session, &mut steps)
    }

    fn write_episode(&mut self, tub: &Store, session: &str, steps: &mut Vec<Step>) -> Result<()> {
        let mut steps = std::mem::take(steps);
        if steps.len() < SHORTEST {
            self.report.n_short += steps.len();
            return Ok(());
        }
        // What the last command caused was not seen.
        if let Some(last) = steps.last_mut() {
            last.action.fill(0.0);
        }
        self.report.frames += steps.len();
        let id = self.report.episodes as u64;
        self.report.episodes += 1;
        let task = task(&tub.name, session);
        let beginning = String::new();
        self.sink.write(&Episode { id, task, steps, terminated: false, truncated: None, beginning })
    }
}

/// Names the recording, so that whole recordings can be kept aside.
fn task(tub: &str, session: &str) -> String {
    let number = session.strip_prefix(tub).map_or(session, |rest| rest.trim_start_matches('_'));
    format!("donkeycar {tub} session {number}")
}

fn decode(tub: &Store, record: &Record, size: [usize; 2]) -> Checked<Vec<u8>> {
    let file = tub.picture(&record.picture, MAX_PICTURE_BYTES)?;
    Ok(area::resize(&picture::decode(&file)?, size))
}

fn step(record: &Record, picture: Vec<u8>) -> Step {
    let action = vec![record.angle, record.throttle];
    Step { images: vec![picture], state: Vec::new(), action, reward: 0.0, trust: 1.0, scene: None }
}

fn spec([height, width]: [usize; 2], steps_per_second: u32) -> EnvSpec {
    EnvSpec {
        name: "donkeycar".to_owned(),
        lanes: 1,
        seats: 1,
        steps_per_second,
        rewards: false,
        state: Vec::new(),
        cameras: vec![CameraSpec::new("front", height, width)],
        action: ActionSpace::Continuous {
            names: vec!["steering".to_owned(), "throttle".to_owned()],
            low: vec![-1.0; 2],
            high: vec![1.0; 2],
        },
        scenes: false,
    }
}

fn read_tubs(sources: &[PathBuf], skips: &mut Skips) -> Result<Vec<(Store, Recording)>> {
    if sources.is_empty() {
        return Err(Error::Invalid("nothing to import: name at least one tub folder or tar".to_owned()));
    }
    let mut tubs = Vec::new();
    for source in sources {
        for tub in Store::open(source, skips)? {
            let recording = Recording::read(&tub, skips)
                .map_err(|reason| Error::broken(source, format!("tub `{}`: {reason}", tub.name)))?;
            tubs.push((tub, recording));
        }
    }
    Ok(tubs)
}

/// A data set has one rate.
fn common_rate(tubs: &[(Store, Recording)]) -> Result<u32> {
    let (_, first) = &tubs[0];
    for (tub, recording) in tubs {
        let (expected, found) = (first.rate.steps_per_second, recording.rate.steps_per_second);
        if found != expected {
            let what = format!("frames per second of tub `{}`", tub.name);
            return Err(Error::mismatch(&tub.path, what, format!("{expected}, as in the first tub"), found));
        }
    }
    Ok(first.rate.steps_per_second)
}
