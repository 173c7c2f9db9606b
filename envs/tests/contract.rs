//! What every environment promises, checked for all of the registry.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Actions, Env, LaneMask, RowMask, Seed, Timestep, Truncation, View};
use dreamlane_envs::{
    ENVS, build,
    drive::{Highway, HighwayConfig},
};

/// What one lane of a timestep says, as plain values.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    images: Vec<Vec<u8>>,
    state: Vec<f32>,
    reward: f32,
    first: bool,
    terminated: bool,
    truncated: Option<Truncation>,
}

fn said(now: &Timestep, lane: usize) -> Said {
    let row = |values: &Tensor<1>| values.to_data().iter::<f32>().nth(lane).unwrap();
    let width = now.observation.state.dims()[1];
    let images = now.observation.images.iter();
    Said {
        images: images
            .map(|images| images.clone().slice_dim(0, lane..lane + 1).into_data().iter::<u8>().collect())
            .collect(),
        state: now.observation.state.to_data().iter::<f32>().skip(lane * width).take(width).collect(),
        reward: row(&now.reward),
        first: now.first.get(lane),
        terminated: now.terminated.get(lane),
        truncated: now.truncated[lane],
    }
}

/// The action of an episode at a step: gentle, so that episodes last, and its own.
fn action(episode: u64, step: u64) -> [f32; 2] {
    let draw = Seed::new(episode).split(1000 + step).uniform();
    [0.4 * draw - 0.2, 0.1 * (draw - 0.5)]
}

fn actions(rows: &[[f32; 2]]) -> Actions {
    let values = TensorData::new(rows.concat(), [rows.len(), 2]);
    Actions { values: Tensor::from_data(values, &Device::flex()), given: RowMask::all(rows.len()) }
}

/// Plays these episodes side by side and returns what each lane says, start included.
fn play(env: &mut dyn Env, episodes: &[u64], steps: u64) -> Vec<Vec<Said>> {
    let lanes = LaneMask::all(episodes.len());
    let seeds: Vec<Seed> = episodes.iter().map(|&episode| Seed::new(episode)).collect();
    let start = env.reset(&lanes, &seeds).unwrap();
    let mut lives: Vec<Vec<Said>> = (0..episodes.len()).map(|lane| vec![said(&start, lane)]).collect();
    for step in 0..steps {
        let rows: Vec<_> = episodes.iter().map(|&episode| action(episode, step)).collect();
        let ended = |life: &Vec<Said>| life.last().is_some_and(|said| said.terminated);
        let running = lives.iter().map(|life| !ended(life)).collect::<Vec<_>>().into();
        let now = env.step(&actions(&rows), &running).unwrap();
        running.indices().for_each(|lane| lives[lane].push(said(&now, lane)));
    }
    lives
}

fn each(check: impl Fn(&str, &(dyn Fn(usize) -> Box<dyn Env> + Sync))) {
    for entry in ENVS {
        check(entry.name, &|lanes| build(entry.name, lanes, &Device::flex()).unwrap());
    }
}

#[test]
fn what_is_emitted_fits_the_spec() {
    each(|name, env| {
        let mut env = env(3);
        let spec = env.spec().clone();
        assert_eq!((spec.name.as_str(), spec.lanes, spec.seats), (name, 3, 1));
        for said in play(env.as_mut(), &[1, 2, 3], 40).concat() {
            assert_eq!(said.state.len(), spec.state.len());
            assert!(said.state.iter().all(|x| x.is_finite()), "{:?}", said.state);
            assert!((0.0..=1.0).contains(&said.reward), "{}", said.reward);
            for (image, camera) in said.images.iter().zip(&spec.cameras) {
                assert_eq!(image.len(), camera.frame_len());
                assert!(image.iter().max() > image.iter().min());
            }
        }
        let frames = env.render(View::Camera).unwrap();
        assert_eq!(frames.rgb.len(), 3 * 3 * frames.height * frames.width);
    });
}

#[test]
fn one_lane_equals_its_lane_among_eight_in_any_order() {
    each(|name, env| {
        let among = play(env(8).as_mut(), &[3, 5, 1, 0, 7, 2, 6, 4], 50);
        for (episode, lane) in [(3, 0), (0, 3), (4, 7)] {
            let alone = play(env(1).as_mut(), &[episode], 50);
            assert!(alone[0] == among[lane], "{name}: episode {episode}");
        }
        assert!(among[0] != among[1], "{name}: two seeds, one episode");
    });
}

