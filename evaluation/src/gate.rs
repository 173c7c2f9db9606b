//! The figures that the project promises of a trained world, and whether a report reaches them.

use serde::{Deserialize, Serialize};

use crate::{
    ActionGap, ControlReport, HorizonScore, HorizonSharpness, Interval, PixelScore, SteeringResponse,
    WorldReport, WorldScores,
};

/// What a world is judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judged {
    /// The last part of runs whose earlier part it was trained on.
    Tails,
    /// Recordings of the same car that it never saw.
    Unseen,
}

/// One promised figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// What is measured.
    pub name: String,
    /// What is promised.
    pub wanted: String,
    /// What the report says.
    pub found: String,
    /// Whether the promise is kept.
    pub pass: bool,
}

/// Lag may differ from the recorded one by this many frames.
const LAG_FRAMES: usize = 1;

/// Share of the recorded correlation between steering and image shift that a dream must keep.
const CORRELATION_SHARE: f64 = 0.6;

/// Holds a report against all figures that are promised for what it was judged on. A figure that the report
/// does not have fails.
#[must_use]
pub fn gates(report: &WorldReport, judged: Judged) -> Vec<Gate> {
    let mut gates = match judged {
        Judged::Tails => tails(report),
        Judged::Unseen => unseen(report),
    };
    gates.extend(steering(report.control.as_ref()));
    gates
}

fn tails(report: &WorldReport) -> Vec<Gate> {
    let mut gates: Vec<Gate> =
        [(5, 0.60), (10, 0.55), (20, 0.40)].map(|(horizon, wanted)| skill(report, horizon, wanted)).into();
    gates.push(gap(report, 10, Some(1.0)));
    let sharpness = sharpness(report, 10);
    let ratio = |which: fn(&crate::SharpnessScore) -> Interval| {
        sharpness.and_then(|sharpness| sharpness.full.as_ref()).map(which)
    };
    gates.push(at_least(
        "sharpness of a dream to the codec's at 10".to_owned(),
        ratio(|score| score.dream_to_codec),
        0.8,
    ));
    gates.push(at_least(
        "sharpness of the codec to the recording's at 10".to_owned(),
        ratio(|score| score.codec_to_recording),
        0.6,
    ));
    gates.extend(report.opponents.iter().map(|opponent| mean_above(report, opponent)));
    gates
}

fn unseen(report: &WorldReport) -> Vec<Gate> {
    vec![skill(report, 5, 0.30), skill(report, 10, 0.15), gap(report, 5, None), gap(report, 10, None)]
}

fn at_horizon(scores: &WorldScores, horizon: usize) -> Option<&HorizonScore> {
    scores.horizons.iter().find(|score| score.horizon == horizon)
}

fn sharpness(report: &WorldReport, horizon: usize) -> Option<&HorizonSharpness> {
    report.sharpness.iter().find(|score| score.horizon == horizon)
}

fn skill(report: &WorldReport, horizon: usize, wanted: f64) -> Gate {
    let found = at_horizon(&report.judged, horizon).and_then(|score| score.one_all);
    at_least(format!("skill of one dream at {horizon}"), found.map(|score| score.skill), wanted)
}

fn at_least(name: String, found: Option<Interval>, wanted: f64) -> Gate {
    Gate {
        name,
        wanted: format!("at least {wanted:.2}"),
        found: shown(found),
        pass: found.is_some_and(|found| found.value >= wanted),
    }
}

fn gap(report: &WorldReport, horizon: usize, wanted: Option<f64>) -> Gate {
    let gaps: &[ActionGap] = report.control.as_ref().map_or(&[], |control| &control.gaps);
    let found = gaps.iter().find(|gap| gap.horizon == horizon).and_then(|gap| gap.gap_db);
    let least = wanted.map_or(String::new(), |wanted| format!("at least {wanted:.1} dB, "));
    Gate {
        name: format!("action gap at {horizon}"),
        wanted: format!("{least}interval above 0"),
        found: shown(found),
        pass: found.is_some_and(|found| found.low > 0.0 && wanted.is_none_or(|wanted| found.value >= wanted)),
    }
}

/// The mean of several dreams against the same of an opponent, at every horizon.
fn mean_above(report: &WorldReport, opponent: &WorldScores) -> Gate {
    let mse = |scores: &WorldScores, horizon: usize| -> Option<f64> {
        at_horizon(scores, horizon)?.mean_all.map(|score: PixelScore| score.mse)
    };
    let horizons: Vec<usize> = report.judged.horizons.iter().map(|score| score.horizon).collect();
    let above = |horizon: &&usize| match (mse(&report.judged, **horizon), mse(opponent, **horizon)) {
        (Some(world), Some(opponent)) => world < opponent,
        _ => false,
    };
    let found = horizons.iter().filter(above).count();
    Gate {
        name: format!("mean of {} dreams above {}", report.dreams, opponent.name),
        wanted: format!("at all {} horizons", horizons.len()),
        found: format!("at {found}"),
        pass: found == horizons.len() && found > 0,
    }
}

fn steering(control: Option<&ControlReport>) -> Vec<Gate> {
    let responses = control.map(|control| &control.responses);
    let recorded = responses.and_then(|responses| responses.recorded.as_ref());
    let kinds = [
        ("flipped", responses.and_then(|responses| responses.flipped.as_ref())),
        ("random", responses.and_then(|responses| responses.random.as_ref())),
    ];
    kinds.into_iter().map(|(kind, dreamed)| steering_gate(kind, recorded, dreamed)).collect()
}

fn steering_gate(
    kind: &str,
    recorded: Option<&SteeringResponse>,
    dreamed: Option<&SteeringResponse>,
) -> Gate {
    let name = format!("image shift under {kind} steering");
    let (Some(recorded), Some(dreamed)) = (recorded, dreamed) else {
        let (wanted, found) = ("a response".to_owned(), "absent".to_owned());
        return Gate { name, wanted, found, pass: false };
    };
    // A share of the recorded correlation, sign included: an inverted response is no response.
    let share = dreamed.correlation.value / recorded.correlation.value;
    Gate {
        name,
        wanted: format!(
            "lag {} give or take {LAG_FRAMES}, at least {CORRELATION_SHARE} of correlation {:.2}",
            recorded.lag, recorded.correlation.value
        ),
        found: format!("lag {}, correlation {:.2}", dreamed.lag, dreamed.correlation.value),
        pass: dreamed.lag.abs_diff(recorded.lag) <= LAG_FRAMES && share >= CORRELATION_SHARE,
    }
}

fn shown(found: Option<Interval>) -> String {
    found.map_or("absent".to_owned(), |found| {
        format!("{:.3} ({:.3} to {:.3})", found.value, found.low, found.high)
    })
}
