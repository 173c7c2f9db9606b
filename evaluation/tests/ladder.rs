//! Toy worlds on the ladder: one that knows all, one that errs as its trust says, one that is blind to its actions.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod toys;

use std::sync::{Arc, LazyLock};

use burn::tensor::Device;
use dreamlane_core::{Error, Seed, WorldModel};
use dreamlane_evaluation::{
    Bounds, Case, Interval, OutcomeReport, OutcomeSettings, OutcomeWindow, Settings, WorldReport,
    evaluate_world, outcomes, table,
};
use toys::{CONTEXT, Drive, Knows, STATE, cases, is_over, toy};

const CAR: [&str; 2] = ["steering", "throttle"];

/// Each world is judged once: what differs between the tests is what they look at.
static JUDGED: [LazyLock<WorldReport>; 3] = [
    LazyLock::new(|| judge(Knows::Everything)),
    LazyLock::new(|| judge(Knows::Roughly)),
    LazyLock::new(|| judge(Knows::Still)),
];

fn check(knows: Knows) -> WorldReport {
    let place = match knows {
        Knows::Everything => 0,
        Knows::Roughly => 1,
        Knows::Still | Knows::Mean => 2,
    };
    JUDGED[place].clone()
}

fn judge(knows: Knows) -> WorldReport {
    let opponents: [(&str, Arc<dyn WorldModel>); 2] =
        [("still", toy(Knows::Still, CAR)), ("mean", toy(Knows::Mean, CAR))];
    let settings = Settings {
        horizons: vec![1, 4, 8, 16],
        dreams: 2,
        response_steps: 20,
        response_cases: 8,
        state: STATE.map(str::to_owned).into(),
        bounds: Bounds::usual(),
        seed: Seed::new(3),
        device: Device::flex(),
    };
    evaluate_world(&toy(knows, CAR), &opponents, &cases(10, 20), &settings, &mut |_| ()).unwrap()
}

/// Every start of these drives, each of which ends where its task does: `steps` frames, or fewer up to the ending.
fn windows(runs: usize, steps: usize) -> Vec<OutcomeWindow> {
    let of_run = |run: usize| {
        let drive = Drive::of(run, 120);
        let end = drive.offsets.iter().position(|&offset| is_over(offset)).unwrap_or(119);
        let horizon = move |from: usize| steps.min((end + 1).saturating_sub(from + CONTEXT));
        let is_whole = |case: &Case| case.rewards.len() == steps || case.ended;
        let starts = (0..end).filter(|&from| horizon(from) > 0);
        let cases = starts.map(|from| drive.case(from, horizon(from))).filter(is_whole);
        cases.map(|case| OutcomeWindow { case, weight: 1.0 }).collect::<Vec<_>>()
    };
    (0..runs).flat_map(of_run).collect()
}

fn judged(knows: Knows, windows: Vec<OutcomeWindow>) -> Result<OutcomeReport, Error> {
    let settings = OutcomeSettings { steps: 8, seed: Seed::new(5), device: Device::flex() };
    let total = windows.len();
    let found = outcomes(&toy(knows, CAR), &mut windows.into_iter(), total, &settings, &mut |_| ());
    found.map(Option::unwrap)
}

fn value(interval: Option<Interval>) -> f64 {
    interval.unwrap().value
}

#[test]
fn a_perfect_world_always_follows_and_a_blind_one_wins_exactly_half() {
    let (perfect, blind) = (check(Knows::Everything), check(Knows::Still));
    let names = |report: &WorldReport| -> Vec<String> {
        report.following.as_ref().unwrap().columns.iter().map(|column| column.action.clone()).collect()
    };
    assert_eq!(names(&perfect), ["steering", "throttle", "all"]);
    let at_8 = |report: &WorldReport, column: usize| {
        report.following.as_ref().unwrap().columns[column].horizons[2].clone()
    };
    for column in 0..3 {
        let found = at_8(&blind, column);
        let state = found.state.unwrap();
        assert_eq!((value(found.changed.probability), value(state.probability)), (0.5, 0.5));
        assert_eq!(
            (value(found.changed.counterfactual_ratio), value(state.counterfactual_ratio)),
            (1.0, 1.0)
        );
    }
    // The throttle shows in the state alone.
    assert_eq!(value(at_8(&perfect, 1).changed.probability), 0.5);
    for column in 0..3 {
        let state = at_8(&perfect, column).state.unwrap();
        assert_eq!(value(state.probability_different), 1.0);
        assert!(state.pairs_different > 20, "{state:?}");
    }
    for column in [0, 2] {
        let changed = at_8(&perfect, column).changed;
        assert!(value(changed.probability_different) > 0.98, "{changed:?}");
    }
}

