//! `dreamlane fork`: one beginning under several action sequences, side by side, with the same chance in all of them.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use dreamlane::{
    core::{Error, Result, Seed},
    datasets::durable,
    envs::{ENVS, dream::DreamLimits},
    evaluation::{SheetRow, contact_sheet},
    rollouts::{Forked, fork},
};

use super::{Surroundings, choices::DreamChoices, sources};

/// Each pixel of a picture is drawn this wide and high.
const SCALE: u32 = 2;

/// Arguments of `fork`.
#[derive(Args)]
pub(crate) struct Fork {
    /// A run, or an env such as `drive/highway`.
    env: String,
    /// One action sequence, given once for each: `hold:A,B` holds an action to the end, `hold:A,B*10/C,D` holds the
    /// first for 10 steps and then the second.
    #[arg(long = "actions", required = true)]
    actions: Vec<String>,
    /// Steps to go on for.
    #[arg(long, default_value_t = 40)]
    steps: usize,
    /// Most columns of the picture: steps in even distances, the last one among them.
    #[arg(long, default_value_t = 12)]
    columns: usize,
    /// The picture to write.
    #[arg(long)]
    out: PathBuf,
    /// The seed of the beginning and of all chance after it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    choices: DreamChoices,
}

impl Fork {
    /// Forks, prints how far the branches part, and draws them.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        let known = self.env.split(':').next().unwrap_or(&self.env);
        let is_env = known == "world" || ENVS.iter().any(|entry| entry.name == known);
        let name = if is_env { self.env.clone() } else { format!("world:{}", self.env) };
        let dreaming = sources::Dreaming {
            choices: self.choices.clone(),
            // A step more than is asked for, so that the horizon cuts nothing.
            limits: DreamLimits { clock: None, horizon: self.steps + 1, min_trust: 0.0 },
        };
        let mut source = sources::env(&name, self.actions.len(), &dreaming, &surroundings.device)?;
        let spec = source.env.spec().clone();
        let sequences: Vec<Vec<f32>> = (self.actions.iter())
            .map(|text| sequence(text, spec.action.width(), self.steps))
            .collect::<Result<_>>()?;
        let forked = fork(source.env.as_mut(), Seed::new(self.seed), &sequences, &surroundings.device)?;
        let [height, width] = match spec.cameras.first() {
            Some(camera) => [camera.height, camera.width],
            None => return Err(Error::Unsupported("a picture of its forks", spec.name.clone()).into()),
        };
        let shown = columns(self.steps, self.columns);
        let rows = self.actions.iter().zip(&forked.branches).map(|(text, branch)| SheetRow {
            label: text.trim_start_matches("hold:").to_owned(),
            frames: shown.iter().map(|&step| branch.frames.get(step).cloned()).collect(),
        });
        let labels: Vec<String> = shown.iter().map(usize::to_string).collect();
        let png = contact_sheet(&rows.collect::<Vec<_>>(), &labels, [height, width], SCALE)?;
        durable::write(&self.out, &png)?;
        print!("{}", self.told(&forked, &spec.name, &shown));
        println!("{}", self.out.display());
        Ok(())
    }

    /// How far the branches are from the first one, and which of them ended.
    fn told(&self, forked: &Forked, name: &str, shown: &[usize]) -> String {
        let mut text = format!("{name}, forked from {}\n", forked.beginning);
        let mut line = |words: std::fmt::Arguments<'_>| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{words}");
        };
        line(format_args!("mean difference of the pictures from those of `{}`, of 255", self.actions[0]));
        line(format_args!(
            "{:>6}  {}",
            "step",
            self.actions[1..].iter().map(|text| format!("{text:>16}")).collect::<String>()
        ));
        for &step in shown {
            let cells =
                forked.branches[1..].iter().map(|branch| match forked.branches[0].difference(branch, step) {
                    Some(levels) => format!("{levels:>16.3}"),
                    None => format!("{:>16}", "over"),
                });
            line(format_args!("{step:>6}  {}", cells.collect::<String>()));
        }
        for (text, branch) in self.actions.iter().zip(&forked.branches) {
            if let Some((step, why)) = &branch.over {
                line(format_args!("`{text}` is over after step {step}: {why}"));
            }
        }
        text
    }
}

/// At most `most` steps from 0 to the last, in even distances.
fn columns(steps: usize, most: usize) -> Vec<usize> {
    let count = most.clamp(2, steps + 1);
    (0..count).map(|idx| idx * steps / (count - 1)).collect()
}

/// `hold:A,B*10/C,D` as one action row per step.
fn sequence(text: &str, width: usize, steps: usize) -> Result<Vec<f32>> {
    let wrong = |found: &str| {
        Error::Invalid(format!(
            "--actions `{text}`: expected hold: and {width} numbers such as hold:{}, found `{found}`",
            vec!["0"; width].join(",")
        ))
    };
    let held = text.strip_prefix("hold:").ok_or_else(|| wrong(text))?;
    let mut values = Vec::with_capacity(steps * width);
    for part in held.split('/') {
        let (row, times) = match part.split_once('*') {
            Some((row, times)) => (row, times.parse().map_err(|_| wrong(part))?),
            None => (part, steps),
        };
        let row = row.split(',').map(str::parse).collect::<std::result::Result<Vec<f32>, _>>();
        let row = row.ok().filter(|row| row.len() == width).ok_or_else(|| wrong(part))?;
        let left = steps - values.len() / width;
        values.extend(row.repeat(usize::min(times, left)));
    }
    // The last action is held to the end.
    let last = values[values.len().saturating_sub(width)..].to_vec();
    let left = steps - values.len() / width;
    values.extend(last.repeat(left));
    match values.len() == steps * width && steps > 0 {
        true => Ok(values),
        false => Err(wrong("no step")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_hold_each_part_and_the_last_to_the_end() {
        let of = |text| sequence(text, 2, 4);
        assert_eq!(of("hold:0,1").unwrap(), [0.0, 1.0].repeat(4));
        assert_eq!(of("hold:0,1*1/-1,0.5*2").unwrap(), [0.0, 1.0, -1.0, 0.5, -1.0, 0.5, -1.0, 0.5]);
        assert_eq!(of("hold:0,1*9/1,1").unwrap(), [0.0, 1.0].repeat(4));
        for wrong in ["0,1", "hold:", "hold:0", "hold:0,x", "hold:0,1*x", "hold:0,1*0"] {
            let message = of(wrong).unwrap_err().to_string();
            assert!(message.contains("expected hold: and 2 numbers"), "{message}");
        }
    }

    #[test]
    fn columns_reach_from_the_beginning_to_the_last_step() {
        assert_eq!(columns(40, 5), [0, 10, 20, 30, 40]);
        assert_eq!(columns(2, 12), [0, 1, 2]);
    }
}
