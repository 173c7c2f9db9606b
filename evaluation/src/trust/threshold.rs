//! The trust below which a dream is best cut: chosen on one half of the runs, judged on the other.

use serde::{Deserialize, Serialize};

use super::Step;
use crate::{Clusters, Interval, bootstrap::bootstrap, driver::Judging, statistics::Tally};

/// Share of good steps that a threshold must keep on the half it is chosen on.
const KEPT: f64 = 0.8;

/// A threshold and what it does. A dream is cut at the first step below it, so a step is kept where no step up to it
/// is below.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The highest that keeps 80 % of the good steps of the half it was chosen on; for a clock minus the last step.
    pub value: f64,
    /// Share of the other half's steps over the bound that it removes; absent where there are none.
    pub removed: Option<Interval>,
    /// Share of the other half's good steps that it keeps.
    pub kept: Option<Interval>,
    /// Steps over the bound in that half.
    pub steps_over: usize,
    /// Good steps in that half.
    pub steps_good: usize,
}

/// Chooses by `lowest`, the value that decides whether a step is reached; none where no step is good.
pub(super) fn threshold(
    judging: &Judging<'_>,
    steps: &[Step],
    lowest: fn(&Step) -> f64,
) -> Option<Threshold> {
    let halves = halves(judging);
    let mut of_case = vec![Vec::new(); judging.cases.len()];
    steps.iter().for_each(|step| of_case[step.case_idx].push(step));
    let of_half = |half: &Clusters| -> Vec<&Step> {
        half.members.concat().into_iter().flat_map(|case_idx| &of_case[case_idx]).copied().collect()
    };
    let chosen_on: Vec<&Step> = of_half(&halves[0]);
    let mut good: Vec<f64> = chosen_on.iter().filter(|step| !step.is_over).map(|step| lowest(step)).collect();
    good.sort_by(f64::total_cmp);
    let value = *good.get(((1.0 - KEPT) * good.len() as f64 + 1e-9) as usize)?;
    let share = |over: bool, below: bool| {
        bootstrap(&halves[1], judging.settings.seed.split(15), &|cases: &[usize]| {
            let drawn = cases.iter().flat_map(|&case_idx| &of_case[case_idx]);
            let counted = drawn.filter(|step| step.is_over == over);
            let matches = |step: &&Step| Tally::one(f64::from(u8::from((lowest(step) < value) == below)));
            counted.map(matches).sum::<Tally>().mean()
        })
    };
    let judged_on = of_half(&halves[1]);
    let steps_over = judged_on.iter().filter(|step| step.is_over).count();
    Some(Threshold {
        value,
        removed: share(true, true),
        kept: share(false, false),
        steps_over,
        steps_good: judged_on.len() - steps_over,
    })
}

/// Runs, or blocks, dealt in turn.
fn halves(judging: &Judging<'_>) -> [Clusters; 2] {
    [0, 1].map(|half| {
        let members = judging.clusters.members.iter().skip(half).step_by(2).cloned().collect();
        Clusters { members, resampling: judging.clusters.resampling.clone() }
    })
}
