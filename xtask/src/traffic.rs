//! `cargo xtask traffic`: the rules of `traffic`, held against highway-env and SUMO.
//!
//! Scripts of `checks/` write what those programs drive below `target/oracles/`. The tests of `traffic` read it from
//! there and print what they measure as lines `figure NAME VALUE`. An oracle is made anew only where its script or
//! its pinned versions have changed.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use crate::{
    python::{Environment, Missing, Requirements},
    step::{cargo, workspace},
};

/// One line of help.
pub(crate) const ABOUT: &str = "traffic against highway-env and SUMO (Python 3.11 and PyPI; 1 GB) [--results OUT]; \
                                --light: fewer runs, skipped where these are missing";

/// What the tests are called, and what shows their figures when they pass.
const TESTS: &[&str] = &[
    "test",
    "--release",
    // The features of the whole workspace, so that nothing is compiled a second time.
    "--workspace",
    "--exclude",
    "xtask",
    "--test",
    "traffic",
    "--",
    "--show-output",
    "oracles::",
];

/// A program of others whose traffic is recorded.
struct Oracle {
    /// Its folder below `target/oracles/`, and of its environment below `target/checks/`.
    folder: &'static str,
    /// What its version is pinned under.
    package: &'static str,
    requirements: &'static str,
    script: &'static str,
    /// What the script is to write, below the folder; empty where it is the folder.
    output: &'static str,
    /// What spares most of the time with `--light`.
    light: &'static [&'static str],
}

/// What a script ends with where the machine lacks what its program needs.
const CANNOT_RUN: i32 = 77;

/// Every oracle.
const ORACLES: &[Oracle] = &[
    Oracle {
        folder: "highway-env",
        package: "highway-env",
        requirements: "checks/requirements-traffic.txt",
        script: "checks/highway_env_export.py",
        output: "",
        light: &["--seeds", "8"],
    },
    Oracle {
        folder: "sumo",
        package: "eclipse-sumo",
        requirements: "checks/requirements-sumo.txt",
        script: "checks/sumo_ring.py",
        output: "ring.json",
        light: &[],
    },
];

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    light: bool,
    /// Where the figures go.
    results: Option<PathBuf>,
}

/// What the tests said.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    passed: u64,
    /// Tests that did not find their oracle.
    skipped: Vec<String>,
    /// Name and value, the value as it was printed.
    figures: BTreeMap<String, String>,
}

/// Makes the oracles and runs the tests.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let Some(options) = Options::parse(words) else {
        eprintln!("usage: cargo xtask traffic [--light] [--results OUT]");
        return ExitCode::from(2);
    };
    match compare(&workspace(), &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Missing::Here(what)) if options.light => {
            eprintln!("traffic skipped: {what}");
            ExitCode::SUCCESS
        }
        Err(Missing::Here(what) | Missing::Wrong(what)) => {
            eprintln!("traffic failed: {what}");
            ExitCode::FAILURE
        }
    }
}

impl Options {
    fn parse(words: &[String]) -> Option<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--light" => options.light = true,
                "--results" => options.results = Some(words.next()?.into()),
                _ => return None,
            }
        }
        Some(options)
    }
}

