//! The files of a tub, in a folder or inside a tar archive that is never unpacked.
//!
//! A tar is scanned once for where its files begin; a picture is then read from its place in the archive.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Component, Path, PathBuf},
};

use dreamlane_core::{Error, Result};

use super::skips::Skips;
use crate::Checked;

const MANIFEST: &str = "manifest.json";
/// Entries of an archive; each costs a name in memory.
const MAX_ENTRIES: usize = 10_000_000;

/// The files of one tub.
#[derive(Debug)]
pub(super) struct Store {
    /// What to call the tub.
    pub(super) name: String,
    /// The folder or archive.
    pub(super) path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    /// Offset and length in the archive, by path inside the tub.
    Archive(BTreeMap<String, (u64, u64)>),
}

impl Store {
    /// The tubs of a source: a folder with a manifest, a folder of such folders, or an archive of them.
    pub(super) fn open(source: &Path, skips: &mut Skips) -> Result<Vec<Self>> {
        let kind = std::fs::metadata(source).map_err(Error::io(source))?;
        let tubs = if kind.is_dir() { folders(source)? } else { archive(source, skips)? };
        if tubs.is_empty() {
            let reason = format!("no {MANIFEST} in it");
            return Err(Error::Incompatible {
                format: "DonkeyCar tub v2",
                reason,
                path: source.to_path_buf(),
            });
        }
        Ok(tubs)
    }

    /// The manifest's bytes.
    pub(super) fn manifest(&self, cap: u64) -> Checked<Vec<u8>> {
        self.read(Path::new(MANIFEST), cap)
    }

    /// A catalogue's bytes.
    pub(super) fn catalogue(&self, name: &str, cap: u64) -> Checked<Vec<u8>> {
        self.read(&plain(name)?, cap)
    }

    /// A picture's bytes.
    pub(super) fn picture(&self, name: &str, cap: u64) -> Checked<Vec<u8>> {
        self.read(&Path::new("images").join(plain(name)?), cap)
    }

    fn read(&self, inside: &Path, cap: u64) -> Checked<Vec<u8>> {
        let (path, offset, len) = match &self.place {
            Place::Folder(folder) => {
                let path = folder.join(inside);
                let kind = std::fs::metadata(&path).map_err(|error| error.to_string())?;
                if !kind.is_file() {
                    return Err("not a file".to_owned());
                }
                (path, 0, kind.len())
            }
            Place::Archive(files) => {
                let name = inside.to_string_lossy().replace('\\', "/");
                let &(offset, len) = files.get(&name).ok_or("not in the archive")?;
                (self.path.clone(), offset, len)
            }
        };
        if len > cap {
            return Err(format!("{len} bytes, more than the {cap} that are read"));
        }
        let mut bytes = vec![0; usize::try_from(len).map_err(|error| error.to_string())?];
        let mut file = File::open(&path).map_err(|error| error.to_string())?;
        file.seek(SeekFrom::Start(offset)).map_err(|error| error.to_string())?;
        file.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }
}

/// A file name that cannot lead out of its folder.
fn plain(name: &str) -> Checked<PathBuf> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if !name.contains(['/', '\\', '\0']) => Ok(PathBuf::from(only)),
        _ => Err("not a plain file name".to_owned()),
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "recording".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn folders(source: &Path) -> Result<Vec<Store>> {
    // `..` and `.` have no name of their own.
    let named = std::fs::canonicalize(source).map_err(Error::io(source))?;
    let mut folders = vec![named.clone()];
    for entry in std::fs::read_dir(source).map_err(Error::io(source))? {
        let entry = entry.map_err(Error::io(source))?;
        folders.push(named.join(entry.file_name()));
    }
    folders[1..].sort();
    folders.retain(|folder| folder.join(MANIFEST).is_file());
    Ok(folders
        .into_iter()
        .map(|folder| Store {
            name: folder.file_name().map_or_else(|| stem(source), |name| name.to_string_lossy().into_owned()),
            path: folder.clone(),
            place: Place::Folder(folder),
        })
        .collect())
}

fn archive(source: &Path, skips: &mut Skips) -> Result<Vec<Store>> {
    let files = scan(source, skips)?;
    let is_manifest = |path: &str| path == MANIFEST || path.ends_with("/manifest.json");
    let tubs: Vec<String> = files
        .keys()
        .filter(|path| is_manifest(path))
        .map(|path| path[..path.len() - MANIFEST.len()].to_owned())
        .collect();
    Ok(tubs
        .into_iter()
        .map(|prefix| {
            let inside = files
                .range(prefix.clone()..)
                .take_while(|(path, _)| path.starts_with(&prefix))
                .map(|(path, &place)| (path[prefix.len()..].to_owned(), place));
            let name = match prefix.trim_end_matches('/').rsplit('/').next() {
                Some(folder) if !folder.is_empty() => folder.to_owned(),
                _ => stem(source),
            };
            Store { name, path: source.to_path_buf(), place: Place::Archive(inside.collect()) }
        })
        .collect())
}

/// Offset and length of every regular file, by its path without a leading `./`.
fn scan(source: &Path, skips: &mut Skips) -> Result<BTreeMap<String, (u64, u64)>> {
    let file = File::open(source).map_err(Error::io(source))?;
    let size = file.metadata().map_err(Error::io(source))?.len();
    let mut files = BTreeMap::new();
    let mut archive = tar::Archive::new(file);
    let entries = archive.entries_with_seek().map_err(Error::io(source))?;
    for (entry_idx, entry) in entries.enumerate() {
        if entry_idx >= MAX_ENTRIES {
            return Err(Error::broken(source, format!("more than {MAX_ENTRIES} entries")));
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if entry_idx == 0 => {
                return Err(Error::broken(source, format!("not a tar archive: {error}")));
            }
            Err(error) => {
                skips
                    .push(source.display(), format!("archive unreadable after {entry_idx} entries: {error}"));
                break;
            }
        };
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let (offset, len) = (entry.raw_file_position(), entry.size());
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if offset.checked_add(len).is_none_or(|end| end > size) {
            skips.push(name, "cut off by the end of the archive");
            break;
        }
        files.insert(name.trim_start_matches("./").to_owned(), (offset, len));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_file_names_are_followed() {
        for name in ["../a.jpg", "/etc/passwd", "a/b.jpg", "..", ".", "", "a\\b", "./a.jpg", "a\0b"] {
            assert!(plain(name).is_err(), "{name:?}");
        }
        assert_eq!(plain("7_cam.jpg").unwrap(), PathBuf::from("7_cam.jpg"));
    }
}
