//! The records of an MCAP that a reader needs, taken from foreign bytes: <https://mcap.dev/spec>.
//!
//! The crate `mcap` writes our files and does not read them: it reserves what a length of four bytes asks for before
//! it looks whether so many bytes are there, and it panics on a short attachment.
//! Here a length is compared with what is left before anything is allocated.

use std::collections::BTreeMap;

use crate::Checked;

/// The eight bytes at both ends of a file.
pub(super) const MAGIC: &[u8] = b"\x89MCAP0\r\n";
/// Footer record and magic, which end a file.
pub(super) const TAIL_BYTES: usize = 9 + 20 + 8;
/// `DataEnd`, which stands before the summary.
pub(super) const DATA_END_BYTES: usize = 9 + 4;

const FOOTER: u8 = 0x02;
const CHANNEL: u8 = 0x04;
const MESSAGE: u8 = 0x05;
const CHUNK: u8 = 0x06;
const CHUNK_INDEX: u8 = 0x08;
const METADATA: u8 = 0x0C;
const METADATA_INDEX: u8 = 0x0D;
const DATA_END: u8 = 0x0F;

/// Where a record lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// A chunk by its first message's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkPlace {
    pub(super) first_ns: u64,
    pub(super) span: Span,
}

/// What the summary says.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// Topics by channel.
    pub(super) topics: BTreeMap<u16, String>,
    pub(super) chunks: Vec<ChunkPlace>,
    /// Metadata records by name, in the order of the summary.
    pub(super) metadata: Vec<(String, Span)>,
}

/// A message in a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) channel: u16,
    pub(super) time_ns: u64,
    pub(super) data: &'a [u8],
}

/// Where the summary begins, 0 where there is none, from the last [`TAIL_BYTES`] of a file.
pub(super) fn summary_start(tail: &[u8]) -> Checked<u64> {
    let Some(record) = tail.strip_suffix(MAGIC) else {
        return Err("no magic bytes at the end: the file was cut short".to_owned());
    };
    let mut bytes = Bytes(record);
    match bytes.record()? {
        (FOOTER, body) => Bytes(body).u64(),
        (other, _) => Err(format!("expected a footer, found a record of kind {other:#04x}")),
    }
}

/// The summary, from where it begins to the end of the file.
pub(super) fn summary(bytes: &[u8]) -> Checked<Summary> {
    // The checksum covers all but itself and the magic after it.
    let (covered, stored) = bytes.split_at(bytes.len().saturating_sub(4 + MAGIC.len()));
    check_crc("summary", covered, Bytes(stored).u32()?)?;
    let mut summary = Summary::default();
    let mut rest = Bytes(&bytes[..bytes.len().saturating_sub(TAIL_BYTES)]);
    while !rest.0.is_empty() {
        let (kind, body) = rest.record()?;
        let mut body = Bytes(body);
        match kind {
            CHANNEL => {
                let (id, _schema) = (body.u16()?, body.u16()?);
                summary.topics.insert(id, body.text()?.to_owned());
            }
            CHUNK_INDEX => {
                let (first_ns, _last_ns) = (body.u64()?, body.u64()?);
                let span = Span { offset: body.u64()?, bytes: body.u64()? };
                summary.chunks.push(ChunkPlace { first_ns, span });
            }
            METADATA_INDEX => {
                let span = Span { offset: body.u64()?, bytes: body.u64()? };
                summary.metadata.push((body.text()?.to_owned(), span));
            }
            _ => {}
        }
    }
    Ok(summary)
}

/// The checksum of everything before the summary, from the record there.
pub(super) fn data_checksum(bytes: &[u8]) -> Checked<u32> {
    match Bytes(bytes).record()? {
        (DATA_END, body) => Bytes(body).u32(),
        (other, _) => Err(format!("expected the end of the data, found a record of kind {other:#04x}")),
    }
}

/// The texts of a metadata record by their keys.
pub(super) fn metadata(bytes: &[u8]) -> Checked<BTreeMap<&str, &str>> {
    let (METADATA, body) = Bytes(bytes).record()? else {
        return Err("expected a metadata record, found another".to_owned());
    };
    let mut body = Bytes(body);
    let _name = body.text()?;
    let len = body.u32()?;
    let mut pairs = Bytes(body.take(u64::from(len))?);
    let mut texts = BTreeMap::new();
    while !pairs.0.is_empty() {
        texts.insert(pairs.text()?, pairs.text()?);
    }
    Ok(texts)
}

/// The messages of a chunk record, in order.
pub(super) fn messages(bytes: &[u8]) -> Checked<Vec<Message<'_>>> {
    let (CHUNK, body) = Bytes(bytes).record()? else {
        return Err("expected a chunk, found another record".to_owned());
    };
    let mut body = Bytes(body);
    let (_first, _last, size, crc) = (body.u64()?, body.u64()?, body.u64()?, body.u32()?);
    let compression = body.text()?;
    if !compression.is_empty() {
        return Err(format!("expected chunks that are not compressed, found `{compression}`"));
    }
    let len = body.u64()?;
    let mut records = Bytes(body.take(len)?);
    if size != len {
        return Err(format!("chunk of {len} bytes that says {size}"));
    }
    check_crc("chunk", records.0, crc)?;
    let mut messages = Vec::new();
    while !records.0.is_empty() {
        let (kind, body) = records.record()?;
        if kind == MESSAGE {
            let mut body = Bytes(body);
            let (channel, _sequence, time_ns, _published) =
                (body.u16()?, body.u32()?, body.u64()?, body.u64()?);
            messages.push(Message { channel, time_ns, data: body.0 });
        }
    }
    Ok(messages)
}

/// Checks a checksum; 0 says that the writer made none.
fn check_crc(what: &str, bytes: &[u8], stored: u32) -> Checked<()> {
    let found = crc32fast::hash(bytes);
    if stored != 0 && stored != found {
        return Err(format!("{what}: expected checksum {stored:08x}, found {found:08x}"));
    }
    Ok(())
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: u64) -> Checked<&'a [u8]> {
        let split = usize::try_from(len).ok().and_then(|len| self.0.split_at_checked(len));
        let Some((taken, rest)) = split else {
            return Err(format!("expected {len} bytes more, found {}", self.0.len()));
        };
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Checked<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    fn u16(&mut self) -> Checked<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Checked<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Checked<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Checked<&'a str> {
        let len = self.u32()?;
        std::str::from_utf8(self.take(u64::from(len))?).map_err(|error| error.to_string())
    }

    /// The next record's kind and body.
    fn record(&mut self) -> Checked<(u8, &'a [u8])> {
        let [kind] = self.array()?;
        let len = self.u64()?;
        Ok((kind, self.take(len)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn foreign_bytes_are_records_or_errors(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..0x10) {
            let mut record = vec![kind];
            record.extend((bytes.len() as u64).to_le_bytes());
            record.extend(&bytes);
            for bytes in [&bytes, &record] {
                let _ = (summary_start(bytes), summary(bytes), data_checksum(bytes), metadata(bytes), messages(bytes));
            }
        }
    }

    #[test]
    fn a_length_beyond_the_bytes_is_an_error_with_both_figures() {
        let error = Bytes(&[CHUNK, 255, 255, 255, 255, 255, 255, 255, 127, 0]).record().unwrap_err();
        assert_eq!(error, "expected 9223372036854775807 bytes more, found 1");
    }
}
