//! What a training run was asked for, as its `run.toml` keeps it: enough to begin it again, and to refuse anything else.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use dreamlane::{
    core::{Error, Result},
    datasets::{FrameCache, open_any},
    training::Facts,
    worlds::{DitConfig, checkpoint},
};
use serde::{Deserialize, Serialize};

use super::{Augment, PRESET, TrainWorld};
use crate::commands::provenance;

/// The resolved request. Tables stand last, as TOML wants them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// Where the data lay.
    pub(super) data: String,
    /// Its fingerprint: what counts when the run goes on.
    data_hash: String,
    frames: usize,
    licence: Option<String>,
    preset: String,
    /// As text, since TOML's numbers end at 63 bits.
    #[serde(with = "text")]
    pub(super) seed: u64,
    pub(super) augment: Augment,
    settings: Vec<String>,
    pub(super) save_every: Option<usize>,
    pub(super) keep: Option<usize>,
    device: String,
    code: String,
    /// The run or checkpoint whose weights it began with.
    pub(super) init: Option<Init>,
    /// The run or checkpoint whose codec it took.
    pub(super) codec: Option<Init>,
    /// The resolved configuration.
    pub(super) config: DitConfig,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Init {
    path: String,
    hash: String,
}

impl Request {
    /// Of a run that begins now.
    pub(super) fn begun_now(
        asked: &TrainWorld,
        config: DitConfig,
        data: &Path,
        cache: &FrameCache,
        device: &Device,
    ) -> Result<Self> {
        let said = open_any(data)?.provenance().and_then(|provenance| provenance.licence.clone());
        Ok(Self {
            data: absolute(data),
            data_hash: provenance::cache_hash(cache),
            frames: cache.n_frames(),
            licence: asked.licence.clone().or(said),
            preset: asked.preset.clone().unwrap_or_else(|| PRESET.to_owned()),
            seed: asked.seed.unwrap_or(0),
            augment: asked.augment.unwrap_or_else(|| Augment::usual(cache.spec())),
            settings: asked.settings.clone(),
            save_every: asked.save_every.map(std::num::NonZero::get),
            keep: asked.keep.map(std::num::NonZero::get),
            device: name(device),
            code: dreamlane::code(),
            init: asked.init.as_deref().map(Init::of).transpose()?,
            codec: asked.codec.as_deref().map(Init::of).transpose()?,
            config,
        })
    }

    pub(super) fn parse(text: &str, path: &Path) -> Result<Self> {
        let request: Self = toml::from_str(text)
            .map_err(|error| Error::broken(path, error.to_string().trim().replace('\n', " ")))?;
        request.config.check()?;
        Ok(request)
    }

    pub(super) fn text(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::Invalid(error.to_string()))
    }

    /// Refuses arguments that differ from what the run was begun with.
    pub(super) fn agrees(&self, asked: &TrainWorld, path: &Path) -> Result<()> {
        let given = [
            ("--preset", asked.preset.clone(), self.preset.clone()),
            ("--seed", asked.seed.map(|seed| seed.to_string()), self.seed.to_string()),
            ("--augment", asked.augment.map(said), said(self.augment)),
            ("--licence", asked.licence.clone(), self.licence.clone().unwrap_or_else(|| "none".into())),
            (
                "--set",
                (!asked.settings.is_empty()).then(|| asked.settings.join(" ")),
                self.settings.join(" "),
            ),
            (
                "--init",
                asked.init.as_deref().map(absolute),
                self.init.as_ref().map_or_else(|| "none".into(), |init| init.path.clone()),
            ),
            (
                "--codec",
                asked.codec.as_deref().map(absolute),
                self.codec.as_ref().map_or_else(|| "none".into(), |codec| codec.path.clone()),
            ),
            (
                "--save-every",
                asked.save_every.map(|every| every.to_string()),
                self.save_every.map_or_else(|| "none".into(), |every| every.to_string()),
            ),
        ];
        for (argument, asked, begun) in given {
            if let Some(asked) = asked.filter(|asked| *asked != begun) {
                return Err(Error::mismatch(path, format!("{argument} of the run"), begun, asked));
            }
        }
        Ok(())
    }

    /// Refuses other data than the run was begun with; where it lies does not matter.
    pub(super) fn is_of(&self, data: &Path, cache: &FrameCache) -> Result<()> {
        let found = provenance::cache_hash(cache);
        if found != self.data_hash {
            let begun = format!("{} ({}), which the world was trained on", self.data_hash, self.data);
            return Err(Error::mismatch(data, "data set of the run", begun, found));
        }
        Ok(())
    }

    /// Says what may change the bytes that come out, though it does not hinder going on.
    pub(super) fn warn_of_changes(&self, device: &Device) {
        let pairs = [("code", &self.code, dreamlane::code()), ("device", &self.device, name(device))];
        for (what, begun, now) in pairs {
            if *begun != now {
                eprintln!(
                    "the run was begun with {what} {begun} and goes on with {now}: its bytes may differ"
                );
            }
        }
    }

    /// Steps that the first weights had behind them.
    pub(super) fn begun(&self) -> usize {
        if self.init.is_some() || self.codec.is_some() { self.config.learning.codec_steps } else { 0 }
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            data: provenance::folder_name(Path::new(&self.data)),
            hash: self.data_hash.clone(),
            frames: self.frames,
            licence: self.licence.clone(),
            code: self.code.clone(),
        }
    }
}

impl Init {
    fn of(path: &Path) -> Result<Self> {
        Ok(Self { path: absolute(path), hash: checkpoint::fingerprint(&checkpoint::locate(path)?)? })
    }

    /// The checkpoint, which must be the one that the run was begun with.
    pub(super) fn located(&self) -> Result<PathBuf> {
        let folder = checkpoint::locate(Path::new(&self.path))?;
        let found = checkpoint::fingerprint(&folder)?;
        if found != self.hash {
            return Err(Error::mismatch(&folder, "weights to begin with", &self.hash, found));
        }
        Ok(folder)
    }
}

fn said(augment: Augment) -> String {
    format!("{augment:?}").to_lowercase()
}

fn name(device: &Device) -> String {
    format!("{device:?}")
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}

/// A number as text.
mod text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&number.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
