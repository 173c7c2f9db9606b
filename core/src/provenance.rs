//! Where a recording comes from, so that nobody has to guess later: who drove what, from which seed, with which code.

use serde::{Deserialize, Serialize};

/// What produced the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A rule engine.
    Truth,
    /// A learned world.
    Dream,
    /// A camera, or software of others.
    Recording,
}

/// A learned thing by its name and the fingerprint of its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Registered name and settings, such as `dit` or `noisy:0.5`.
    pub name: String,
    /// Fingerprint of what it was loaded from; of name and settings where nothing was loaded.
    pub hash: String,
}

/// Where the contexts of dreams were taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextOrigin {
    /// Name of the data set's folder.
    pub data: String,
    /// Fingerprint of the data set.
    pub hash: String,
    /// The part of it that was drawn from.
    pub split: String,
}

/// Where a whole data set comes from. Together with an episode's id it names every byte of the episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Truth, dream or recording.
    pub source: Source,
    /// Environment and scenario, or what was imported.
    pub env: String,
    /// The version of dreamlane that wrote it, with the commit where it is known.
    pub code: String,
    /// The world that dreamed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<Origin>,
    /// The policy that drove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Origin>,
    /// The seed of the run, as the user wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_seed: Option<u64>,
    /// Most steps of an episode, by the clock of the rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// Furthest step that the world was allowed to dream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<usize>,
    /// Trust below which a dream was cut; absent where it was not watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_trust: Option<f32>,
    /// Where dreams began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contexts: Option<ContextOrigin>,
    /// Licence of the data that this was made or learned from, as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
}

impl Provenance {
    /// Of something brought in from outside.
    #[must_use]
    pub fn recording(env: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            source: Source::Recording,
            env: env.into(),
            code: code.into(),
            world: None,
            policy: None,
            run_seed: None,
            max_steps: None,
            horizon: None,
            min_trust: None,
            contexts: None,
            licence: None,
        }
    }

    /// The first thing in which two differ: its name, ours and theirs. A data set can only be gone on with where
    /// there is none.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let pairs: [(&'static str, String, String); 11] = [
            ("source", format!("{:?}", self.source), format!("{:?}", other.source)),
            ("env", self.env.clone(), other.env.clone()),
            ("world", format!("{:?}", self.world), format!("{:?}", other.world)),
            ("policy", format!("{:?}", self.policy), format!("{:?}", other.policy)),
            ("run seed", format!("{:?}", self.run_seed), format!("{:?}", other.run_seed)),
            ("most steps", format!("{:?}", self.max_steps), format!("{:?}", other.max_steps)),
            ("horizon", format!("{:?}", self.horizon), format!("{:?}", other.horizon)),
            ("least trust", format!("{:?}", self.min_trust), format!("{:?}", other.min_trust)),
            ("contexts", format!("{:?}", self.contexts), format!("{:?}", other.contexts)),
            ("licence", format!("{:?}", self.licence), format!("{:?}", other.licence)),
            ("code", self.code.clone(), other.code.clone()),
        ];
        pairs.into_iter().find(|(_, ours, theirs)| ours != theirs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_wrote_is_read_and_the_least_trust_tells_recordings_apart() {
        let older = r#"{"source": "dream", "env": "world:nano", "code": "dreamlane 0.1.0", "horizon": 100}"#;
        let older: Provenance =
            serde_json::from_str(older).expect("a field that was not there has a default");
        assert_eq!(older.min_trust, None);
        let watched = Provenance { min_trust: Some(0.25), ..older.clone() };
        assert_eq!(
            older.difference(&watched),
            Some(("least trust", "None".to_owned(), "Some(0.25)".to_owned()))
        );
        let text = serde_json::to_string(&watched).expect("it serialises");
        assert_eq!(serde_json::from_str::<Provenance>(&text).expect("it is read back"), watched);
        assert!(!serde_json::to_string(&older).expect("it serialises").contains("min_trust"));
    }
}
