//! Windows are uniform, seeded, inside their part of the data, and mirrored together with their actions.

use std::{collections::BTreeMap, sync::Arc};

use dreamlane_core::{Batch, BatchShape, Contexts as _, Seed};
use dreamlane_datasets::{
    Augmentation, DatasetContexts, FrameCache, Mirror, Split, SplitRule, WindowSampler, open_any,
};
use proptest::prelude::*;

use crate::made::{Shape, provenance, spec, write};

fn cache(lengths: &[usize]) -> Arc<FrameCache> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write(&data, &spec(Shape { cameras: 1, features: 2, actions: 2, rewards: true }), lengths);
    let source = open_any(&data).unwrap();
    Arc::new(
        FrameCache::open_or_build(source.as_ref(), &folder.path().join("frames"), &mut |_, _| ()).unwrap(),
    )
}

fn sampler(cache: &Arc<FrameCache>, split: Split, augmentation: Augmentation) -> WindowSampler {
    WindowSampler::new(Arc::clone(cache), split, SplitRule::WithinRuns, augmentation).unwrap()
}

/// Where a recorded cut was taken: noise does not repeat.
fn place_of(cache: &FrameCache, cut: &Batch) -> (usize, usize) {
    let places = cache.lengths().iter().enumerate().flat_map(|(episode_idx, &len)| {
        (0..(len + 1).saturating_sub(cut.time)).map(move |start| (episode_idx, start))
    });
    let mut found = places.filter(|&(episode_idx, start)| cache.window(episode_idx, start, cut.time) == *cut);
    found.next().expect("the cut is not in the data")
}

#[test]
fn every_start_is_drawn_equally_often_and_none_crosses_its_part() {
    let cache = cache(&[20, 6, 31]);
    let shape = BatchShape { batch: 4000, time: 4, ends: 0.0 };
    for split in [Split::Train, Split::Validation, Split::Test, Split::All] {
        let sampler = sampler(&cache, split, Augmentation::none());
        if sampler.n_starts(4) == 0 {
            assert!(sampler.check(4).is_err());
            continue;
        }
        let batch = sampler.sample(shape, Seed::new(5));
        let mut drawn = BTreeMap::new();
        for idx in 0..shape.batch {
            *drawn.entry(place_of(&cache, &batch.slice(idx, idx + 1))).or_insert(0usize) += 1;
        }
        let inside = |episode_idx: usize, start: usize| {
            let fits = |(episode, range): &(usize, std::ops::Range<usize>)| {
                *episode == episode_idx && range.start <= start && start + 4 <= range.end
            };
            sampler.ranges().iter().any(fits)
        };
        assert!(drawn.keys().all(|&(episode_idx, start)| inside(episode_idx, start)), "{split:?}");
        assert_eq!(drawn.len(), sampler.n_starts(4), "{split:?}");
        let expected = shape.batch as f64 / drawn.len() as f64;
        let chi_squared: f64 = drawn.values().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
        let freedom = (drawn.len() - 1) as f64;
        assert!(chi_squared <= freedom + 5.0 * (2.0 * freedom).sqrt(), "{split:?}: {chi_squared}");
    }
}

#[test]
fn a_batch_is_a_function_of_its_seed() {
    let cache = cache(&[30, 12]);
    let augmentation = Augmentation { mirror: Mirror::Half, light: 0.5, shift_px: 1 };
    let sampler = sampler(&cache, Split::Train, augmentation);
    let shape = BatchShape { batch: 5, time: 6, ends: 0.0 };
    assert_eq!(sampler.sample(shape, Seed::new(1)), sampler.sample(shape, Seed::new(1)));
    assert_ne!(sampler.sample(shape, Seed::new(1)), sampler.sample(shape, Seed::new(2)));
}

fn mirror(mut cut: Batch) -> Batch {
    for row in cut.images[0].chunks_exact_mut(6) {
        row.reverse();
    }
    // The first action is the steering and the first feature the lateral position.
    cut.actions.chunks_exact_mut(2).for_each(|row| row[0] = -row[0]);
    cut.state.chunks_exact_mut(2).for_each(|row| row[0] = -row[0]);
    cut
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn mirroring_twice_gives_the_recording(seed: u64) {
        let cache = cache(&[14]);
        let shape = BatchShape { batch: 3, time: 4, ends: 0.0 };
        let cuts = |mirror| sampler(&cache, Split::All, Augmentation { mirror, ..Augmentation::none() })
            .sample(shape, Seed::new(seed));
        let (plain, mirrored) = (cuts(Mirror::Never), cuts(Mirror::Always));
        prop_assert_ne!(&plain, &mirrored);
        prop_assert_eq!(mirror(mirrored), plain);
    }
}

#[test]
fn light_and_shift_are_the_same_for_all_frames_of_a_cut() {
    // One frame, many times: a window that changes it differently over time would show motion that is not there.
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(Shape { cameras: 1, features: 0, actions: 1, rewards: false });
    let mut still = crate::made::episode(&spec, 1, 8);
    let first = still.steps[0].images.clone();
    still.steps.iter_mut().for_each(|step| step.images.clone_from(&first));
    let data = folder.path().join("data");
    let mut sink =
        dreamlane_datasets::format_named("lerobot").unwrap().create(&data, &spec, &provenance()).unwrap();
    sink.write(&still).unwrap();
    sink.finish().unwrap();
    let source = open_any(&data).unwrap();
    let cache =
        FrameCache::open_or_build(source.as_ref(), &folder.path().join("frames"), &mut |_, _| ()).unwrap();
    let augmentation = Augmentation { mirror: Mirror::Half, light: 1.0, shift_px: 2 };
    let batch = sampler(&Arc::new(cache), Split::All, augmentation)
        .sample(BatchShape { batch: 16, time: 5, ends: 0.0 }, Seed::new(3));
    let len = spec.cameras[0].frame_len();
    for cut in batch.images[0].chunks_exact(5 * len) {
        assert!(cut.chunks_exact(len).all(|frame| frame == &cut[..len]));
    }
    assert!(batch.rewards.is_empty() && batch.ends.is_empty());
}

#[test]
fn mirroring_without_a_steering_is_refused() {
    let cache = cache(&[9]);
    assert!(Augmentation { mirror: Mirror::Half, light: 0.0, shift_px: 0 }.check(cache.spec()).is_ok());
    let mut spec = cache.spec().clone();
    if let dreamlane_core::ActionSpace::Continuous { names, .. } = &mut spec.action {
        names[0] = "motor".to_owned();
    }
    let error = Augmentation { mirror: Mirror::Half, light: 0.0, shift_px: 0 }.check(&spec).unwrap_err();
    assert!(error.to_string().contains("motor"), "{error}");
}

#[test]
fn contexts_are_cuts_of_their_part_and_say_where_they_come_from() {
    let cache = cache(&[20, 25]);
    let contexts =
        DatasetContexts::new(Arc::clone(&cache), Split::Validation, SplitRule::WithinRuns, 2).unwrap();
    assert_eq!(contexts.n_contexts(), 2);
    let context = contexts.draw(Seed::new(9)).unwrap();
    assert_eq!(context, contexts.draw(Seed::new(9)).unwrap());
    assert!(
        context.source.contains("episode 0 (task 0), frame 16") || context.source.contains("episode 1"),
        "{}",
        context.source
    );
    assert!(DatasetContexts::new(cache, Split::Validation, SplitRule::WithinRuns, 5).is_err());
}
