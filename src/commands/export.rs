//! `dreamlane export`: a data set in one format becomes the same data set in another.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
    str::FromStr,
    sync::atomic::Ordering,
};

use clap::Args;
use dreamlane::{
    core::{EpisodeSink, EpisodeSource, Error, Provenance, Result, Step},
    datasets::{format_named, open_any},
};

use super::{Surroundings, provenance};
use crate::progress::Bar;

/// Arguments of `export`.
#[derive(Args)]
pub(crate) struct Export {
    /// A data set.
    data: PathBuf,
    /// The format to write.
    #[arg(long)]
    format: String,
    /// What to make.
    #[arg(long)]
    out: PathBuf,
    /// The episodes to take, by their position from 0: A..B without B, A.. or ..B; all when not given.
    #[arg(long, default_value = "..")]
    episodes: Positions,
}

/// `A..B`, where either may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Positions {
    start: Option<usize>,
    end: Option<usize>,
}

impl FromStr for Positions {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wanted = || format!("expected A..B such as 0..10, found `{text}`");
        let (start, end) = text.split_once("..").ok_or_else(wanted)?;
        let number = |part: &str| match part {
            "" => Ok(None),
            part => part.parse().map(Some).map_err(|_| wanted()),
        };
        Ok(Self { start: number(start)?, end: number(end)? })
    }
}

impl Positions {
    /// The positions among so many episodes.
    fn among(self, episodes: usize) -> Result<Range<usize>> {
        let range = self.start.unwrap_or(0)..self.end.unwrap_or(episodes);
        if range.end > episodes || range.start > range.end || (range.is_empty() && episodes > 0) {
            let found = format!("{}..{}", range.start, range.end);
            return Err(Error::Invalid(format!(
                "--episodes: expected a part of 0..{episodes}, found {found}"
            )));
        }
        Ok(range)
    }
}

impl Export {
    /// Copies episode by episode; a stop leaves the whole ones.
    pub(crate) fn run(self, surroundings: &Surroundings) -> anyhow::Result<()> {
        let format = format_named(&self.format)?;
        let source = open_any(&self.data)?;
        let positions = self.episodes.among(source.lengths().len())?;
        refuse_inside(&self.out, &self.data)?;
        let sink = format.create(&self.out, source.spec(), &self.provenance(source.as_ref()))?;
        let copied = copy(source.as_ref(), positions.clone(), sink, surroundings);
        if copied.is_err() && self.out.is_file() {
            // A folder holds its whole episodes; a file that was not completed is not what was asked for.
            fs::remove_file(&self.out).map_err(Error::io(&self.out))?;
        }
        let frames = copied?;
        if let Some(lost) = lost(source.as_ref(), positions.start, &self.out)? {
            eprintln!("note: {} does not keep {lost} as it was", self.format);
        }
        println!("{}: {} episodes, {frames} frames, {}", self.out.display(), positions.len(), self.format);
        Ok(())
    }

    /// Of the source, where it says.
    fn provenance(&self, source: &dyn EpisodeSource) -> Provenance {
        let foreign = || provenance::imported(&provenance::folder_name(&self.data), None);
        source.provenance().cloned().unwrap_or_else(foreign)
    }
}

/// Writes the episodes at these positions; how many frames they had.
fn copy(
    source: &dyn EpisodeSource,
    positions: Range<usize>,
    mut sink: Box<dyn EpisodeSink>,
    surroundings: &Surroundings,
) -> Result<usize> {
    let mut bar = Bar::new("export");
    let total = positions.len() as u64;
    let mut frames = 0;
    for (done, position) in positions.enumerate() {
        if surroundings.stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let episode = source.read(position)?;
        frames += episode.steps.len();
        sink.write(&episode)?;
        bar.at(done as u64 + 1, total);
    }
    sink.finish()?;
    bar.finish();
    Ok(frames)
}

/// A copy inside its source would become part of what is read.
fn refuse_inside(out: &Path, data: &Path) -> Result<()> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(Error::io(path));
    match absolute(out)?.starts_with(absolute(data)?) {
        true => Err(Error::mismatch(out, "place of the copy", "one outside of the data set", "one inside")),
        false => Ok(()),
    }
}

/// What of the first episode does not come back from the copy as it was.
fn lost(source: &dyn EpisodeSource, first: usize, out: &Path) -> Result<Option<String>> {
    if source.lengths().is_empty() {
        return Ok(None);
    }
    let copy = open_any(out)?;
    let (ours, theirs) = (source.read(first)?, copy.read(0)?);
    let of = |differs: fn(&Step, &Step) -> bool| {
        ours.steps.len() != theirs.steps.len()
            || ours.steps.iter().zip(&theirs.steps).any(|(a, b)| differs(a, b))
    };
    let parts = [
        ("the spec", source.spec() != copy.spec()),
        ("provenance", source.provenance().is_some() && source.provenance() != copy.provenance()),
        ("the id", ours.id != theirs.id),
        ("the task", ours.task != theirs.task),
        ("the beginning", ours.beginning != theirs.beginning),
        ("the ending", (ours.terminated, ours.truncated) != (theirs.terminated, theirs.truncated)),
        ("every pixel of the pictures", of(|a, b| a.images != b.images)),
        ("the state", of(|a, b| !same(&a.state, &b.state))),
        ("actions", of(|a, b| !same(&a.action, &b.action))),
        ("rewards", of(|a, b| !same(&[a.reward], &[b.reward]))),
        ("trust", of(|a, b| !same(&[a.trust], &[b.trust]))),
        ("scenes (who was where)", of(|a, b| a.scene != b.scene)),
    ];
    let lost: Vec<&str> = parts.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
    Ok((!lost.is_empty()).then(|| lost.join(", ")))
}

/// Bit by bit, so that a number that is none equals itself.
fn same(ours: &[f32], theirs: &[f32]) -> bool {
    ours.iter().map(|x| x.to_bits()).eq(theirs.iter().map(|x| x.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_two_numbers_of_which_either_may_be_missing() {
        let check = |text: &str, expected: Option<Range<usize>>| {
            let found = text.parse::<Positions>().ok().and_then(|positions| positions.among(10).ok());
            assert_eq!(found, expected, "{text}");
        };
        check("..", Some(0..10));
        check("2..5", Some(2..5));
        check("8..", Some(8..10));
        check("..3", Some(0..3));
        for wrong in ["5..2", "3..3", "0..11", "11..", "3", "a..b", "-1..2", ""] {
            check(wrong, None);
        }
    }
}
