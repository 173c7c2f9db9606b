//! Hands episodes to a sink strictly in the order of their ids, whatever the order they finish in,
//! so that the files have the same bytes for any number of lanes.

use std::collections::BTreeMap;

use dreamlane_core::{Episode, Result};

use crate::behind::Behind;

/// A sink with a waiting room for episodes that finished before an earlier one.
pub(crate) struct OrderedWriter {
    sink: Behind,
    next_id: u64,
    early: BTreeMap<u64, Option<Episode>>,
}

impl OrderedWriter {
    pub(crate) fn new(sink: Behind, first_id: u64) -> Self {
        Self { sink, next_id: first_id, early: BTreeMap::new() }
    }

    /// Takes a finished episode, or none where it broke before there was anything to keep,
    /// and hands over all whose turn has come. False when the sink has failed: [`OrderedWriter::finish`] says why.
    pub(crate) fn push(&mut self, id: u64, episode: Option<Episode>) -> bool {
        self.early.insert(id, episode);
        while let Some(episode) = self.early.remove(&self.next_id) {
            self.next_id += 1;
            if let Some(episode) = episode
                && !self.sink.push(episode)
            {
                return false;
            }
        }
        true
    }

    /// Completes the sink. After a rollout that was cut short some episodes still wait for an earlier one: they are
    /// let go, because a data set without holes is what a later rollout can go on with, to the same bytes.
    pub(crate) fn finish(self) -> Result<()> {
        self.sink.finish()
    }
}
