//! Goes on with a data set whose writer ended or was ended, to the same bytes as one that never stopped.

use std::path::Path;

use dreamlane_core::{EnvSpec, Error, Provenance, Result};

use super::{
    features::{Pictures, check_spec, features_of},
    info::{self, Info},
    repair::{Repaired, repair},
    writer::{Writer, is_vacant},
};
use crate::fits::{check_same, recorded};

/// The writer that goes on after the last whole episode, or begins where there is nothing.
pub(super) fn resume(
    root: &Path,
    spec: &EnvSpec,
    provenance: &Provenance,
    pictures: Pictures,
) -> Result<Writer> {
    if is_vacant(root)? {
        return Writer::create(root, spec, provenance, pictures);
    }
    check_spec(spec, pictures)?;
    // Before anything is repaired: a folder of another run is left as it is.
    match Info::read(root) {
        Ok(info) => check_began(root, &info, &recorded(spec), provenance, pictures)?,
        Err(Error::Incompatible { .. }) => {}
        Err(error) => return Err(error),
    }
    let Repaired { repair, ours } = repair(root)?;
    match ours {
        Some((info, prefix, claim)) => Ok(Writer::after(root, recorded(spec), pictures, info, prefix, claim)),
        None if repair.episodes == 0 && is_vacant(root)? => Writer::create(root, spec, provenance, pictures),
        None => Err(Error::mismatch(root, "writer of the data set to go on with", "dreamlane", "another")),
    }
}

/// Whether a data set is one that this spec and this provenance began.
fn check_began(
    root: &Path,
    info: &Info,
    spec: &EnvSpec,
    provenance: &Provenance,
    pictures: Pictures,
) -> Result<()> {
    let path = info::path(root);
    let differs = |what: &str, there: String, asked: String| {
        Err(Error::mismatch(&path, format!("{what} of the recording to go on with"), there, asked))
    };
    let Some(ours) = &info.dreamlane else {
        return differs("writer", "another".to_owned(), "dreamlane".to_owned());
    };
    check_same(&path, (&ours.spec, &ours.provenance), (spec, provenance))?;
    for (name, asked) in features_of(spec, pictures) {
        let there = info.features.get(&name).map_or("none", |feature| feature.dtype.as_str());
        if there != asked.dtype {
            return differs(&format!("dtype of `{name}`"), there.to_owned(), asked.dtype);
        }
    }
    Ok(())
}
