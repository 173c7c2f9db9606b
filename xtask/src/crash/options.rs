//! What `cargo xtask crash` is asked to do.

/// The arguments.
#[derive(Debug, PartialEq)]
pub(super) struct Options {
    /// Kills per format, and of training.
    pub(super) kills: usize,
    pub(super) seed: u64,
    pub(super) formats: Vec<String>,
    pub(super) train: bool,
}

impl Options {
    /// `[--kills N] [--seed S] [--formats A,B] [--train]`.
    pub(super) fn parse(words: &[String]) -> Result<Self, String> {
        let mut options = Self { kills: 20, seed: 0, formats: vec!["lerobot".to_owned()], train: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--train" {
                options.train = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
            let number = || value.parse::<u64>().map_err(|error| format!("{word} {value}: {error}"));
            match word.as_str() {
                "--kills" => options.kills = number()? as usize,
                "--seed" => options.seed = number()?,
                "--formats" => options.formats = value.split(',').map(str::to_owned).collect(),
                _ => {
                    return Err(format!(
                        "unknown argument {word}; known: --kills, --seed, --formats, --train"
                    ));
                }
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_and_unknown_ones_are_named() {
        let parse =
            |text: &str| Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let options = parse("--kills 3 --formats mcap,minari --train").unwrap();
        assert_eq!((options.kills, options.formats.len(), options.train), (3, 2, true));
        assert!(parse("--kill 3").unwrap_err().contains("--kill"));
        assert!(parse("--kills").is_err());
    }
}
