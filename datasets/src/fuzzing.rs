//! Doors for fuzzing alone: readers of foreign bytes that no public function reaches by themselves.

use dreamlane_core::{Error, Result};

use crate::video::Video;

/// Opens bytes as an MP4 file of AV1 and decodes its first eight frames, shown ten times a second.
///
/// # Errors
/// When they are anything else.
pub fn video(bytes: &[u8]) -> Result<usize> {
    let broken = |reason| Error::broken("bytes", reason);
    let mut video = Video::from_bytes(bytes.to_vec()).map_err(broken)?;
    let count = video.len().min(8);
    Ok(video.frames(0.0, count, 10).map_err(broken)?.len())
}
