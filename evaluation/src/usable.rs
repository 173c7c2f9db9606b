//! How far a dream is of use: whether its changed pixels are nearer the recording than those of the worlds beside it,
//! horizon by horizon, and the first horizon at which they no longer are.

use serde::{Deserialize, Serialize};

use crate::{
    Interval,
    bootstrap::bootstrap,
    driver::Judging,
    fidelity::{CaseErrors, Dreamed},
    pixels::{FrameError, psnr_db},
    statistics::Tally,
};

/// PSNR on changed pixels minus that of another world on the same pixels, in dB; absent where nothing changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lead {
    /// The other world.
    pub over: String,
    /// Steps after the context's last frame.
    pub horizon: usize,
    /// One dream against one dream.
    pub one_db: Option<Interval>,
    /// The mean dream against the mean dream.
    pub mean_db: Option<Interval>,
}

/// How far dreams are of use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsableReport {
    /// Over each world beside it, per horizon.
    pub leads: Vec<Lead>,
    /// Whether one dream leads over every world beside it at every horizon.
    pub one_leads_everywhere: bool,
    /// The same of the mean dream.
    pub mean_leads_everywhere: bool,
    /// The first horizon at which one dream's changed pixels have no higher PSNR than the context's last frame
    /// repeated; absent where it is higher at every horizon that was judged.
    pub usable_horizon: Option<usize>,
}

/// Holds the errors of the judged world against those `[case][horizon]` of the named others.
pub(crate) fn usable(
    judging: &Judging<'_>,
    dreamed: &Dreamed,
    others: &[(String, Vec<Vec<CaseErrors>>)],
) -> UsableReport {
    let horizons = || judging.settings.horizons.iter().copied().enumerate();
    let lead = |other: &[Vec<CaseErrors>], idx: usize, which: fn(&CaseErrors) -> FrameError| {
        bootstrap(judging.clusters, judging.settings.seed.split(10), &|cases: &[usize]| {
            let psnr = |errors: &[Vec<CaseErrors>]| changed_psnr_db(errors, idx, cases, which);
            Some(psnr(&dreamed.errors)? - psnr(other)?)
        })
    };
    let leads: Vec<Lead> = (others.iter())
        .flat_map(|(name, other)| {
            horizons().map(move |(idx, horizon)| Lead {
                over: name.clone(),
                horizon,
                one_db: lead(other, idx, |errors| errors.one),
                mean_db: lead(other, idx, |errors| errors.mean),
            })
        })
        .collect();
    let everywhere = |which: fn(&Lead) -> Option<Interval>| {
        let mut known = leads.iter().filter_map(which).peekable();
        known.peek().is_some() && known.all(|lead| lead.value > 0.0)
    };
    let everything: Vec<usize> = (0..judging.cases.len()).collect();
    let usable_horizon = horizons().find_map(|(idx, horizon)| {
        let psnr = |which| changed_psnr_db(&dreamed.errors, idx, &everything, which);
        (psnr(|errors| errors.one)? <= psnr(|errors| errors.still)?).then_some(horizon)
    });
    UsableReport {
        one_leads_everywhere: everywhere(|lead| lead.one_db),
        mean_leads_everywhere: everywhere(|lead| lead.mean_db),
        usable_horizon,
        leads,
    }
}

fn changed_psnr_db(
    errors: &[Vec<CaseErrors>],
    idx: usize,
    cases: &[usize],
    which: fn(&CaseErrors) -> FrameError,
) -> Option<f64> {
    cases.iter().map(|&case_idx| which(&errors[case_idx][idx]).changed).sum::<Tally>().mean().map(psnr_db)
}
