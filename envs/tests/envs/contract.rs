//! What every environment promises, checked for all of the registry.

use burn::tensor::{Device, Tensor, TensorData};
use dreamlane_core::{Actions, Env, LaneMask, RowMask, Seed, Timestep, Truncation, View};
use dreamlane_envs::{ENVS, build, drive::actions::ActionKind};

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

pub(crate) fn actions(rows: &[[f32; 2]]) -> Actions {
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
    for entry in ENVS.iter().filter(|entry| entry.needs.is_none()) {
        // One kind of action for all; the other kinds have a test of their own.
        let is_continuous = (entry.scenario)().actions == ActionKind::Continuous;
        let options = if is_continuous {
            ""
        } else {
            ":actions=continuous,clock_steps=400,ticks=1,steps_per_second=15"
        };
        let name = format!("{}{options}", entry.name);
        check(&name, &|lanes| build(&name, lanes, &Device::flex()).unwrap());
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
        for view in [View::Camera, View::Above] {
            let frames = env.render(view).unwrap();
            assert_eq!(frames.rgb.len(), 3 * 3 * frames.height * frames.width, "{name}");
            assert!(frames.rgb.iter().max() > frames.rgb.iter().min(), "{name}");
        }
        assert!(env.moved() > 0, "{name}");
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
        play(source.as_mut(), &[11, 12], 5);
        target.restore(2, &source.snapshot(0).unwrap()).unwrap();
        for step in 5..40 {
            let row = action(11, step);
            let one = source.step(&actions(&[row; 2]), &LaneMask::only(2, &[0])).unwrap();
            let other = target.step(&actions(&[row; 3]), &LaneMask::only(3, &[2])).unwrap();
            assert!(said(&one, 0) == said(&other, 2), "{name}: step {step}");
            if said(&one, 0).terminated {
                assert!(step > 10, "{name}: over after {step} steps");
                break;
            }
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

/// Bytes of a snapshot with one of them changed: refused, or gone on with, and never a panic.
#[test]
fn a_snapshot_with_any_byte_changed_does_no_harm() {
    for name in
        ["drive/highway:picture=0,cars=6,delay_steps=2,jerk_mps3=10", "drive/roundabout:picture=0,cars=4"]
    {
        let mut env = made(name, 1);
        play(env.as_mut(), &[1], 4);
        let whole = env.snapshot(0).unwrap();
        let mut went_on = 0;
        for place in (0..whole.bytes.len()).step_by(3) {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed.bytes[place] ^= change;
                if env.restore(0, &changed).is_ok() {
                    went_on += 1;
                    // A step refuses a lane that is finished, and that is fine, too.
                    let _ = env.step(&actions(&[[0.1, 0.01]]), &LaneMask::all(1));
                }
            }
        }
        assert!(went_on > 100, "{name}: {went_on}");
        env.restore(0, &whole).unwrap();
        env.step(&actions(&[[0.1, 0.01]]), &LaneMask::all(1)).unwrap();
    }
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
    assert!(
        message.starts_with("unknown env `drive/moon`, known: drive/highway, drive/highway_v0, "),
        "{message}"
    );
    let message = build("drive/platoon", 1, &Device::flex()).err().unwrap().to_string();
    assert!(message.contains("set replay.data=FOLDER"), "{message}");
}

pub(crate) fn made(name: &str, lanes: usize) -> Box<dyn Env> {
    build(name, lanes, &Device::flex()).unwrap()
}

pub(crate) fn rowless(rows: usize, width: usize) -> Actions {
    Actions { values: Tensor::zeros([rows, width], &Device::flex()), given: RowMask::none(rows) }
}

#[test]
fn leaving_the_road_terminates_and_the_lane_must_then_be_reset() {
    let mut env = made("drive/highway:picture=0", 1);
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
    let mut env = made("drive/highway:picture=0,clock_steps=200", 4);
    let mut now = env.reset(&LaneMask::all(4), &[1, 2, 3, 4].map(Seed::new)).unwrap();
    for _ in 0..200 {
        assert!(!now.finished().any());
        now = env.step(&rowless(4, 2), &LaneMask::all(4)).unwrap();
    }
    assert_eq!(now.truncated, [Some(Truncation::Clock); 4]);
    assert!(!now.terminated.any());
}

#[test]
fn seats_are_rows_of_their_own_and_one_that_crashes_leaves_the_others_driving() {
    let mut env = made("drive/highway:seats=3,picture=0,cars=0", 2);
    assert_eq!((env.spec().rows(), env.spec().seats), (6, 3));
    let start = env.reset(&LaneMask::all(2), &[Seed::new(5), Seed::new(6)]).unwrap();
    assert_eq!((start.terminated.len(), start.truncated.len()), (6, 2));
    let mut ended = None;
    for step in 0..300 {
        // The first seat of the first lane falls behind and leaves the road, the others drive themselves.
        let mut swerve = rowless(6, 2);
        let row = if step < 40 { [-0.6, 0.0] } else { [0.0, 1.0] };
        swerve.values = actions(&[row; 6]).values;
        swerve.given = RowMask::only(6, &[0]);
        let now = env.step(&swerve, &LaneMask::all(2)).unwrap();
        assert!(!now.finished().any());
        assert!((1..6).all(|row| !now.terminated.get(row)), "step {step}");
        let reward = now.reward.to_data().iter::<f32>().next().unwrap();
        if now.terminated.get(0) {
            assert_eq!(reward, 0.0);
            ended = ended.or(Some(step));
        }
    }
    assert!(ended.is_some_and(|step| step > 40), "{ended:?}");
}

#[test]
fn a_camera_that_drops_out_is_black_and_noise_is_its_own_in_every_step() {
    let pictures = |options: &str| {
        let mut env = made(&format!("drive/highway:{options}"), 1);
        let start = env.reset(&LaneMask::all(1), &[Seed::new(3)]).unwrap();
        said(&start, 0).images[0].clone()
    };
    assert!(pictures("picture_dropout=1").iter().all(|&byte| byte == 0));
    let (clear, noisy) = (pictures("seats=1"), pictures("picture_noise=8"));
    let off =
        clear.iter().zip(&noisy).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / clear.len() as f64;
    assert!((4.0..9.0).contains(&off), "mean difference {off}");
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
