//! One beginning under several action sequences, and a world beside its truth.

use std::fs;

use super::made::{MADE, fresh, refused, works};

#[test]
fn forks_of_a_world_and_of_the_truth_are_drawn_and_told_apart() {
    let (made, folder) = (&*MADE, fresh("forks"));
    let run = made.join("run");
    let data = made.join("truth");
    let (run, data) = (run.display(), data.display());
    let sequences = "--actions hold:0,0 --actions hold:0,0 --actions hold:1,0*2/-1,0.5 --steps 6";
    for env in [format!("{run} --data {data}"), format!("world:{run} --data {data}"), "drive/highway".into()]
    {
        let said = works(&folder, &format!("fork {env} {sequences} --out fork.png"));
        let last = said.lines().find(|line| line.trim_start().starts_with("6 ")).unwrap_or(&said);
        let parted: Vec<f64> =
            last.split_whitespace().skip(1).map(|number| number.parse().unwrap()).collect();
        assert!(parted[0] == 0.0 && parted[1] > 0.0, "equal actions, other actions: {said}");
        let png = fs::read(folder.join("fork.png")).unwrap();
        assert_eq!(&png[1..4], b"PNG");
        let again = works(&folder, &format!("fork {env} {sequences} --out again.png"));
        assert_eq!(said.replace("fork.png", "again.png"), again);
        assert_eq!(png, fs::read(folder.join("again.png")).unwrap());
    }
    let cases: [(&str, &[&str]); 4] = [
        (
            "--actions hold:0,0 --actions hold:0,3",
            &["steering in [-1, 1]", "[0.0, 3.0]", "action sequence 2"],
        ),
        ("--actions hold:nan,0", &["acceleration in [-1, 1]", "[NaN, 0.0]"]),
        ("--actions hold:0", &["expected hold: and 2 numbers", "found `0`"]),
        ("--actions 0,0", &["expected hold:"]),
    ];
    for (actions, words) in cases {
        refused(&folder, &format!("fork {run} --data {data} {actions} --out new.png"), words);
        refused(&folder, &format!("fork drive/highway {actions} --out new.png"), words);
    }
}

#[test]
fn a_world_is_held_against_its_truth() {
    let (made, folder) = (&*MADE, fresh("paired"));
    let run = made.join("run");
    let paired = format!(
        "evaluate paired {} --truth drive/highway --episodes 3 --horizon 3 --following 2 --forks 0,4",
        run.display()
    );
    let said = works(&folder, &format!("{paired} --against {} --out figures", run.display()));
    for words in ["truth, wrong actions", "steering", "acceleration", "forked after 4 steps", "paired.json"] {
        assert!(said.contains(words), "no `{words}` in\n{said}");
    }
    let figures = fs::read_to_string(folder.join("figures/paired.json")).unwrap();
    assert!(figures.contains("\"trust_steps\"") && figures.contains("\"counterfactual_ratio\""));
    refused(
        &folder,
        &format!("evaluate paired {} --truth drive/merge:picture=32 --out new", run.display()),
        &["cameras of the truth", "front 32x32"],
    );
}
