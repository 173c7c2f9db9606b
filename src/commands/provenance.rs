//! What a recording says about where it comes from.

use std::path::Path;

use dreamlane::{
    core::{ContextOrigin, EpisodeSource, Origin, Provenance, Result, Source},
    datasets::{FrameCache, Split},
};
use sha2::{Digest as _, Sha256};

/// The policy as users write it; nothing was loaded, so its name says all, beside the data that a replay replays.
pub(crate) fn policy(name: &str, replayed: Option<&FrameCache>) -> Origin {
    let replayed = replayed.map_or("", FrameCache::fingerprint);
    Origin { name: name.to_owned(), hash: short_hash(&[name, replayed]) }
}

/// The data set that contexts are drawn from.
pub(crate) fn contexts(data: &Path, cache: &FrameCache, split: Split) -> ContextOrigin {
    ContextOrigin {
        data: folder_name(data),
        hash: cache_hash(cache),
        split: format!("{split:?}").to_lowercase(),
    }
}

/// Of something brought in from outside.
pub(crate) fn imported(what: &str, licence: Option<String>) -> Provenance {
    Provenance { licence, ..Provenance::recording(what, dreamlane::code()) }
}

/// Of episodes that are played here.
pub(crate) fn played(env: &str, source: Source) -> Provenance {
    Provenance { source, ..Provenance::recording(env, dreamlane::code()) }
}

/// The fingerprint of a data set, short enough to be read out.
pub(crate) fn data_hash(source: &dyn EpisodeSource) -> Result<String> {
    Ok(short_hash(&[&source.fingerprint()?]))
}

/// The same, of a data set whose frames were decoded.
pub(crate) fn cache_hash(cache: &FrameCache) -> String {
    short_hash(&[cache.fingerprint()])
}

/// The last part of a path: recordings name data sets, not the folders of a machine.
pub(crate) fn folder_name(path: &Path) -> String {
    let name = path.file_name().or_else(|| path.parent()?.file_name());
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The first 16 hexadecimal digits of a SHA-256; as many as the fingerprint of a checkpoint has.
fn short_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
