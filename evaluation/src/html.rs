//! A report as one web page that needs nothing else: pictures, styles and the player are all inside, so that it
//! opens from a disk, without a network, years later.
//!
//! Markup is written with `maud`, which escapes every text and closes every tag when the code is compiled. The page
//! is a function of the [`Page`] alone: no date, no chance.

mod chart;
mod commands;
mod control;
mod figures;
mod film;
mod ladder;
mod look;
pub(crate) mod scale;
mod skill;
mod training;
mod verdict;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{Clip, Gate, WorldReport, sheet::sheets};

/// What the browser may do: show what is inside, and fetch nothing.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'";

/// All that a page shows.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The figures.
    pub report: &'a WorldReport,
    /// What the world was held against, such as `the test part of truth`.
    pub judged_on: &'a str,
    /// Promises that were checked; empty where none was asked for.
    pub gates: &'a [Gate],
    /// Film strips, the recording above the dream.
    pub strips: &'a [Strip],
    /// Clips to play.
    pub clips: &'a [Clip],
    /// How training went; empty where its log is not known.
    pub training: &'a [Curve],
    /// The commands that made all this, in order.
    pub commands: &'a [Command],
    /// Names and hashes of what went in: world, data, code.
    pub facts: &'a [Fact],
}

/// A film strip of one case.
#[derive(Clone, Debug)]
pub struct Strip {
    /// Where it begins, in words.
    pub about: String,
    /// Steps after the context's last frame, from left to right; the first is 0.
    pub steps: Vec<usize>,
    /// A PNG file.
    pub png: Vec<u8>,
}

/// Numbers of a training log under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// When they were taken: `train` or `validation`.
    pub kind: String,
    /// What they are, such as `loss`.
    pub name: String,
    /// Step and number, in order.
    pub points: Vec<(f64, f64)>,
}

/// A command line and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it did.
    pub about: String,
    /// As typed.
    pub line: String,
}

/// Something that went in, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// Its name, version or hash.
    pub value: String,
}

/// The sections of a page: where a link leads, what it is called, what stands there.
type Section = (&'static str, &'static str, Markup);

/// The whole page, as the text of an HTML file.
#[must_use]
pub fn html_page(page: &Page<'_>) -> String {
    let title = format!("{}: dreams held against {}", page.report.judged.name, page.judged_on);
    let sections = sections(page);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(include_str!("html/style.css"))) }
            }
            body {
                header {
                    h1 { (title) }
                    (verdict::verdict(page))
                    nav aria-label="sections" {
                        ul { @for (place, name, _) in &sections { li { a href={ "#" (place) } { (name) } } } }
                    }
                }
                main {
                    @for (place, name, content) in &sections {
                        section id=(place) { h2 { (name) } (content) }
                    }
                }
                footer { p { "Written by dreamlane. The same inputs give the same page, to the byte." } }
                script { (PreEscaped(include_str!("html/player.js"))) }
            }
        }
    };
    markup.into_string()
}

/// Sections that have something to show.
fn sections(page: &Page<'_>) -> Vec<Section> {
    let report = page.report;
    let sheets = sheets(report);
    let all = [
        ("promises", "Promises", (!page.gates.is_empty()).then(|| verdict::gates(page.gates))),
        (
            "clips",
            "Recorded and dreamed, side by side",
            (!page.clips.is_empty()).then(|| film::clips(page.clips)),
        ),
        ("strips", "Film strips", (!page.strips.is_empty()).then(|| film::strips(page.strips))),
        ("fidelity", "How near the dream stays", Some(skill::fidelity(report))),
        ("gap", "Does it heed its actions", report.control.as_ref().map(|it| control::gaps(it, report))),
        ("steering", "Does it turn when told to", report.control.as_ref().map(control::steering)),
        ("sharpness", "Sharpness", (!report.sharpness.is_empty()).then(|| look::sharpness(report))),
        ("drift", "Drift of long dreams", report.drift.as_ref().map(|drift| look::drift(drift, report))),
        ("ladder", "How far it is to be believed", (!sheets.is_empty()).then(|| ladder::ladder(&sheets))),
        ("training", "Training", (!page.training.is_empty()).then(|| training::curves(page.training))),
        ("made", "How it was made", Some(commands::made(page))),
        ("notes", "Notes", Some(notes(report))),
    ];
    all.into_iter().filter_map(|(place, name, content)| Some((place, name, content?))).collect()
}

fn notes(report: &WorldReport) -> Markup {
    html! {
        ul {
            li { "Cases: " (report.cases) " recorded stretches of " (report.runs) " unbroken runs." }
            li {
                "Intervals hold 95 in 100 draws of the bootstrap over " (report.resampling)
                ": whole parts are drawn, because frames of one run are alike."
            }
            li { "One step is 1/" (report.steps_per_second) " second." }
            @for note in &report.notes { li { (note) } }
        }
    }
}
