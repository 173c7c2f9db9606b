//! The log of a training run, read back as curves for a report.

use std::{collections::BTreeMap, path::Path};

use dreamlane::{
    core::{Error, Result},
    evaluation::Curve,
};
use serde_json::Value;

/// A log of more bytes than this is not one of ours.
const MOST_BYTES: u64 = 64 << 20;

/// Every named number of every kind of line, in the order of the log; none where there is no log.
///
/// # Errors
/// When the log is there but cannot be read.
pub(super) fn curves(run: &Path) -> Result<Vec<Curve>> {
    let path = run.join("log.jsonl");
    let Ok(about) = std::fs::metadata(&path) else { return Ok(Vec::new()) };
    if about.len() > MOST_BYTES {
        return Err(Error::broken(
            &path,
            format!("expected at most {MOST_BYTES} bytes, found {}", about.len()),
        ));
    }
    let text = std::fs::read(&path).map_err(Error::io(&path))?;
    Ok(parsed(&String::from_utf8_lossy(&text)))
}

/// A run that was interrupted may leave half a line, and other tools lines of their own: what is not a line of ours
/// is passed over.
fn parsed(text: &str) -> Vec<Curve> {
    let mut curves = BTreeMap::<(String, String), Vec<(f64, f64)>>::new();
    for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let (Some(fields), Some(step)) = (line.as_object(), line["step"].as_f64()) else { continue };
        let kinds = fields.iter().filter_map(|(kind, numbers)| Some((kind, numbers.as_object()?)));
        for (kind, numbers) in kinds {
            for (name, number) in numbers {
                let Some(number) = number.as_f64() else { continue };
                curves.entry((kind.clone(), name.clone())).or_default().push((step, number));
            }
        }
    }
    let curve = |((kind, name), points)| Curve { kind, name, points };
    curves.into_iter().map(curve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_gathered_by_kind_and_name_and_foreign_lines_passed_over() {
        let text = r#"{"seconds":1.0,"step":10,"train":{"loss":2.0,"rate":0.1}}
{"step":10,"validation":{"skill":0.5}}
not a line of ours
{"step":20,"train":{"loss":1.0,"note":"words"}}
{"step":30,"tra"#;
        let curves = parsed(text);
        let found: Vec<(&str, &str, &[(f64, f64)])> =
            curves.iter().map(|it| (it.kind.as_str(), it.name.as_str(), it.points.as_slice())).collect();
        assert_eq!(
            found,
            [
                ("train", "loss", &[(10.0, 2.0), (20.0, 1.0)][..]),
                ("train", "rate", &[(10.0, 0.1)][..]),
                ("validation", "skill", &[(10.0, 0.5)][..]),
            ]
        );
    }
}
