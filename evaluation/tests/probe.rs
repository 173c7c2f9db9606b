//! Probes of toys whose answers are known: a car that turns late before a wall, and a post that comes and goes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod toys;

use std::{path::Path, sync::Arc};

use burn::tensor::Device;
use dreamlane_core::{
    ActionSpace, CameraSpec, EnvSpec, Episode, Provenance, Seed, Step, Truncation, WorldModel,
};
use dreamlane_datasets::{Augmentation, FrameCache, Split, SplitRule, WindowSampler, format_named, open_any};
use dreamlane_evaluation::{
    Learning, Probe, ProbeReport, ProbeSettings, Steered, UsefulnessSettings, probe_table, probe_world,
    usefulness, usefulness_table,
};
use toys::{CONTEXT, Drive, Knows, LAG, SIDE, STATE, cases, toy};

const CAR: [&str; 2] = ["steering", "throttle"];
const FRAMES: usize = 40;

/// What a made episode shows, has as its state, and does at each frame.
type Made = (Vec<u8>, Vec<f32>, [f32; 2]);

/// Thirty episodes, decoded.
fn recorded(folder: &Path, name: &str, state: &[&str], made: impl Fn(Seed) -> Vec<Made>) -> Arc<FrameCache> {
    let spec = EnvSpec {
        name: format!("made/{name}"),
        lanes: 1,
        seats: 1,
        steps_per_second: 20,
        rewards: false,
        state: state.iter().map(|&name| name.to_owned()).collect(),
        cameras: vec![CameraSpec::new("front", SIDE, SIDE)],
        action: ActionSpace::Continuous {
            names: CAR.map(str::to_owned).into(),
            low: vec![-1.0; 2],
            high: vec![1.0; 2],
        },
        scenes: false,
    };
    let path = folder.join(name);
    let provenance = Provenance::recording(&spec.name, "test");
    let mut sink = format_named("lerobot").unwrap().create(&path, &spec, &provenance).unwrap();
    for id in 0..30 {
        let made = made(Seed::new(1000 + id));
        let last = made.len() - 1;
        let steps = made.into_iter().enumerate().map(|(time, (image, state, action))| Step {
            images: vec![image],
            state,
            action: if time == last { vec![0.0; 2] } else { action.to_vec() },
            reward: 0.0,
            trust: 1.0,
            scene: None,
        });
        let (task, beginning, truncated) = (name.to_owned(), String::new(), Some(Truncation::Clock));
        let steps = steps.collect();
        sink.write(&Episode { id, task, beginning, steps, terminated: false, truncated }).unwrap();
    }
    sink.finish().unwrap();
    let source = open_any(&path).unwrap();
    let frames = folder.join(format!("{name}.frames"));
    Arc::new(FrameCache::open_or_build(source.as_ref(), &frames, &mut |_, _| ()).unwrap())
}

/// The wall of the toy worlds, under seeded steering.
fn wall(seed: Seed) -> Vec<Made> {
    let run = 100 + seed.below(10_000);
    let case = Drive::of(run, CONTEXT + FRAMES).case(0, FRAMES);
    let rows = case.truth.chunks(3 * SIDE * SIDE).zip(case.state.chunks(STATE.len()));
    // Row k of the actions led to frame k: what is done at a frame stands in the next row.
    let actions = case.actions.chunks(2).skip(1).chain([[0.0; 2].as_slice()]);
    rows.zip(actions)
        .map(|((image, state), did)| (image.to_vec(), state.to_vec(), [did[0], did[1]]))
        .collect()
}

/// A bright post somewhere before a grey wall, or none; steering points at it, or right ahead.
fn post(seed: Seed) -> Vec<Made> {
    let made = |time: u64| {
        let seed = seed.split(time);
        let (there, column) = (seed.split(0).uniform() < 0.6, seed.split(1).below(SIDE - 4));
        let pixel = |at: usize| if there && (column..column + 4).contains(&(at % SIDE)) { 220 } else { 90 };
        let place = column as f32 / (SIDE - 4) as f32;
        let steering = if there { 2.0 * place - 1.0 } else { 0.0 };
        let state = if there { vec![1.0, place] } else { vec![0.0; 2] };
        ((0..3 * SIDE * SIDE).map(pixel).collect(), state, [steering, 0.5])
    };
    (0..FRAMES as u64).map(made).collect()
}

fn sampler(cache: &Arc<FrameCache>, split: Split) -> WindowSampler {
    WindowSampler::new(cache.clone(), split, SplitRule::ByEpisode, Augmentation::none()).unwrap()
}

fn learning(frames: usize, steps: usize) -> Learning {
    Learning { frames, steps, batch: 32, rate: 2e-3, seed: Seed::new(5), device: Device::flex() }
}

fn taught(cache: &Arc<FrameCache>, learning: &Learning) -> Probe {
    let [train, validation] = [Split::Train, Split::Validation].map(|split| sampler(cache, split));
    Probe::learn(cache, [&train, &validation], learning, None, &mut |_| ()).unwrap()
}

