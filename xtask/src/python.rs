//! Virtual environments below `target/`, with the versions that files of requirements pin.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Why there is no environment.
#[derive(Debug)]
pub(crate) enum Missing {
    /// Something that the machine lacks: a Python, or the way to PyPI.
    Here(String),
    /// Something that is wrong with what is asked for.
    Wrong(String),
}

impl From<io::Error> for Missing {
    fn from(error: io::Error) -> Self {
        Self::Wrong(error.to_string())
    }
}

/// One call of pip: a file of requirements, and what else it is told.
pub(crate) struct Requirements<'a> {
    pub(crate) file: &'a str,
    pub(crate) options: &'a [&'a str],
}

/// An environment that may exist already.
pub(crate) struct Environment<'a> {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Oldest and newest Python 3 that the pinned versions have wheels for.
    pub(crate) minors: [u32; 2],
    /// What is installed, in order.
    pub(crate) requirements: &'a [Requirements<'a>],
}

impl Environment<'_> {
    /// The interpreter of the environment, made and filled first where it is not there as asked for.
    pub(crate) fn python(&self, root: &Path) -> Result<PathBuf, Missing> {
        let python = self.folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let stamp = self.folder.join("installed.txt");
        let wanted = self.wanted(root)?;
        if python.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(python);
        }
        let base = interpreter(self.minors)?;
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        eprintln!("==> making {} with {base}", self.folder.display());
        let made = Command::new(&base).args(["-m", "venv"]).arg(&self.folder).output()?;
        if !made.status.success() {
            let told = String::from_utf8_lossy(&made.stdout).into_owned();
            return Err(Missing::Here(format!("`{base} -m venv` fails: {}", told.trim())));
        }
        for requirements in self.requirements {
            install(&python, root, requirements)?;
        }
        fs::write(stamp, wanted)?;
        Ok(python)
    }

    /// All that decides what the environment holds.
    fn wanted(&self, root: &Path) -> Result<String, Missing> {
        let mut text = String::new();
        for requirements in self.requirements {
            text += &requirements.options.join(" ");
            text.push('\n');
            text += &fs::read_to_string(root.join(requirements.file))?;
        }
        Ok(text)
    }
}

fn install(python: &Path, root: &Path, requirements: &Requirements) -> Result<(), Missing> {
    eprintln!("==> installing {}", requirements.file);
    let answer = Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
        .args(["--retries", "2", "--requirement", requirements.file])
        .args(requirements.options)
        .current_dir(root)
        .output()?;
    if answer.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&answer.stderr).into_owned();
    // What pip says when no server answers it, in its words of 2019 to 2026.
    let offline = ["NewConnectionError", "Max retries exceeded", "Name or service not known", "Retrying ("];
    if offline.iter().any(|words| told.contains(words)) {
        return Err(Missing::Here("PyPI cannot be reached".to_owned()));
    }
    Err(Missing::Wrong(format!("pip install -r {} fails:\n{}", requirements.file, told.trim())))
}

/// `$PYTHON`, or the first Python of the machine that is new enough and not too new.
fn interpreter([oldest, newest]: [u32; 2]) -> Result<String, Missing> {
    let mut names: Vec<String> = env::var("PYTHON").into_iter().collect();
    names.push("python3".to_owned());
    names.extend((oldest..=newest).rev().map(|minor| format!("python3.{minor}")));
    let fits = |name: &String| minor_of(name).is_some_and(|minor| (oldest..=newest).contains(&minor));
    names.into_iter().find(fits).ok_or_else(|| {
        let wanted = format!("expected Python 3.{oldest} to 3.{newest} as `python3` or in $PYTHON");
        Missing::Here(format!(
            "{wanted}, found {}",
            minor_of("python3").map_or("none".to_owned(), |minor| format!("3.{minor}"))
        ))
    })
}

fn minor_of(name: &str) -> Option<u32> {
    let answer = Command::new(name)
        .args(["-c", "import sys; print(sys.version_info[1] if sys.version_info[0] == 3 else 0)"])
        .stderr(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}

/// The libraries of FFmpeg that the package `av` brings, under the names that other packages look for:
/// `libavutil-a63ffd27.so.59.39.100` once more as `libavutil.so.59`.
pub(crate) fn link_ffmpeg(environment: &Path, into: &Path) -> io::Result<()> {
    fs::create_dir_all(into)?;
    for version in fs::read_dir(environment.join("lib"))? {
        let libraries = version?.path().join("site-packages/av.libs");
        for library in fs::read_dir(libraries)? {
            let library = library?;
            let name = library.file_name().to_string_lossy().into_owned();
            for name in [name.clone(), plain_name(&name)] {
                // Of an earlier run, and perhaps of another version.
                let _ = fs::remove_file(into.join(&name));
                fs::hard_link(library.path(), into.join(name))?;
            }
        }
    }
    Ok(())
}

fn plain_name(name: &str) -> String {
    let Some((stem, versions)) = name.split_once(".so") else { return name.to_owned() };
    let stem = stem.rsplit_once('-').map_or(stem, |(stem, _)| stem);
    match versions.trim_start_matches('.').split('.').next() {
        Some(major) if !major.is_empty() => format!("{stem}.so.{major}"),
        _ => format!("{stem}.so"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_of_a_wheel_has_a_plain_name() {
        assert_eq!(plain_name("libavutil-a63ffd27.so.59.39.100"), "libavutil.so.59");
        assert_eq!(plain_name("libx264-7c2e5f1a.so.164"), "libx264.so.164");
        assert_eq!(plain_name("libfoo-1234abcd.so"), "libfoo.so");
    }
}
