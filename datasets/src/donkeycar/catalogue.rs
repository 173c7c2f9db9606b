//! A catalogue line: one record of a tub.

use serde::Deserialize;
use serde_json::Value;

use crate::Checked;

/// One tick of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The tub's own number for it.
    pub index: u64,
    /// One session is one drive.
    pub session: String,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// File name of the picture.
    pub picture: String,
    /// Steering in [-1, 1].
    pub angle: f32,
    /// Throttle in [-1, 1].
    pub throttle: f32,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_index")]
    index: u64,
    #[serde(rename = "_session_id")]
    session: Value,
    #[serde(rename = "_timestamp_ms")]
    timestamp_ms: i64,
    #[serde(rename = "cam/image_array")]
    picture: String,
    #[serde(rename = "user/angle")]
    angle: f32,
    #[serde(rename = "user/throttle")]
    throttle: f32,
}

/// Reads one line.
///
/// # Errors
/// In words: when it is not JSON, lacks a value, or holds one outside its range.
pub fn parse_record(line: &[u8]) -> Checked<Record> {
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    for (name, value) in [("user/angle", line.angle), ("user/throttle", line.throttle)] {
        if !(-1.0..=1.0).contains(&value) {
            return Err(format!("expected `{name}` in -1 to 1, found {value}"));
        }
    }
    let session = match line.session {
        Value::String(session) => session,
        Value::Number(session) => session.to_string(),
        other => return Err(format!("expected a `_session_id`, found {other}")),
    };
    let Line { index, timestamp_ms, picture, angle, throttle, .. } = line;
    // Recordings hold -0.0, which is no other command than 0.
    Ok(Record { index, session, timestamp_ms, picture, angle: angle + 0.0, throttle: throttle + 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"{"_index": 7, "_session_id": "a_1", "_timestamp_ms": 1706173428067, "cam/image_array": "7_cam.jpg", "user/angle": -0.5, "user/mode": "user", "user/throttle": 0.25}"#;

    #[test]
    fn a_record_is_read_whole() {
        let record = parse_record(GOOD.as_bytes()).unwrap();
        assert_eq!((record.index, record.session.as_str(), record.picture.as_str()), (7, "a_1", "7_cam.jpg"));
        assert_eq!((record.angle, record.throttle, record.timestamp_ms), (-0.5, 0.25, 1_706_173_428_067));
    }

    #[test]
    fn commands_outside_their_range_are_refused() {
        assert!(parse_record(GOOD.replace("-0.5", "-1.5").as_bytes()).unwrap_err().contains("user/angle"));
        assert!(parse_record(GOOD.replace("0.25", "1e60").as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn damaged_lines_are_errors_or_records(cut in 0..GOOD.len(), at in 0..GOOD.len(), byte: u8) {
            let mut text = GOOD.as_bytes().to_vec();
            text[at] = byte;
            let _ = parse_record(&text[..cut]);
            let _ = parse_record(&text);
        }
    }
}
