//! What the figures say, in words, and the promises one by one.

use maud::{Markup, html};

use super::{
    Page,
    scale::{interval, number, steps},
};
use crate::{ActionGap, ControlReport, DriftReport, Gate, Interval, SteeringResponse, WorldReport};

/// The step at which a dream is summed up, or the nearest one that was judged.
const SUMMED_UP: usize = 10;

/// The findings, each in a sentence.
pub(super) fn verdict(page: &Page<'_>) -> Markup {
    let report = page.report;
    let control = report.control.as_ref();
    let sentences = [
        promised(page.gates),
        skill(report),
        control.and_then(|control| gap(&control.gaps, report.steps_per_second)),
        control.and_then(turns),
        report.drift.as_ref().and_then(|drift| drifts(drift, report.steps_per_second)),
    ];
    html! {
        ul class="verdict" { @for sentence in sentences.iter().flatten() { li { (sentence) } } }
        p class="soft" {
            (report.cases) " stretches of " (report.runs) " unbroken runs; 95 % intervals in brackets."
        }
    }
}

/// The promises with what was found.
pub(super) fn gates(gates: &[Gate]) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="promises" {
            table class="words" {
                thead { tr { @for name in ["promise", "kept", "wanted", "found"] { th scope="col" { (name) } } } }
                tbody {
                    @for gate in gates {
                        tr {
                            th scope="row" { (gate.name) }
                            @if gate.pass { td class="pass" { "yes" } } @else { td class="fail" { "no" } }
                            td { (gate.wanted) }
                            td { (gate.found) }
                        }
                    }
                }
            }
        }
    }
}

fn promised(gates: &[Gate]) -> Option<String> {
    let broken: Vec<&str> = gates.iter().filter(|gate| !gate.pass).map(|gate| gate.name.as_str()).collect();
    match (gates.len(), broken.len()) {
        (0, _) => None,
        (all, 0) => Some(format!("It keeps all {all} promises.")),
        (all, count) => Some(format!("It breaks {count} of {all} promises: {}.", broken.join("; "))),
    }
}

fn nearest<T>(items: &[T], horizon: fn(&T) -> usize) -> Option<&T> {
    items.iter().min_by_key(|&item| horizon(item).abs_diff(SUMMED_UP))
}

fn skill(report: &WorldReport) -> Option<String> {
    let score = nearest(&report.judged.horizons, |score| score.horizon)?;
    let skill = score.one_all?.skill;
    let meaning = match side(&skill) {
        Side::Above => "nearer the recording than a still picture",
        Side::Below => "further from the recording than a still picture",
        Side::Open => "not told apart from a still picture",
    };
    let ahead = steps(score.horizon, report.steps_per_second);
    Some(format!("{ahead} ahead, a dream is {meaning}: skill {}.", interval(&skill)))
}

fn gap(gaps: &[ActionGap], steps_per_second: u32) -> Option<String> {
    let known: Vec<(usize, Interval)> =
        gaps.iter().filter_map(|gap| Some((gap.horizon, gap.gap_db?))).collect();
    let (horizon, gap) = nearest(&known, |&(horizon, _)| horizon)?;
    let ahead = steps(*horizon, steps_per_second);
    let found = interval(gap);
    Some(match side(gap) {
        Side::Above => format!(
            "It heeds its actions: {ahead} ahead, the recorded ones bring it {found} dB nearer the recording than foreign ones."
        ),
        Side::Below => format!(
            "It does worse with the recorded actions than with foreign ones: {found} dB, {ahead} ahead."
        ),
        Side::Open => format!("It is not shown to heed its actions: gap {found} dB, {ahead} ahead."),
    })
}

fn turns(control: &ControlReport) -> Option<String> {
    let shown = |response: &SteeringResponse| {
        format!("lag {}, correlation {}", response.lag, number(response.correlation.value))
    };
    let random = control.responses.random.as_ref()?;
    let beside = match &control.responses.recorded {
        Some(recorded) => format!("the recording has {}", shown(recorded)),
        None => "the recording's own steering never changes".to_owned(),
    };
    Some(format!("Under random {} its picture turns with {}; {beside}.", control.steering, shown(random)))
}

fn drifts(drift: &DriftReport, steps_per_second: u32) -> Option<String> {
    let last = drift.judged.steps.last()?;
    let dream = steps(last.step, steps_per_second);
    let floor = drift.floor.value;
    let times = last.distance.value / floor;
    if floor > 0.0 && times.is_finite() {
        return Some(format!(
            "After {dream} dreamed frames are {} times as far from the recording, in distribution, as recorded frames \
             of other runs are.",
            number(times)
        ));
    }
    Some(format!("After {dream} the drift is {}.", interval(&last.distance)))
}

/// On which side of 0 an interval lies.
enum Side {
    Above,
    Below,
    Open,
}

fn side(interval: &Interval) -> Side {
    match interval {
        // An interval without width rests on one part only and tells nothing apart.
        Interval { low, high, .. } if low >= high => Side::Open,
        Interval { low, .. } if *low > 0.0 => Side::Above,
        Interval { high, .. } if *high < 0.0 => Side::Below,
        _ => Side::Open,
    }
}
