//! What can be wrong with recorded platoons, with the place, what was expected and what was found.

use std::path::PathBuf;

/// Why platoons could not be read or calibrated on.
#[derive(Debug, thiserror::Error)]
pub enum PlatoonError {
    /// The table is larger than any recording that this reader is meant for.
    #[error("expected at most {most} bytes, found {found}")]
    TooManyBytes {
        /// The cap.
        most: usize,
        /// Bytes given, at least.
        found: usize,
    },
    /// The table is not text.
    #[error("line {line}: expected utf-8 text, found another encoding")]
    NotText {
        /// Line, counted from 1.
        line: usize,
    },
    /// A column of the header has another name than it should.
    #[error("line 1, column {column}: expected `{expected}`, found `{found}`")]
    Header {
        /// Column, counted from 1.
        column: usize,
        /// The name that belongs there.
        expected: String,
        /// What stands there, shortened.
        found: String,
    },
    /// The header holds too few or too many columns for a platoon.
    #[error("line 1: expected a time and 4 columns for each of 2 to {most_cars} cars, found {found} columns")]
    Columns {
        /// The most cars in a platoon.
        most_cars: usize,
        /// Columns found.
        found: usize,
    },
    /// A line has another number of fields than the header.
    #[error("line {line}: expected {expected} fields, found {found}")]
    Width {
        /// Line, counted from 1.
        line: usize,
        /// Columns of the header.
        expected: usize,
        /// Fields of the line.
        found: usize,
    },
    /// A field does not hold what its column is for.
    #[error("line {line}, column {column}: expected {expected}, found `{found}`")]
    Field {
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
        /// What belongs there.
        expected: &'static str,
        /// What stands there, shortened.
        found: String,
    },
    /// A time does not come one step after the one before.
    #[error("line {line}: expected time {expected:.3}, found {found:.3}")]
    Time {
        /// Line, counted from 1.
        line: usize,
        /// Seconds.
        expected: f64,
        /// Seconds.
        found: f64,
    },
    /// A car changes its id, or two cars have the same one.
    #[error("line {line}, car {car}: expected {expected}, found id {found}")]
    Id {
        /// Line, counted from 1.
        line: usize,
        /// Car, counted from 1.
        car: usize,
        /// What belongs there.
        expected: String,
        /// The id found.
        found: u32,
    },
    /// A car is not behind the car of the columns before it.
    #[error("line {line}: expected car {car} behind {ahead_m} m, found it at {found_m} m")]
    Order {
        /// Line, counted from 1.
        line: usize,
        /// Car, counted from 1.
        car: usize,
        /// Position of the car ahead, in metres.
        ahead_m: f64,
        /// Position of the car, in metres.
        found_m: f64,
    },
    /// Too few or too many lines of data.
    #[error("expected 2 to {most} rows, found {found}")]
    Rows {
        /// The cap.
        most: usize,
        /// Rows found, at least.
        found: usize,
    },
    /// A file or folder could not be read.
    #[error("cannot read: {}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder without tables.
    #[error("expected 1 to {most} files that end in .csv, found {found}: {}", .path.display())]
    Files {
        /// The cap.
        most: usize,
        /// Tables found.
        found: usize,
        /// The folder.
        path: PathBuf,
    },
    /// One file of a folder is wrong.
    #[error("cannot use the platoon: {}", .path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<PlatoonError>,
    },
    /// The platoons give one half nothing to calibrate on, or the other nothing to be tested on.
    #[error("expected followers in both halves, found {train} for training and {test} for testing")]
    Halves {
        /// Followers that can be scored in the training half.
        train: usize,
        /// Followers that can be scored in the test half.
        test: usize,
    },
    /// A setting is out of its range.
    #[error("setting `{name}`: expected {expected}, found {found}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// Its value.
        found: f64,
    },
}
