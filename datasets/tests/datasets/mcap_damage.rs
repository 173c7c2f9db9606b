//! Damaged MCAP files are errors, and never a panic, a hang or a huge allocation.

use std::{fs, sync::LazyLock};

use dreamlane_core::Episode;
use dreamlane_datasets::{mcap::read_bytes, open_any};
use proptest::prelude::*;

use crate::{
    made::read,
    mcap::{record, told_spec},
};

/// A single file and what it holds.
static GOOD: LazyLock<(Vec<u8>, Vec<Episode>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.mcap");
    let written = record(&path, &told_spec(1), &[3, 4]);
    (fs::read(path).unwrap(), written)
});

/// Where the footer says that the summary begins.
fn summary_start(bytes: &[u8]) -> usize {
    let at = bytes.len() - 28;
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

/// The file with its summary changed and the checksum set to none.
fn with_summary(change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = GOOD.0.clone();
    let (start, end) = (summary_start(&bytes), bytes.len());
    change(&mut bytes[start..end - 37]);
    bytes[end - 12..end - 8].fill(0);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_flipped_bit_is_an_error_or_changes_no_step(at: prop::sample::Index, bit in 0u8..8) {
        let (mut bytes, written) = GOOD.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(found) = read_bytes(&bytes) {
            prop_assert_eq!(found, written);
        }
    }

    #[test]
    fn truncated_files_are_errors(at: prop::sample::Index) {
        let bytes = &GOOD.0;
        prop_assert!(read_bytes(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_summary_that_lies_never_panics(at: prop::sample::Index, byte: u8, more: prop::sample::Index) {
        let bytes = with_summary(|summary| {
            summary[at.index(summary.len())] = byte;
            summary[more.index(summary.len())] = 255;
        });
        let _ = read_bytes(&bytes);
    }

    #[test]
    fn any_flipped_bit_in_a_folder_is_an_error(at: prop::sample::Index, bit in 0u8..8) {
        let folder = tempfile::tempdir().unwrap();
        record(folder.path(), &told_spec(1), &[2]);
        let path = folder.path().join("episode-000000.mcap");
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&path, bytes).unwrap();
        prop_assert!(open_any(folder.path()).unwrap().read(0).is_err());
    }

    #[test]
    fn a_damaged_description_never_panics(at: prop::sample::Index, byte: u8) {
        let folder = tempfile::tempdir().unwrap();
        record(folder.path(), &told_spec(1), &[2]);
        let path = folder.path().join("dreamlane.json");
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        fs::write(&path, bytes).unwrap();
        let _ = open_any(folder.path()).and_then(|source| read(source.as_ref()));
    }
}

#[test]
fn absurd_lengths_are_errors_before_anything_is_allocated() {
    let refused = |change: &dyn Fn(&mut Vec<u8>), expected: &str| {
        let mut bytes = GOOD.0.clone();
        change(&mut bytes);
        let error = read_bytes(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let huge = (1u64 << 62).to_le_bytes();
    // The length of a record in the summary, and of a chunk by the summary.
    refused(&|bytes| *bytes = with_summary(|summary| summary[1..9].copy_from_slice(&huge)), "expected 46");
    let chunk_length = |summary: &mut [u8]| {
        let mut at = 0;
        while summary[at] != 0x08 {
            at += 9 + u64::from_le_bytes(summary[at + 1..at + 9].try_into().unwrap()) as usize;
        }
        summary[at + 9 + 24..at + 9 + 32].copy_from_slice(&huge);
    };
    refused(&|bytes| *bytes = with_summary(chunk_length), "larger than the file");
    // Where the summary begins.
    let at = GOOD.0.len() - 28;
    refused(&|bytes| bytes[at..at + 8].copy_from_slice(&huge), "summary at");
    refused(&|bytes| bytes[at..at + 8].copy_from_slice(&1u64.to_le_bytes()), "summary at");
    // A number of steps that the chunks do not hold.
    let text = |from: &'static str, to: &'static str| {
        move |bytes: &mut Vec<u8>| {
            let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
            bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        }
    };
    refused(&text("\"length\":3", "\"length\":2"), "belongs to no step");
    refused(&text("\"start_ns\":0", "\"start_ns\":9"), "begins before the last ended");
    refused(&text("\"height\":4", "\"height\":9"), "expected a picture of 9x6, found 4x6");
    refused(&text("\"height\":4", "\"height\":0"), "picture sides");
}
