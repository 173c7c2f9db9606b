//! Writes episodes behind the rollout: a thread of low priority with a bounded queue before it, so that encoding
//! takes time that the environment leaves over, and a sink that is too slow holds the rollout back in the end.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use dreamlane_core::{Episode, EpisodeSink, Error, Result};

/// Bytes of finished episodes that may wait for the sink; a longer episode waits alone.
/// At 64x64 pixels these are some twenty thousand steps.
const WAITING_BYTES: usize = 256 << 20;

/// How far the thread steps back behind those that compute, on the scale of `nice`.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// The end of the queue where episodes go in.
pub(crate) struct Behind {
    queue: Arc<Queue>,
    thread: JoinHandle<Result<()>>,
}

impl Behind {
    /// Starts the thread that feeds `sink`.
    pub(crate) fn start(sink: Box<dyn EpisodeSink>) -> Result<Self> {
        let queue = Arc::new(Queue::default());
        let ours = queue.clone();
        let thread = std::thread::Builder::new()
            .name("recorder-sink".to_owned())
            .spawn(move || write_all(sink, &ours))
            .map_err(|error| Error::Invalid(format!("cannot start the thread that writes: {error}")))?;
        Ok(Self { queue, thread })
    }

    /// Hands an episode over, waiting while too much waits already. False when the sink has failed:
    /// [`Behind::finish`] then says why.
    pub(crate) fn push(&self, episode: Episode) -> bool {
        let bytes = bytes_of(&episode);
        let mut waiting = self.queue.lock();
        while !waiting.abandoned && waiting.bytes > 0 && waiting.bytes + bytes > WAITING_BYTES {
            waiting = self.queue.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.bytes += bytes;
        waiting.episodes.push_back(episode);
        self.queue.changed.notify_all();
        !waiting.abandoned
    }

    /// Waits until all is written and the sink is complete.
    pub(crate) fn finish(self) -> Result<()> {
        self.queue.lock().complete = true;
        self.queue.changed.notify_all();
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// What waits between the two threads.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    episodes: VecDeque<Episode>,
    /// Of those that wait and of the one that is being written.
    bytes: usize,
    /// No more will come.
    complete: bool,
    /// Nobody takes them any more.
    abandoned: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next episode; none when all were taken.
    fn take(&self) -> Option<Episode> {
        let mut waiting = self.lock();
        loop {
            if let Some(episode) = waiting.episodes.pop_front() {
                return Some(episode);
            }
            if waiting.complete {
                return None;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn release(&self, bytes: usize) {
        self.lock().bytes -= bytes;
        self.changed.notify_all();
    }
}

/// Wakes whoever waits for room, however the thread ends.
struct Abandon<'a>(&'a Queue);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.lock().abandoned = true;
        self.0.changed.notify_all();
    }
}

fn write_all(mut sink: Box<dyn EpisodeSink>, queue: &Queue) -> Result<()> {
    let _abandon = Abandon(queue);
    step_back();
    while let Some(episode) = queue.take() {
        sink.write(&episode)?;
        queue.release(bytes_of(&episode));
    }
    sink.finish()
}

/// Lowers the priority of this thread and of those it starts. Elsewhere priorities belong to whole processes.
fn step_back() {
    #[cfg(target_os = "linux")]
    // It records as well where this is not allowed, only less politely.
    let _ = rustix::process::nice(NICENESS);
}

fn bytes_of(episode: &Episode) -> usize {
    let step = |step: &dreamlane_core::Step| {
        step.images.iter().map(Vec::len).sum::<usize>() + 4 * (step.state.len() + step.action.len())
    };
    episode.steps.iter().map(step).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use dreamlane_core::Step;

    use super::*;

    /// Writes when told to; fails at the id that is too large.
    struct Gate {
        open: Receiver<()>,
        written: SyncSender<u64>,
    }

    impl EpisodeSink for Gate {
        fn last_id(&self) -> Option<u64> {
            None
        }

        fn write(&mut self, episode: &Episode) -> Result<()> {
            let _ = self.open.recv();
            let _ = self.written.send(episode.id);
            if episode.id > 9 { Err(Error::broken("disk", "it is full")) } else { Ok(()) }
        }

        fn finish(self: Box<Self>) -> Result<()> {
            Ok(())
        }
    }

    fn episode(id: u64, bytes: usize) -> Episode {
        let step = Step {
            images: vec![vec![0; bytes]],
            state: Vec::new(),
            action: Vec::new(),
            reward: 0.0,
            trust: 1.0,
            scene: None,
        };
        let (task, beginning) = Default::default();
        Episode { id, task, beginning, steps: vec![step], terminated: false, truncated: None }
    }

    fn gate() -> (SyncSender<()>, Receiver<u64>, Behind) {
        let ((open, opened), (written, seen)) = (sync_channel(100), sync_channel(100));
        (open, seen, Behind::start(Box::new(Gate { open: opened, written })).unwrap())
    }

    #[test]
    fn what_fits_the_queue_does_not_wait_for_the_sink_and_more_does() {
        let (open, seen, behind) = gate();
        let half = WAITING_BYTES / 2;
        assert!(behind.push(episode(0, half)) && behind.push(episode(1, half)));
        assert!(seen.try_recv().is_err(), "nothing is written yet");
        std::thread::scope(|scope| {
            let third = scope.spawn(|| behind.push(episode(2, half)));
            open.send(()).unwrap();
            assert!(third.join().unwrap());
        });
        assert_eq!(seen.recv().unwrap(), 0);
        open.send(()).unwrap();
        open.send(()).unwrap();
        behind.finish().unwrap();
        assert_eq!(seen.iter().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn an_episode_larger_than_the_queue_goes_through_alone() {
        let (open, seen, behind) = gate();
        open.send(()).unwrap();
        assert!(behind.push(episode(0, WAITING_BYTES + 1)));
        behind.finish().unwrap();
        assert_eq!(seen.recv().unwrap(), 0);
    }

    #[test]
    fn a_sink_that_fails_holds_nobody_up_and_says_why() {
        let (open, _seen, behind) = gate();
        open.send(()).unwrap();
        behind.push(episode(10, WAITING_BYTES));
        // This one would wait for ever if the failure did not wake it.
        while behind.push(episode(11, WAITING_BYTES)) {}
        assert!(behind.finish().unwrap_err().to_string().contains("it is full"));
    }
}
