//! What the fuzz targets share: an allocator with a cap, a folder in memory, and a tiny valid data set.
//!
//! libFuzzer's own limit of an allocation needs a sanitizer; [`Capped`] works without one, so that the pinned
//! stable compiler is enough.

mod allocator;
mod made;
mod scratch;

pub use allocator::Capped;
pub use made::{Made, made, made_file, made_with_video};
pub use scratch::{quiet, scratch};

#[global_allocator]
static ALLOCATOR: Capped = Capped;

/// Most bytes that a target may hold at a time, the fuzzer's own inputs included, unless it asks for less.
pub const CAP: usize = 512 << 20;
