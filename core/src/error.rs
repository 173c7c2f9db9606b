//! The error that crosses crate borders: every variant carries what was expected and what was found.

use std::path::{Path, PathBuf};

/// `Result` with dreamlane's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong with data, files and names. Shape bugs in our own arithmetic panic instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that no registry holds.
    #[error("unknown {kind} `{name}`, known: {known}")]
    Unknown {
        /// What the name should have named: env, preset, format, world, policy.
        kind: &'static str,
        /// The name as given.
        name: String,
        /// The names that exist, joined by commas.
        known: String,
    },
    /// The data is whole, but not what the reader needs.
    #[error("{what}: expected {expected}, found {found}: {}", .path.display())]
    Mismatch {
        /// The quantity that differs, such as `frame size`.
        what: String,
        /// What the reader needs.
        expected: String,
        /// What is there.
        found: String,
        /// Where.
        path: PathBuf,
    },
    /// The path does not hold data of this format at all.
    #[error("not a {format}: {reason}: {}", .path.display())]
    Incompatible {
        /// The format that was tried.
        format: &'static str,
        /// What is missing.
        reason: String,
        /// Where.
        path: PathBuf,
    },
    /// The data is of the right kind, but broken.
    #[error("broken data: {reason}: {}", .path.display())]
    Broken {
        /// What is wrong, with figures.
        reason: String,
        /// Where.
        path: PathBuf,
    },
    /// A setting or an argument that cannot work.
    #[error("{0}")]
    Invalid(String),
    /// The operation is not offered by this env or world; its spec says so.
    #[error("{0} is not supported by {1}")]
    Unsupported(&'static str, String),
    /// A file operation failed.
    #[error("{source}: {}", .path.display())]
    Io {
        /// The cause.
        source: std::io::Error,
        /// Where.
        path: PathBuf,
    },
    /// The user asked to stop; what was reached is saved.
    #[error("stopped by the user")]
    Stopped,
}

impl Error {
    /// Adds the path to an I/O error: `.map_err(Error::io(path))`.
    pub fn io(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { source, path }
    }

    /// Broken data at a path.
    pub fn broken(path: impl AsRef<Path>, reason: impl std::fmt::Display) -> Self {
        Self::Broken { reason: reason.to_string(), path: path.as_ref().to_path_buf() }
    }

    /// Data that differs from what is needed.
    pub fn mismatch(
        path: impl AsRef<Path>,
        what: impl Into<String>,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) -> Self {
        Self::Mismatch {
            what: what.into(),
            expected: expected.to_string(),
            found: found.to_string(),
            path: path.as_ref().to_path_buf(),
        }
    }

    /// A name that is not among `known`.
    pub fn unknown<'a>(kind: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Unknown { kind, name: name.to_owned(), known: known_names(known) }
    }
}

/// Names joined for a message.
pub fn known_names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}
