//! Writes episodes into one MCAP, message by message in the order of time.

use std::{
    collections::BTreeMap,
    io::{Seek, Write},
    path::{Path, PathBuf},
};

use dreamlane_core::{
    CameraSpec, EnvSpec, Episode, Error, Lens, Provenance, Result, Scene, Step, Truncation,
};
use mcap::{McapError, WriteOptions, Writer, records::MessageHeader};
use prost::Message as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    MAX_MESSAGE_BYTES, METADATA, VERSION,
    channels::{Channel, Content, camera_frame, channels},
    clock::{Clock, timestamp},
    foxglove::{CameraCalibration, CompressedImage},
    scalars, scenes,
};
use crate::{Checked, picture::encode_png};

/// Bytes after which a chunk is closed: what a reader takes into memory at once.
const CHUNK_BYTES: u64 = 1 << 20;

/// An episode's place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) id: u64,
    /// Observations.
    pub(super) length: usize,
    /// When its first observation is.
    pub(super) start_ns: u64,
}

/// What the channel `/episode` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Event {
    /// With the first observation.
    Begin { id: u64, task: String, beginning: String },
    /// With the last one.
    End { terminated: bool, truncated: Option<Truncation> },
}

/// A file that is being written.
pub(super) struct Stream<W: Write + Seek> {
    writer: Writer<W>,
    channels: Vec<(u16, Channel)>,
    spec: EnvSpec,
    provenance: Provenance,
    entries: Vec<Entry>,
    /// Where errors say they are.
    path: PathBuf,
}

impl<W: Write + Seek> Stream<W> {
    /// Begins a file.
    pub(super) fn begin(output: W, spec: &EnvSpec, provenance: &Provenance, path: &Path) -> Result<Self> {
        let options = WriteOptions::new()
            .compression(None)
            .library("dreamlane")
            .profile("")
            .chunk_size(Some(CHUNK_BYTES));
        let mut writer = options.create(output).map_err(|error| failed(path, error))?;
        let mut added = Vec::new();
        for channel in channels(spec) {
            let (encoding, described) = channel.encodings();
            let id = writer
                .add_schema(channel.schema, described, &channel.description(spec))
                .and_then(|schema| writer.add_channel(schema, &channel.topic, encoding, &BTreeMap::new()));
            added.push((id.map_err(|error| failed(path, error))?, channel));
        }
        let (spec, provenance) = (spec.clone(), provenance.clone());
        Ok(Self { writer, channels: added, spec, provenance, entries: Vec::new(), path: path.to_path_buf() })
    }

    /// Adds an episode that fits the spec, a second after the one before.
    pub(super) fn episode(&mut self, episode: &Episode) -> Result<()> {
        let too_late = || Error::Invalid(format!("episode {}: beyond the end of time", episode.id));
        let clock = |start_ns| Clock { start_ns, steps_per_second: self.spec.steps_per_second };
        let start_ns = match self.entries.last() {
            Some(last) => clock(last.start_ns).after(last.length).ok_or_else(too_late)?,
            None => 0,
        };
        let clock = clock(start_ns);
        let pictures = pictures(&self.spec, episode).map_err(|reason| Error::broken(&self.path, reason))?;
        let mut before = None;
        for (row, (step, pictures)) in episode.steps.iter().zip(&pictures).enumerate() {
            let time_ns = clock.at(row).ok_or_else(too_late)?;
            let moment = Moment { spec: &self.spec, episode, row, step, before, pictures, time_ns };
            for (id, channel) in &self.channels {
                for data in moment.messages(channel.content) {
                    check_size(&data, channel, episode)?;
                    let sequence = u32::try_from(row).unwrap_or(u32::MAX);
                    let header =
                        MessageHeader { channel_id: *id, sequence, log_time: time_ns, publish_time: time_ns };
                    self.writer
                        .write_to_known_channel(&header, &data)
                        .map_err(|error| failed(&self.path, error))?;
                }
            }
            before = step.scene.as_ref().or(before);
        }
        // Chunks hold one episode, so that one is read without the others.
        self.writer.flush().map_err(|error| failed(&self.path, error))?;
        self.entries.push(Entry { id: episode.id, length: episode.steps.len(), start_ns });
        Ok(())
    }

    /// The last episode added.
    pub(super) fn last(&self) -> Option<Entry> {
        self.entries.last().copied()
    }

    /// Completes the file with what it holds and where it comes from.
    pub(super) fn finish(mut self) -> Result<W> {
        let json =
            |value: serde_json::Result<String>| value.map_err(|error| Error::broken(&self.path, error));
        let metadata = BTreeMap::from([
            ("version".to_owned(), VERSION.to_string()),
            ("spec".to_owned(), json(serde_json::to_string(&self.spec))?),
            ("provenance".to_owned(), json(serde_json::to_string(&self.provenance))?),
            ("episodes".to_owned(), json(serde_json::to_string(&self.entries))?),
        ]);
        let record = mcap::records::Metadata { name: METADATA.to_owned(), metadata };
        let done = self.writer.write_metadata(&record).and_then(|()| self.writer.finish());
        done.map_err(|error| failed(&self.path, error))?;
        Ok(self.writer.into_inner())
    }
}

