//! A world that knows the truth exactly, one that hears nothing and one that confuses causes, told apart by every figure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod road;

use burn::tensor::Device;
use dreamlane_core::{Error, Seed};
use dreamlane_evaluation::{
    FollowingScore, OthersScore, PairedReport, PairedSettings, ToldApart, paired, paired_table,
};
use road::{Anyhow, Knows, truth, world};

const FOLLOWING: usize = 8;

fn settings() -> PairedSettings {
    PairedSettings {
        episodes: 16,
        horizons: vec![1, 4, 12],
        following: FOLLOWING,
        push: 0.7,
        forks: vec![0, 20],
        seed: Seed::new(3),
        device: Device::flex(),
    }
}

fn judged(knows: Knows, with_state: bool, against: Option<Knows>) -> PairedReport {
    let (world, against) = (world(knows, with_state), against.map(|knows| world(knows, with_state)));
    paired(&mut truth(5), &mut Anyhow, &world, against.as_ref(), &settings(), &mut |_| ()).unwrap()
}

fn last<'a>(report: &'a PairedReport, changed: &str) -> &'a FollowingScore {
    let mut scores = report.judged.following.iter().filter(|score| score.changed == changed);
    scores.find(|score| score.horizon == FOLLOWING).unwrap()
}

fn others(report: &PairedReport) -> &OthersScore {
    report.judged.others.last().unwrap()
}

#[test]
fn a_world_that_knows_the_truth_is_exact() {
    let report = judged(Knows::Everything, true, None);
    assert_eq!((report.episodes, report.judged.name.as_str()), (16, "everything"));
    assert!(report.ended_early > 0, "some episodes of the road are short");
    for (idx, score) in report.judged.prediction.iter().enumerate() {
        let psnr = |of: &[dreamlane_evaluation::PairedScore]| of[idx].all.unwrap().psnr_db.value;
        assert_eq!(score.cases, 16);
        assert!(psnr(&report.judged.prediction) > 55.0, "{score:?}");
        assert!(psnr(&report.truth_wrong) < 50.0 && psnr(&report.still) < 50.0);
    }
    assert!(report.judged.state.iter().all(|score| score.rmse.value < 1e-3), "{:?}", report.judged.state);
    for changed in ["actions of another episode", "steering", "acceleration"] {
        for followed in [last(&report, changed).pixels, last(&report, changed).state] {
            let followed = followed.unwrap();
            assert_eq!((followed.following.value, followed.right_dream.value), (1.0, 1.0), "{changed}");
            assert!(followed.counterfactual_ratio.is_none_or(|ratio| ratio.value > 50.0), "{changed}");
        }
    }
    let ahead = others(&report).ahead.as_ref().unwrap();
    assert!(ahead.speed_mps.value < 1e-3 && ahead.truth_speed_mps < 1e-3 && ahead.lost == 0.0, "{ahead:?}");
    let reaction = others(&report).reaction.as_ref().unwrap();
    assert!((reaction.ratio.value - 1.0).abs() < 1e-3 && reaction.truth_speed_mps > 0.5, "{reaction:?}");
    for score in report.judged.forks.iter().chain(&report.truth_forks) {
        let [steering, acceleration] = [&score.steering, &score.acceleration].map(|of| of.as_ref().unwrap());
        assert_eq!((steering.following.value, acceleration.following.value), (1.0, 1.0), "{score:?}");
        assert!(
            (acceleration.difference - 2.0 * 0.7 * 0.5 * FOLLOWING as f64).abs() < 1e-3,
            "{acceleration:?}"
        );
    }
}

#[test]
fn a_world_that_hears_nothing_ties_everywhere() {
    let report = judged(Knows::Nothing, true, None);
    for changed in ["steering", "acceleration"] {
        let ToldApart { following, right_dream, counterfactual_ratio, .. } =
            last(&report, changed).pixels.unwrap();
        assert_eq!((following.value, right_dream.value), (0.5, 0.5), "{changed}");
        assert_eq!(counterfactual_ratio.unwrap().value, 1.0, "{changed}");
    }
    let (ahead, reaction) =
        (others(&report).ahead.as_ref().unwrap(), others(&report).reaction.as_ref().unwrap());
    assert!(ahead.speed_mps.value < 1e-3 && reaction.ratio.value.abs() < 1e-3, "{ahead:?} {reaction:?}");
    assert_eq!(report.judged.forks[1].steering.as_ref().unwrap().following.value, 0.5);
}

