//! `log.jsonl`: one line per look at the training, which a resumed run cuts back to where it goes on.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use dreamlane_core::{Error, Metrics, Result};
use dreamlane_datasets::durable;
use serde_json::{Map, Value};

const NAME: &str = "log.jsonl";

pub(crate) struct Log {
    path: PathBuf,
    file: fs::File,
    /// Seconds of the run before this process, so that they go on rising.
    pub(crate) seconds: f64,
}

impl Log {
    /// Goes on after `step`: later lines, and one that was only begun, are removed. Begins where there is none.
    pub(crate) fn open(folder: &Path, step: usize) -> Result<Self> {
        let path = folder.join(NAME);
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::io(&path)(error)),
        };
        let (mut end, mut seconds) = (0, 0.0);
        for line in text.split_inclusive('\n') {
            let Some((found, at)) = line.ends_with('\n').then(|| read(line)).flatten() else { break };
            if found > step as u64 {
                break;
            }
            (end, seconds) = (end + line.len(), at);
        }
        if end < text.len() {
            durable::replace(&path, |file| {
                file.write_all(&text.as_bytes()[..end]).map_err(Error::io(&path))
            })?;
        }
        let file = fs::File::options().create(true).append(true).open(&path).map_err(Error::io(&path))?;
        Ok(Self { path, file, seconds })
    }

    /// Adds a line: the step, the seconds since the start, and the numbers, under `kind`.
    pub(crate) fn write(&mut self, step: usize, seconds: f64, kind: &str, metrics: &Metrics) -> Result<()> {
        let numbers = metrics.iter().map(|(&name, &number)| (name.to_owned(), Value::from(number)));
        let line = Map::from_iter([
            ("step".to_owned(), Value::from(step)),
            ("seconds".to_owned(), Value::from((seconds * 10.0).round() / 10.0)),
            (kind.to_owned(), Value::Object(numbers.collect())),
        ]);
        // In one piece, so that a process that is killed leaves a whole line or none.
        let line = format!("{}\n", Value::Object(line));
        self.file.write_all(line.as_bytes()).map_err(Error::io(&self.path))
    }

    /// Makes the lines so far last: a checkpoint must not outlive them.
    pub(crate) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(Error::io(&self.path))
    }
}

/// Step and seconds of a line.
fn read(line: &str) -> Option<(u64, f64)> {
    let value: Value = serde_json::from_str(line).ok()?;
    Some((value.get("step")?.as_u64()?, value.get("seconds")?.as_f64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_back_to_the_step_it_goes_on_from() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let line = |step: usize| format!("{{\"step\":{step},\"seconds\":{step}.5,\"train\":{{}}}}\n");
        let whole = [1, 2, 2, 3, 4].map(line).concat();
        let check = |text: &str, step: usize, expected: &str, seconds: f64| {
            fs::write(&path, text).unwrap();
            let mut log = Log::open(folder.path(), step).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
            assert_eq!(log.seconds, seconds);
            log.write(9, 10.0, "train", &Metrics::new()).unwrap();
            assert!(fs::read_to_string(&path).unwrap().starts_with(&format!("{expected}{{")));
        };
        check(&whole, 2, &[1, 2, 2].map(line).concat(), 2.5);
        check(&whole, 4, &whole, 4.5);
        check(&format!("{whole}{{\"step\":5,\"sec"), 7, &whole, 4.5);
        check(&format!("{whole}{}", line(5).trim_end()), 7, &whole, 4.5);
        check("no line\n", 7, "", 0.0);
        check("", 0, "", 0.0);
    }
}
