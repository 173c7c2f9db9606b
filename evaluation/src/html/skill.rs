//! Fidelity by horizon: the judged world and those beside it.

use maud::{Markup, html};

use super::{
    chart::{Chart, Line, Point, chart},
    figures::{Table, pair, reading},
    scale::{interval, number, seconds},
};
use crate::{HorizonScore, PixelScore, WorldReport, WorldScores};

/// One way to score a dream: its name and where its score stands.
type Kind = (&'static str, fn(&HorizonScore) -> Option<PixelScore>);

/// What is drawn of a score: title, label, the point at a horizon, the level to hold it against.
type View = (&'static str, &'static str, fn(f64, &PixelScore) -> Point, Option<f64>);

const VIEWS: [View; 3] = [
    ("Skill by horizon", "skill of one dream, all pixels", |x, score| Point::of(x, &score.skill), Some(0.0)),
    (
        "PSNR by horizon",
        "PSNR of one dream in dB, all pixels",
        |x, score| Point::bare(x, score.psnr_db),
        None,
    ),
    (
        "MSE by horizon",
        "mean squared error of one dream, all pixels",
        |x, score| Point::bare(x, score.mse),
        Some(0.0),
    ),
];

/// Curves and figures of every world.
pub(super) fn fidelity(report: &WorldReport) -> Markup {
    let kinds: [Kind; 4] = [
        ("one dream, all pixels", |score| score.one_all),
        ("one dream, changed pixels", |score| score.one_changed),
        ("mean dream, all pixels", |score| score.mean_all),
        ("mean dream, changed pixels", |score| score.mean_changed),
    ];
    let [skill, others @ ..] = VIEWS;
    html! {
        (reading(
            "Skill is 1 - MSE / MSE of a still picture, the last frame repeated: 1 is perfect, 0 is no better than a \
             still picture. Whiskers and bands are 95 % intervals."
        ))
        (reading(
            "Mean squared error is in units of full scale, and PSNR is -10 log10 of it: 10 dB more is a tenth of the \
             error. Changed pixels are those that moved since the last frame the dream was shown."
        ))
        (pair(&curve(report, &skill), &skills(report)))
        div class="grid" { @for view in &others { (curve(report, view)) } }
        @for kind in &kinds {
            details { summary { "Figures: " (kind.0) } (super::figures::table(&scores(report, kind))) }
        }
    }
}

fn worlds(report: &WorldReport) -> impl Iterator<Item = &WorldScores> {
    std::iter::once(&report.judged).chain(&report.opponents)
}

fn curve(report: &WorldReport, &(title, upwards, point, level): &View) -> Markup {
    let line = |world: &WorldScores| {
        let points = world.horizons.iter().filter_map(|score| {
            let x = score.horizon as f64;
            score.one_all.as_ref().map(|score| point(x, score))
        });
        Line { name: world.name.clone(), points: points.collect() }
    };
    let lines = worlds(report).map(line).collect();
    chart(&Chart { title, across: "steps after the context", upwards, lines, level })
}

/// Skill of one dream and of the mean dream, on all pixels and on changed ones.
fn skills(report: &WorldReport) -> Table {
    let rows = report.judged.horizons.iter().map(|score| {
        let skill = |found: Option<PixelScore>| {
            found.map_or_else(|| "absent".to_owned(), |found| interval(&found.skill))
        };
        vec![
            score.horizon.to_string(),
            seconds(score.horizon, report.steps_per_second),
            skill(score.one_all),
            skill(score.one_changed),
            skill(score.mean_all),
            skill(score.mean_changed),
        ]
    });
    let mean = format!("mean of {}", report.dreams);
    Table {
        caption: format!("Skill of {} with 95 % intervals", report.judged.name),
        head: vec![
            "step".into(),
            "s".into(),
            "one dream, all pixels".into(),
            "one, changed".into(),
            format!("{mean}, all"),
            format!("{mean}, changed"),
        ],
        rows: rows.collect(),
    }
}

/// Every figure of one kind, world by world.
fn scores(report: &WorldReport, &(name, which): &Kind) -> Table {
    let row = |world: &WorldScores, score: &HorizonScore| {
        let mut row = vec![format!("{}, step {}", world.name, score.horizon)];
        match which(score) {
            Some(PixelScore { mse, psnr_db, skill }) => {
                row.extend([number(mse), number(psnr_db), interval(&skill)]);
            }
            None => row.extend(["absent".to_owned(), "absent".to_owned(), "absent".to_owned()]),
        }
        row
    };
    let rows = worlds(report).flat_map(|world| world.horizons.iter().map(move |score| row(world, score)));
    Table {
        caption: format!("MSE, PSNR in dB and skill: {name}"),
        head: ["world, step", "MSE", "PSNR", "skill"].map(str::to_owned).into(),
        rows: rows.collect(),
    }
}
