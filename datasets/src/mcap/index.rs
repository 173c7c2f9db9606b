//! What an MCAP of ours holds, from its end: summary, metadata, and where the chunks of an episode are.

use std::{
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use dreamlane_core::{EnvSpec, Episode, Error, Provenance, Result};

use super::{
    MAX_MESSAGE_BYTES, METADATA, NAME, VERSION,
    clock::Clock,
    decode,
    records::{self, ChunkPlace, DATA_END_BYTES, MAGIC, Span, Summary, TAIL_BYTES},
    stream::Entry,
};
use crate::fits;

/// Largest summary and largest metadata record that is read.
const MAX_INDEX_BYTES: u64 = 256 << 20;
/// Largest chunk that is read: one that was all but full when the largest message came.
const MAX_CHUNK_BYTES: u64 = MAX_MESSAGE_BYTES as u64 + (2 << 20);

/// A file's content, pictures aside.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) spec: EnvSpec,
    pub(super) provenance: Provenance,
    pub(super) entries: Vec<Entry>,
    /// Of all bytes before the summary.
    pub(super) checksum: u32,
    summary: Summary,
}

/// Foreign bytes of known length, in a file or in memory.
pub(super) struct Input<'a, R> {
    reader: R,
    len: u64,
    path: &'a Path,
}

impl<'a, R: Read + Seek> Input<'a, R> {
    /// Of a reader; errors name the path.
    pub(super) fn new(mut reader: R, path: &'a Path) -> Result<Self> {
        let len = reader.seek(SeekFrom::End(0)).map_err(Error::io(path))?;
        Ok(Self { reader, len, path })
    }

    /// A part that lies within the file and below the cap, checked before anything is allocated.
    fn part(&mut self, what: &str, span: Span, cap: u64) -> Result<Vec<u8>> {
        let Span { offset, bytes } = span;
        if bytes > cap {
            return Err(self.broken(format!("{what} of {bytes} bytes, more than {cap}")));
        }
        if offset.checked_add(bytes).is_none_or(|end| end > self.len) {
            return Err(
                self.broken(format!("{what} of {bytes} bytes at {offset} in a file of {} bytes", self.len))
            );
        }
        self.reader.seek(SeekFrom::Start(offset)).map_err(Error::io(self.path))?;
        let mut part = vec![0; bytes as usize];
        self.reader.read_exact(&mut part).map_err(Error::io(self.path))?;
        Ok(part)
    }

    fn broken(&self, reason: impl std::fmt::Display) -> Error {
        Error::broken(self.path, reason)
    }

    fn incompatible(&self, reason: &str) -> Error {
        Error::Incompatible { format: NAME, reason: reason.to_owned(), path: self.path.to_path_buf() }
    }
}

impl Index {
    /// Reads it; `Incompatible` where the file is no MCAP or was written by others.
    pub(super) fn read<R: Read + Seek>(input: &mut Input<'_, R>) -> Result<Self> {
        let magic = Span { offset: 0, bytes: (MAGIC.len() as u64).min(input.len) };
        if input.part("magic bytes", magic, magic.bytes)? != MAGIC {
            return Err(input.incompatible("no magic bytes of an MCAP"));
        }
        let (tail, data_end) = (TAIL_BYTES as u64, DATA_END_BYTES as u64);
        let footer = Span { offset: input.len.saturating_sub(tail), bytes: tail.min(input.len) };
        let footer = input.part("footer", footer, tail)?;
        let start = records::summary_start(&footer).map_err(|reason| input.broken(reason))?;
        if start == 0 {
            return Err(input.incompatible("an MCAP of others, without a summary"));
        }
        if start < data_end || start > input.len - tail {
            return Err(input.broken(format!("summary at {start} in a file of {} bytes", input.len)));
        }
        let span = Span { offset: start, bytes: input.len - start };
        let summary = input.part("summary", span, MAX_INDEX_BYTES)?;
        let summary = records::summary(&summary).map_err(|reason| input.broken(reason))?;
        let end = input.part("end of data", Span { offset: start - data_end, bytes: data_end }, data_end)?;
        let checksum = records::data_checksum(&end).map_err(|reason| input.broken(reason))?;

        let mut ours = summary.metadata.iter().filter(|(name, _)| name == METADATA);
        let Some(&(_, span)) = ours.next() else {
            return Err(input.incompatible("an MCAP of others: it has no metadata record `dreamlane`"));
        };
        if ours.next().is_some() {
            return Err(input.broken("two metadata records `dreamlane`"));
        }
        let metadata = input.part("metadata", span, MAX_INDEX_BYTES)?;
        Self::of_metadata(&metadata, summary, checksum, input)
    }

