//! Options behind the name of an environment: `drive/highway:seats=2,actions=meta,layout.lanes=3`.
//!
//! Each sets a field of the scenario by its name, dots leading into it; values are those of TOML, and a word needs no
//! quotes. Fields of the layout may be named without `layout.`.

use dreamlane_core::{Error, Result};
use toml::{Table, Value};

use super::Scenario;

/// The scenario with what the text sets.
///
/// # Errors
/// When an option is not `key=value`, names no field, or holds a value that the field cannot take.
pub(super) fn set(name: &str, scenario: Scenario, text: &str) -> Result<Scenario> {
    if text.is_empty() {
        return Ok(scenario);
    }
    let invalid = |message: String| Error::Invalid(format!("{name}: {message}"));
    let mut table = Table::try_from(&scenario).map_err(|error| invalid(error.to_string()))?;
    for option in split(text) {
        let Some((key, value)) = option.split_once('=') else {
            return Err(invalid(format!("options: expected key=value, found `{option}`")));
        };
        put(&mut table, key.trim(), parse(value.trim())).map_err(invalid)?;
    }
    table.try_into().map_err(|error: toml::de::Error| invalid(error.message().to_owned()))
}

/// The options as recordings show them: of a path no more than its last part, since the rest names a place on one
/// machine.
pub(super) fn public(text: &str) -> String {
    let shown = split(text).into_iter().map(|option| match option.split_once('=') {
        Some((key, value)) => {
            let last = value.trim_end_matches('/').rsplit('/').next().unwrap_or(value);
            format!("{key}={last}")
        }
        None => option.to_owned(),
    });
    shown.collect::<Vec<_>>().join(",")
}

/// Cuts at commas that are not within brackets or braces.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (place, letter) in text.char_indices() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[from..place]);
                from = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// A TOML value; what is none is a word.
fn parse(text: &str) -> Value {
    let table: Option<Table> = toml::from_str(&format!("value = {text}")).ok();
    table.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn put(table: &mut Table, key: &str, value: Value) -> std::result::Result<(), String> {
    // Only optional fields are missing from the table.
    const OPTIONAL: [&str; 3] = ["replay", "calibration", "exponents"];
    let (head, rest) = match key.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (key, None),
    };
    if !table.contains_key(head) && !OPTIONAL.contains(&head) {
        let in_layout = |table: &Table| {
            table.get("layout").and_then(Value::as_table).is_some_and(|layout| layout.contains_key(head))
        };
        if in_layout(table)
            && let Some(Value::Table(layout)) = table.get_mut("layout")
        {
            return put(layout, key, value);
        }
        let known: Vec<&str> = table.keys().map(String::as_str).collect();
        return Err(format!("unknown option `{key}`, known: {}", known.join(", ")));
    }
    let Some(rest) = rest else {
        // A number with a point where the field has one: `friction=1` means 1.0.
        let value = match (table.get(head), value) {
            (Some(Value::Float(_)), Value::Integer(number)) => Value::Float(number as f64),
            // One word for a list is its only entry.
            (Some(Value::Array(list)), Value::String(word)) if list.first().is_some_and(Value::is_str) => {
                Value::Array(vec![Value::String(word)])
            }
            // One number for a range is both of its ends.
            (Some(Value::Array(range)), Value::Float(number)) if range.len() == 2 => {
                Value::Array(vec![Value::Float(number); 2])
            }
            (Some(Value::Array(range)), Value::Integer(number)) if range.len() == 2 => {
                let end = match range[0] {
                    Value::Float(_) => Value::Float(number as f64),
                    _ => Value::Integer(number),
                };
                Value::Array(vec![end; 2])
            }
            (Some(old @ (Value::Float(_) | Value::Integer(_) | Value::Array(_))), value)
                if !value.same_type(old) =>
            {
                return Err(format!("option `{key}`: expected {} such as {old}, found {value}", kind(old)));
            }
            (_, value) => value,
        };
        table.insert(head.to_owned(), value);
        return Ok(());
    };
    let inner = table.entry(head.to_owned()).or_insert_with(|| Value::Table(Table::new()));
    match inner {
        Value::Table(inner) => put(inner, rest, value),
        other => Err(format!("option `{key}`: expected a table at `{head}`, found {other}")),
    }
}

/// What a value is, for a message.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Float(_) => "a number",
        Value::Integer(_) => "a whole number",
        Value::Array(_) => "a list",
        _ => "a value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::{actions::ActionKind, presets};

    fn highway(text: &str) -> Result<Scenario> {
        set("drive/highway", presets::highway(), text)
    }

    #[test]
    fn options_set_fields_by_name_and_leave_the_others() {
        let scenario =
            highway("seats=2,actions=meta,layout.lanes=3,friction=1,cars=50,mix.tempers=[0.0,1.0,0.0]")
                .unwrap();
        let expected = presets::highway();
        assert_eq!((scenario.seats, scenario.actions, scenario.cars), (2, ActionKind::Meta, [50, 50]));
        assert_eq!((scenario.friction, scenario.mix.tempers), (1.0, [0.0, 1.0, 0.0]));
        assert_eq!(scenario.clock_steps, expected.clock_steps);
        assert_eq!(highway("lanes=3").unwrap().layout, highway("layout.lanes=3").unwrap().layout);
    }

    #[test]
    fn a_path_is_shown_by_its_last_part() {
        assert_eq!(public("replay.data=some/where/ngsim/,seats=2"), "replay.data=ngsim,seats=2");
    }

    #[test]
    fn options_that_fit_nothing_are_named() {
        let message = |text: &str| highway(text).unwrap_err().to_string();
        assert!(message("wheels=3").starts_with("drive/highway: unknown option `wheels`, known: actions, "));
        assert!(message("seats").contains("expected key=value, found `seats`"));
        assert!(message("actions=teleport").contains("teleport"), "{}", message("actions=teleport"));
        assert_eq!(
            message("seats=many"),
            "drive/highway: option `seats`: expected a whole number such as 1, found \"many\""
        );
        assert!(message("friction=x").contains("`friction`: expected a number such as 0.9"));
        assert!(message("seats.x=1").contains("expected a table at `seats`"));
    }
}
