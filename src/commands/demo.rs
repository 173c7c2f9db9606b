//! `dreamlane demo`: the whole loop on a fresh machine, from the rule engine to a judged and recorded dream.

use std::{path::PathBuf, time::Instant};

use clap::Args;
use dreamlane::{core::Error, evaluation::Command};

use super::{
    Surroundings,
    choices::{DreamChoices, Numbers, Part},
    command_line,
    evaluate::EvaluateWorld,
    rollout::Rollout,
    train::{Augment, TrainWorld},
};
use crate::progress::time;

/// Arguments of `demo`.
#[derive(Args)]
pub(crate) struct Demo {
    /// The folder to make.
    #[arg(long, default_value = "runs/demo")]
    out: PathBuf,
    /// The size of the world: debug or nano.
    #[arg(long, default_value = "drive")]
    preset: String,
    /// Episodes to collect from the truth.
    #[arg(long, default_value_t = 160)]
    episodes: u64,
    /// Steps of the codec.
    #[arg(long, default_value_t = 700)]
    codec_steps: usize,
    /// Steps of the transformer.
    #[arg(long, default_value_t = 650)]
    steps: usize,
    /// The seed of everything.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Demo {
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        if self.out.exists() {
            return Err(Error::Incompatible {
                format: "new demo",
                reason: "expected no folder, found one; remove it or choose another --out".into(),
                path: self.out.clone(),
            }
            .into());
        }
        let start = Instant::now();
        let (truth, run) = (self.out.join("truth"), self.out.join("world"));
        let (dreams, judged) = (self.out.join("dreams"), self.out.join("evaluation"));
        let (collect, train) = (self.collected(&truth), self.trained(&truth, &run));
        let dream = self.dreamed(&run, &dreams);
        let step = |about: &str, line: String| Command { about: about.to_owned(), line };
        let before = [
            step("The truth was collected by", command_line::rollout(&collect)),
            step("The world was trained by", command_line::train(&train)),
            step("It dreamed, recorded, by", command_line::rollout(&dream)),
        ];
        heading("1/4 collecting from the truth, a highway simulator");
        collect.run(surroundings)?;
        heading("2/4 training a world on what was collected");
        train.run(surroundings)?;
        heading("3/4 dreaming in 64 lanes, recorded");
        dream.run(surroundings)?;
        heading("4/4 holding dreams against episodes kept aside");
        self.evaluated(&run, &judged).run_after(&before, surroundings)?;
        eprintln!();
        println!("done in {}:", time(start.elapsed().as_secs_f64()));
        let lines = [
            (judged.join("report.html"), "the page to open first: clips, curves, figures, commands"),
            (truth, "episodes of the truth, a LeRobot v3 data set"),
            (run, "the world: checkpoints/last, log.jsonl"),
            (dreams, "dreamed episodes, a LeRobot v3 data set"),
            (judged.join("report.json"), "figures of the evaluation"),
            (judged.join("strip.png"), "recorded frames above dreamed ones"),
        ];
        for (path, about) in lines {
            println!("  {:40} {about}", path.display().to_string());
        }
        Ok(())
    }

    fn collected(&self, truth: &std::path::Path) -> Rollout {
        Rollout {
            env: "drive/highway".into(),
            policy: "noisy:1.0".into(),
            episodes: self.episodes,
            lanes: 32,
            seed: self.seed,
            out: Some(truth.to_path_buf()),
            format: "lerobot".into(),
            resume: false,
            max_steps: Some(120),
            horizon: 0,
            min_trust: 0.0,
            choices: DreamChoices::of_part(Part::All),
            licence: None,
        }
    }

    fn trained(&self, truth: &std::path::Path, run: &std::path::Path) -> TrainWorld {
        TrainWorld {
            preset: Some(self.preset.clone()),
            data: Some(truth.to_path_buf()),
            out: run.to_path_buf(),
            resume: false,
            init: None,
            codec: None,
            seed: Some(self.seed),
            settings: vec![
                format!("learning.codec_steps={}", self.codec_steps),
                format!("learning.steps={}", self.steps),
                "learning.warm_up=30".into(),
                "learning.average=0.98".into(),
                "learning.batch=8".into(),
            ],
            augment: Some(Augment::None),
            licence: None,
            save_every: None,
            keep: None,
        }
    }

    fn dreamed(&self, run: &std::path::Path, dreams: &std::path::Path) -> Rollout {
        Rollout {
            env: format!("world:{}", run.display()),
            policy: "random".into(),
            episodes: 64,
            lanes: 64,
            seed: self.seed,
            out: Some(dreams.to_path_buf()),
            format: "lerobot".into(),
            resume: false,
            max_steps: None,
            horizon: 50,
            min_trust: 0.0,
            choices: DreamChoices::of_part(Part::Test),
            licence: None,
        }
    }

    fn evaluated(&self, run: &std::path::Path, out: &std::path::Path) -> EvaluateWorld {
        EvaluateWorld {
            run: run.to_path_buf(),
            data: None,
            split: Part::Test,
            horizons: vec![1, 5, 10, 20],
            cases: 32,
            endings: 256,
            dreams: 4,
            drift: vec![20, 50, 100, 200],
            drift_policy: None,
            gate: None,
            seed: self.seed,
            precision: Numbers::F32,
            json: false,
            out: Some(out.to_path_buf()),
        }
    }
}

fn heading(text: &str) {
    eprintln!("\n{text}");
}