    fn of_metadata<R: Read + Seek>(
        bytes: &[u8],
        summary: Summary,
        checksum: u32,
        input: &Input<'_, R>,
    ) -> Result<Self> {
        let texts = records::metadata(bytes).map_err(|reason| input.broken(reason))?;
        let text = |key: &str| {
            let missing = || input.broken(format!("the metadata `{METADATA}` has no `{key}`"));
            texts.get(key).copied().ok_or_else(missing)
        };
        let (version, expected) = (text("version")?, VERSION.to_string());
        if version != expected {
            return Err(Error::mismatch(input.path, "version of the recording", expected, version));
        }
        let spec: EnvSpec = serde_json::from_str(text("spec")?).map_err(|error| input.broken(error))?;
        fits::check_spec(&spec).map_err(|error| input.broken(error))?;
        let provenance = serde_json::from_str(text("provenance")?).map_err(|error| input.broken(error))?;
        let entries: Vec<Entry> =
            serde_json::from_str(text("episodes")?).map_err(|error| input.broken(error))?;
        let mut free_ns = Some(0);
        for entry in &entries {
            let clock = Clock { start_ns: entry.start_ns, steps_per_second: spec.steps_per_second };
            if entry.length == 0 || free_ns.is_none_or(|free_ns| entry.start_ns < free_ns) {
                return Err(
                    input.broken(format!("episode {} is empty or begins before the last ended", entry.id))
                );
            }
            fits::check_length(&spec, entry.length).map_err(|error| input.broken(error))?;
            free_ns = clock.after(entry.length);
        }
        if free_ns.is_none() {
            return Err(input.broken("the last episode ends beyond the end of time"));
        }
        Ok(Self { spec, provenance, entries, checksum, summary })
    }

    /// Observations of each episode.
    pub(super) fn lengths(&self) -> Vec<usize> {
        self.entries.iter().map(|entry| entry.length).collect()
    }

    /// Reads one episode whole.
    pub(super) fn episode<R: Read + Seek>(
        &self,
        input: &mut Input<'_, R>,
        episode_idx: usize,
    ) -> Result<Episode> {
        let Some(&entry) = self.entries.get(episode_idx) else {
            let message = format!("expected an episode below {}, found {episode_idx}", self.entries.len());
            return Err(Error::Invalid(message));
        };
        let clock = Clock { start_ns: entry.start_ns, steps_per_second: self.spec.steps_per_second };
        let last_ns = clock.at(entry.length - 1).unwrap_or(u64::MAX);
        let within = |place: &&ChunkPlace| (entry.start_ns..=last_ns).contains(&place.first_ns);
        let places: Vec<_> = self.summary.chunks.iter().filter(within).collect();
        let bytes = places.iter().try_fold(0u64, |sum, place| sum.checked_add(place.span.bytes));
        if bytes.is_none_or(|bytes| bytes > input.len) {
            // One chunk that the summary names a million times is still one chunk.
            return Err(input.broken(format!("the chunks of episode {} are larger than the file", entry.id)));
        }
        let chunks = places.into_iter().map(|place| input.part("chunk", place.span, MAX_CHUNK_BYTES));
        let chunks = chunks.collect::<Result<Vec<_>>>()?;
        decode::episode(&self.spec, entry, &self.summary.topics, &chunks)
            .map_err(|reason| input.broken(format!("episode {}: {reason}", entry.id)))
    }
}
