//! Lane state as snapshot bytes and back. The form is postcard: floats keep every bit.

use dreamlane_core::{Error, Result, Snapshot};
use serde::{Serialize, de::DeserializeOwned};

/// The state as a snapshot signed by `origin`.
pub(crate) fn freeze(origin: &str, state: &impl Serialize) -> Result<Snapshot> {
    let bytes = postcard::to_stdvec(state)
        .map_err(|source| Error::Invalid(format!("{origin}: lane cannot be saved: {source}")))?;
    Ok(Snapshot { origin: origin.to_owned(), bytes })
}

/// The state back from a snapshot that `origin` signed.
pub(crate) fn thaw<T: DeserializeOwned>(origin: &str, from: &Snapshot) -> Result<T> {
    if from.origin != origin {
        return Err(Error::Invalid(format!(
            "snapshot: expected one of {origin}, found one of {}",
            from.origin
        )));
    }
    postcard::from_bytes(&from.bytes)
        .map_err(|source| Error::Invalid(format!("snapshot of {origin} is broken: {source}")))
}
