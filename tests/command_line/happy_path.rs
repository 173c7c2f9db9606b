//! From the truth to a judged dream, by the command alone.

use std::collections::BTreeMap;

use dreamlane::{datasets::open_any, worlds::checkpoint};
use safetensors::SafeTensors;

use super::made::{MADE, fresh, works};

#[test]
fn a_world_is_trained_dreamed_recorded_and_judged() {
    let (made, folder) = (&*MADE, fresh("happy"));
    let run = made.join("run");
    let run = run.display();
    let said = works(
        &folder,
        &format!("rollout --env world:{run} --episodes 10 --lanes 4 --horizon 10 --out dreams"),
    );
    assert!(said.starts_with("10 episodes, ") && said.contains("env-steps/s: dreams"), "{said}");
    let dreams = open_any(&folder.join("dreams")).unwrap();
    assert_eq!(dreams.lengths().len(), 10);
    assert!(dreams.read(3).unwrap().task.contains("dream of dit"), "a recording says which world it is of");
    let judge = format!(
        "evaluate world {run} --cases 8 --dreams 2 --horizons 1,5 --drift 10,20 --split all --out judged"
    );
    let said = works(&folder, &judge);
    assert!(said.contains("skill") && said.contains("judged"), "{said}");
    assert!(folder.join("judged/strip.png").is_file());
    let page = std::fs::read(folder.join("judged/report.html")).unwrap();
    works(&folder, &judge);
    assert!(page == std::fs::read(folder.join("judged/report.html")).unwrap(), "equal commands, equal pages");
    let said = works(&folder, &format!("{judge} --json --gate unseen"));
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let saved = std::fs::read(folder.join("judged/report.json")).unwrap();
    assert_eq!(report, serde_json::from_slice::<serde_json::Value>(&saved).unwrap());
    assert_eq!(report["report"]["cases"], 8);
    assert_eq!(report["report"]["drift"]["judged"]["steps"][1]["step"], 20);
    assert!(report["gates"].as_array().is_some_and(|gates| !gates.is_empty()));
}

#[test]
fn a_run_goes_on_from_the_weights_of_another() {
    let (made, folder) = (&*MADE, fresh("init"));
    let (truth, run) = (made.join("truth"), made.join("run"));
    let train = "train world --preset debug --set learning.rate=1 --set learning.steps=2";
    works(&folder, &format!("{train} --data {} --init {} --out more", truth.display(), run.display()));
    let log = std::fs::read_to_string(folder.join("more/log.jsonl")).unwrap();
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
    assert!(!log.contains("\"step\":1,"), "the codec's four steps are not made again:\n{log}");
}

#[test]
fn a_run_takes_the_codec_of_another_and_nothing_else() {
    let (made, folder) = (&*MADE, fresh("codec"));
    let (truth, run) = (made.join("truth"), made.join("run"));
    let train = "train world --preset debug --seed 1 --set trunk.dim=32 --set learning.steps=2";
    works(&folder, &format!("{train} --data {} --codec {} --out more", truth.display(), run.display()));
    let [lent, taken] = [&run, &folder.join("more")].map(|run| {
        let bytes = std::fs::read(checkpoint::locate(run).unwrap().join("model.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let of_codec = |name: &str| name.starts_with("codec.") || name.starts_with("latent_");
        let codec = tensors.iter().filter(|(name, _)| of_codec(name));
        codec.map(|(name, tensor)| (name.to_owned(), tensor.data().to_vec())).collect::<BTreeMap<_, _>>()
    });
    assert!(lent.len() > 10 && lent == taken);
    let log = std::fs::read_to_string(folder.join("more/log.jsonl")).unwrap();
    assert!(!log.contains("\"step\":1,"), "the codec's four steps are not made again:\n{log}");
}

#[test]
fn recorded_actions_can_be_replayed_in_a_dream() {
    let (made, folder) = (&*MADE, fresh("replay"));
    let run = made.join("run");
    let said = works(
        &folder,
        &format!("rollout --env world:{} --policy replay --episodes 3 --lanes 2", run.display()),
    );
    assert!(said.starts_with("3 episodes, "), "{said}");
}
