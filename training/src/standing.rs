//! Where a run stands beside its weights: the last validation, and which checkpoint is the best so far.
//!
//! Kept as TOML, whose numbers come back to the last bit.

use std::{collections::BTreeMap, fs, path::Path};

use dreamlane_core::{Error, Metrics, Result};
use serde::{Deserialize, Serialize};

/// The file beside the training state.
const STANDING: &str = "standing.toml";
/// The step alone, under the name that LeRobot gives it.
const STEP: &str = "training_step.json";
/// Larger files are not read.
const LONGEST: u64 = 1 << 16;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standing {
    pub(crate) best: Option<Best>,
    pub(crate) validated: Option<Validated>,
}

/// The checkpoint of the largest merit; of equals, the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Best {
    pub(crate) step: usize,
    pub(crate) merit: f64,
}

/// The last validation that was due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Validated {
    pub(crate) step: usize,
    pub(crate) metrics: BTreeMap<String, f64>,
}

impl Standing {
    pub(crate) fn validated(&mut self, step: usize, metrics: &Metrics) {
        let metrics = metrics.iter().map(|(&name, &number)| (name.to_owned(), number)).collect();
        self.validated = Some(Validated { step, metrics });
    }

    /// A checkpoint of this merit was made.
    pub(crate) fn saved(&mut self, step: usize, merit: Option<f64>) {
        if let Some(merit) = merit
            && self.best.as_ref().is_none_or(|best| merit > best.merit)
        {
            self.best = Some(Best { step, merit });
        }
    }

    /// Writes it into a folder that is not in its place yet.
    pub(crate) fn write(&self, folder: &Path, step: usize) -> Result<()> {
        let text = toml::to_string(self).map_err(|error| Error::Invalid(error.to_string()))?;
        let path = folder.join(STANDING);
        fs::write(&path, text).map_err(Error::io(&path))?;
        let path = folder.join(STEP);
        fs::write(&path, format!("{{\"step\": {step}}}\n")).map_err(Error::io(&path))
    }

    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(STANDING);
        let size = fs::metadata(&path).map_err(Error::io(&path))?.len();
        if size > LONGEST {
            return Err(Error::broken(&path, format!("expected at most {LONGEST} bytes, found {size}")));
        }
        let text = fs::read_to_string(&path).map_err(Error::io(&path))?;
        toml::from_str(&text).map_err(|error| Error::broken(&path, error.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_comes_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let mut standing = Standing::default();
        standing.write(folder.path(), 0).unwrap();
        assert_eq!(Standing::read(folder.path()).unwrap(), standing);
        for (step, number) in [0.1 + 0.2, 1e-300 / 7.0, -12_345.678_901_234_567, 1.0].into_iter().enumerate() {
            standing.validated(step, &Metrics::from([("skill", number)]));
            standing.saved(step, Some(number));
            standing.write(folder.path(), step).unwrap();
            assert_eq!(Standing::read(folder.path()).unwrap(), standing);
        }
        let text = fs::read_to_string(folder.path().join(STEP)).unwrap();
        assert_eq!(text, "{\"step\": 3}\n");
    }

    #[test]
    fn the_first_of_equals_stays_the_best() {
        let mut standing = Standing::default();
        for (step, merit) in [None, Some(-1.0), Some(0.5), Some(0.5), Some(0.2)].into_iter().enumerate() {
            standing.saved(step, merit);
        }
        assert_eq!(standing.best, Some(Best { step: 2, merit: 0.5 }));
    }
}
