//! The messages of an episode's chunks as an [`Episode`].

use std::collections::BTreeMap;

use dreamlane_core::{EnvSpec, Episode, Scene, Step, Truncation};
use prost::Message as _;
use rayon::prelude::*;

use super::{
    MAX_MESSAGE_BYTES,
    channels::{Content, channels},
    clock::Clock,
    foxglove::CompressedImage,
    records, scalars, scenes,
    stream::{Entry, Event},
};
use crate::{Checked, picture::decode_sized};

/// A step as far as its messages have come.
#[derive(Debug, Default)]
struct Draft<'a> {
    /// Per camera, a `foxglove.CompressedImage`.
    images: Vec<Option<&'a [u8]>>,
    state: Option<Vec<f32>>,
    action: Option<Vec<f32>>,
    reward: Option<Vec<f32>>,
    trust: Option<Vec<f32>>,
    scene: Option<Scene>,
}

/// The events of an episode.
#[derive(Debug, Default)]
struct Events {
    begin: Option<(u64, String, String)>,
    end: Option<(bool, Option<Truncation>)>,
}

/// Puts an episode together. `topics` are those of the file's channels; topics of others are passed over.
pub(super) fn episode(
    spec: &EnvSpec,
    entry: Entry,
    topics: &BTreeMap<u16, String>,
    chunks: &[Vec<u8>],
) -> Checked<Episode> {
    let clock = Clock { start_ns: entry.start_ns, steps_per_second: spec.steps_per_second };
    let ours: BTreeMap<String, Content> =
        channels(spec).into_iter().map(|channel| (channel.topic, channel.content)).collect();
    let contents: BTreeMap<u16, Content> =
        topics.iter().filter_map(|(&id, topic)| Some((id, *ours.get(topic)?))).collect();
    let (mut drafts, mut events) = (Vec::new(), Events::default());
    for chunk in chunks {
        for message in records::messages(chunk)? {
            let Some(&content) = contents.get(&message.channel) else { continue };
            let (time_ns, last) = (message.time_ns, drafts.len().saturating_sub(1));
            let row = clock.step_at(time_ns).filter(|row| *row == last || *row == drafts.len());
            let Some(row) = row.filter(|row| *row < entry.length) else {
                return Err(format!("a message at {time_ns} ns belongs to no step that could come now"));
            };
            if row == drafts.len() {
                drafts.push(Draft { images: vec![None; spec.cameras.len()], ..Draft::default() });
            }
            let taken = match content {
                Content::Event => events.take(message.data),
                _ => drafts[row].take(spec, content, message.data),
            };
            taken.map_err(|reason| format!("step {row}: {reason}"))?;
        }
    }
    if drafts.len() != entry.length {
        return Err(format!("expected {} steps, found {}", entry.length, drafts.len()));
    }
    let step =
        |(row, draft): (usize, Draft<'_>)| draft.step(spec).map_err(|reason| format!("step {row}: {reason}"));
    let steps = drafts.into_par_iter().enumerate().map(step).collect::<Checked<Vec<_>>>()?;
    let (id, task, beginning) = events.begin.ok_or("it has no beginning on /episode")?;
    let (terminated, truncated) = events.end.ok_or("it has no end on /episode")?;
    if id != entry.id {
        return Err(format!("its messages are of episode {id}"));
    }
    Ok(Episode { id, task, beginning, steps, terminated, truncated })
}

impl Events {
    fn take(&mut self, data: &[u8]) -> Checked<()> {
        match serde_json::from_slice(data).map_err(|error| error.to_string())? {
            Event::Begin { id, task, beginning } => put(&mut self.begin, (id, task, beginning)),
            Event::End { terminated, truncated } => put(&mut self.end, (terminated, truncated)),
        }
    }
}

impl<'a> Draft<'a> {
    fn take(&mut self, spec: &EnvSpec, content: Content, data: &'a [u8]) -> Checked<()> {
        match content {
            Content::Image(idx) => put(&mut self.images[idx], data),
            Content::State => put(&mut self.state, scalars::decode(data, spec.state.len())?),
            Content::Action => put(&mut self.action, scalars::decode(data, spec.action.width())?),
            Content::Reward => put(&mut self.reward, scalars::decode(data, 1)?),
            Content::Trust => put(&mut self.trust, scalars::decode(data, 1)?),
            Content::Scene => put(&mut self.scene, scenes::decode(data)?),
            // They follow from the spec and the scene.
            Content::Event | Content::Calibration(_) | Content::Transforms => Ok(()),
        }
        .map_err(|reason| format!("{content:?}: {reason}"))
    }

    fn step(self, spec: &EnvSpec) -> Checked<Step> {
        let missing = |what: &'static str| move || format!("no message of its {what}");
        let images = self.images.iter().zip(&spec.cameras).map(|(image, camera)| {
            let image = image.ok_or_else(|| format!("no picture of camera `{}`", camera.name))?;
            decode_sized(&png(image)?, [camera.height, camera.width])
        });
        let scalar = |row: Option<Vec<f32>>| row.and_then(|row| row.first().copied());
        Ok(Step {
            images: images.collect::<Checked<_>>()?,
            state: if spec.state.is_empty() {
                Vec::new()
            } else {
                self.state.ok_or_else(missing("state"))?
            },
            action: self.action.ok_or_else(missing("action"))?,
            reward: if spec.rewards { scalar(self.reward).ok_or_else(missing("reward"))? } else { 0.0 },
            trust: scalar(self.trust).ok_or_else(missing("trust"))?,
            scene: self.scene,
        })
    }
}

/// The picture file in a `foxglove.CompressedImage`.
fn png(message: &[u8]) -> Checked<Vec<u8>> {
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(format!("picture of {} bytes, more than {MAX_MESSAGE_BYTES}", message.len()));
    }
    let image = CompressedImage::decode(message).map_err(|error| error.to_string())?;
    match image.format.as_str() {
        "png" => Ok(image.data),
        other => Err(format!("expected a picture of format png, found `{other}`")),
    }
}

fn put<T>(place: &mut Option<T>, value: T) -> Checked<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err("two messages where one belongs".to_owned()),
    }
}
