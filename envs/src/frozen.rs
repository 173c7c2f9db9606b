//! Lane state as snapshot bytes and back: a byte that tells the form, then postcard, in which floats keep every bit.

use dreamlane_core::{Error, Result, Snapshot};
use serde::{Serialize, de::DeserializeOwned};

/// Raised whenever what is saved changes, so that an older snapshot is refused by its number and not misread.
const FORM: u8 = 1;

/// The state as a snapshot signed by `origin`.
pub(crate) fn freeze(origin: &str, state: &impl Serialize) -> Result<Snapshot> {
    let bytes = postcard::to_extend(state, vec![FORM])
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
    let Some((&form, bytes)) = from.bytes.split_first() else {
        return Err(Error::Invalid(format!("snapshot of {origin} is broken: it is empty")));
    };
    if form != FORM {
        return Err(Error::Invalid(format!("snapshot of {origin}: expected form {FORM}, found form {form}")));
    }
    postcard::from_bytes(bytes)
        .map_err(|source| Error::Invalid(format!("snapshot of {origin} is broken: {source}")))
}
