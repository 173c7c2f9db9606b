//! Toy worlds through the whole evaluation.

mod toys;

use std::sync::Arc;

use burn::tensor::Device;
use dreamlane_core::{Error, Seed, WorldModel};
use dreamlane_evaluation::{
    Bounds, Case, Judged, Settings, WorldReport, dream_strip, evaluate_world, gates, table,
};
use toys::{Knows, LAG, SIDE, STATE, cases, toy};

const CAR: [&str; 2] = ["steering", "throttle"];

fn settings() -> Settings {
    Settings {
        horizons: vec![1, 5, 10, 20],
        dreams: 2,
        response_steps: 30,
        response_cases: 16,
        state: STATE.map(str::to_owned).into(),
        bounds: Bounds::usual(),
        seed: Seed::new(3),
        device: Device::flex(),
    }
}

/// The report of a toy world beside `still` and `mean`.
fn check(knows: Knows, names: [&str; 2], cases: &[Case]) -> WorldReport {
    let opponents: [(&str, Arc<dyn WorldModel>); 2] =
        [("still", toy(Knows::Still, names)), ("mean", toy(Knows::Mean, names))];
    evaluate_world(&toy(knows, names), &opponents, cases, &settings(), &mut |_| ()).expect("it can be judged")
}

#[test]
fn a_world_that_knows_the_motion_passes_every_gate() {
    let report = check(Knows::Everything, CAR, &cases(7, 30));
    for judged in [Judged::Tails, Judged::Unseen] {
        let gates = gates(&report, judged);
        assert!(gates.iter().all(|gate| gate.pass), "{}", table(&report, &gates));
    }
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}

#[test]
fn still_and_mean_fail_the_gate() {
    let cases = cases(7, 30);
    for knows in [Knows::Still, Knows::Mean] {
        let report = check(knows, CAR, &cases);
        for judged in [Judged::Tails, Judged::Unseen] {
            let gates = gates(&report, judged);
            let failed = |word: &str| gates.iter().any(|gate| gate.name.contains(word) && !gate.pass);
            assert!(failed("skill") && failed("action gap") && failed("image shift"), "{gates:?}");
        }
    }
}

#[test]
fn the_skill_of_a_still_picture_is_exactly_zero_and_its_gap_too() {
    let report = check(Knows::Still, CAR, &cases(7, 30));
    for score in &report.judged.horizons {
        for pixels in [score.one_all, score.one_changed, score.mean_all, score.mean_changed] {
            let skill = pixels.expect("the wall moves").skill;
            assert_eq!((skill.value, skill.low, skill.high), (0.0, 0.0, 0.0));
        }
    }
    assert_eq!(report.judged.horizons, report.opponents[0].horizons);
    let control = report.control.expect("there is steering");
    let gap = control.gaps[2].gap_db.expect("frames are steered");
    assert_eq!((gap.value, gap.low, gap.high), (0.0, 0.0, 0.0));
}

#[test]
fn dreams_follow_imposed_steering_at_the_recorded_lag() {
    let report = check(Knows::Everything, CAR, &cases(7, 30));
    let responses = report.control.expect("there is steering").responses;
    for response in [responses.recorded, responses.replayed, responses.flipped, responses.random] {
        let response = response.expect("the steering changes");
        assert_eq!(response.lag, LAG);
        assert!(response.correlation.value < -0.95, "{response:?}");
    }
}

#[test]
fn without_steering_there_is_no_control_section_and_the_report_says_so() {
    let report = check(Knows::Everything, ["left", "right"], &cases(7, 30));
    assert!(report.control.is_none());
    assert!(report.notes[0].contains("control was not judged"), "{:?}", report.notes);
    assert!(gates(&report, Judged::Unseen).iter().any(|gate| gate.found == "absent"));
}

#[test]
fn a_report_survives_json() {
    let report = check(Knows::Everything, CAR, &cases(2, 30));
    let json = serde_json::to_string(&report).unwrap();
    let read: WorldReport = serde_json::from_str(&json).unwrap();
    // As printed: a JSON reader may round the last bit of a number.
    assert_eq!(table(&read, &[]), table(&report, &[]));
    assert_eq!((read.cases, read.notes), (report.cases, report.notes));
    assert!(report.resampling.contains("blocks"), "{}", report.resampling);
}

#[test]
fn equal_seeds_give_equal_reports() {
    let cases = cases(3, 30);
    assert_eq!(check(Knows::Everything, CAR, &cases), check(Knows::Everything, CAR, &cases));
}

#[test]
fn cases_that_do_not_fit_the_world_are_named() {
    let mut broken = cases(2, 30);
    broken[3].truth.pop();
    let outcome = evaluate_world(&toy(Knows::Still, CAR), &[], &broken, &settings(), &mut |_| ());
    assert!(matches!(outcome, Err(Error::Mismatch { .. })), "{outcome:?}");
    let short = evaluate_world(&toy(Knows::Still, CAR), &[], &cases(2, 10), &settings(), &mut |_| ());
    assert!(matches!(short, Err(Error::Invalid(_))), "{short:?}");
}

#[test]
fn a_strip_of_a_dream_is_a_picture_of_two_rows_per_case() {
    let cases = &cases(1, 30)[..2];
    let png = dream_strip(&toy(Knows::Everything, CAR), cases, &[1, 5, 10], &settings(), 2).unwrap();
    let strip = image::load_from_memory(&png).unwrap();
    assert!(strip.width() > 4 * 2 * SIDE as u32 && strip.height() > 4 * 2 * SIDE as u32);
}
