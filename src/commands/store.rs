//! Data sets as the commands use them: opened, cached, split.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use dreamlane::{
    core::Result,
    datasets::{FrameCache, Split, SplitRule, open_any, ranges},
};

use crate::progress::Bar;

/// Opens a data set with all frames decoded; the cache lies beside the data set's folder.
pub(crate) fn frames(data: &Path) -> Result<Arc<FrameCache>> {
    let source = open_any(data)?;
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(".frames");
    let path: PathBuf = data.with_file_name(name);
    let mut bar = Bar::new("decode");
    let cache = FrameCache::open_or_build(source.as_ref(), &path, &mut |done, total| bar.at(done, total))?;
    bar.finish();
    Ok(Arc::new(cache))
}

/// Few, long recordings are split within each; many short episodes are split as wholes.
pub(crate) fn split_rule(cache: &FrameCache) -> SplitRule {
    let lengths = cache.lengths();
    let frames = lengths.iter().sum::<usize>();
    // A tenth of a recording must hold a clip and something to dream after it.
    if frames / lengths.len().max(1) >= 500 { SplitRule::WithinRuns } else { SplitRule::ByEpisode }
}

/// The mean training frame of the first camera: `[channel, height, width]`, 0 to 255.
pub(crate) fn mean_frame(cache: &FrameCache, rule: SplitRule) -> Vec<f32> {
    let mut sums = vec![0u64; cache.spec().cameras[0].frame_len()];
    let mut count = 0u64;
    for (episode_idx, frames) in ranges(cache.lengths(), Split::Train, rule) {
        let first = cache.first_frame(episode_idx);
        for frame_idx in frames {
            let frame = cache.frame(0, first + frame_idx);
            sums.iter_mut().zip(frame).for_each(|(sum, &pixel)| *sum += u64::from(pixel));
            count += 1;
        }
    }
    sums.iter().map(|&sum| (sum as f64 / count.max(1) as f64) as f32).collect()
}
