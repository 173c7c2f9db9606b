//! TensorBoard event files, written by hand: the protobuf of a scalar is small, its crates are not.
//!
//! A file is a row of TFRecords (length, its checksum, payload, its checksum), each payload an `Event`.
//! Every process writes a file of its own; that of a resumed run begins with a session start at its first step, at
//! which readers drop what an interrupted process wrote beyond it.
//! Times are seconds since the start of the run: nothing here reads a clock.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Metrics, Result};

/// A growing event file.
pub(crate) struct EventFile {
    path: PathBuf,
    file: fs::File,
}

impl EventFile {
    /// Begins the file of a process whose first step comes after `step`.
    pub(crate) fn begin(run: &Path, step: usize, seconds: f64) -> Result<Self> {
        let folder = run.join("tensorboard");
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        // Readers take the files of a run in the order of their names.
        let path = folder.join(format!("events.out.tfevents.{step:010}.dreamlane"));
        let file = fs::File::create(&path).map_err(Error::io(&path))?;
        let mut events = Self { path, file };
        events.add(event(seconds, 0, |payload| bytes(payload, FILE_VERSION, b"brain.Event:2")))?;
        if step > 0 {
            events.add(event(seconds, step + 1, |payload| {
                message(payload, SESSION_LOG, |log| varint(log, STATUS, START));
            }))?;
        }
        Ok(events)
    }

    /// Adds numbers under `group/name`. What is written here reaches a reader at once.
    pub(crate) fn write(&mut self, step: usize, seconds: f64, group: &str, metrics: &Metrics) -> Result<()> {
        self.add(event(seconds, step, |payload| {
            message(payload, SUMMARY, |summary| {
                for (name, &number) in metrics {
                    message(summary, VALUE, |value| {
                        bytes(value, TAG, format!("{group}/{name}").as_bytes());
                        key(value, SIMPLE_VALUE, FIXED_32);
                        value.extend((number as f32).to_le_bytes());
                    });
                }
            });
        }))
    }

    fn add(&mut self, payload: Vec<u8>) -> Result<()> {
        let length = (payload.len() as u64).to_le_bytes();
        let mut record = Vec::with_capacity(payload.len() + 16);
        record.extend(length);
        record.extend(masked_crc(&length).to_le_bytes());
        record.extend(&payload);
        record.extend(masked_crc(&payload).to_le_bytes());
        self.file.write_all(&record).map_err(Error::io(&self.path))
    }
}

// Fields of tensorflow/core/util/event.proto and framework/summary.proto.
const WALL_TIME: u32 = 1;
const STEP: u32 = 2;
const FILE_VERSION: u32 = 3;
const SUMMARY: u32 = 5;
const SESSION_LOG: u32 = 7;
const STATUS: u32 = 1;
const START: u64 = 1;
const VALUE: u32 = 1;
const TAG: u32 = 1;
const SIMPLE_VALUE: u32 = 2;

// Wire types of protobuf.
const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const BYTES: u32 = 2;
const FIXED_32: u32 = 5;

fn event(seconds: f64, step: usize, rest: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut payload = Vec::new();
    key(&mut payload, WALL_TIME, FIXED_64);
    payload.extend(seconds.to_le_bytes());
    varint(&mut payload, STEP, step as u64);
    rest(&mut payload);
    payload
}

fn key(to: &mut Vec<u8>, field: u32, wire: u32) {
    number(to, u64::from(field << 3 | wire));
}

fn varint(to: &mut Vec<u8>, field: u32, value: u64) {
    key(to, field, VARINT);
    number(to, value);
}

fn bytes(to: &mut Vec<u8>, field: u32, value: &[u8]) {
    key(to, field, BYTES);
    number(to, value.len() as u64);
    to.extend(value);
}

fn message(to: &mut Vec<u8>, field: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    fill(&mut inner);
    bytes(to, field, &inner);
}

/// Seven bits a byte, the low ones first.
fn number(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// CRC-32C, turned and moved so that a checksum over data that holds checksums stays a good one.
fn masked_crc(data: &[u8]) -> u32 {
    let crc = !data.iter().fold(!0, |crc: u32, &byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8));
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Of the Castagnoli polynomial, reflected.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// The payloads of a file; the checksums must hold.
    fn payloads(mut data: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while !data.is_empty() {
            let (length, rest) = data.split_at(8);
            let (length_crc, rest) = rest.split_at(4);
            assert_eq!(length_crc, masked_crc(length).to_le_bytes());
            let (payload, rest) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
            let (payload_crc, rest) = rest.split_at(4);
            assert_eq!(payload_crc, masked_crc(payload).to_le_bytes());
            found.push(payload.to_vec());
            data = rest;
        }
        found
    }

    fn read_number(data: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = data[0];
            *data = &data[1..];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
    }

    /// Number and content of each field; of a number, its bytes.
    fn fields(mut data: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut found = Vec::new();
        while !data.is_empty() {
            let key = read_number(&mut data);
            let len = match key & 7 {
                0 => {
                    found.push((key >> 3, read_number(&mut data).to_le_bytes().to_vec()));
                    continue;
                }
                1 => 8,
                2 => read_number(&mut data) as usize,
                5 => 4,
                wire => panic!("wire type {wire}"),
            };
            let (content, rest) = data.split_at(len);
            found.push((key >> 3, content.to_vec()));
            data = rest;
        }
        found
    }

    #[test]
    fn the_checksum_is_crc_32c() {
        // RFC 3720, B.4, and the usual check value.
        let crc = |data: &[u8]| masked_crc(data).wrapping_sub(0xa282_ead8).rotate_left(15);
        assert_eq!(crc(b"123456789"), 0xe306_9283);
        assert_eq!(crc(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn numbers_come_back_with_their_tags_and_steps() {
        let run = tempfile::tempdir().unwrap();
        let mut events = EventFile::begin(run.path(), 0, 0.0).unwrap();
        let metrics = Metrics::from([("loss", 0.25), ("rate", 1e-3)]);
        events.write(300, 1.5, "train", &metrics).unwrap();
        let data = fs::read(run.path().join("tensorboard/events.out.tfevents.0000000000.dreamlane")).unwrap();
        let found = payloads(&data);
        assert_eq!(found.len(), 2);
        assert_eq!(fields(&found[0])[2], (3, b"brain.Event:2".to_vec()));
        let event = fields(&found[1]);
        assert_eq!(event[0], (1, 1.5f64.to_le_bytes().to_vec()));
        assert_eq!(event[1], (2, 300u64.to_le_bytes().to_vec()));
        let values = fields(&event[2].1).into_iter().map(|(_, value)| fields(&value)).collect::<Vec<_>>();
        let expected = [("train/loss", 0.25f32), ("train/rate", 1e-3)]
            .map(|(tag, value)| vec![(1, tag.as_bytes().to_vec()), (2, value.to_le_bytes().to_vec())]);
        assert_eq!(values, expected);
    }

    #[test]
    fn a_resumed_run_tells_readers_to_drop_what_lies_beyond_it() {
        let run = tempfile::tempdir().unwrap();
        drop(EventFile::begin(run.path(), 12, 3.0).unwrap());
        let data = fs::read(run.path().join("tensorboard/events.out.tfevents.0000000012.dreamlane")).unwrap();
        let start = fields(&payloads(&data)[1]);
        assert_eq!(start[1], (2, 13u64.to_le_bytes().to_vec()));
        assert_eq!(start[2].0, 7);
        assert_eq!(fields(&start[2].1), [(1, 1u64.to_le_bytes().to_vec())]);
    }
}