#[test]
fn a_leader_that_follows_is_confusion_and_the_egos_own_motion_is_not() {
    let report = judged(Knows::TheLeaderFollows, true, Some(Knows::TheLeaderFollows));
    let ahead = others(&report).ahead.as_ref().unwrap();
    // The leader wrongly gains or loses what the ego does.
    assert!((ahead.speed_mps.value - 0.7 * 0.5 * FOLLOWING as f64).abs() < 1e-2, "{ahead:?}");
    assert!(ahead.forward_m.value > 0.5, "{ahead:?}");
    let reaction = others(&report).reaction.as_ref().unwrap();
    assert!((reaction.ratio.value - 1.0).abs() < 1e-3, "{reaction:?}");
    let ratio = report.confusion_ratio.last().unwrap().unwrap();
    assert!((ratio.value - 1.0).abs() < 1e-9, "as confused as itself: {ratio:?}");
}

#[test]
fn a_world_of_pictures_alone_has_no_figures_in_metres() {
    let report = judged(Knows::Everything, false, None);
    assert!(report.judged.state.is_empty() && report.judged.others.is_empty());
    let score = last(&report, "steering");
    assert!(score.state.is_none() && score.pixels.unwrap().following.value == 1.0);
    let fork = &report.judged.forks[1];
    assert!(fork.acceleration.is_none() && fork.steering.as_ref().unwrap().by.contains("pixels"));
    assert!(report.notes.iter().any(|note| note.contains("no state vector")), "{:?}", report.notes);
}

#[test]
fn trust_stands_beside_every_error_and_a_report_survives_json() {
    let report = judged(Knows::Nothing, true, None);
    // Steps up to 8 and step 12.
    assert_eq!(report.judged.trust_steps.len(), 16 * 9);
    let step = &report.judged.trust_steps[5];
    assert_eq!((step.horizon, step.trust), (6, 0.5));
    assert!(step.mse > 0.0 && step.state_rmse.unwrap() > 0.0);
    assert!(report.judged.trust.iter().all(|score| score.trust == 0.5 && score.spearman_pixels.is_none()));
    let text = serde_json::to_string(&report).unwrap();
    let read: PairedReport = serde_json::from_str(&text).unwrap();
    assert_eq!(paired_table(&read), paired_table(&report));
    assert_eq!(judged(Knows::Nothing, true, None), report, "equal seeds, equal reports");
}

#[test]
fn settings_and_worlds_that_do_not_fit_are_named() {
    let exact = world(Knows::Everything, true);
    let refused = |settings: PairedSettings, part: &str| {
        let outcome = paired(&mut truth(4), &mut Anyhow, &exact, None, &settings, &mut |_| ());
        let message = outcome.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    refused(PairedSettings { horizons: vec![4, 1], ..settings() }, "found [4, 1]");
    refused(PairedSettings { episodes: 1, ..settings() }, "at least 2 episodes");
    refused(PairedSettings { push: 1.5, ..settings() }, "found 1.5");
    let mut slow = dreamlane_core::WorldSpec { steps_per_second: 20, ..exact.spec().clone() };
    slow.world = "slow".into();
    struct Other(dreamlane_core::WorldSpec);
    impl dreamlane_core::WorldModel for Other {
        fn spec(&self) -> &dreamlane_core::WorldSpec {
            &self.0
        }
        fn encode(&self, _: &dreamlane_core::Window) -> burn::tensor::Tensor<4> {
            unreachable!("never asked")
        }
        fn decode(&self, _: burn::tensor::Tensor<3>) -> dreamlane_core::Observation {
            unreachable!("never asked")
        }
        fn imagine(
            self: std::sync::Arc<Self>,
            _: &[dreamlane_core::Context],
            _: &[Seed],
        ) -> dreamlane_core::Result<Box<dyn dreamlane_core::Imagination>> {
            unreachable!("never asked")
        }
    }
    let slow: std::sync::Arc<dyn dreamlane_core::WorldModel> = std::sync::Arc::new(Other(slow));
    let outcome = paired(&mut truth(4), &mut Anyhow, &slow, None, &settings(), &mut |_| ());
    assert!(matches!(outcome, Err(Error::Mismatch { .. })), "{outcome:?}");
}
