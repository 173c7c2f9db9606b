//! What an import left out, by name: all counted, the first ones listed.

/// Names kept; a broken archive can have a reason per frame.
const LISTED: usize = 100;

/// Named reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Skips {
    /// The first ones.
    pub(super) listed: Vec<String>,
    /// All of them.
    pub(super) count: usize,
}

impl Skips {
    /// Adds one.
    pub(super) fn push(&mut self, name: impl std::fmt::Display, reason: impl std::fmt::Display) {
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(format!("{name}: {reason}"));
        }
    }
}
