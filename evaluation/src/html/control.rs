//! Whether the dream heeds its actions: the gap by horizon, and the response to imposed steering.

use maud::{Markup, html};

use super::{
    chart::{Chart, Line, Point, chart},
    figures::{Table, pair, reading},
    scale::{interval, number, perhaps, seconds},
};
use crate::{ActionGap, ControlReport, Interval, STEERED, SteeringResponse, WorldReport};

/// The action gap by horizon.
pub(super) fn gaps(control: &ControlReport, report: &WorldReport) -> Markup {
    let line = |name: &str, which: fn(&ActionGap) -> Option<Interval>| Line {
        name: name.to_owned(),
        points: (control.gaps.iter())
            .filter_map(|gap| which(gap).map(|found| Point::of(gap.horizon as f64, &found)))
            .collect(),
    };
    let drawn = chart(&Chart {
        title: "Action gap by horizon",
        across: "steps after the context",
        upwards: "action gap in dB",
        lines: vec![
            line("steered at the frame", |gap| gap.gap_db),
            line("steered in the 4 frames before", |gap| gap.delayed_gap_db),
        ],
        level: Some(0.0),
    });
    let rows = control.gaps.iter().map(|gap| {
        vec![
            gap.horizon.to_string(),
            seconds(gap.horizon, report.steps_per_second),
            perhaps(gap.gap_db.as_ref()),
            gap.frames.to_string(),
            perhaps(gap.delayed_gap_db.as_ref()),
            gap.delayed_frames.to_string(),
        ]
    });
    let head = ["step", "s", "gap in dB", "frames", "gap, 4 frames before", "frames"];
    let table = Table {
        caption: "Action gap with 95 % intervals".to_owned(),
        head: head.map(str::to_owned).into(),
        rows: rows.collect(),
    };
    html! {
        (reading(&format!(
            "The gap is how many dB nearer the recording a dream comes with the recorded actions than with those of \
             another run, on frames with |{}| > {STEERED}: above 0 it heeds its actions.",
            control.steering
        )))
        (pair(&drawn, &table))
    }
}

/// Lag and correlation of the image shift under each steering.
pub(super) fn steering(control: &ControlReport) -> Markup {
    let responses = &control.responses;
    let kinds: [(&str, &Option<SteeringResponse>); 4] = [
        ("recording, its own steering", &responses.recorded),
        ("dream, recorded steering", &responses.replayed),
        ("dream, left and right exchanged", &responses.flipped),
        ("dream, random steering", &responses.random),
    ];
    let lines = kinds.iter().filter_map(|(name, response)| {
        let by_lag = &response.as_ref()?.by_lag;
        let points = by_lag.iter().enumerate().map(|(lag, &value)| Point::bare(lag as f64, value));
        Some(Line { name: (*name).to_owned(), points: points.collect() })
    });
    let drawn = chart(&Chart {
        title: "Correlation of steering and image shift by lag",
        across: "lag in frames",
        upwards: "correlation of steering and image shift",
        lines: lines.collect(),
        level: Some(0.0),
    });
    let row = |(name, response): &(&str, &Option<SteeringResponse>)| {
        let (lag, correlation) = match response {
            Some(found) => (found.lag.to_string(), interval(&found.correlation)),
            None => ("absent".to_owned(), "the steering never changes".to_owned()),
        };
        vec![(*name).to_owned(), lag, correlation]
    };
    let table = Table {
        caption: format!("{} sequences of {} frames", responses.cases, responses.steps),
        head: ["sequence", "lag in frames", "correlation at that lag"].map(str::to_owned).into(),
        rows: kinds.iter().map(row).collect(),
    };
    let by_lag = Table {
        caption: "Correlation at each lag".to_owned(),
        head: std::iter::once("sequence".to_owned())
            .chain((0..crate::LAGS).map(|lag| lag.to_string()))
            .collect(),
        rows: kinds
            .iter()
            .filter_map(|(name, response)| {
                let values = response.as_ref()?.by_lag.iter().map(|&value| number(value));
                Some(std::iter::once((*name).to_owned()).chain(values).collect())
            })
            .collect(),
    };
    html! {
        (reading(&format!(
            "How the picture moves sideways after {} changes. A dream that obeys turns at the recording's lag and about \
             as strongly, also when its steering is not the recorded one; the sign is the camera's.",
            control.steering
        )))
        (pair(&drawn, &table))
        details { summary { "Figures: correlation at each lag" } (super::figures::table(&by_lag)) }
    }
}
