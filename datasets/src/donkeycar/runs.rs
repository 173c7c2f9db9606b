//! Unbroken runs: what lies between two sessions, gaps, deleted records or broken lines.

use std::ops::Range;

use super::{
    catalogue::{Record, parse_record},
    manifest::Manifest,
    rate::Rate,
    skips::Skips,
    store::Store,
};
use crate::Checked;

/// Largest manifest or catalogue that is read; DonkeyCar starts a new catalogue every 1000 records.
const MAX_TEXT_BYTES: u64 = 256 << 20;
/// Longest run, so that one never fills the memory; longer ones become several.
const MAX_RUN: usize = 20_000;

/// The usable records of a tub.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) records: Vec<Record>,
    pub(super) rate: Rate,
    /// Records of each run.
    pub(super) runs: Vec<Range<usize>>,
}

impl Recording {
    /// Reads manifest and catalogues; broken lines are named in `skips`.
    pub(super) fn read(tub: &Store, skips: &mut Skips) -> Checked<Self> {
        let text = tub.manifest(MAX_TEXT_BYTES).map_err(|error| format!("manifest.json: {error}"))?;
        let manifest = Manifest::parse(&text).map_err(|error| format!("manifest.json: {error}"))?;
        let mut records = Vec::new();
        for catalogue in &manifest.catalogues {
            match tub.catalogue(catalogue, MAX_TEXT_BYTES) {
                Ok(text) => read_lines(tub, catalogue, &text, &mut records, skips),
                Err(error) => skips.push(format!("{}/{catalogue}", tub.name), error),
            }
        }
        let rate = Rate::estimate(&records)?;
        records.retain(|record| !manifest.deleted.contains(&record.index));
        let runs = cut(&records, rate);
        Ok(Self { records, rate, runs })
    }
}

fn read_lines(tub: &Store, catalogue: &str, text: &[u8], records: &mut Vec<Record>, skips: &mut Skips) {
    for (line_idx, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match parse_record(line) {
            Ok(record) => records.push(record),
            Err(error) => skips.push(format!("{}/{catalogue} line {}", tub.name, line_idx + 1), error),
        }
    }
}

/// A missing index is a deleted or broken record, so consecutive indexes leave no hole.
fn cut(records: &[Record], rate: Rate) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for idx in 1..=records.len() {
        let goes_on =
            idx < records.len() && idx - start < MAX_RUN && follows(&records[idx - 1], &records[idx], rate);
        if !goes_on {
            runs.push(start..idx);
            start = idx;
        }
    }
    runs
}

fn follows(before: &Record, after: &Record, rate: Rate) -> bool {
    let gap_ms = after.timestamp_ms.saturating_sub(before.timestamp_ms);
    before.session == after.session
        && before.index.checked_add(1) == Some(after.index)
        && (0..=rate.largest_gap_ms).contains(&gap_ms)
}
