//! Commands as a person would type them, with every argument that decides the result.

use std::path::Path;

use clap::ValueEnum;

use super::{choices::Numbers, evaluate::EvaluateWorld, rollout::Rollout, train::TrainWorld};

/// Words of a command, each quoted where a shell would take it apart.
struct Line(Vec<String>);

impl Line {
    fn of(words: &str) -> Self {
        Self(words.split(' ').map(str::to_owned).collect())
    }

    fn word(mut self, word: impl ToString) -> Self {
        self.0.push(quoted(&word.to_string()));
        self
    }

    fn option(self, name: &str, value: impl ToString) -> Self {
        self.word(format!("--{name}")).word(value)
    }

    /// The option, where it is given.
    fn maybe(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }

    fn text(self) -> String {
        self.0.join(" ")
    }
}

/// As a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:=,+@".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn named(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// The precision, where it is not the usual one.
fn precision(numbers: Numbers) -> Option<String> {
    (numbers != Numbers::default()).then(|| named(&numbers))
}

fn list(numbers: &[usize]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// `dreamlane rollout …`
pub(super) fn rollout(rollout: &Rollout) -> String {
    Line::of("dreamlane rollout")
        .option("env", &rollout.env)
        .option("policy", &rollout.policy)
        .option("episodes", rollout.episodes)
        .option("lanes", rollout.lanes)
        .option("seed", rollout.seed)
        .maybe("out", rollout.out.as_deref().map(shown))
        .option("format", &rollout.format)
        .maybe("max-steps", rollout.max_steps)
        .maybe("temperature", (rollout.choices.temperature != 1.0).then_some(rollout.choices.temperature))
        .option("horizon", rollout.horizon)
        .maybe("data", rollout.choices.data.as_deref().map(shown))
        .option("split", named(&rollout.choices.split))
        .maybe("precision", precision(rollout.choices.precision))
        .maybe("licence", rollout.licence.as_ref())
        .text()
}

/// `dreamlane train world …`
pub(super) fn train(train: &TrainWorld) -> String {
    let line = Line::of("dreamlane train world")
        .maybe("preset", train.preset.as_ref())
        .maybe("data", train.data.as_deref().map(shown))
        .option("out", shown(&train.out))
        .maybe("init", train.init.as_deref().map(shown))
        .maybe("seed", train.seed)
        .maybe("augment", train.augment.as_ref().map(named))
        .maybe("licence", train.licence.as_ref())
        .maybe("save-every", train.save_every);
    train.settings.iter().fold(line, |line, setting| line.option("set", setting)).text()
}

/// The training of a run, from what its `run.toml` says.
pub(super) fn trained(run: &Path, record: &toml::Table) -> String {
    let value = |key: &str| record.get(key).and_then(toml::Value::as_str);
    let line = Line::of("dreamlane train world")
        .maybe("preset", value("preset"))
        .maybe("data", value("data"))
        .option("out", shown(run))
        .maybe("init", record.get("init").and_then(|init| init.get("path")).and_then(toml::Value::as_str))
        .maybe("seed", value("seed"))
        .maybe("augment", value("augment"))
        .maybe("licence", value("licence"))
        .maybe("save-every", record.get("save_every").and_then(toml::Value::as_integer));
    let settings = record.get("settings").and_then(toml::Value::as_array);
    let settings = settings.into_iter().flatten().filter_map(toml::Value::as_str);
    settings.fold(line, |line, setting| line.option("set", setting)).text()
}

/// `dreamlane evaluate world …` on this data. Where the report is put decides nothing in it and is left out.
pub(super) fn evaluate(evaluate: &EvaluateWorld, data: &Path) -> String {
    Line::of("dreamlane evaluate world")
        .word(shown(&evaluate.run))
        .option("data", shown(data))
        .option("split", named(&evaluate.split))
        .option("horizons", list(&evaluate.horizons))
        .option("cases", evaluate.cases)
        .option("endings", evaluate.endings)
        .option("dreams", evaluate.dreams)
        .option("drift", list(&evaluate.drift))
        .maybe("drift-policy", evaluate.drift_policy.as_deref())
        .maybe("gate", evaluate.gate.as_ref().map(named))
        .option("seed", evaluate.seed)
        .maybe("precision", precision(evaluate.precision))
        .text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_take_apart_are_quoted() {
        let cases = [("runs/car", "runs/car"), ("my data", "'my data'"), ("it's", r"'it'\''s'"), ("", "''")];
        for (word, expected) in cases {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn a_run_tells_how_it_was_trained() {
        let record: toml::Table = toml::from_str(
            "data = \"a b\"\npreset = \"nano\"\nseed = \"0\"\nsettings = [\"learning.steps=5\"]",
        )
        .unwrap();
        assert_eq!(
            trained(Path::new("runs/car"), &record),
            "dreamlane train world --preset nano --data 'a b' --out runs/car --seed 0 --set learning.steps=5"
        );
    }
}
