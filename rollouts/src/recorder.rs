//! The recorder: a thread that turns tensors into bytes and steps into episodes.
//!
//! This is the one place where tensors become bytes. It runs behind a bounded channel and hands whole episodes to
//! the bounded queue of the sink, so a slow sink slows the rollout down instead of filling the memory.

use std::thread::JoinHandle;

use burn::tensor::{DType, Int, Tensor, TensorData};
use crossbeam_channel::{Receiver, Sender, bounded};
use dreamlane_core::{EnvSpec, Episode, EpisodeSink, Error, Observation, Result, Scene, Step, Truncation};

use crate::{Plan, behind::Behind, writer::OrderedWriter};

/// Messages that may wait. Each holds the tensors of one batched step: at 64 lanes of 64x64 pixels 0.8 MB.
const CHANNEL_LEN: usize = 8;

/// What an observation means for the episode of its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes on.
    Continues,
    /// This was the last observation.
    Ends { terminated: bool, truncated: Option<Truncation> },
    /// The observation is broken: the one before was the last.
    Breaks,
}

/// One lane of a message.
#[derive(Clone, Debug)]
pub(crate) struct SeenLane {
    pub(crate) lane_idx: usize,
    pub(crate) id: u64,
    pub(crate) outcome: Outcome,
    pub(crate) scene: Option<Scene>,
    /// Where its episode began, told with the first observation alone.
    pub(crate) beginning: String,
}

/// What lanes saw. Tensors hold all lanes.
pub(crate) struct Seen {
    pub(crate) observation: Observation,
    pub(crate) reward: Tensor<1>,
    pub(crate) trust: Tensor<1>,
    pub(crate) lanes: Vec<SeenLane>,
}

/// What the driver tells the recorder, in the order of events.
pub(crate) enum Message {
    /// These lanes saw something; a lane without an open episode begins one.
    Seen(Box<Seen>),
    /// These lanes acted on what they saw last. `values` is `[lane, width]`.
    Acted { values: Box<Tensor<2>>, lanes: Vec<usize> },
}

/// The driver's end of the recorder.
pub(crate) struct Recorder {
    messages: Sender<Message>,
    thread: JoinHandle<Result<()>>,
}

impl Recorder {
    /// Starts the thread that records the episodes of `plan` played in an environment of `spec`.
    pub(crate) fn start(sink: Box<dyn EpisodeSink>, spec: &EnvSpec, plan: &Plan) -> Result<Self> {
        let (messages, inbox) = bounded(CHANNEL_LEN);
        let recording = Recording {
            open: vec![None; spec.lanes],
            writer: OrderedWriter::new(Behind::start(sink)?, plan.episodes.start),
            task: plan.task.clone(),
            action_width: spec.action.width(),
        };
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || recording.run(&inbox))
            .map_err(|error| Error::Invalid(format!("cannot start the recorder thread: {error}")))?;
        Ok(Self { messages, thread })
    }

    /// Hands a message over, waiting while the channel is full. False when the recorder has given up:
    /// [`Recorder::finish`] then says why.
    pub(crate) fn send(&self, message: Message) -> bool {
        self.messages.send(message).is_ok()
    }

    /// Waits until all is written and the sink is complete.
    pub(crate) fn finish(self) -> Result<()> {
        drop(self.messages);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// The thread's state: one open episode per lane.
struct Recording {
    open: Vec<Option<Episode>>,
    writer: OrderedWriter,
    task: String,
    action_width: usize,
}

impl Recording {
    fn run(mut self, inbox: &Receiver<Message>) -> Result<()> {
        for message in inbox {
            match message {
                Message::Seen(seen) => {
                    // The sink has failed, and `finish` says why.
                    if !self.see(*seen) {
                        break;
                    }
                }
                Message::Acted { values, lanes } => self.act(*values, &lanes),
            }
        }
        self.writer.finish()
    }

    /// False when the sink has failed.
    fn see(&mut self, Seen { observation, reward, trust, lanes }: Seen) -> bool {
        let n_lanes = self.open.len();
        let images: Vec<Vec<u8>> = observation.images.into_iter().map(image_bytes).collect();
        let state = floats(observation.state.into_data());
        let (reward, trust) = (floats(reward.into_data()), floats(trust.into_data()));
        for SeenLane { lane_idx, id, outcome, scene, beginning } in lanes {
            if outcome == Outcome::Breaks {
                let episode = self.open[lane_idx].take().map(without_last_action);
                if !self.writer.push(id, episode) {
                    return false;
                }
                continue;
            }
            let step = Step {
                images: images.iter().map(|bytes| row(bytes, lane_idx, n_lanes).to_vec()).collect(),
                state: row(&state, lane_idx, n_lanes).to_vec(),
                action: vec![0.0; self.action_width],
                reward: 0.0,
                trust: trust[lane_idx],
                scene,
            };
            let episode = self.open[lane_idx].get_or_insert_with(|| begin(id, &self.task, beginning));
            if let Some(before) = episode.steps.last_mut() {
                before.reward = reward[lane_idx];
            }
            episode.steps.push(step);
            if let Outcome::Ends { terminated, truncated } = outcome {
                (episode.terminated, episode.truncated) = (terminated, truncated);
                let episode = self.open[lane_idx].take();
                if !self.writer.push(id, episode) {
                    return false;
                }
            }
        }
        true
    }

    fn act(&mut self, values: Tensor<2>, lanes: &[usize]) {
        let n_lanes = self.open.len();
        let values = floats(values.into_data());
        for &lane_idx in lanes {
            let step = self.open[lane_idx].as_mut().and_then(|episode| episode.steps.last_mut());
            step.expect("a lane sees before it acts").action = row(&values, lane_idx, n_lanes).to_vec();
        }
    }
}

fn begin(id: u64, task: &str, beginning: String) -> Episode {
    Episode { id, task: task.to_owned(), beginning, steps: Vec::new(), terminated: false, truncated: None }
}

/// What followed the last action is lost, so the observation it was taken at is the final one.
fn without_last_action(mut episode: Episode) -> Episode {
    if let Some(last) = episode.steps.last_mut() {
        last.action.fill(0.0);
    }
    episode
}

/// The bytes of pictures `[lane, channel, height, width]`, whatever integer the device uses.
fn image_bytes(images: Tensor<4, Int>) -> Vec<u8> {
    let data = images.into_data().convert_dtype(DType::U8);
    data.try_into_vec().expect("the data was just converted to bytes")
}

fn floats(data: TensorData) -> Vec<f32> {
    data.convert_dtype(DType::F32).try_into_vec().expect("the data was just converted to floats")
}

/// The part of `values` `[row, …]` that belongs to one of `n_rows` rows.
fn row<T>(values: &[T], row_idx: usize, n_rows: usize) -> &[T] {
    let len = values.len() / n_rows;
    &values[row_idx * len..(row_idx + 1) * len]
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn a_state_without_features_becomes_no_numbers() {
        let state = floats(Tensor::<2>::zeros([3, 0], &Device::flex()).into_data());
        assert!(row(&state, 2, 3).is_empty());
    }

    #[test]
    fn pictures_become_bytes_from_any_integer() {
        for dtype in [DType::U8, DType::I32, DType::I64] {
            let data = TensorData::new(vec![0i32, 128, 255], [1, 3, 1, 1]);
            let images = Tensor::<4, Int>::from_data(data, (&Device::flex(), dtype));
            assert_eq!(image_bytes(images), [0, 128, 255]);
        }
    }
}