fn compare(root: &Path, options: &Options) -> Result<(), Missing> {
    let begun = Instant::now();
    let oracles = root.join("target/oracles");
    let mut missing = Vec::new();
    for oracle in ORACLES {
        match oracle.make(root, &oracles, if options.light { oracle.light } else { &[] }) {
            Err(Missing::Here(what)) if options.light => missing.push(format!("{}: {what}", oracle.folder)),
            made => made?,
        }
    }
    if missing.len() == ORACLES.len() {
        return Err(Missing::Here(missing.join("; ")));
    }
    eprintln!("==> cargo {}", TESTS.join(" "));
    let answer = cargo().args(TESTS).env("DREAMLANE_ORACLES", &oracles).stderr(Stdio::inherit()).output()?;
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    eprint!("{said}");
    let report = Report::read(&said);
    if !answer.status.success() {
        return Err(Missing::Wrong(format!("a test does not pass, {} do", report.passed)));
    }
    if report.skipped.is_empty() != missing.is_empty() || report.figures.is_empty() {
        return Err(Missing::Wrong(format!(
            "expected tests with figures, found {} and {} without an oracle",
            report.figures.len(),
            report.skipped.len()
        )));
    }
    if let Some(path) = &options.results {
        let versions: Result<Vec<_>, Missing> = ORACLES.iter().map(|oracle| oracle.version(root)).collect();
        fs::write(path, report.json(&versions?))?;
        eprintln!("figures in {}", path.display());
    }
    missing.iter().for_each(|what| eprintln!("not run: {what}"));
    eprintln!(
        "traffic passed: {} of {} oracles, {} tests, {} figures, {:.1} s",
        ORACLES.len() - missing.len(),
        ORACLES.len(),
        report.passed,
        report.figures.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

impl Oracle {
    /// Runs the script, unless what it wrote is there and would be the same, or is all that it can write.
    fn make(&self, root: &Path, oracles: &Path, arguments: &[&str]) -> Result<(), Missing> {
        let (folder, wanted, most) =
            (oracles.join(self.folder), self.wanted(root, arguments)?, self.wanted(root, &[])?);
        let stamp = folder.join("made.txt");
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted || found == most) {
            eprintln!("{} is as {} makes it", folder.display(), self.script);
            return Ok(());
        }
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let python = Environment {
            folder: root.join("target/checks").join(self.folder),
            minors: [11, 14],
            requirements: &[Requirements { file: self.requirements, options: &[] }],
        }
        .python(root)?;
        fs::create_dir_all(&folder)?;
        eprintln!("==> {}", self.script);
        let begun = Instant::now();
        let mut command = Command::new(python);
        command.arg(root.join(self.script)).arg(folder.join(self.output)).args(arguments);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let status = command.status()?;
        if status.code() == Some(CANNOT_RUN) {
            return Err(Missing::Here(format!("{} cannot run on this machine", self.script)));
        }
        if !status.success() {
            return Err(Missing::Wrong(format!("{} ended with {status}", self.script)));
        }
        eprintln!("    {}: {:.1} s", self.script, begun.elapsed().as_secs_f64());
        // Last, so that a run that was cut short leaves none.
        fs::write(stamp, wanted)?;
        Ok(())
    }

    /// All that decides what the script writes.
    fn wanted(&self, root: &Path, arguments: &[&str]) -> Result<String, Missing> {
        let mut text = fs::read_to_string(root.join(self.requirements))?;
        text += &fs::read_to_string(root.join(self.script))?;
        Ok(text + &arguments.join(" "))
    }

    /// The package and its pinned version, such as `highway-env 1.12.1`.
    fn version(&self, root: &Path) -> Result<String, Missing> {
        let text = fs::read_to_string(root.join(self.requirements))?;
        let pinned = text.lines().find_map(|line| line.strip_prefix(self.package)?.strip_prefix("=="));
        let pinned = pinned.map(|version| format!("{} {version}", self.package));
        pinned.ok_or_else(|| Missing::Wrong(format!("{} does not pin {}", self.requirements, self.package)))
    }
}

impl Report {
    /// Reads what `cargo test -- --show-output` prints.
    fn read(said: &str) -> Self {
        let mut report = Self::default();
        for line in said.lines() {
            if let Some(rest) = line.strip_prefix("test result: ") {
                let count = rest.split_once(". ").and_then(|(_, rest)| rest.split_once(" passed"));
                report.passed += count.and_then(|(count, _)| count.parse::<u64>().ok()).unwrap_or(0);
            } else if line.starts_with("skipped: ") {
                report.skipped.push(line.to_owned());
            } else if let Some(rest) = line.strip_prefix("figure ")
                && let Some((name, value)) = rest.split_once(' ')
                && value.parse::<f64>().is_ok_and(f64::is_finite)
            {
                report.figures.insert(name.to_owned(), value.to_owned());
            }
        }
        report
    }

    /// A file of the figures. Names and versions have no character that JSON would escape.
    fn json(&self, versions: &[String]) -> String {
        let versions: Vec<_> = versions.iter().map(|version| format!("\"{version}\"")).collect();
        let mut text =
            format!("{{\n \"oracles\": [{}],\n \"tests\": {},\n", versions.join(", "), self.passed);
        text += " \"figures\": {\n";
        for (idx, (name, value)) in self.figures.iter().enumerate() {
            let comma = if idx + 1 == self.figures.len() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  \"{name}\": {value}{comma}");
        }
        text + " }\n}\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\nrunning 2 tests\ntest oracles::a ... ok\n\nsuccesses:\n\n---- oracles::a stdout ----\n\
                        figure worst_m 1.5e-12\nfigure events 597\nfigure odd NaN\n\n\
                        test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out\n";

    #[test]
    fn figures_and_counts_are_read_from_what_tests_say() {
        let report = Report::read(SAID);
        assert_eq!((report.passed, report.skipped.len()), (2, 0));
        let figures: Vec<_> =
            report.figures.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(figures, [("events", "597"), ("worst_m", "1.5e-12")]);
        let skipped = Report::read("skipped: no oracle at nowhere: cargo xtask traffic makes them\n");
        assert_eq!(skipped.skipped.len(), 1);
    }

    #[test]
    fn figures_become_json() {
        let json =
            Report::read(SAID).json(&["highway-env 1.12.1".to_owned(), "eclipse-sumo 1.28.0".to_owned()]);
        let expected = "{\n \"oracles\": [\"highway-env 1.12.1\", \"eclipse-sumo 1.28.0\"],\n \"tests\": 2,\n \
                        \"figures\": {\n  \"events\": 597,\n  \"worst_m\": 1.5e-12\n }\n}\n";
        assert_eq!(json, expected);
    }

    #[test]
    fn every_oracle_has_a_script_and_a_pinned_version() {
        let root = workspace();
        for oracle in ORACLES {
            let wanted = oracle.wanted(&root, oracle.light).unwrap();
            let version = oracle.version(&root).unwrap();
            assert!(wanted.contains(&version.replace(' ', "==")), "{version}");
        }
    }

    #[test]
    fn options_are_told_from_unknown_words() {
        let parse =
            |words: &[&str]| Options::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let expected = Options { light: true, results: Some("out.json".into()) };
        assert_eq!(parse(&["--light", "--results", "out.json"]), Some(expected));
        assert_eq!(parse(&["--results"]), None);
        assert_eq!(parse(&["--full"]), None);
    }
}
