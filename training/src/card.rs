//! The card of a checkpoint: what it is, what it learned from, how far it came, how to load it.

use std::fmt::Write as _;

use crate::standing::Standing;

/// What a card says of the run.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Name of the data set's folder.
    pub data: String,
    /// Fingerprint of the data set.
    pub hash: String,
    /// Frames of the data set.
    pub frames: usize,
    /// Licence of the data, as the user or the data set gave it.
    pub licence: Option<String>,
    /// The code that trains.
    pub code: String,
}

/// Markdown with a front matter, as model hubs read it. `about` is what the learner says of itself,
/// `digest` the fingerprint of its configuration.
pub(crate) fn card(
    facts: &Facts,
    about: &str,
    digest: &str,
    [step, steps]: [usize; 2],
    standing: &Standing,
) -> String {
    let licence = facts.licence.as_deref().unwrap_or("unknown");
    let mut card = format!(
        "---\nlibrary_name: dreamlane\nlicense: {}\npipeline_tag: image-to-video\n\
         tags:\n- world-model\n- video\n- dreamlane\n---\n\n{about}\n\
         ## Training\n\n\
         - Data: `{}`, {} frames, fingerprint `{}`, licence {licence}\n\
         - Steps: {step} of {steps}\n",
        scalar(licence),
        facts.data,
        facts.frames,
        facts.hash,
    );
    if let Some(validated) = &standing.validated {
        let figures = validated.metrics.iter().map(|(name, number)| format!("{name} {number:.4}"));
        let figures = figures.collect::<Vec<_>>().join(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(card, "- Validation at step {}: {figures}", validated.step);
    }
    let _ = write!(
        card,
        "- Configuration: `config.toml`, fingerprint `{digest}`\n\
         - Code: {}\n\n\
         ## Use\n\n\
         ```sh\ndreamlane rollout --env world:PATH --policy random --episodes 8 --out dreams\n\
         dreamlane evaluate world PATH\n```\n\n\
         ```rust\nlet device = dreamlane::device::choose(\"flex\")?;\n\
         let world = dreamlane::worlds::load(\"PATH\".as_ref(), &device)?;\n```\n\n\
         `PATH` is this folder, or its run. `model.safetensors` is readable by PyTorch.\n",
        facts.code
    );
    card
}

/// A word as it is, anything else quoted: JSON's strings are YAML's too.
fn scalar(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match text.bytes().all(plain) && text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use dreamlane_core::Metrics;

    use super::*;

    #[test]
    fn a_card_says_what_the_checkpoint_is_and_comes_from() {
        let facts = Facts {
            data: "truth".into(),
            hash: "0123456789abcdef".into(),
            frames: 1234,
            licence: Some("CC-BY-4.0".into()),
            code: "dreamlane 1".into(),
        };
        let mut standing = Standing::default();
        standing.validated(5, &Metrics::from([("skill", 0.123_456)]));
        let text = card(&facts, "# A world\n", "feed", [7, 10], &standing);
        assert!(text.starts_with("---\nlibrary_name: dreamlane\nlicense: CC-BY-4.0\n"), "{text}");
        for words in
            ["# A world", "`truth`, 1234 frames", "7 of 10", "step 5: skill 0.1235", "`feed`", "dreamlane 1"]
        {
            assert!(text.contains(words), "no `{words}` in\n{text}");
        }
        let unknown = card(&Facts { licence: None, ..facts.clone() }, "", "", [7, 10], &standing);
        assert!(unknown.contains("\nlicense: unknown\n"));
        let odd = card(&Facts { licence: Some("a: b\n---".into()), ..facts }, "", "", [7, 10], &standing);
        assert!(odd.contains("\nlicense: \"a: b\\n---\"\n"), "{odd}");
    }
}
