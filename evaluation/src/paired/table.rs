//! A comparison with the truth as plain text, for a terminal.

use std::fmt::Write as _;

use super::{
    Confusion, Directed, ForkScore, PairedPixels, PairedReport, PairedScore, PairedWorld, ToldApart,
};
use crate::Interval;

/// All figures but the single steps.
#[must_use]
pub fn paired_table(report: &PairedReport) -> String {
    let mut text = format!(
        "{} beside {}: {} episodes, {} that ended early left out; 95 % intervals over {}\n",
        report.judged.name, report.truth, report.episodes, report.ended_early, report.resampling
    );
    prediction(&mut text, report);
    for world in std::iter::once(&report.judged).chain(&report.against) {
        let _ = writeln!(text, "\n{}", world.name);
        state(&mut text, world);
        following(&mut text, world);
        others(&mut text, world);
        for score in &world.forks {
            fork(&mut text, &format!("forked after {} steps", score.step), score);
        }
        trust(&mut text, world);
    }
    if let Some(score) = &report.truth_forks {
        fork(&mut text, "\nthe truth, forked where dreams begin", score);
    }
    if let Some(ratio) = report.confusion_ratio.last() {
        let _ = writeln!(text, "\nconfusion about cars ahead, by that of the other world: {}", shown(ratio));
    }
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

fn prediction(text: &mut String, report: &PairedReport) {
    let mut rows: Vec<(&str, &[PairedScore])> = vec![("world", &report.judged.prediction)];
    rows.extend(report.against.as_ref().map(|world| ("other world", world.prediction.as_slice())));
    rows.extend([
        ("truth, wrong actions", report.truth_wrong.as_slice()),
        ("still", report.still.as_slice()),
    ]);
    let _ = writeln!(text, "\nPSNR in dB against the truth under the same actions: all, changed pixels");
    for (idx, score) in report.still.iter().enumerate() {
        for (name, scores) in &rows {
            let pixels = |of: Option<PairedPixels>| shown(&of.map(|pixels| pixels.psnr_db));
            let of = &scores[idx];
            let _ = writeln!(
                text,
                "  {:>4} {name:<20} {}   {}  ({} cases)",
                score.horizon,
                pixels(of.all),
                pixels(of.changed),
                of.cases
            );
        }
    }
}

fn state(text: &mut String, world: &PairedWorld) {
    for score in &world.state {
        let _ = writeln!(
            text,
            "  {:>4} {:<14} RMSE {} {}  held {}  wrong actions {}  of held {}",
            score.horizon,
            score.feature,
            interval(&score.rmse),
            score.unit,
            interval(&score.hold_rmse),
            shown(&score.wrong_rmse),
            shown(&score.of_hold)
        );
    }
}

fn following(text: &mut String, world: &PairedWorld) {
    let told = |followed: &Option<ToldApart>| {
        followed.as_ref().map_or("absent".to_owned(), |followed| {
            format!(
                "{}, right dream {}, ratio {} ({} cases)",
                interval(&followed.following),
                interval(&followed.right_dream),
                shown(&followed.counterfactual_ratio),
                followed.cases
            )
        })
    };
    let _ = writeln!(text, "  dreams nearer to their own truth than to the other");
    for score in &world.following {
        let (pixels, state) = (told(&score.pixels), told(&score.state));
        let _ = writeln!(text, "  {:>4} {:<26} pixels {pixels}; state {state}", score.horizon, score.changed);
    }
}

fn others(text: &mut String, world: &PairedWorld) {
    let told = |confusion: &Option<Confusion>| {
        confusion.as_ref().map_or("absent".to_owned(), |confusion| {
            format!(
                "{} m/s (truth changes {:.3}), {} m ({:.3}), {} cars, {:.0} % lost",
                interval(&confusion.speed_mps),
                confusion.truth_speed_mps,
                interval(&confusion.forward_m),
                confusion.truth_forward_m,
                confusion.cars,
                100.0 * confusion.lost
            )
        })
    };
    for score in &world.others {
        let reaction = score.reaction.as_ref().map_or("absent".to_owned(), |reaction| {
            format!(
                "{} of {:.2} m/s, {} cars",
                interval(&reaction.ratio),
                reaction.truth_speed_mps,
                reaction.cars
            )
        });
        let _ = writeln!(text, "  {:>4} confusion, cars ahead: {}", score.horizon, told(&score.ahead));
        let _ = writeln!(text, "       cars behind: {}; reaction {reaction}", told(&score.behind));
    }
}

fn fork(text: &mut String, name: &str, score: &ForkScore) {
    for directed in score.steering.iter().chain(&score.acceleration) {
        let Directed { by, cases, following, difference } = directed;
        let _ = writeln!(
            text,
            "{name}, {} steps: {by} parts rightly in {} of {cases}, by {difference:.3}",
            score.horizon,
            interval(following)
        );
    }
}

fn trust(text: &mut String, world: &PairedWorld) {
    for score in &world.trust {
        let _ = writeln!(
            text,
            "  {:>4} trust {:.3}, Spearman of distrust with the error: pixels {}, state {}",
            score.horizon,
            score.trust,
            shown(&score.spearman_pixels),
            shown(&score.spearman_state)
        );
    }
}

fn shown(figure: &Option<Interval>) -> String {
    figure.as_ref().map_or("absent".to_owned(), interval)
}

fn interval(interval: &Interval) -> String {
    format!("{:.3} ({:.3} to {:.3})", interval.value, interval.low, interval.high)
}
