//! A report as plain text, for a terminal.

use std::fmt::Write as _;

use crate::{
    Gate, Interval, PixelScore, SteeringResponse, WorldReport, WorldScores,
    sheet::{Sheet, sheets},
};

/// All figures of a report, and the gates beside what was found.
#[must_use]
pub fn table(report: &WorldReport, gates: &[Gate]) -> String {
    let mut text = format!(
        "{} cases of {} unbroken runs; 95 % intervals over {}\n",
        report.cases, report.runs, report.resampling
    );
    for scores in std::iter::once(&report.judged).chain(&report.opponents) {
        fidelity(&mut text, scores, report.dreams);
    }
    sharpness(&mut text, report);
    control(&mut text, report);
    drift(&mut text, report);
    for sheet in sheets(report) {
        ladder(&mut text, &sheet);
    }
    for note in &report.notes {
        line(&mut text, format_args!("note: {note}"));
    }
    if !gates.is_empty() {
        line(&mut text, format_args!("\ngates"));
    }
    for gate in gates {
        let verdict = if gate.pass { "pass" } else { "FAIL" };
        line(&mut text, format_args!("  {verdict}  {}: {}, found {}", gate.name, gate.wanted, gate.found));
    }
    text
}

fn fidelity(text: &mut String, scores: &WorldScores, dreams: usize) {
    line(text, format_args!("\n{}", scores.name));
    line(text, format_args!("  {:>4} {:<22} {:>9} {:>7}  skill", "h", "", "MSE", "PSNR"));
    let mean = format!("mean of {dreams}");
    for score in &scores.horizons {
        let rows = [
            ("one dream, all".to_owned(), score.one_all),
            ("one dream, changed".to_owned(), score.one_changed),
            (format!("{mean}, all"), score.mean_all),
            (format!("{mean}, changed"), score.mean_changed),
        ];
        for (name, score_of) in rows {
            let figures = score_of.map_or("absent".to_owned(), |PixelScore { mse, psnr_db, skill }| {
                format!("{mse:>9.5} {psnr_db:>7.2}  {}", interval(&skill))
            });
            line(text, format_args!("  {:>4} {name:<22} {figures}", score.horizon));
        }
    }
}

fn sharpness(text: &mut String, report: &WorldReport) {
    line(text, format_args!("\nsharpness (gradient energy)"));
    for score in &report.sharpness {
        for (size, score_of) in [("full", &score.full), ("half", &score.half)] {
            let Some(ratios) = score_of else { continue };
            line(
                text,
                format_args!(
                    "  {:>4} {size}  dream/codec {}  codec/recording {}  dream/recording {}",
                    score.horizon,
                    interval(&ratios.dream_to_codec),
                    interval(&ratios.codec_to_recording),
                    interval(&ratios.dream_to_recording)
                ),
            );
        }
    }
}

fn control(text: &mut String, report: &WorldReport) {
    let Some(control) = &report.control else { return };
    line(text, format_args!("\naction gap in dB, on frames with |{}| > 0.3", control.steering));
    let shown = |gap: &Option<Interval>| gap.as_ref().map_or("absent".to_owned(), interval);
    for gap in &control.gaps {
        line(
            text,
            format_args!(
                "  {:>4} {} ({} frames); in the 4 frames before: {} ({} frames)",
                gap.horizon,
                shown(&gap.gap_db),
                gap.frames,
                shown(&gap.delayed_gap_db),
                gap.delayed_frames
            ),
        );
    }
    let responses = &control.responses;
    line(
        text,
        format_args!(
            "\nimage shift against {}, {} dreams of {} frames",
            control.steering, responses.cases, responses.steps
        ),
    );
    let rows = [
        ("recorded", &responses.recorded),
        ("dreamed, recorded steering", &responses.replayed),
        ("dreamed, flipped steering", &responses.flipped),
        ("dreamed, random steering", &responses.random),
    ];
    for (name, response) in rows {
        let figures =
            response.as_ref().map_or("absent".to_owned(), |SteeringResponse { lag, correlation, .. }| {
                format!("lag {lag} frames, correlation {}", interval(correlation))
            });
        line(text, format_args!("  {name:<28} {figures}"));
    }
}

fn drift(text: &mut String, report: &WorldReport) {
    let Some(drift) = &report.drift else { return };
    line(
        text,
        format_args!(
            "\ndrift (Fréchet distance on {} random features), {} frames a step{}; recorded frames: {}",
            drift.features,
            drift.frames,
            drift.driver.as_ref().map_or(String::new(), |driver| format!(", driven by {driver}")),
            interval(&drift.floor)
        ),
    );
    for world in std::iter::once(&drift.judged).chain(&drift.opponents) {
        for score in &world.steps {
            line(text, format_args!("  {:>4} {:<12} {}", score.step, world.name, interval(&score.distance)));
        }
        if let Some(ratio) = &world.ratio {
            line(text, format_args!("  last / first {:<12} {}", world.name, interval(ratio)));
        }
    }
}

/// One table of the ladder, its columns as wide as they need to be.
fn ladder(text: &mut String, sheet: &Sheet) {
    line(text, format_args!("\n{}\n{}", sheet.title, sheet.reading));
    let rows = || std::iter::once(&sheet.head).chain(&sheet.rows);
    let wide = |column: usize| rows().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let wide: Vec<usize> = (0..sheet.head.len()).map(wide).collect();
    for row in rows() {
        let cells = row.iter().zip(&wide).map(|(cell, &wide)| format!("  {cell:<wide$}"));
        line(text, format_args!("{}", cells.collect::<String>().trim_end()));
    }
}

fn interval(interval: &Interval) -> String {
    format!("{:.3} ({:.3} to {:.3})", interval.value, interval.low, interval.high)
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{words}");
}
