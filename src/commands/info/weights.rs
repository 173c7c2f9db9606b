//! How many numbers a safetensors file holds, from its head alone.

use std::{collections::BTreeMap, fs::File, io::Read as _, path::Path};

use dreamlane::core::{Error, Result};
use serde_json::Value;

/// Longer heads are not read; the format has the same limit.
const MAX_HEAD_BYTES: u64 = 100_000_000;

/// The numbers of all tensors; none where there is no file.
pub(super) fn parameters(path: &Path) -> Result<Option<u64>> {
    if !path.is_file() {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(Error::io(path))?;
    let mut len = [0; 8];
    file.read_exact(&mut len).map_err(Error::io(path))?;
    let len = u64::from_le_bytes(len);
    if len > MAX_HEAD_BYTES {
        return Err(Error::broken(path, format!("head of {len} bytes, at most {MAX_HEAD_BYTES}")));
    }
    let mut head = Vec::new();
    file.take(len).read_to_end(&mut head).map_err(Error::io(path))?;
    let head: BTreeMap<String, Value> =
        serde_json::from_slice(&head).map_err(|error| Error::broken(path, error))?;
    let tensors = head.iter().filter(|(name, _)| *name != "__metadata__");
    let count = |tensor: &Value| -> Option<u64> {
        tensor
            .get("shape")?
            .as_array()?
            .iter()
            .try_fold(1u64, |count, side| count.checked_mul(side.as_u64()?))
    };
    tensors
        .map(|(name, tensor)| {
            count(tensor).ok_or_else(|| Error::broken(path, format!("tensor `{name}` without a shape")))
        })
        .try_fold(0u64, |sum, count| Ok(sum.saturating_add(count?)))
        .map(Some)
}
