//! The actions that led to a frame, as features: newest first, each with a flag that it is known.
//!
//! Steering of a real car shows three to four frames late, so a frame is told of several past actions at once.
//! An unknown action has zeros and flag 0, as has an action before the episode began.

/// The action history of some frames.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ActionHistory {
    /// `[reach, width + 1]`, newest first.
    features: Vec<f32>,
    width: usize,
}

impl ActionHistory {
    /// Nothing is known yet.
    pub(crate) fn new(reach: usize, width: usize) -> Self {
        Self { features: vec![0.0; reach * (width + 1)], width }
    }

    /// Numbers in the features of one frame.
    pub(crate) fn len(reach: usize, width: usize) -> usize {
        reach * (width + 1)
    }

    /// Time goes on: this action was taken, or one that nobody knows.
    pub(crate) fn push(&mut self, action: Option<&[f32]>) {
        self.features.rotate_right(self.width + 1);
        let newest = &mut self.features[..=self.width];
        match action {
            Some(values) => {
                newest[..self.width].copy_from_slice(values);
                newest[self.width] = 1.0;
            }
            None => newest.fill(0.0),
        }
    }

    /// `[reach * (width + 1)]`.
    pub(crate) fn features(&self) -> &[f32] {
        &self.features
    }

    /// Restores features that were read from a snapshot.
    pub(crate) fn from_features(features: Vec<f32>, width: usize) -> Self {
        Self { features, width }
    }
}

/// Features of every frame of a clip `[time, reach * (width + 1)]`, from the action taken at each frame
/// (`[time, width]`, `known` `[time]`). The first frame's history is unknown.
pub(crate) fn clip_features(actions: &[f32], known: &[bool], reach: usize, width: usize) -> Vec<f32> {
    let mut history = ActionHistory::new(reach, width);
    let mut features = Vec::with_capacity(known.len() * ActionHistory::len(reach, width));
    for (t, &known) in known.iter().enumerate() {
        features.extend_from_slice(history.features());
        history.push(known.then(|| &actions[t * width..(t + 1) * width]));
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_knows_the_actions_before_it_and_not_its_own() {
        let features = clip_features(&[1.0, 2.0, 3.0], &[true, false, true], 2, 1);
        assert_eq!(features, [[0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]].concat());
    }
}
