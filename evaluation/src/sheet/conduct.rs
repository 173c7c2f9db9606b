//! How dreams look and behave: likeness, lead over other worlds, action following, errors of the state vector.

use super::{Sheet, number, shown};
use crate::{Followed, WorldReport, html::scale};

pub(super) fn likeness(report: &WorldReport) -> Option<Sheet> {
    let worlds = std::iter::once(&report.judged).chain(&report.opponents);
    let rows = worlds.flat_map(|world| {
        world.horizons.iter().filter_map(|score| {
            let likeness = score.likeness.as_ref()?;
            Some(vec![
                format!("{}, step {}", world.name, score.horizon),
                shown(likeness.ssim_all.as_ref()),
                shown(likeness.ssim_changed.as_ref()),
                shown(likeness.random_feature_distance_all.as_ref()),
                shown(likeness.random_feature_distance_changed.as_ref()),
                shown(likeness.random_feature_frechet_video.as_ref()),
                number(likeness.recorded_frechet_video),
            ])
        })
    });
    Sheet::of(
        "Likeness",
        "Structural similarity (1 at best), perceptual distance on fixed random convolutional features (0 at best), and \
         the Fréchet distance of 4-frame clips on such features, beside that of recorded clips in the place of dreamed \
         ones. No network of others is behind any of them, so they compare with reports of this program alone."
            .to_owned(),
        &[
            "world, step",
            "SSIM, all",
            "SSIM, changed",
            "random-feature distance, all",
            "changed",
            "random-feature Fréchet video",
            "recorded clips",
        ],
        rows.collect(),
    )
}

pub(super) fn leads(report: &WorldReport) -> Option<Sheet> {
    let usable = report.usable.as_ref()?;
    let rows = usable.leads.iter().map(|lead| {
        vec![
            format!("over {}, step {}", lead.over, lead.horizon),
            shown(lead.one_db.as_ref()),
            shown(lead.mean_db.as_ref()),
        ]
    });
    let until = match usable.usable_horizon {
        Some(horizon) => format!("at step {horizon} one dream is first no better than its last real frame"),
        None => "one dream is better than its last real frame at every step judged".to_owned(),
    };
    let everywhere = |leads: bool| if leads { "does" } else { "does not" };
    Sheet::of(
        "Lead on changed pixels",
        format!(
            "PSNR on changed pixels minus that of another world, in dB. One dream {} lead everywhere, the mean dream {}; \
             {until}.",
            everywhere(usable.one_leads_everywhere),
            everywhere(usable.mean_leads_everywhere)
        ),
        &["world beside it, step", "one dream", "mean dream"],
        rows.collect(),
    )
}

pub(super) fn following(report: &WorldReport) -> Option<Sheet> {
    let following = report.following.as_ref()?;
    let row = |name: String, followed: &Followed| {
        vec![
            name,
            shown(followed.probability.as_ref()),
            followed.pairs.to_string(),
            shown(followed.probability_different.as_ref()),
            followed.pairs_different.to_string(),
            shown(followed.counterfactual_ratio.as_ref()),
        ]
    };
    let rows = following.columns.iter().flat_map(|column| {
        column.horizons.iter().flat_map(move |score| {
            let name = |on: &str| format!("{}, step {}, {on}", column.action, score.horizon);
            let pictures = row(name("changed pixels"), &score.changed);
            let state = score.state.as_ref().map(|state| row(name("state"), state));
            std::iter::once(pictures).chain(state)
        })
    });
    Sheet::of(
        "Action following",
        format!(
            "How often a dream under the true actions is nearer the recording than one under wrong actions ({}), ties \
             half: 0.5 for a world that does not heed them. Different pairs differ by more than {} of the action's range. \
             The ratio is the squared error under wrong actions over that under true ones.",
            following.wrong, following.different
        ),
        &["action, step, measured on", "true one wins", "pairs", "different ones", "pairs", "error ratio"],
        rows.collect(),
    )
}

pub(super) fn own(report: &WorldReport) -> Option<Sheet> {
    let state = report.state.as_ref()?;
    let rows = state.own.iter().flat_map(|number| {
        number.horizons.iter().map(move |error| {
            vec![
                format!("{}, step {}", number.name, error.horizon),
                number.unit.clone(),
                shown(Some(&error.rmse)),
                shown(Some(&error.held_rmse)),
                shown(error.ratio.as_ref()),
            ]
        })
    });
    Sheet::of(
        "Own motion",
        "Root mean squared error of the predicted state, beside that of holding the context's last value."
            .to_owned(),
        &["number, step", "unit", "error", "held", "error / held"],
        rows.collect(),
    )
}

pub(super) fn others(report: &WorldReport) -> Option<Sheet> {
    let state = report.state.as_ref()?;
    let rows = state.others.iter().map(|error| {
        vec![
            error.horizon.to_string(),
            shown(Some(&error.presence_accuracy)),
            shown(Some(&error.held_presence_accuracy)),
            shown(error.forward_rmse_m.as_ref()),
            shown(error.held_forward_rmse_m.as_ref()),
            shown(error.left_rmse_m.as_ref()),
            shown(error.held_left_rmse_m.as_ref()),
            error.pairs.to_string(),
        ]
    });
    Sheet::of(
        "Others",
        "Whether others are where the state says, and how far off in metres where both show somebody; held is what was \
         there at the context's last frame."
            .to_owned(),
        &["step", "presence right", "held", "forwards", "held", "to the left", "held", "pairs"],
        rows.collect(),
    )
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", scale::number(100.0 * share))
}
