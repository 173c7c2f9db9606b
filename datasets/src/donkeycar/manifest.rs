//! `manifest.json`: five JSON lines, of which the first and the last matter here.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::Checked;

/// Inputs without which a recording is of no use.
const NEEDED: [&str; 3] = ["cam/image_array", "user/angle", "user/throttle"];

/// What a tub's manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Names of the catalogue files, in order.
    pub catalogues: Vec<String>,
    /// Indexes of records that the driver deleted.
    pub deleted: BTreeSet<u64>,
}

#[derive(Deserialize)]
struct Paths {
    paths: Vec<String>,
    #[serde(default)]
    deleted_indexes: Vec<u64>,
}

impl Manifest {
    /// Reads the lines inputs, types, metadata, manifest metadata, catalogues.
    ///
    /// # Errors
    /// In words: when a line is missing or broken, or the tub does not hold pictures, steering and throttle.
    pub fn parse(text: &[u8]) -> Checked<Self> {
        let mut lines = text.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let first = lines.next().ok_or("an empty file")?;
        let last = lines.next_back().ok_or("expected 5 lines, found 1")?;
        let inputs: Vec<String> =
            serde_json::from_slice(first).map_err(|error| format!("line of inputs: {error}"))?;
        if let Some(missing) = NEEDED.iter().find(|needed| !inputs.iter().any(|input| input == *needed)) {
            return Err(format!("expected the input `{missing}`, found {}", inputs.join(", ")));
        }
        let last: Paths =
            serde_json::from_slice(last).map_err(|error| format!("line of catalogues: {error}"))?;
        Ok(Self { catalogues: last.paths, deleted: last.deleted_indexes.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "[\"cam/image_array\", \"user/angle\", \"user/throttle\"]\n[]\n{}\n{}\n\
        {\"paths\": [\"catalog_0.catalog\"], \"current_index\": 4, \"deleted_indexes\": [3, 1]}\n";

    #[test]
    fn a_manifest_names_catalogues_and_deleted_records() {
        let manifest = Manifest::parse(GOOD.as_bytes()).unwrap();
        assert_eq!(manifest.catalogues, ["catalog_0.catalog"]);
        assert_eq!(manifest.deleted, BTreeSet::from([1, 3]));
    }

    #[test]
    fn a_missing_input_is_named() {
        let error = Manifest::parse(GOOD.replace("user/angle", "pilot/angle").as_bytes()).unwrap_err();
        assert!(error.contains("`user/angle`"), "{error}");
    }

    proptest! {
        #[test]
        fn damaged_manifests_are_errors_or_manifests(cut in 0..GOOD.len(), at in 0..GOOD.len(), byte: u8) {
            let mut text = GOOD.as_bytes().to_vec();
            text[at] = byte;
            let _ = Manifest::parse(&text[..cut]);
            let _ = Manifest::parse(&text);
        }
    }
}
