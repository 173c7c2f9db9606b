//! What a probe found, as plain text for a terminal.

use std::fmt::Write as _;

use super::{Beside, NumberScore, ProbeHorizon, ProbeReport, UsefulnessReport};
use crate::Interval;

/// All figures of a probe's report.
#[must_use]
pub fn probe_table(report: &ProbeReport) -> String {
    let mut text = format!(
        "{} cases of {} unbroken runs; 95 % intervals over {}\n\
         a probe of {} weights looks at {} frames\n\nR2 of actions on validation frames, at lags 0 to 4\n",
        report.cases, report.runs, report.resampling, report.weights, report.frames
    );
    for action in &report.actions {
        let by_lag: Vec<String> = action.by_lag.iter().map(|r2| format!("{r2:.3}")).collect();
        line(&mut text, format_args!("  {:<24} {}; lag {}", action.name, by_lag.join(" "), action.lag));
    }
    if !report.validation.is_empty() {
        line(&mut text, format_args!("\nstate on validation frames"));
    }
    for read in &report.validation {
        let figures = match (read.r2, read.rmse, read.auroc) {
            (_, _, Some(auroc)) => format!("AUROC {auroc:.3}"),
            (Some(r2), Some(rmse), _) => format!("R2 {r2:.3}, RMSE {rmse:.3} {}", read.unit),
            _ => "never changes".to_owned(),
        };
        line(&mut text, format_args!("  {:<24} {figures}", read.name));
    }
    report.horizons.iter().for_each(|horizon| at_horizon(&mut text, horizon));
    text
}

fn at_horizon(text: &mut String, at: &ProbeHorizon) {
    line(text, format_args!("\nhorizon {}", at.horizon));
    for action in &at.actions {
        let share = shown(&action.of_recorded);
        line(text, format_args!("  {:<24} R2 {}; share {share}", action.name, beside(&action.r2)));
    }
    at.numbers.iter().for_each(|score| number(text, score));
    for thing in &at.things {
        line(text, format_args!("  {} (there in {:.0} %)", thing.name, 100.0 * thing.base_rate));
        line(text, format_args!("  {:<24} accuracy {}", "", beside(&thing.accuracy)));
        line(text, format_args!("  {:<24} AUROC {}", "", beside(&thing.auroc)));
        thing.numbers.iter().for_each(|score| number(text, score));
    }
}

fn number(text: &mut String, score: &NumberScore) {
    line(
        text,
        format_args!(
            "  {:<24} RMSE in {}: {}; of held {}",
            score.name,
            if score.unit.is_empty() { "1" } else { &score.unit },
            beside(&score.rmse),
            shown(&score.of_held)
        ),
    );
    line(
        text,
        format_args!(
            "  {:<24} change since the context: {}; of held {}",
            "",
            beside(&Beside { held: None, ..score.anchored }),
            shown(&score.anchored_of_held)
        ),
    );
}

/// How useful dreams are.
#[must_use]
pub fn usefulness_table(report: &UsefulnessReport) -> String {
    let mut text = format!(
        "steering `{}` from {} frames, {} steps, {} seeds; {} frames of {} unbroken runs; 95 % intervals over {}\n",
        report.steering,
        report.frames,
        report.steps,
        report.seeds,
        report.tested,
        report.runs,
        report.resampling
    );
    line(&mut text, format_args!("  {:<14} MAE {:.3}", "the mean", report.mean_mae));
    for taught in &report.taught {
        let seeds: Vec<String> = taught.r2_by_seed.iter().map(|r2| format!("{r2:.3}")).collect();
        line(
            &mut text,
            format_args!(
                "  {:<14} R2 {} (seeds {}), MAE {}, correlation {}",
                taught.from,
                shown(&taught.r2),
                seeds.join(" "),
                shown(&taught.mae),
                shown(&taught.correlation)
            ),
        );
    }
    text
}

fn beside(figure: &Beside) -> String {
    let named = [
        ("held", &figure.held),
        ("recorded", &figure.recorded),
        ("coded", &figure.coded),
        ("dreamed", &figure.dreamed),
    ];
    let parts = named.iter().filter(|(_, interval)| interval.is_some());
    parts.map(|(name, interval)| format!("{name} {}", shown(interval))).collect::<Vec<_>>().join(", ")
}

fn shown(interval: &Option<Interval>) -> String {
    interval.as_ref().map_or("-".to_owned(), |interval| {
        format!("{:.3} ({:.3} to {:.3})", interval.value, interval.low, interval.high)
    })
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{words}");
}