#[test]
fn masks_touch_only_their_lanes() {
    each(|name, env| {
        let mut env = env(3);
        let start = env.reset(&LaneMask::all(3), &[1, 2, 3].map(Seed::new)).unwrap();
        let rows = [[0.1, 0.05]; 3];
        let stepped = env.step(&actions(&rows), &LaneMask::only(3, &[1])).unwrap();
        assert!(said(&start, 0) == said(&stepped, 0) && said(&start, 2) == said(&stepped, 2), "{name}");
        assert!(said(&start, 1) != said(&stepped, 1), "{name}");
        let again = env.reset(&LaneMask::only(3, &[0]), &[Seed::new(9)]).unwrap();
        assert_eq!(again.first.as_slice(), [true, false, true], "{name}");
        let standing = Said { reward: 0.0, ..said(&stepped, 1) };
        assert!(said(&again, 1) == standing && said(&again, 0) != said(&start, 0), "{name}");
    });
}

#[test]
fn a_snapshot_restored_into_another_lane_goes_on_identically() {
    each(|name, env| {
        let (mut source, mut target) = (env(2), env(3));
        play(source.as_mut(), &[11, 12], 20);
        target.restore(2, &source.snapshot(0).unwrap()).unwrap();
        for step in 20..50 {
            let row = action(11, step);
            let one = source.step(&actions(&[row; 2]), &LaneMask::only(2, &[0])).unwrap();
            let other = target.step(&actions(&[row; 3]), &LaneMask::only(3, &[2])).unwrap();
            assert!(said(&one, 0) == said(&other, 2), "{name}: step {step}");
        }
    });
}

#[test]
fn broken_and_foreign_snapshots_are_refused() {
    each(|name, env| {
        let mut env = env(1);
        play(env.as_mut(), &[1], 1);
        let mut broken = env.snapshot(0).unwrap();
        broken.bytes.truncate(broken.bytes.len() / 2);
        assert!(env.restore(0, &broken).unwrap_err().to_string().contains("broken"), "{name}");
        broken.origin = "elsewhere".to_owned();
        assert!(env.restore(0, &broken).unwrap_err().to_string().contains("elsewhere"), "{name}");
    });
}

#[test]
fn requests_that_do_not_fit_are_named() {
    each(|name, env| {
        let mut env = env(2);
        let all = LaneMask::all(2);
        let refused = |result: dreamlane_core::Result<Timestep>, part: &str| {
            let message = result.unwrap_err().to_string();
            assert!(message.contains(part), "{name}: {message}");
        };
        refused(env.step(&actions(&[[0.0; 2]; 2]), &all), "never reset");
        refused(env.reset(&all, &[Seed::new(1)]), "2 lanes to reset but 1 seeds");
        env.reset(&all, &[Seed::new(1), Seed::new(2)]).unwrap();
        refused(env.step(&actions(&[[0.0; 2]; 3]), &all), "expected actions [2, 2]");
        refused(env.step(&actions(&[[0.0, f32::NAN]; 2]), &all), "NaN");
        refused(env.step(&actions(&[[0.0; 2]; 2]), &LaneMask::all(3)), "mask of 2 lanes");
    });
    let message = build("drive/moon", 1, &Device::flex()).err().unwrap().to_string();
    assert_eq!(message, "unknown env `drive/moon`, known: drive/highway, world:RUN");
}

#[test]
fn leaving_the_road_terminates_and_the_lane_must_then_be_reset() {
    let mut env = Highway::new(1, HighwayConfig::without_camera(), &Device::flex()).unwrap();
    let lane = LaneMask::all(1);
    env.reset(&lane, &[Seed::new(1)]).unwrap();
    let swerve = actions(&[[0.0, 1.0]]);
    let steps = (0..200).find(|_| env.step(&swerve, &lane).unwrap().terminated.get(0)).unwrap();
    assert!(steps > 5, "terminated after {steps} steps");
    assert!(env.step(&swerve, &lane).unwrap_err().to_string().contains("finished"));
    let start = env.reset(&lane, &[Seed::new(1)]).unwrap();
    assert!(start.first.get(0) && !start.terminated.get(0));
}

#[test]
fn a_row_without_an_action_drives_itself_until_the_clock() {
    let config = HighwayConfig::without_camera();
    let mut env = Highway::new(4, config, &Device::flex()).unwrap();
    let mut now = env.reset(&LaneMask::all(4), &[1, 2, 3, 4].map(Seed::new)).unwrap();
    let actions = Actions { values: Tensor::zeros([4, 2], &Device::flex()), given: RowMask::none(4) };
    for _ in 0..config.clock_steps {
        assert!(!now.finished().any());
        now = env.step(&actions, &LaneMask::all(4)).unwrap();
    }
    assert_eq!(now.truncated, [Some(Truncation::Clock); 4]);
    assert!(!now.terminated.any());
}

#[test]
fn one_thread_draws_the_same_bytes_as_many() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    each(|name, env| {
        let many = play(env(5).as_mut(), &[1, 2, 3, 4, 5], 10);
        let one = pool.install(|| play(env(5).as_mut(), &[1, 2, 3, 4, 5], 10));
        assert!(many == one, "{name}");
    });
}
