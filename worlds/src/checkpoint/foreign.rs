//! Files of checkpoints as they may come from anyone: sizes are checked before anything is allocated for them.

use std::{fs, path::Path};

use dreamlane_core::{Error, Result};
use serde::de::DeserializeOwned;

/// Larger files are not read as settings.
pub const MAX_SETTINGS: u64 = 1 << 20;
/// Longer headers of safetensors files are not parsed.
pub const MAX_HEADER: u64 = 16 << 20;

/// What is wrong with the bytes of a file, in words; whoever knows the path makes it an [`Error`].
pub type Checked<T> = std::result::Result<T, String>;

/// The numbers in a safetensors file whose header adds up with its length.
///
/// # Errors
/// When the header is longer than [`MAX_HEADER`], is no header, or claims other bytes than follow.
pub fn check_weights(bytes: &[u8]) -> Checked<usize> {
    let total = bytes.len();
    if let Some(length) = bytes.first_chunk::<8>().map(|length| u64::from_le_bytes(*length))
        && length > MAX_HEADER
    {
        return Err(format!(
            "expected a header of at most {MAX_HEADER} bytes, found {length} ({total} bytes)"
        ));
    }
    let tensors =
        safetensors::SafeTensors::deserialize(bytes).map_err(|error| format!("{error} ({total} bytes)"))?;
    Ok(tensors.iter().map(|(_, tensor)| tensor.shape().iter().product::<usize>()).sum())
}

/// Settings that must match their type exactly, such as [`WorldSpec`](dreamlane_core::WorldSpec) or
/// [`DitConfig`](crate::DitConfig).
///
/// # Errors
/// When the text is longer than [`MAX_SETTINGS`], or no such settings.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Checked<T> {
    if bytes.len() as u64 > MAX_SETTINGS {
        return Err(too_long(bytes.len() as u64));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    toml::from_str(text).map_err(|error| error.to_string().replace('\n', " "))
}

/// Reads settings that must match their type exactly.
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let size = fs::metadata(path).map_err(Error::io(path))?.len();
    if size > MAX_SETTINGS {
        return Err(Error::broken(path, too_long(size)));
    }
    parse(&fs::read(path).map_err(Error::io(path))?).map_err(|reason| Error::broken(path, reason))
}

/// Reads a weights file, and how many numbers it holds.
pub(crate) fn read_weights(path: &Path) -> Result<(Vec<u8>, usize)> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    let numbers = check_weights(&bytes).map_err(|reason| Error::broken(path, reason))?;
    Ok((bytes, numbers))
}

fn too_long(size: u64) -> String {
    format!("expected at most {MAX_SETTINGS} bytes of settings, found {size}")
}

#[cfg(test)]
mod tests {
    use dreamlane_core::WorldSpec;

    use super::*;
    use crate::DitConfig;

    /// A file with this header and so many bytes after it.
    fn file(header: &str, after: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.resize(bytes.len() + after, 0);
        bytes
    }

    #[test]
    fn a_header_that_does_not_add_up_is_an_error() {
        let header = r#"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
        assert_eq!(check_weights(&file(header, 24)), Ok(6));
        for (bytes, words) in [
            (Vec::new(), "0 bytes"),
            (u64::MAX.to_le_bytes().to_vec(), "at most 16777216 bytes, found 18446744073709551615"),
            (file(header, 23), "bytes"),
            (file(header, 25), "bytes"),
            (file(&header.replace("24", "240"), 24), "bytes"),
            (file(&header.replace("[2,3]", "[4611686018427387904,4611686018427387904]"), 24), "bytes"),
            (file("no header", 24), "bytes"),
        ] {
            let reason = check_weights(&bytes).unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn settings_are_bounded_and_of_their_type() {
        assert!(parse::<WorldSpec>(&vec![b' '; (1 << 20) + 1]).unwrap_err().contains("1048577"));
        assert!(parse::<WorldSpec>(&[0xff]).unwrap_err().contains("utf-8"));
        assert!(parse::<DitConfig>(b"[codec]\nfine = -1").unwrap_err().contains("-1"));
        let text = toml::to_string(&DitConfig::nano()).unwrap();
        assert_eq!(parse::<DitConfig>(text.as_bytes()), Ok(DitConfig::nano()));
    }
}