/// One step and all that its messages are made of.
struct Moment<'a> {
    spec: &'a EnvSpec,
    episode: &'a Episode,
    row: usize,
    step: &'a Step,
    /// The scene before this one.
    before: Option<&'a Scene>,
    /// Per camera, a PNG.
    pictures: &'a [Vec<u8>],
    time_ns: u64,
}

impl Moment<'_> {
    fn messages(&self, content: Content) -> Vec<Vec<u8>> {
        let (spec, step, time_ns) = (self.spec, self.step, self.time_ns);
        match content {
            Content::Event => self.events(),
            Content::Image(idx) => vec![self.image(idx).encode_to_vec()],
            Content::Calibration(idx) => calibration(&spec.cameras[idx], time_ns)
                .map(|lens| lens.encode_to_vec())
                .into_iter()
                .collect(),
            Content::Transforms => {
                vec![scenes::transforms(spec, step.scene.as_ref(), time_ns).encode_to_vec()]
            }
            Content::Scene => {
                let update = step.scene.iter().map(|scene| scenes::update(scene, self.before, time_ns));
                update.map(|update| update.encode_to_vec()).collect()
            }
            Content::State => vec![scalars::encode(&step.state)],
            Content::Action => vec![scalars::encode(&step.action)],
            Content::Reward => vec![scalars::encode(&[step.reward])],
            Content::Trust => vec![scalars::encode(&[step.trust])],
        }
    }

    fn events(&self) -> Vec<Vec<u8>> {
        let Episode { id, task, beginning, steps, terminated, truncated } = self.episode;
        let begin = (self.row == 0).then(|| Event::Begin {
            id: *id,
            task: task.clone(),
            beginning: beginning.clone(),
        });
        let end = (self.row + 1 == steps.len())
            .then_some(Event::End { terminated: *terminated, truncated: *truncated });
        // Words and numbers only: serialising them cannot fail.
        begin.into_iter().chain(end).filter_map(|event| serde_json::to_vec(&event).ok()).collect()
    }

    fn image(&self, camera_idx: usize) -> CompressedImage {
        CompressedImage {
            timestamp: Some(timestamp(self.time_ns)),
            data: self.pictures[camera_idx].clone(),
            format: "png".to_owned(),
            frame_id: camera_frame(&self.spec.cameras[camera_idx].name),
        }
    }
}

/// The lens as Foxglove has it: no distortion, axes right, down and ahead.
fn calibration(camera: &CameraSpec, time_ns: u64) -> Option<CameraCalibration> {
    let Lens { focal_px: [across, down], centre_px: [column, row], .. } = camera.lens?;
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    Some(CameraCalibration {
        timestamp: Some(timestamp(time_ns)),
        width: side(camera.width),
        height: side(camera.height),
        distortion_model: "plumb_bob".to_owned(),
        d: vec![0.0; 5],
        k: vec![across, 0.0, column, 0.0, down, row, 0.0, 0.0, 1.0],
        r: vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p: vec![across, 0.0, column, 0.0, 0.0, down, row, 0.0, 0.0, 0.0, 1.0, 0.0],
        frame_id: camera_frame(&camera.name),
    })
}

/// Per step and camera, a PNG.
fn pictures(spec: &EnvSpec, episode: &Episode) -> Checked<Vec<Vec<Vec<u8>>>> {
    let of_step = |step: &Step| -> Checked<Vec<Vec<u8>>> {
        let pairs = step.images.iter().zip(&spec.cameras);
        pairs.map(|(image, camera)| encode_png(image, [camera.height, camera.width])).collect()
    };
    episode.steps.par_iter().map(of_step).collect()
}

/// What is written can be read: the caps of the reader hold here too.
fn check_size(data: &[u8], channel: &Channel, episode: &Episode) -> Result<()> {
    let cap = if channel.content == Content::Scene { scenes::MAX_SCENE_BYTES } else { MAX_MESSAGE_BYTES };
    if data.len() > cap {
        let (id, topic, found) = (episode.id, &channel.topic, data.len());
        return Err(Error::Invalid(format!(
            "episode {id}: {topic}: expected at most {cap} bytes, found {found}"
        )));
    }
    Ok(())
}

fn failed(path: &Path, error: McapError) -> Error {
    match error {
        McapError::Io(source) => Error::Io { source, path: path.to_path_buf() },
        other => Error::broken(path, other),
    }
}
