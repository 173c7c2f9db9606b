//! How training ends before its end: on request, and on numbers that are no numbers.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use burn::tensor::Device;
use dreamlane::{
    core::{Context, Seed},
    worlds,
};

use super::made::{MADE, answer, command, fresh};

fn train(arguments: &str) -> String {
    format!("train world --preset debug --data {} --out run {arguments}", MADE.join("truth").display())
}

/// Loads the newest checkpoint and looks at a dreamed latent: all its weights take part in it.
fn assert_sound(run: &Path) {
    let world = worlds::load(run, &Device::flex()).unwrap();
    let spec = world.spec();
    let context = Context {
        len: spec.context,
        images: vec![vec![100; spec.context * spec.cameras[0].frame_len()]],
        state: vec![0.0; spec.context * spec.state.len()],
        actions: vec![0.0; spec.context * spec.action.width()],
        source: "grey".into(),
    };
    let dream = world.clone().imagine(&[context], &[Seed::new(0)]).unwrap();
    assert!(dream.latents().to_data().iter::<f32>().all(f32::is_finite));
    let names = fs::read_dir(run.join("checkpoints")).unwrap().map(|entry| entry.unwrap().file_name());
    for name in names.map(|name| name.into_string().unwrap()) {
        assert!(!name.starts_with('.'), "half-written: {name}");
    }
}

#[test]
fn an_interrupted_training_saves_and_exits_with_130() {
    let folder = fresh("interrupt");
    let arguments = train("--set learning.steps=20000");
    let mut training = command(&folder, &arguments).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    let log = folder.join("run/log.jsonl");
    // The log is the only sign of progress that a file shows, so it is looked at again and again.
    while fs::read_to_string(&log).map_or(0, |log| log.lines().count()) == 0 {
        assert!(training.try_wait().unwrap().is_none(), "it ended before it was interrupted");
        assert!(began.elapsed() < Duration::from_secs(300), "no progress");
        std::thread::sleep(Duration::from_millis(20));
    }
    let killed = Command::new("kill").args(["-INT", &training.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let done = training.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(130), "{said}");
    assert!(said.contains("stopping after this step") && said.contains("stopped by the user"), "{said}");
    assert_sound(&folder.join("run"));
}

#[test]
fn a_training_that_explodes_keeps_the_last_good_checkpoint_and_names_the_step() {
    let folder = fresh("explode");
    let answer = answer(&folder, &train("--set learning.rate=1e30"));
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    for word in ["training stopped at step 5", "the checkpoint of step 4 is kept", "run/checkpoints/last"] {
        assert!(answer.err.contains(word), "no `{word}` in\n{}", answer.err);
    }
    assert_sound(&folder.join("run"));
}

#[test]
fn a_codec_that_explodes_at_once_leaves_no_checkpoint_and_says_so() {
    let folder = fresh("explode_codec");
    let answer = answer(&folder, &train("--set learning.codec_rate=1e30"));
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    for word in ["training stopped at step 1", "no checkpoint had been saved"] {
        assert!(answer.err.contains(word), "no `{word}` in\n{}", answer.err);
    }
    assert!(!folder.join("run/checkpoints/last").exists());
}
