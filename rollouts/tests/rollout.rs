//! A scripted env proves the driver end to end.

mod toys;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use dreamlane_core::{Episode, EpisodeSink, Error, Result, Seed, Truncation};
use dreamlane_rollouts::{Plan, Summary, rollout};
use toys::{Drawing, Failing, Scripted, Shelf};

fn plan(episodes: u64, max_steps: Option<usize>) -> Plan {
    Plan { episodes: 0..episodes, run_seed: Seed::new(11), task: "add up".to_owned(), max_steps }
}

/// Plays `plan` in a scripted env.
fn check(lanes: usize, breaks_every: u64, plan: &Plan) -> (Vec<Episode>, Summary, Scripted) {
    let (mut env, shelf) = (Scripted::new(lanes, breaks_every), Shelf::default());
    let sink = Some(Box::new(shelf.clone()) as Box<dyn EpisodeSink>);
    let summary =
        rollout(&mut env, &mut Drawing::default(), plan, sink, &AtomicBool::new(false), &mut |_| ());
    assert!(shelf.is_complete());
    (shelf.episodes(), summary.expect("the rollout works"), env)
}

#[test]
fn observation_action_reward_and_end_line_up() {
    let (episodes, summary, _) = check(4, 0, &plan(20, None));
    assert_eq!(episodes.len(), 20);
    for (id, episode) in episodes.iter().enumerate() {
        let env_seed = Seed::new(11).split(id as u64).split(0);
        let length = 3 + env_seed.split(0).below(9);
        assert_eq!((episode.id, episode.steps.len()), (id as u64, length + 1));
        let ends = if length % 2 == 1 { (true, None) } else { (false, Some(Truncation::Horizon)) };
        assert_eq!((episode.terminated, episode.truncated), ends);
        let mut sum = 0.0;
        for (time, step) in episode.steps.iter().enumerate() {
            assert_eq!(step.images, [vec![time as u8; 12]]);
            assert_eq!(step.state, [(env_seed.number() % 10_000) as f32, sum]);
            assert_eq!(step.trust, 1.0 / (1.0 + time as f32));
            let seed = Seed::new(11).split(id as u64).split(1).split(time as u64);
            let action = if time < length { seed.uniform() / (1.0 + time as f32) } else { 0.0 };
            assert_eq!((step.action.as_slice(), step.reward), ([action].as_slice(), 10.0 * action));
            sum += action;
        }
    }
    let actions: usize = episodes.iter().map(|episode| episode.steps.len() - 1).sum();
    assert_eq!((summary.episodes, summary.steps), (20, actions as u64));
}

#[test]
fn episodes_are_the_same_in_1_8_and_64_lanes() {
    let [one, eight, many] = [1, 8, 64].map(|lanes| check(lanes, 3, &plan(100, Some(9))));
    assert_eq!(one.0, eight.0);
    assert_eq!(one.0, many.0);
    assert_eq!(one.1.faults, many.1.faults);
    assert_eq!((one.1.episodes, one.1.steps), (many.1.episodes, many.1.steps));
}

#[test]
fn a_finished_lane_is_refilled_at_once_and_stands_still_only_at_the_end() {
    let (episodes, _, env) = check(3, 0, &plan(30, None));
    let longest = episodes.iter().map(|episode| episode.steps.len()).max().unwrap_or(0);
    assert!(env.idle_steps < longest, "{} steps with an idle lane", env.idle_steps);
}

#[test]
fn lanes_without_an_episode_stand_still() {
    let (episodes, _, env) = check(8, 0, &plan(3, None));
    assert_eq!(episodes.len(), 3);
    assert!(env.idle_steps > 0);
    assert!(check(8, 0, &plan(0, None)).0.is_empty());
}

#[test]
fn the_clock_cuts_an_episode_and_says_so() {
    let (episodes, ..) = check(4, 0, &plan(20, Some(5)));
    for episode in &episodes {
        let length = 3 + Seed::new(11).split(episode.id).split(0).split(0).below(9);
        assert_eq!(episode.steps.len(), length.min(5) + 1);
        assert_eq!(episode.truncated == Some(Truncation::Clock), length > 5);
    }
}

#[test]
fn a_broken_lane_keeps_its_last_good_observation_and_the_others_go_on() {
    let (episodes, summary, _) = check(4, 2, &plan(20, None));
    assert_eq!(episodes.len(), 20);
    assert!(!summary.faults.is_empty() && summary.faults.len() < 20);
    for fault in &summary.faults {
        let episode = &episodes[fault.episode as usize];
        assert_eq!((episode.steps.len(), fault.step), (2, 1));
        assert_eq!((episode.steps[1].action.as_slice(), episode.steps[1].reward), ([0.0].as_slice(), 0.0));
        assert_eq!((episode.terminated, episode.truncated), (false, None));
    }
}

#[test]
fn stopping_keeps_the_whole_episodes_before_the_first_unfinished_one_and_completes_the_sink() {
    let (mut env, shelf, stop) = (Scripted::new(4, 0), Shelf::default(), AtomicBool::new(false));
    let sink = Some(Box::new(shelf.clone()) as Box<dyn EpisodeSink>);
    let outcome =
        rollout(&mut env, &mut Drawing::default(), &plan(1000, None), sink, &stop, &mut |progress| {
            stop.store(progress.episodes_done >= 10, Ordering::Relaxed);
        });
    assert!(matches!(outcome, Err(Error::Stopped)));
    let stopped = shelf.episodes();
    // Up to three of the ten that were over may have waited for an earlier one.
    assert!(stopped.len() >= 7, "{}", stopped.len());
    let (whole, ..) = check(1, 0, &plan(20, None));
    assert_eq!(stopped, whole[..stopped.len()]);
    assert!(shelf.is_complete());
}

#[test]
fn a_failing_sink_stops_the_rollout_with_its_error() {
    let mut env = Scripted::new(4, 0);
    let sink = Some(Box::new(Failing(0)) as Box<dyn EpisodeSink>);
    let stop = AtomicBool::new(false);
    let mut done = 0;
    let outcome =
        rollout(&mut env, &mut Drawing::default(), &plan(100_000, None), sink, &stop, &mut |progress| {
            done = progress.episodes_done;
        });
    assert!(matches!(outcome, Err(Error::Broken { .. })), "{outcome:?}");
    assert!(done < 100_000);
}

/// Takes long over each episode.
struct Slow(Arc<AtomicU64>);

impl EpisodeSink for Slow {
    fn last_id(&self) -> Option<u64> {
        None
    }

    fn write(&mut self, _episode: &Episode) -> Result<()> {
        (0..50_000).for_each(|_| std::hint::spin_loop());
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// How far a sink may lag behind is tested beside the queue, in `rollouts/src/behind.rs`.
#[test]
fn a_rollout_is_over_when_a_slow_sink_has_written_all() {
    let written = Arc::new(AtomicU64::new(0));
    let mut env = Scripted::new(1, 0);
    let mut policy = Drawing::default();
    let sink = Some(Box::new(Slow(written.clone())) as Box<dyn EpisodeSink>);
    let stop = AtomicBool::new(false);
    let summary = rollout(&mut env, &mut policy, &plan(100, Some(1)), sink, &stop, &mut |_| ());
    assert_eq!(summary.expect("the rollout works").episodes, 100);
    assert_eq!(written.load(Ordering::SeqCst), 100);
}
