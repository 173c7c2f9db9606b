//! The whole path on real recordings, where they are present.

use std::{path::Path, path::PathBuf, sync::Arc};

use dreamlane_core::{BatchShape, Provenance, Seed};
use dreamlane_datasets::{
    Augmentation, FrameCache, Mirror, Split, SplitRule, WindowSampler, donkeycar::import, open_any,
};

fn recording(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/donkeycar").join(name);
    if path.is_file() {
        return Some(path);
    }
    #[expect(clippy::print_stdout, reason = "a skipped test says so")]
    {
        println!("skipped: no {}", path.display());
    }
    None
}

#[test]
fn a_real_recording_is_imported_cached_and_cut() {
    let Some(tar) = recording("evening_low.tar") else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut last = (0, 0);
    let report =
        import(&[tar], &data, [64, 64], &Provenance::recording("donkeycar", "test"), &mut |done, all| {
            last = (done, all)
        })
        .unwrap();
    assert_eq!((report.frames, report.n_skipped, last), (9168, 0, (9168, 9168)));
    // 13 sessions, one of them with a gap of 272 ms.
    assert_eq!(report.episodes, 14);
    let source = open_any(&data).unwrap();
    assert_eq!(source.spec().steps_per_second, 20);
    let first = source.read(0).unwrap();
    assert_eq!(first.task, "donkeycar evening_low session 89");
    let cache =
        FrameCache::open_or_build(source.as_ref(), &folder.path().join("frames"), &mut |_, _| ()).unwrap();
    assert_eq!(cache.frame(0, 5), first.steps[5].images[0]);
    let augmentation = Augmentation { mirror: Mirror::Half, light: 0.5, shift_px: 2 };
    let sampler =
        WindowSampler::new(Arc::new(cache), Split::Train, SplitRule::WithinRuns, augmentation).unwrap();
    let batch = sampler.sample(BatchShape { batch: 16, time: 24, ends: 0.0 }, Seed::new(1));
    assert_eq!(batch.images[0].len(), 16 * 24 * 3 * 64 * 64);
    assert!(batch.actions.iter().all(|action| (-1.0..=1.0).contains(action)));
}
