//! Names and numbers that cannot work: exit code 2, the known ones named, nothing written.

use super::made::{MADE, fresh, refused, works};

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let (made, folder) = (&*MADE, fresh("names"));
    let truth = made.join("truth");
    let train = format!("train world --data {} --out new", truth.display());
    let cases: [(String, &[&str]); 7] = [
        ("rollout --env drive/sea --out new".into(), &["env `drive/sea`", "drive/highway", "world:RUN"]),
        (
            "rollout --env drive/highway --policy nobody --out new".into(),
            &["policy `nobody`", "random", "idm", "replay"],
        ),
        ("rollout --env drive/highway --format vhs --out new".into(), &["format `vhs`", "lerobot"]),
        ("--device abacus rollout --env drive/highway --out new".into(), &["device `abacus`", "flex"]),
        (format!("{train} --preset huge"), &["preset `huge`", "debug", "nano", "base", "large"]),
        (
            format!("{train} --preset debug --set learning.luck=1"),
            &["setting `learning.luck`", "rate", "clip"],
        ),
        (format!("{train} --preset debug --set luck=1"), &["setting `luck`", "codec, learning, trunk"]),
    ];
    for (arguments, words) in cases {
        refused(&folder, &arguments, words);
    }
}

#[test]
fn values_that_cannot_work_are_answered_with_what_was_expected() {
    let (made, folder) = (&*MADE, fresh("values"));
    let (truth, run) = (made.join("truth"), made.join("run"));
    let (truth, run) = (truth.display(), run.display());
    let train = format!("train world --preset debug --data {truth} --out new");
    let judge = format!("evaluate world {run} --split all --out new");
    let cases: [(String, &[&str]); 19] = [
        (format!("{train} --set learning.steps"), &["KEY=VALUE", "`learning.steps`"]),
        (format!("{train} --set learning.steps=-1"), &["`-1`", "learning.steps"]),
        (format!("{train} --set learning.steps=many"), &["learning.steps=many", "quoted"]),
        (
            format!("{train} --set learning.batch=3"),
            &["learning.batch must be a multiple of learning.shards"],
        ),
        (format!("{train} --set trunk.heads=0"), &["trunk.dim", "trunk.heads"]),
        (format!("{train} --set learning.clip=500"), &["500 frames", "training windows", "41 frames"]),
        (format!("{judge} --horizons 5,1"), &["ascend", "[5, 1]"]),
        (format!("{judge} --horizons 0,1"), &["at least 1", "[0, 1]"]),
        (format!("{judge} --horizons 900"), &["no stretch of 902 frames", "900 to dream"]),
        (format!("{judge} --dreams 0"), &["dreams must be 1 to 64", "found 0"]),
        (format!("{judge} --cases 0"), &["no cases"]),
        ("rollout --env drive/highway --lanes 0 --out new".into(), &["--lanes", "at least 1"]),
        ("rollout --env drive/highway --episodes 0 --out new".into(), &["--episodes", "at least 1"]),
        ("rollout --env drive/highway --policy noisy:9 --out new".into(), &["from 0 to 1", "`9`"]),
        (
            format!("rollout --env world:{run} --temperature 20 --out new"),
            &["temperature", "0 to 10", "found 20"],
        ),
        (
            "rollout --env drive/highway --temperature 0.5 --out new".into(),
            &["a temperature", "not supported by drive/highway"],
        ),
        (
            "rollout --env drive/highway --precision bf16 --out new".into(),
            &["products in bf16", "not supported by drive/highway"],
        ),
        (format!("rollout --env world:{run} --horizon 0 --out new"), &["horizon", "above 0"]),
        (format!("rollout --env world:{run} --min-trust 1.5 --out new"), &["from 0 to 1", "found 1.5"]),
    ];
    for (arguments, words) in cases {
        refused(&folder, &arguments, words);
    }
}

#[test]
fn a_picture_size_is_two_numbers() {
    let folder = fresh("size");
    for size in ["banana", "64", "0x64", "64x", "64x64x3", "-1x5"] {
        let words = ["WIDTHxHEIGHT such as 64x64", size];
        refused(&folder, &format!("import donkeycar tub --out new --size={size}"), &words);
    }
}

#[test]
fn what_is_not_there_is_named_once() {
    let (made, folder) = (&*MADE, fresh("missing"));
    let run = made.join("run");
    let run = run.display();
    let cases: [(String, &[&str]); 6] = [
        (
            "train world --preset debug --data nowhere --out new".into(),
            &["data set", "nothing there", "nowhere"],
        ),
        (format!("evaluate world {run} --data nowhere --out new"), &["data set", "nothing there", "nowhere"]),
        (
            format!("rollout --env world:{run} --data nowhere --out new"),
            &["data set", "nothing there", "nowhere"],
        ),
        ("rollout --env world:nowhere --out new".into(), &["checkpoint", "spec.toml", "nowhere"]),
        ("evaluate world nowhere --out new".into(), &["checkpoint", "spec.toml", "nowhere"]),
        ("import donkeycar nowhere --out new".into(), &["nowhere"]),
    ];
    for (arguments, words) in cases {
        refused(&folder, &arguments, words);
    }
    let said = super::made::answer(&folder, "import donkeycar nowhere --out new").err;
    assert_eq!(said.matches("nowhere").count(), 1, "{said}");
    assert_eq!(said.matches("os error").count(), 1, "{said}");
}

#[test]
fn folders_that_are_in_use_are_left_alone() {
    let folder = fresh("in_use");
    let rollout = "rollout --env drive/highway --policy noisy:1.0 --episodes 20 --lanes 8 --max-steps 20";
    works(&folder, &format!("{rollout} --out truth"));
    works(&folder, "train world --preset debug --data truth --out run");
    refused(&folder, &format!("{rollout} --out truth"), &["empty folder", "found files", "truth"]);
    refused(&folder, &format!("{rollout} --out run"), &["empty folder", "found files", "run"]);
    refused(
        &folder,
        "train world --preset debug --data truth --out run",
        &["empty folder", "found files", "run"],
    );
    refused(&folder, "train world --preset debug --data truth --out truth", &["empty folder", "found files"]);
    refused(&folder, "demo --out run", &["expected no folder", "run"]);
}
