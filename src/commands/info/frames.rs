//! A frame cache: of which data it was decoded.

use std::{fs::File, io::Read as _, path::Path};

use dreamlane::{core::Result, datasets::FrameCache};
use serde_json::json;

use super::{
    data_set::{actions, add_lengths, cameras},
    description::{Description, listed},
    disk::Disk,
};

/// With what every version of a cache begins.
const MAGIC: &[u8] = b"DLFRAME";

/// Whether a file begins as a cache does.
pub(super) fn is_cache(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start == MAGIC
}

pub(super) fn describe(path: &Path) -> Result<Description> {
    let cache = FrameCache::open(path)?;
    let mut description = Description::of("frame cache");
    let spec = cache.spec();
    description.add("env", spec.name.as_str(), spec.name.as_str());
    add_lengths(&mut description, cache.lengths(), spec.steps_per_second);
    description.add("cameras", json!(spec.cameras), cameras(&spec.cameras));
    description.add("state", json!(spec.state), listed(&spec.state));
    description.add("actions", json!(spec.action), actions(&spec.action));
    description.add("decoded of", cache.fingerprint(), cache.fingerprint());
    Disk::of(path)?.add_to(&mut description);
    Ok(description)
}
