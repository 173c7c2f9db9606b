//! What a world says of rewards and endings when it is shown the recorded frames instead of dreaming them.

use std::sync::Arc;

use burn::tensor::{DType, Tensor, TensorData};
use dreamlane_core::{Context, LaneMask, Observation, Result, Seed, WorldModel};

use super::{OutcomeSettings, OutcomeWindow};
use crate::{
    case::Layout,
    tile::{Start, Told, actions_at, note},
};

/// Shows every window's frames, each window until it ends.
pub(super) fn observe_all(
    world: &Arc<dyn WorldModel>,
    layouts: &[Layout],
    windows: &[OutcomeWindow],
    starts: &[Start<'_>],
    settings: &OutcomeSettings,
) -> Result<Vec<Told>> {
    let contexts: Vec<Context> = starts.iter().map(|start| start.context.clone()).collect();
    let seeds: Vec<Seed> = starts.iter().map(|start| start.seed).collect();
    let mut dream = Arc::clone(world).imagine(&contexts, &seeds)?;
    let mut told = vec![Told::default(); windows.len()];
    for step in 1..=settings.steps {
        let here: Vec<usize> = (0..windows.len()).filter(|&lane| step <= layouts[lane].horizon).collect();
        if here.is_empty() {
            break;
        }
        let lanes = LaneMask::only(windows.len(), &here);
        let actions = starts.iter().map(|start| start.actions);
        let actions = actions_at(actions, step, layouts[0].action_width, &settings.device);
        let prediction = dream.observe(&actions, &seen(layouts, windows, step, settings), &lanes)?;
        let among = |(lane, told)| lanes.get(lane).then_some(told);
        note(&prediction, told.iter_mut().enumerate().map(among));
    }
    Ok(told)
}

/// Frames and state vectors `step` steps after the contexts; the last ones where a window has ended.
fn seen(
    layouts: &[Layout],
    windows: &[OutcomeWindow],
    step: usize,
    settings: &OutcomeSettings,
) -> Observation {
    let (n_lanes, layout) = (windows.len(), &layouts[0]);
    let (mut pixels, mut state) = (Vec::new(), Vec::new());
    for (window, layout) in windows.iter().zip(layouts) {
        let step = step.min(layout.horizon);
        pixels.extend_from_slice(layout.recorded(&window.case, step));
        state.extend_from_slice(layout.state(&window.case, step));
    }
    let picture = TensorData::new(pixels, [n_lanes, 3, layout.height, layout.width]);
    Observation {
        images: vec![Tensor::from_data(picture, (&settings.device, DType::U8))],
        state: Tensor::from_data(TensorData::new(state, [n_lanes, layout.features]), &settings.device),
    }
}
