//! Puts an interrupted set right: what is not named by its description goes.

use std::{fs, path::Path};

use dreamlane_core::{Error, Repair, Result};

use super::{
    entry::{self, Entry},
    manifest::{Manifest, data_folder},
};
use crate::durable::{self, is_temporary};

/// Removes temporary files and episodes beyond the description, after a look at those within.
pub(super) fn repair(root: &Path) -> Result<Repair> {
    let manifest = Manifest::read(root)?;
    let entries = entry::read_all(root, &manifest)?;
    check_tables(root, &entries)?;
    let done = sweep(root, manifest.total_episodes)?;
    Ok(Repair { episodes: manifest.total_episodes, done })
}

/// Each table is there and as long as it was; a whole one was synced before it was named.
fn check_tables(root: &Path, entries: &[Entry]) -> Result<()> {
    entries.iter().try_for_each(|entry| entry.check_size(&entry::folder(root, entry.id)))
}

/// Removes what an interrupted writer left in the data folder; what it never makes stays.
fn sweep(root: &Path, episodes: usize) -> Result<Vec<String>> {
    let folder = data_folder(root);
    let mut names = Vec::new();
    for file in fs::read_dir(&folder).map_err(Error::io(&folder))? {
        names.push(file.map_err(Error::io(&folder))?.file_name().to_string_lossy().into_owned());
    }
    // Episodes in the order of their numbers.
    names.sort_by_key(|name| (name.len(), name.clone()));
    let mut done = Vec::new();
    for name in names {
        let path = folder.join(&name);
        let beyond = name.parse::<usize>().is_ok_and(|idx| idx >= episodes && name == idx.to_string());
        if beyond {
            fs::remove_dir_all(&path).map_err(Error::io(&path))?;
            done.push(format!("removed data/{name}: an episode that was not registered yet"));
        } else if is_temporary(&name) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(Error::io(&path))?;
            done.push(format!("removed data/{name}: half-written"));
        }
    }
    if !done.is_empty() {
        durable::sync_folder(&folder)?;
    }
    Ok(done)
}
