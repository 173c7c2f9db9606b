//! `dreamlane bench` measures little here; what counts is what it says and what it refuses.

use std::fs;

use serde_json::Value;

use super::made::{MADE, answer, fresh, refused, works};

/// What a bench with `--json` printed.
fn benched(arguments: &str) -> Value {
    let said = works(&fresh("benched"), &format!("bench {arguments} --json"));
    serde_json::from_str(&said).unwrap()
}

/// Fails unless every one of these places in the report holds a number above 0.
fn assert_positive(report: &Value, places: &[&str]) {
    for place in places {
        let value = report.pointer(place).and_then(Value::as_f64);
        assert!(value.is_some_and(|value| value > 0.0), "{place}: {value:?} in\n{report:#}");
    }
}

#[test]
fn the_truth_is_measured_with_and_without_recording() {
    let scratch = fresh("bench_scratch");
    let report = benched(&format!(
        "--env drive/highway --lanes 1,2 --steps 6 --rounds 2 --format lerobot --scratch {}",
        scratch.display()
    ));
    assert_eq!(report["env"], "drive/highway");
    assert!(report["machine"]["code"].as_str().is_some_and(|code| code.starts_with("dreamlane ")));
    assert_positive(&report, &["/machine/cores", "/machine/threads"]);
    for (lanes_idx, n_lanes) in [(0, 1), (1, 2)] {
        let lanes = &report["lanes"][lanes_idx];
        let counts = ["lanes", "batched_steps", "real_steps"].map(|count| lanes[count].as_u64());
        assert_eq!(counts, [n_lanes, 6, 6 * n_lanes].map(Some));
        assert_positive(
            lanes,
            &[
                "/env_steps_per_sec/step",
                "/env_steps_per_sec/step_and_policy",
                "/env_steps_per_sec/step_policy_and_resets",
                "/latency_ms/p50",
                "/latency_ms/p99",
                "/latency_ms/mean",
                "/share/policy",
                "/share/env",
                "/recording/0/real_steps",
                "/recording/0/off_steps_per_sec",
                "/recording/0/on_steps_per_sec",
                "/recording/0/complete_steps_per_sec",
                "/recording/0/on_ratio",
                "/recording/0/complete_ratio",
                "/recording/0/bytes_per_step",
            ],
        );
        assert_eq!(lanes["recording"][0]["format"], "lerobot");
        assert_eq!(lanes["recording"][0]["rounds"], 2);
        assert!(lanes.get("arithmetic").is_none(), "nobody counted the arithmetic of a rule engine");
    }
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0, "recordings are removed");
}

#[test]
fn a_dream_says_its_arithmetic_and_what_drawing_takes() {
    let run = MADE.join("run");
    let arguments = format!("--env world:{} --lanes 3 --steps 4 --format none", run.display());
    let report = benched(&arguments);
    let lanes = &report["lanes"][0];
    assert_positive(lanes, &["/arithmetic/mflop_per_step", "/arithmetic/gflop_per_sec", "/share/decode"]);
    assert_eq!(lanes["recording"], Value::Array(Vec::new()));
    if cfg!(target_os = "linux") {
        assert_positive(lanes, &["/memory/after_bytes"]);
    }
}

#[test]
fn people_get_a_table_and_progress_goes_elsewhere() {
    let arguments = "bench --env drive/highway --lanes 2 --steps 3 --rounds 1 --policy idm";
    let said = answer(&fresh("bench_table"), arguments);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for word in ["drive/highway, driven by idm", "env-steps/s", "p99 ms", "lerobot", "on disk"] {
        assert!(said.out.contains(word), "no `{word}` in\n{}", said.out);
    }
    assert!(said.err.contains("step 3/3"), "{}", said.err);
}

#[test]
fn a_bench_that_cannot_work_is_refused() {
    let folder = fresh("bench_refused");
    let highway = "bench --env drive/highway --steps 2";
    let cases: [(String, &[&str]); 9] = [
        ("bench --env drive/sea --steps 2".into(), &["env `drive/sea`", "drive/highway", "world:RUN"]),
        (format!("{highway} --lanes 1,0"), &["--lanes", "at least 1", "found 0"]),
        (format!("{highway} --format lerobot,vhs"), &["format `vhs`", "lerobot"]),
        (format!("{highway} --policy nobody"), &["policy `nobody`", "random"]),
        (format!("{highway} --rounds 0"), &["--rounds", "at least 1"]),
        (format!("{highway} --max-steps 0"), &["--max-steps", "at least 1"]),
        (format!("{highway} --lanes 1 --scratch nowhere"), &["nowhere"]),
        ("bench --env drive/highway --steps 0".into(), &["--steps", "at least 1"]),
        ("bench --env drive/highway --seconds 0".into(), &["--seconds", "above 0", "found 0"]),
    ];
    for (arguments, words) in cases {
        refused(&folder, &arguments, words);
    }
}
