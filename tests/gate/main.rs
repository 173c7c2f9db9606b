//! The gates tell a world that heeds its actions from one that does not.
//!
//! On a toy video whose motion follows the steering three frames late, one `dit` learns with the right actions and its
//! twin, from the same codec, with those of other clips.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod toy;

use std::sync::{Arc, LazyLock};

use burn::tensor::Device;
use dreamlane::{
    core::{Learner as _, Measures, Seed, WorldModel},
    evaluation::{Bounds, Gate, Interval, Judged, Settings, WorldReport, evaluate_world, gates, table},
    worlds::{self, CodecConfig, DitConfig, DitLearner, LearningConfig, Mean, Still, TrunkConfig},
};
use toy::{batch, cases, mean_frame, spec};

/// The obedient world and its action-blind twin, trained once for all tests.
static TWINS: LazyLock<[Arc<dyn WorldModel>; 2]> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let (device, seed) = (Device::flex(), Seed::new(0));
    let codec = folder.path().join("codec");
    let mut config = config();
    let steps = std::mem::take(&mut config.learning.steps);
    let mut learner =
        DitLearner::new(config.clone(), spec(), &Measures::unknown(0), seed.split(0), &device).unwrap();
    learn(&mut learner, seed.split(2));
    learner.save(&codec).unwrap();
    config.learning.steps = steps;
    [false, true].map(|shuffle_actions| {
        config.learning.shuffle_actions = shuffle_actions;
        let mut learner = DitLearner::from_weights(&config, &codec, &spec(), seed.split(1), &device).unwrap();
        learn(&mut learner, seed.split(2));
        let path = folder.path().join(format!("shuffled_{shuffle_actions}"));
        learner.save(&path).unwrap();
        worlds::load(&path, &device).unwrap()
    })
});

/// Learns the toy in seconds.
fn config() -> DitConfig {
    let debug = DitConfig::debug();
    DitConfig {
        codec: CodecConfig { fine: 24, coarse: 32, blocks: 1, latent: 4, patch: 2 },
        trunk: TrunkConfig { dim: 48, depth: 4, heads: 4, hidden: 96, context: 6, actions: 5, ..debug.trunk },
        learning: LearningConfig {
            codec_steps: 120,
            steps: 250,
            codec_batch: 32,
            batch: 16,
            clip: 10,
            shards: 1,
            rate: 3e-3,
            warm_up: 20,
            // A smooth wall has no texture to ask for, and asked for it a codec this short in training shows none at all.
            gradient_weight: 0.0,
            energy_weight: 0.0,
            average: 0.97,
            ..debug.learning
        },
    }
}

fn learn(learner: &mut DitLearner, seed: Seed) {
    let (mut done, all) = learner.progress();
    while done < all {
        learner.learn(&batch(learner.wants(), seed.split(done as u64)));
        done = learner.progress().0;
    }
}

/// The report of a world beside `still` and `mean`, on drives that nobody learned from.
fn report(world: &Arc<dyn WorldModel>) -> WorldReport {
    let settings = Settings {
        horizons: vec![1, 5, 10, 20],
        dreams: 2,
        response_steps: 40,
        response_cases: 32,
        state: Vec::new(),
        bounds: Bounds::usual(),
        seed: Seed::new(5),
        device: Device::flex(),
    };
    // All worlds are judged on the same stretches, whatever context they want.
    let cases = cases(config().trunk.context, 40);
    let [still, mean] = opponents();
    evaluate_world(world, &[("still", still), ("mean", mean)], &cases, &settings, &mut |_| ()).unwrap()
}

fn opponents() -> [Arc<dyn WorldModel>; 2] {
    let device = Device::flex();
    [Arc::new(Still::new(&spec(), &device)), Arc::new(Mean::new(&spec(), mean_frame(), &device).unwrap())]
}

/// The action gap at 10 steps, in dB.
fn gap(report: &WorldReport) -> Interval {
    let gaps = &report.control.as_ref().unwrap().gaps;
    gaps.iter().find(|gap| gap.horizon == 10).unwrap().gap_db.unwrap()
}

/// Whether all gates whose name holds the word are missed.
fn misses(gates: &[Gate], word: &str) -> bool {
    let mut named = gates.iter().filter(|gate| gate.name.contains(word)).peekable();
    named.peek().is_some() && named.all(|gate| !gate.pass)
}

fn assert_disobedient(world: &Arc<dyn WorldModel>) {
    let report = report(world);
    let tails = gates(&report, Judged::Tails);
    let unseen = gates(&report, Judged::Unseen);
    let told = table(&report, &[tails.clone(), unseen.clone()].concat());
    assert!(misses(&tails, "action gap"), "{told}");
    assert!(misses(&tails, "image shift"), "{told}");
    // For unseen recordings a gap above 0 is enough, and a blind world may reach 0.1 dB by chance: the shift decides.
    assert!(misses(&unseen, "image shift"), "{told}");
}

#[test]
fn a_world_that_heeds_its_actions_passes_every_gate() {
    let report = report(&TWINS[0]);
    for judged in [Judged::Tails, Judged::Unseen] {
        let gates = gates(&report, judged);
        assert!(gates.iter().all(|gate| gate.pass), "{}", table(&report, &gates));
    }
}

#[test]
fn still_and_mean_fail_the_gates_about_actions() {
    opponents().iter().for_each(assert_disobedient);
}

#[test]
fn an_action_blind_dit_fails_the_gates_about_actions() {
    assert_disobedient(&TWINS[1]);
}

#[test]
fn the_obedient_twin_has_the_larger_action_gap_by_far() {
    let [obedient, blind] = TWINS.each_ref().map(|world| gap(&report(world)));
    // Four seeds gave 10.2 to 13.1 dB, the lowest end of an interval 8.2, and -0.1 to 0.1 dB, the highest end 0.3.
    assert!(obedient.low > blind.high + 4.0, "{obedient:?} and {blind:?}");
    assert!(blind.value.abs() < 1.0, "{blind:?}");
}
