//! Rewards, endings, trust, and how far it is all valid.

use super::{Sheet, conduct::percent, number, shown};
use crate::{OutcomesOn, Threshold, TrustOn, WorldReport};

pub(super) fn rewards(report: &WorldReport) -> Option<Sheet> {
    let dreams =
        report.rewards.iter().map(|score| (format!("dreams, step {}", score.horizon), score.r2.as_ref()));
    let outcomes = report.outcomes.as_ref();
    let windows = outcomes.into_iter().flat_map(|outcomes| {
        let dreamed = ("all starts, dreamed".to_owned(), outcomes.dreamed.reward_r2.as_ref());
        let real = outcomes.real.as_ref();
        let real = real.map(|real| ("all starts, on real frames".to_owned(), real.reward_r2.as_ref()));
        std::iter::once(dreamed).chain(real)
    });
    let rows = dreams.chain(windows).map(|(name, r2)| vec![name, shown(r2)]);
    Sheet::of(
        "Rewards",
        "R2, the share of the rewards' variance that is explained: 1 at best, 0 for always saying the mean."
            .to_owned(),
        &["where", "R2"],
        rows.collect(),
    )
}

pub(super) fn endings(report: &WorldReport) -> Option<Sheet> {
    let outcomes = report.outcomes.as_ref()?;
    let kinds: [(&str, Option<&OutcomesOn>); 2] =
        [("dreamed", Some(&outcomes.dreamed)), ("on real frames", outcomes.real.as_ref())];
    let rows = kinds.into_iter().filter_map(|(name, on)| Some((name, on?))).flat_map(|(name, on)| {
        on.endings.iter().flat_map(move |at| {
            [("within", &at.within), ("with exactly", &at.exactly)].map(|(which, event)| {
                vec![
                    format!("{name}, {which} {}", at.horizon),
                    event.events.to_string(),
                    number(event.base_rate),
                    shown(event.average_precision.as_ref()),
                    shown(event.brier_skill.as_ref()),
                    shown(event.calibration_error.as_ref()),
                ]
            })
        })
    });
    Sheet::of(
        "Endings",
        format!(
            "How well the hazard says that the task ends within so many steps, or with exactly that one: {} windows, of \
             which {} end, stand for {} starts. A world that knows nothing has the base rate as average precision and no \
             Brier skill.",
            outcomes.windows, outcomes.ended, outcomes.starts
        ),
        &["ends, step", "events", "base rate", "average precision", "Brier skill", "calibration error"],
        rows.collect(),
    )
}

fn kinds(report: &WorldReport) -> impl Iterator<Item = (&'static str, &TrustOn)> {
    let trust = report.trust.as_ref();
    let picture = trust.map(|trust| ("picture", &trust.picture));
    let state = trust.and_then(|trust| Some(("state", trust.state.as_ref()?)));
    picture.into_iter().chain(state)
}

pub(super) fn trust(report: &WorldReport) -> Option<Sheet> {
    let rows = kinds(report).flat_map(|(name, on)| {
        let within = on.horizons.iter().map(move |score| {
            vec![
                format!("{name}, step {}", score.horizon),
                shown(score.spearman.as_ref()),
                shown(score.auroc.as_ref()),
                percent(score.over_bound),
            ]
        });
        let pooled = [
            ("all steps", &on.pooled_spearman, &on.pooled_auroc),
            ("a clock over all steps", &on.clock_spearman, &on.clock_auroc),
        ];
        within.chain(pooled.map(|(what, spearman, auroc)| {
            vec![format!("{name}, {what}"), shown(spearman.as_ref()), shown(auroc.as_ref()), String::new()]
        }))
    });
    Sheet::of(
        "Trust",
        "Rank correlation of 1 - trust and the true error, and how well it tells errors over the bound; within one step \
         a clock has 0 and 0.5."
            .to_owned(),
        &["error, where", "Spearman", "AUROC", "over the bound"],
        rows.collect(),
    )
}

pub(super) fn thresholds(report: &WorldReport) -> Option<Sheet> {
    let row = |name: String, threshold: &Threshold| {
        vec![
            name,
            format!("{:.4}", threshold.value),
            shown(threshold.removed.as_ref()),
            shown(threshold.kept.as_ref()),
            threshold.steps_over.to_string(),
            threshold.steps_good.to_string(),
        ]
    };
    let rows = kinds(report).flat_map(|(name, on)| {
        let own = on.threshold.as_ref().map(|threshold| row(name.to_owned(), threshold));
        let clock = on.clock_threshold.as_ref().map(|threshold| row(format!("{name}, a clock"), threshold));
        own.into_iter().chain(clock)
    });
    Sheet::of(
        "Recommended threshold of trust",
        "The highest that keeps 80 % of good steps on half of the runs, and what it does on the other half: share of steps \
         over the bound that it removes, share of good steps that it keeps."
            .to_owned(),
        &["error", "threshold", "removed", "kept", "steps over", "good steps"],
        rows.collect(),
    )
}

pub(super) fn validity(report: &WorldReport) -> Option<Sheet> {
    let validity = report.validity.as_ref()?;
    let rows = validity.horizons.iter().map(|score| {
        vec![
            score.horizon.to_string(),
            if score.is_within { "yes" } else { "no" }.to_owned(),
            number(score.speed_rmse_mps),
            number(score.lateral_rmse_m),
            number(score.others_forward_rmse_m),
            number(score.presence_accuracy),
            number(score.reward_share),
        ]
    });
    Sheet::of(
        "Validity horizon",
        format!("Valid to step {}, by these bounds: {}.", validity.valid_horizon, validity.bounds.told()),
        &["step", "valid", "speed, m/s", "across, m", "others, m", "presence", "reward"],
        rows.collect(),
    )
}
