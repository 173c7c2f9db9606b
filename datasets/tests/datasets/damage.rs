//! Damaged files are errors, or data with other values, and never a panic or a huge allocation.

use std::{fs, path::PathBuf, sync::LazyLock};

use dreamlane_datasets::open_any;
use proptest::prelude::*;

use crate::made::{full_spec, read, write};

const FILES: [&str; 3] =
    ["meta/info.json", "meta/episodes/chunk-000/file-001.parquet", "data/chunk-000/file-001.parquet"];

/// The undamaged files.
static GOOD: LazyLock<Vec<(PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &full_spec(), &[3, 4]);
    ["meta/info.json", "meta/tasks.parquet"]
        .into_iter()
        .map(str::to_owned)
        .chain((0..2).map(|idx| format!("meta/episodes/chunk-000/file-00{idx}.parquet")))
        .chain((0..2).map(|idx| format!("data/chunk-000/file-00{idx}.parquet")))
        .map(|name| (PathBuf::from(&name), fs::read(folder.path().join(&name)).unwrap()))
        .collect()
});

/// Opens and reads the data set with one file changed; says whether it was readable.
fn check(file: &str, damage: impl Fn(&mut Vec<u8>)) -> bool {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in GOOD.iter() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut bytes = bytes.clone();
        if name == &PathBuf::from(file) {
            damage(&mut bytes);
        }
        fs::write(path, bytes).unwrap();
    }
    open_any(folder.path()).and_then(|source| read(source.as_ref())).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn flipped_bits_never_panic(file in prop::sample::select(&FILES[..]), at: prop::sample::Index, bit in 0u8..8) {
        check(file, |bytes| {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        });
    }

    #[test]
    fn flipped_bits_near_the_end_of_parquet_never_panic(file in prop::sample::select(&FILES[1..]), back in 1usize..3000, byte: u8) {
        check(file, |bytes| {
            let at = bytes.len().saturating_sub(back);
            bytes[at] = byte;
        });
    }

    #[test]
    fn truncated_files_are_errors(file in prop::sample::select(&FILES[..]), at: prop::sample::Index) {
        prop_assert!(!check(file, |bytes| bytes.truncate(at.index(bytes.len()))));
    }
}

#[test]
fn undamaged_files_are_read() {
    assert!(FILES.iter().all(|file| check(file, |_| ())));
}

#[test]
fn absurd_counts_in_the_description_are_errors() {
    let replace = |from: &'static str, to: &'static str| {
        !check("meta/info.json", |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{from}");
            *bytes = text.replace(from, to).into_bytes();
        })
    };
    assert!(replace("\"total_episodes\": 2", "\"total_episodes\": 18446744073709551615"));
    assert!(replace("\"total_frames\": 7", "\"total_frames\": 8"));
    assert!(replace("\"height\": 4", "\"height\": 4000000000"));
    assert!(replace("\"height\": 4", "\"height\": 5"));
    assert!(replace("\"fps\": 10", "\"fps\": 0"));
    assert!(replace("\"v3.0\"", "\"v2.1\""));
}

#[test]
fn files_that_changed_places_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &full_spec(), &[3, 3]);
    let file = |idx| folder.path().join(format!("data/chunk-000/file-00{idx}.parquet"));
    fs::rename(file(0), file(2)).unwrap();
    fs::rename(file(1), file(0)).unwrap();
    fs::rename(file(2), file(1)).unwrap();
    let error = open_any(folder.path()).unwrap().read(0).unwrap_err();
    assert!(error.to_string().contains("found one of episode 1"), "{error}");
}
