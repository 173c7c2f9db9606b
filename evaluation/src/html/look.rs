//! How dreams look, apart from whether they are right: sharpness, and drift over long stretches.

use maud::{Markup, html};

use super::{
    chart::{Chart, Line, Point, chart},
    figures::{Table, pair, reading},
    scale::{interval, seconds},
};
use crate::{DriftReport, Interval, SharpnessScore, WorldDrift, WorldReport};

/// A ratio and its name.
type Ratio = (&'static str, fn(&SharpnessScore) -> Interval);

const RATIOS: [Ratio; 3] = [
    ("dream / codec", |score| score.dream_to_codec),
    ("codec / recording", |score| score.codec_to_recording),
    ("dream / recording", |score| score.dream_to_recording),
];

/// Ratios of gradient energy by horizon.
pub(super) fn sharpness(report: &WorldReport) -> Markup {
    let line = |&(name, which): &Ratio| Line {
        name: name.to_owned(),
        points: (report.sharpness.iter())
            .filter_map(|score| Some(Point::of(score.horizon as f64, &which(score.full.as_ref()?))))
            .collect(),
    };
    let drawn = chart(&Chart {
        title: "Sharpness by horizon",
        across: "steps after the context",
        upwards: "ratio of gradient energy, full size",
        lines: RATIOS.iter().map(line).collect(),
        level: Some(1.0),
    });
    let rows = report.sharpness.iter().flat_map(|score| {
        [("full", &score.full), ("half", &score.half)].map(|(size, found)| {
            let ratio = |&(_, which): &Ratio| {
                found.as_ref().map_or_else(|| "absent".to_owned(), |found| interval(&which(found)))
            };
            let name = format!("{}, {size} size", score.horizon);
            std::iter::once(name).chain(RATIOS.iter().map(ratio)).collect()
        })
    });
    let table = Table {
        caption: "Ratios with 95 % intervals".to_owned(),
        head: std::iter::once("step").chain(RATIOS.map(|(name, _)| name)).map(str::to_owned).collect(),
        rows: rows.collect(),
    };
    html! {
        (reading(
            "Gradient energy is the mean squared difference of neighbouring pixels' brightness. A ratio of 1 is as sharp, \
             below 1 blurred, above 1 noisy. The codec's picture of the recorded frame is the best that a dream can do."
        ))
        (pair(&drawn, &table))
    }
}

/// The distance of long dreams from the recording.
pub(super) fn drift(drift: &DriftReport, report: &WorldReport) -> Markup {
    let steps = || drift.judged.steps.iter().map(|score| score.step);
    let of_world = |world: &WorldDrift| Line {
        name: world.name.clone(),
        points: world.steps.iter().map(|score| Point::of(score.step as f64, &score.distance)).collect(),
    };
    let floor = Line {
        name: "recorded frames".to_owned(),
        points: steps().map(|step| Point::of(step as f64, &drift.floor)).collect(),
    };
    let drawn = chart(&Chart {
        title: "Drift by step",
        across: "steps after the context",
        upwards: "Fréchet distance to recorded frames",
        lines: std::iter::once(&drift.judged).chain(&drift.opponents).map(of_world).chain([floor]).collect(),
        level: Some(0.0),
    });
    let worlds = || std::iter::once(&drift.judged).chain(&drift.opponents);
    let rows = drift.judged.steps.iter().enumerate().map(|(idx, score)| {
        let distances = worlds().map(|world| {
            world.steps.get(idx).map_or_else(|| "absent".to_owned(), |score| interval(&score.distance))
        });
        let place = [score.step.to_string(), seconds(score.step, report.steps_per_second)];
        place.into_iter().chain(distances).chain([interval(&drift.floor)]).collect()
    });
    let head = ["step", "s"].into_iter().map(str::to_owned);
    let table = Table {
        caption: "Fréchet distance with 95 % intervals".to_owned(),
        head: head
            .chain(worlds().map(|world| world.name.clone()))
            .chain(["recorded frames".into()])
            .collect(),
        rows: rows.collect(),
    };
    html! {
        (reading(&format!(
            "The Fréchet distance between {} dreamed frames at each step ({} dreams) and {} recorded ones, on {} fixed \
             random features: it says whether dreams look like the recording as a whole, not whether they are right. \
             Recorded frames in the place of the dreamed ones give the noise floor. A still picture never moves away, \
             and lies a little above the floor because it shows fewer different frames: no drift alone is no merit.",
            drift.frames, drift.dreams, drift.reference_frames, drift.features
        )))
        @if let Some(ratio) = &drift.judged.ratio {
            (reading(&format!(
                "At the last step the distance of {} is {} times that at the first.",
                drift.judged.name,
                interval(ratio)
            )))
        }
        @if let Some(driver) = &drift.driver {
            (reading(&format!("{driver} drives the dreams of {}, endings ignored.", drift.judged.name)))
        } @else if steps().any(|step| step > drift.recorded_steps) {
            (reading(&format!(
                "{} recorded actions follow each context; beyond them they are played backwards, forwards again, and so on.",
                drift.recorded_steps
            )))
        }
        (pair(&drawn, &table))
    }
}
