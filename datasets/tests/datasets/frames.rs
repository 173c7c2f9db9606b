//! The frame cache holds what the data set holds, and is built anew when that changes.

use std::fs;

use dreamlane_core::Episode;
use dreamlane_datasets::{FrameCache, open_any};

use crate::made::{Shape, spec, write};

fn check_equal(cache: &FrameCache, episodes: &[Episode]) {
    for (episode_idx, episode) in episodes.iter().enumerate() {
        let window = cache.window(episode_idx, 0, episode.steps.len());
        let all = |of: fn(&dreamlane_core::Step) -> &[f32]| -> Vec<f32> {
            episode.steps.iter().flat_map(|step| of(step).iter().copied()).collect()
        };
        assert_eq!((window.actions, window.state), (all(|step| &step.action), all(|step| &step.state)));
        assert_eq!(window.rewards, episode.steps.iter().map(|step| step.reward).collect::<Vec<_>>());
        for (row, step) in episode.steps.iter().enumerate() {
            for (camera_idx, image) in step.images.iter().enumerate() {
                assert_eq!(cache.frame(camera_idx, cache.first_frame(episode_idx) + row), image);
            }
            let ended = episode.terminated && row + 2 >= episode.steps.len();
            assert_eq!(window.ends[row], f32::from(u8::from(ended)));
        }
        assert_eq!(cache.task(episode_idx), episode.task);
    }
}

#[test]
fn the_cache_holds_every_frame_and_is_opened_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (folder.path().join("data"), folder.path().join("caches/frames"));
    let spec = spec(Shape { cameras: 2, features: 1, actions: 2, rewards: true });
    let written = write(&data, &spec, &[3, 1, 5, 2]);
    let source = open_any(&data).unwrap();
    let (mut reports, mut silent) = (Vec::new(), Vec::new());
    let cache = FrameCache::open_or_build(source.as_ref(), &path, &mut |done, all| reports.push((done, all)))
        .unwrap();
    check_equal(&cache, &written);
    assert_eq!(reports.last(), Some(&(11, 11)));
    let again =
        FrameCache::open_or_build(source.as_ref(), &path, &mut |done, all| silent.push((done, all))).unwrap();
    check_equal(&again, &written);
    assert!(silent.is_empty(), "a cache that fits was built again");
}

#[test]
fn stale_and_broken_caches_are_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frames");
    let spec = spec(Shape { cameras: 1, features: 0, actions: 1, rewards: true });
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let episodes = [write(&old, &spec, &[4, 3]), write(&new, &spec, &[4, 4])];
    for (data, episodes) in [&old, &new].into_iter().zip(&episodes) {
        let cache =
            FrameCache::open_or_build(open_any(data).unwrap().as_ref(), &path, &mut |_, _| ()).unwrap();
        check_equal(&cache, episodes);
    }
    let good = fs::read(&path).unwrap();
    for damage in [0, 9, 20, 60, 200, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[damage.min(4000)] ^= 0x40;
        bytes.truncate(good.len() - usize::from(damage > 4000));
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let cache =
            FrameCache::open_or_build(open_any(&new).unwrap().as_ref(), &path, &mut |_, _| ()).unwrap();
        check_equal(&cache, &episodes[1]);
    }
}