fn probed(probe: &Probe, world: &Arc<dyn WorldModel>) -> ProbeReport {
    let cases = cases(8, 20);
    let settings = ProbeSettings { horizons: vec![1, 10], seed: Seed::new(2), device: Device::flex() };
    probe_world(probe, world, &cases, &settings, &mut |_| ()).unwrap()
}

#[test]
fn the_steering_is_read_off_a_dream_that_heeds_it_at_its_lag() {
    let folder = tempfile::tempdir().unwrap();
    let probe = taught(&recorded(folder.path(), "wall", &STATE, wall), &learning(3, 250));
    let steering = &probe.actions()[0];
    assert!(steering.lag == LAG && steering.by_lag[LAG] > 0.9, "{steering:?}");
    let good = probed(&probe, &toy(Knows::Everything, CAR));
    for at in &good.horizons {
        let score = &at.actions[0];
        assert!(score.r2.recorded.unwrap().value > 0.9, "{}", probe_table(&good));
        assert!((score.of_recorded.unwrap().value - 1.0).abs() < 0.02, "{}", probe_table(&good));
    }
    for blind in [Knows::Still, Knows::Mean] {
        let report = probed(&probe, &toy(blind, CAR));
        let score = &report.horizons[1].actions[0];
        assert!(score.r2.dreamed.unwrap().value < 0.2, "{}", probe_table(&report));
        assert_eq!(score.r2.recorded, good.horizons[1].actions[0].r2.recorded);
    }
}

#[test]
fn a_probe_says_whether_a_thing_is_there_and_where_and_is_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = recorded(folder.path(), "post", &["post.present", "post.left/20m"], post);
    let probe = taught(&cache, &learning(1, 200));
    let [present, left] = probe.validation() else { unreachable!("two numbers") };
    assert!(present.auroc.unwrap() > 0.98, "{present:?}");
    assert_eq!((left.name.as_str(), left.unit.as_str()), ("post.left", "m"));
    // Places lie 0.7 m apart, from 0 to 20 m.
    assert!(left.rmse.unwrap() < 2.0 && left.r2.unwrap() > 0.9, "{left:?}");
    let again = taught(&cache, &learning(1, 200));
    assert_eq!(probe.validation(), again.validation());
}

#[test]
fn dreams_teach_steering_where_they_are_true_and_not_where_their_actions_are_of_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let real = recorded(folder.path(), "post", &[], |seed| {
        post(seed).into_iter().map(|(image, _, action)| (image, Vec::new(), action)).collect()
    });
    let foreign = recorded(folder.path(), "foreign", &[], |seed| {
        let shown = post(seed).into_iter().zip(post(seed.split(7)));
        shown.map(|((image, ..), (_, _, action))| (image, Vec::new(), action)).collect()
    });
    let settings = UsefulnessSettings { learning: learning(1, 150), seeds: 2, most: 100 };
    let [train, test, elsewhere] =
        [sampler(&real, Split::Train), sampler(&real, Split::Test), sampler(&foreign, Split::All)];
    let [recorded, dreams, tested] = [(&real, &train), (&foreign, &elsewhere), (&real, &test)]
        .map(|(cache, sampler)| Steered { cache, sampler });
    let report = usefulness([recorded, dreams], tested, &settings, &mut |_, _| ()).unwrap();
    let r2: Vec<f64> = report.taught.iter().map(|taught| taught.r2.unwrap().value).collect();
    assert!(r2[0] > 0.85 && r2[1] < 0.2, "{}", usefulness_table(&report));
    assert!(report.mean_r2 <= 0.0 && report.taught[0].r2_by_seed.len() == 2, "{report:?}");
}

#[test]
fn what_does_not_fit_is_refused_with_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let cache = recorded(folder.path(), "wall", &STATE, wall);
    let [train, validation] = [Split::Train, Split::Validation].map(|split| sampler(&cache, split));
    let refused = |learning: Learning| {
        let probe = Probe::learn(&cache, [&train, &validation], &learning, None, &mut |_| ());
        probe.unwrap_err().to_string()
    };
    assert!(refused(learning(17, 1)).contains("1 to 16, found 17"));
    assert!(refused(Learning { batch: 30, ..learning(2, 1) }).contains("found 1 and 30"));
    let probe = taught(&cache, &learning(2, 1));
    let (world, cases) = (toy(Knows::Everything, CAR), cases(1, 20));
    let settings = ProbeSettings { horizons: vec![30], seed: Seed::new(2), device: Device::flex() };
    let error = probe_world(&probe, &world, &cases, &settings, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("at most 20"), "{error}");
    let post =
        taught(&recorded(folder.path(), "post", &["post.present", "post.left/20m"], post), &learning(2, 1));
    let settings = ProbeSettings { horizons: vec![1], ..settings };
    let error = probe_world(&post, &world, &cases, &settings, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("expected 2, found 5"), "{error}");
}
