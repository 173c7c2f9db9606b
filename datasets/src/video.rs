//! AV1 video in MP4, in pure Rust: one camera of one episode becomes a file, and any file of AV1 gives frames by time.
//!
//! Every second frame is a key frame, as LeRobot wants for quick access, and frame k is shown at k/fps seconds exactly.
//! Encoder: `rav1e`, on one thread, so the same frames give the same bytes everywhere. Decoder: `re_rav1d`,
//! `dav1d` in Rust. Boxes: `mp4-atom`. Nothing of it needs an assembler or a system package.

mod colour;
mod decode;
mod demux;
mod encode;
mod mux;
#[cfg(test)]
mod tests;

use crate::{Checked, picture::MAX_SIDE};

pub(crate) use decode::Video;
#[cfg_attr(not(test), expect(unused_imports, reason = "no format keeps its pictures as video yet"))]
pub(crate) use encode::encode;

/// What LeRobot calls the codec.
pub(crate) const CODEC: &str = "av1";
/// What LeRobot calls the layout of the pixels: full colour at every one, since lanes and posts are a pixel wide.
pub(crate) const PIXEL_FORMAT: &str = "yuv444p";
/// From one key frame to the next.
pub(crate) const KEY_INTERVAL: usize = 2;
/// Smallest side that the encoder takes.
pub(crate) const MIN_SIDE: usize = 16;
/// Furthest that a frame may lie from the time it is wanted at, in seconds; LeRobot's own tolerance.
const TOLERANCE_S: f64 = 1e-4;

/// Whether pictures of `[height, width]` can be encoded.
pub(crate) fn check_size([height, width]: [usize; 2]) -> Checked<()> {
    let sides = MIN_SIDE..=MAX_SIDE;
    if sides.contains(&height) && sides.contains(&width) {
        return Ok(());
    }
    Err(format!(
        "AV1 needs pictures of {MIN_SIDE}x{MIN_SIDE} to {MAX_SIDE}x{MAX_SIDE} pixels, found {height}x{width}"
    ))
}
