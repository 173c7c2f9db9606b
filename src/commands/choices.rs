//! Options that several commands share: which part of the data, what a world is computed in, what a dream begins from.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dreamlane::{
    datasets::Split,
    worlds::{Precision, Stepping},
};
use serde::Serialize;

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// What a world learns from.
    Train,
    /// What training is judged on as it goes.
    Validation,
    /// What is kept for the last judgement.
    Test,
    /// Everything.
    All,
}

impl From<Part> for Split {
    fn from(part: Part) -> Self {
        match part {
            Part::Train => Self::Train,
            Part::Validation => Self::Validation,
            Part::Test => Self::Test,
            Part::All => Self::All,
        }
    }
}

/// What the products of a world are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Numbers {
    /// Single precision.
    #[default]
    F32,
    /// Weights and activations rounded to bf16, where the processor multiplies those: faster, and less exact.
    Bf16,
}

impl From<Numbers> for Precision {
    fn from(numbers: Numbers) -> Self {
        match numbers {
            Numbers::F32 => Self::F32,
            Numbers::Bf16 => Self::Bf16,
        }
    }
}

impl Numbers {
    /// Products of these, and else as a world learned it.
    pub(crate) fn stepping(self) -> Stepping {
        Stepping { precision: self.into(), ..Stepping::default() }
    }

    /// A world with what it is computed in, since both decide the bytes of a dream.
    pub(crate) fn of(self, world: &str) -> String {
        match self {
            Self::F32 => world.to_owned(),
            Self::Bf16 => format!("{world}:bf16"),
        }
    }
}

/// What dreams begin from, and what decides their bytes.
#[derive(Args, Clone, Debug)]
pub(crate) struct DreamChoices {
    /// Where contexts and replayed actions come from; a world's own training data when not given.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// The part of the data that contexts come from.
    #[arg(long, value_enum, default_value_t = Part::All)]
    pub(crate) split: Part,
    /// What a world's products are made of; bf16 is faster, and recordings name it.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) precision: Numbers,
    /// What the noise of a world's dreams is multiplied by: below 1 they are more alike, above it wilder; recordings
    /// name it.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) temperature: f32,
}

impl DreamChoices {
    /// A part of a world's own data, as it was learned.
    pub(crate) fn of_part(split: Part) -> Self {
        Self { data: None, split, precision: Numbers::F32, temperature: 1.0 }
    }

    /// How a world steps under these choices.
    pub(crate) fn stepping(&self) -> Stepping {
        Stepping { precision: self.precision.into(), temperature: self.temperature }
    }

    /// A world with all that decides the bytes of its dreams.
    pub(crate) fn of(&self, world: &str) -> String {
        let world = self.precision.of(world);
        match self.temperature {
            1.0 => world,
            temperature => format!("{world}:temperature={temperature}"),
        }
    }
}
