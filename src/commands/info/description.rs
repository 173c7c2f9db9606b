//! What is said about a path: each fact once, for people in order and for programs by key.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Facts about a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Description {
    lines: Vec<(&'static str, String)>,
    json: Map<String, Value>,
}

impl Description {
    /// Begins with what it is.
    pub(super) fn of(kind: &str) -> Self {
        let mut description = Self::default();
        description.add("kind", kind, kind);
        description
    }

    /// A fact for both; the label, its blanks as underscores, is the key.
    pub(super) fn add(&mut self, label: &'static str, value: impl Into<Value>, text: impl Into<String>) {
        self.lines.push((label, text.into()));
        self.json.insert(label.replace(' ', "_"), value.into());
    }

    /// For people alone.
    pub(super) fn say(&mut self, label: &'static str, text: impl Into<String>) {
        self.lines.push((label, text.into()));
    }

    /// For programs alone.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.json.insert(key.to_owned(), value.into());
    }

    /// The facts of a part: for people below these, for programs under a key.
    pub(super) fn nest(&mut self, key: &str, part: Self) {
        self.lines.extend(part.lines.into_iter().filter(|(label, _)| *label != "kind"));
        self.json.insert(key.to_owned(), Value::Object(part.json));
    }

    pub(super) fn to_json(&self) -> String {
        format!("{:#}", Value::Object(self.json.clone()))
    }

    pub(super) fn to_text(&self) -> String {
        let width = self.lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (label, what) in &self.lines {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{label:>width$}  {what}");
        }
        text
    }
}

/// Names that fit on a line for people; programs get them all.
const MOST_NAMES: usize = 8;

/// Names for people.
pub(super) fn listed(names: &[String]) -> String {
    match names.len() {
        0 => "none".to_owned(),
        len if len > MOST_NAMES => format!("{len}: {}, ...", names[..MOST_NAMES].join(", ")),
        _ => names.join(", "),
    }
}

/// Yes or no.
pub(super) fn yes_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}
