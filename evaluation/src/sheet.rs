//! The figures of the ladder as small tables of text, which the terminal and the page both show.

mod conduct;
mod outcome;

use crate::{Interval, WorldReport, html::scale};

/// One table with how to read it.
pub(crate) struct Sheet {
    /// What it is about.
    pub(crate) title: String,
    /// How to read it.
    pub(crate) reading: String,
    pub(crate) head: Vec<String>,
    /// The first cell names the row.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Sheet {
    fn of(title: &str, reading: String, head: &[&str], rows: Vec<Vec<String>>) -> Option<Self> {
        let head = head.iter().map(|&name| name.to_owned()).collect();
        (!rows.is_empty()).then(|| Self { title: title.to_owned(), reading, head, rows })
    }
}

/// All tables that have something to show.
pub(crate) fn sheets(report: &WorldReport) -> Vec<Sheet> {
    [
        conduct::likeness(report),
        conduct::leads(report),
        conduct::following(report),
        conduct::own(report),
        conduct::others(report),
        outcome::rewards(report),
        outcome::endings(report),
        outcome::trust(report),
        outcome::thresholds(report),
        outcome::validity(report),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `0.52 (0.45 to 0.60)`, or `absent`.
fn shown(found: Option<&Interval>) -> String {
    scale::perhaps(found)
}

/// A number, or `absent`.
fn number(found: Option<f64>) -> String {
    found.map_or_else(|| "absent".to_owned(), scale::number)
}
