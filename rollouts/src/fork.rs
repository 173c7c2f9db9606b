//! One beginning, several action sequences: the same state and the same chance in every lane, by snapshot and restore.

use burn::tensor::{DType, Device, Tensor, TensorData};
use dreamlane_core::{Actions, Env, Error, LaneMask, Observation, Result, RowMask, Seed, Timestep};

/// What came of one action sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Pictures of the first camera `[channel, height, width]`; first the beginning. As many as there were steps.
    pub frames: Vec<Vec<u8>>,
    /// After which step it was over before its actions were, and why.
    pub over: Option<(usize, String)>,
}

impl Branch {
    /// Mean absolute difference from another branch at a step, in levels of 255; none where one of them is over.
    #[must_use]
    pub fn difference(&self, other: &Self, step: usize) -> Option<f64> {
        let (one, other) = (self.frames.get(step)?, other.frames.get(step)?);
        let sum: u64 = one.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        Some(sum as f64 / one.len().max(1) as f64)
    }
}

/// All branches of one beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct Forked {
    /// Where it was taken from, see [`Env::beginning`]; the seed where that says it all.
    pub beginning: String,
    /// In the order of the sequences.
    pub branches: Vec<Branch>,
}

/// Begins one episode and goes on from it under each of the sequences, `[step, width]`, all of the same length.
/// The env has one lane for each.
///
/// # Errors
/// When an action is not in the space, the numbers of lanes or steps differ, the env has several seats in a lane, or it fails.
pub fn fork(env: &mut dyn Env, seed: Seed, sequences: &[Vec<f32>], device: &Device) -> Result<Forked> {
    let spec = env.spec().clone();
    let (lanes, width) = (spec.lanes, spec.action.width());
    if spec.seats != 1 {
        return Err(Error::Unsupported("a fork with several seats in a lane", spec.name));
    }
    let lengths: Vec<usize> = sequences.iter().map(|actions| actions.len() / width).collect();
    let steps = lengths.first().copied().unwrap_or(0);
    if sequences.len() != lanes || lengths.iter().any(|&len| len != steps) {
        return Err(Error::Invalid(format!(
            "{}: expected {lanes} action sequences of one length, found lengths {lengths:?}",
            spec.name
        )));
    }
    for (branch, actions) in sequences.iter().enumerate() {
        if let Some((step, row)) =
            actions.chunks(width).enumerate().find(|(_, row)| !spec.action.contains(row))
        {
            return Err(Error::Invalid(format!(
                "{}: expected an action of {}, found {row:?} at step {} of action sequence {}",
                spec.name,
                spec.action.told(),
                step + 1,
                branch + 1
            )));
        }
    }
    let start = env.reset(&LaneMask::only(lanes, &[0]), &[seed])?;
    let kept = env.snapshot(0)?;
    (1..lanes).try_for_each(|lane| env.restore(lane, &kept))?;
    let first = pictures(&start.observation, lanes).swap_remove(0);
    let beginning = match env.beginning(0) {
        "" => "its seed".to_owned(),
        told => told.to_owned(),
    };
    let mut branches = vec![Branch { frames: vec![first], over: None }; lanes];
    let mut running = LaneMask::all(lanes);
    for step in 1..=steps {
        let rows = sequences.iter().flat_map(|actions| &actions[(step - 1) * width..step * width]);
        let values = TensorData::new(rows.copied().collect::<Vec<f32>>(), [lanes, width]);
        let actions = Actions { values: Tensor::from_data(values, device), given: RowMask::all(lanes) };
        let now = env.step(&actions, &running)?;
        let finished = now.finished();
        for (lane, picture) in pictures(&now.observation, lanes).into_iter().enumerate() {
            if running.get(lane) {
                branches[lane].frames.push(picture);
            }
        }
        for lane in finished.indices().filter(|&lane| running.get(lane)).collect::<Vec<_>>() {
            running.set(lane, false);
            branches[lane].over = Some((step, why(&now, lane)));
        }
        if !running.any() {
            break;
        }
    }
    Ok(Forked { beginning, branches })
}

fn why(now: &Timestep, lane: usize) -> String {
    match (&now.fault[lane], now.truncated[lane]) {
        (Some(fault), _) => format!("it broke: {fault:?}"),
        (None, Some(cut)) => format!("cut by the {cut:?}").to_lowercase(),
        (None, None) => "the task ended".to_owned(),
    }
}

/// Pictures of the first camera, lane by lane; empty ones where there is none.
fn pictures(seen: &Observation, lanes: usize) -> Vec<Vec<u8>> {
    let Some(images) = seen.images.first() else { return vec![Vec::new(); lanes] };
    let bytes: Vec<u8> = images.clone().cast(DType::U8).into_data().iter::<u8>().collect();
    bytes.chunks(bytes.len() / lanes).map(<[u8]>::to_vec).collect()
}