#[test]
fn a_perfect_world_leads_everywhere_and_its_pictures_are_those_recorded() {
    let report = check(Knows::Everything);
    let usable = report.usable.unwrap();
    assert!(usable.one_leads_everywhere && usable.mean_leads_everywhere && usable.usable_horizon.is_none());
    assert_eq!(usable.leads.len(), 8);
    for score in &report.judged.horizons {
        let likeness = score.likeness.as_ref().unwrap();
        assert!(value(likeness.ssim_all) > 0.999 && value(likeness.random_feature_distance_all) < 1e-6);
        assert_eq!(likeness.random_feature_frechet_video.is_some(), score.horizon >= 4);
    }
    let at_8 = |scores: &dreamlane_evaluation::WorldScores| scores.horizons[2].likeness.clone().unwrap();
    let (own, still) = (at_8(&report.judged), at_8(&report.opponents[0]));
    let recorded = own.recorded_frechet_video.unwrap();
    assert!((value(own.random_feature_frechet_video) - recorded).abs() < 0.01 * recorded);
    assert!(value(still.random_feature_frechet_video) > 1.2 * recorded, "{still:?}");
    assert!(value(still.ssim_all) < 0.8);
    let blind = check(Knows::Still).usable.unwrap();
    assert!(!blind.one_leads_everywhere && blind.usable_horizon == Some(1));
}

#[test]
fn errors_of_the_state_are_in_units_and_beside_what_was_held() {
    let (perfect, rough) = (check(Knows::Everything).state.unwrap(), check(Knows::Roughly).state.unwrap());
    let names: Vec<(&str, &str)> =
        perfect.own.iter().map(|number| (number.name.as_str(), number.unit.as_str())).collect();
    assert_eq!(names, [("ego.lateral", "m"), ("ego.speed", "m/s")]);
    for number in &perfect.own {
        for error in &number.horizons {
            assert!(error.rmse.value < 1e-4 && error.held_rmse.value > 0.2, "{error:?}");
        }
    }
    let others = &perfect.others[2];
    assert_eq!(others.presence_accuracy.value, 1.0);
    assert!(others.held_presence_accuracy.value < 1.0 && value(others.forward_rmse_m) < 1e-4);
    // 0.3 m of doubt a step, and doubts are uniform: at step 8 the root of their mean square is 2.4 / sqrt(3).
    let lateral = rough.own[0].horizons[2].rmse.value;
    assert!((lateral - 2.4 / 3f64.sqrt()).abs() < 0.4, "{lateral}");
}

#[test]
fn trust_that_knows_its_error_beats_a_clock_and_constant_trust_is_not_judged() {
    assert!(check(Knows::Everything).trust.is_none());
    let trust = check(Knows::Roughly).trust.unwrap().state.unwrap();
    for score in &trust.horizons {
        // Somebody ahead who comes or goes at a pixel's difference is the one error that doubt does not order.
        assert!(value(score.spearman) > 0.8, "{score:?}");
    }
    assert!(value(trust.horizons[2].auroc) > 0.999 && trust.horizons[2].over_bound > 0.2);
    assert!(value(trust.clock_auroc) < value(trust.pooled_auroc).max(0.95));
    let (own, clock) = (trust.threshold.unwrap(), trust.clock_threshold.unwrap());
    assert!(own.value > 0.0 && own.value < 1.0);
    assert!(value(own.removed) > value(clock.removed) - 0.5 && value(own.kept) > 0.6, "{own:?} {clock:?}");
}

#[test]
fn dreams_are_valid_until_their_errors_leave_the_bounds() {
    assert_eq!(check(Knows::Everything).validity.unwrap().valid_horizon, 16);
    let rough = check(Knows::Roughly).validity.unwrap();
    assert!((4..16).contains(&rough.valid_horizon), "{rough:?}");
    let rewards = check(Knows::Everything).rewards;
    assert!(rewards.iter().all(|score| value(score.r2) > 0.999));
    let blind = check(Knows::Still).rewards;
    assert!(value(blind[3].r2) < 0.9);
}

#[test]
fn endings_within_and_with_exactly_so_many_steps_are_scored_over_all_starts() {
    let all = windows(40, 8);
    let total = all.len();
    let ended = all.iter().filter(|window| window.case.ended).count();
    let perfect = judged(Knows::Everything, all).unwrap();
    assert_eq!((perfect.windows, perfect.ended), (total, ended));
    for at in &perfect.dreamed.endings {
        for event in [&at.within, &at.exactly] {
            assert_eq!((value(event.average_precision), value(event.brier_skill)), (1.0, 1.0));
            assert!(event.base_rate.unwrap() < 0.9 && value(event.calibration_error) == 0.0);
        }
        let exact: usize = perfect.dreamed.endings[..at.horizon].iter().map(|at| at.exactly.events).sum();
        assert_eq!(at.within.events, exact);
    }
    assert!(value(perfect.dreamed.reward_r2) > 0.999);
    let blind = judged(Knows::Still, windows(40, 8)).unwrap().dreamed.endings[7].within.clone();
    // It never expects an end, so every threshold names all.
    assert!((value(blind.average_precision) - blind.base_rate.unwrap()).abs() < 1e-9);
    assert!(value(blind.brier_skill) < 0.0);
}

#[test]
fn on_real_frames_even_a_world_that_cannot_dream_reads_rewards_and_endings() {
    let found = judged(Knows::Still, windows(40, 8)).unwrap();
    let real = found.real.unwrap();
    assert!(value(real.reward_r2) > 0.999 && value(found.dreamed.reward_r2) < 0.99);
    for at in &real.endings {
        for event in [&at.within, &at.exactly] {
            assert_eq!((value(event.average_precision), value(event.brier_skill)), (1.0, 1.0));
        }
    }
}

#[test]
fn a_weight_stands_for_starts_that_were_not_drawn() {
    let all = windows(40, 8);
    let twice: Vec<OutcomeWindow> = all.iter().chain(&all).cloned().collect();
    let mut weighted = all;
    weighted.iter_mut().for_each(|window| window.weight = 2.0);
    let of = |windows| {
        let report = judged(Knows::Roughly, windows).unwrap();
        (report.starts, report.dreamed.endings[3].within.base_rate.unwrap())
    };
    let (twice, weighted) = (of(twice), of(weighted));
    assert_eq!(twice.0, weighted.0);
    assert!((twice.1 - weighted.1).abs() < 1e-12);
}

#[test]
fn a_short_window_whose_task_goes_on_is_refused() {
    let mut short = windows(40, 8);
    let first = short.iter_mut().find(|window| window.case.rewards.len() < 8).unwrap();
    first.case.ended = false;
    let error = judged(Knows::Everything, short).unwrap_err().to_string();
    assert!(error.contains('8') && error.contains("window"), "{error}");
}

#[test]
fn reports_of_old_are_still_read_and_new_ones_say_all_in_text() {
    let report = check(Knows::Roughly);
    let text = table(&report, &[]);
    for title in
        ["Likeness", "Lead", "Action following", "Own motion", "Others", "Rewards", "Trust", "Validity"]
    {
        assert!(text.contains(title), "{title}");
    }
    let mut old = serde_json::to_value(&report).unwrap();
    let fields = old.as_object_mut().unwrap();
    for field in ["usable", "following", "state", "rewards", "outcomes", "trust", "validity"] {
        assert!(fields.remove(field).is_some(), "{field}");
    }
    let read: WorldReport = serde_json::from_value(old).unwrap();
    assert!(read.following.is_none() && read.rewards.is_empty() && read.trust.is_none());
}
