//! Whether what comes from outside fits a world: contexts to begin with, frames to observe.

use dreamlane_core::{Batch, Context, Error, Observation, Result};

use super::Dit;

impl Dit {
    /// A context as a batch of one.
    pub(super) fn checked(&self, context: &Context) -> Result<Batch> {
        let mismatch = |what: &str, expected: String, found: String| {
            Err(Error::mismatch(&context.source, what, expected, found))
        };
        let (spec, frames) = (&self.spec, context.len);
        if frames < spec.context {
            return mismatch("context", format!("at least {} frames", spec.context), format!("{frames}"));
        }
        let wanted = spec.cameras.iter().map(|camera| frames * camera.frame_len()).collect::<Vec<_>>();
        let found = context.images.iter().map(Vec::len).collect::<Vec<_>>();
        if wanted != found {
            return mismatch("bytes of the context's pictures", format!("{wanted:?}"), format!("{found:?}"));
        }
        // Data may have a state vector that the world does not know.
        let state = if spec.state.is_empty() { Vec::new() } else { context.state.clone() };
        let numbers =
            [("actions", spec.action.width(), &context.actions), ("state", spec.state.len(), &state)];
        for (what, width, numbers) in numbers {
            if numbers.len() != frames * width {
                return mismatch(
                    &format!("numbers of the context's {what}"),
                    format!("{frames} times {width}"),
                    format!("{}", numbers.len()),
                );
            }
            // The last action is not read.
            let read = numbers.len().saturating_sub(if what == "actions" { width } else { 0 });
            if let Some(idx) = numbers[..read].iter().position(|number| !number.is_finite()) {
                return mismatch(
                    &format!("{what} of the context"),
                    "finite numbers".into(),
                    format!("{} in frame {}", numbers[idx], idx / width),
                );
            }
        }
        Ok(Batch {
            batch: 1,
            time: frames,
            sizes: spec.cameras.iter().map(|camera| [camera.height, camera.width]).collect(),
            images: context.images.clone(),
            state,
            actions: context.actions.clone(),
            rewards: Vec::new(),
            ends: Vec::new(),
        })
    }

    /// Whether these frames of all lanes can be observed.
    pub(super) fn check_seen(&self, seen: &Observation, lanes: usize) -> Result<()> {
        let cameras = &self.spec.cameras;
        let wanted = cameras.iter().map(|camera| [lanes, 3, camera.height, camera.width]).collect::<Vec<_>>();
        let found = seen.images.iter().map(|images| images.dims()).collect::<Vec<_>>();
        let (wanted_state, found_state) = ([lanes, self.spec.state.len()], seen.state.dims());
        if wanted != found || wanted_state[1] > 0 && wanted_state != found_state {
            return Err(Error::mismatch(
                "frames",
                "size of pictures and state",
                format!("{wanted:?} {wanted_state:?}"),
                format!("{found:?} {found_state:?}"),
            ));
        }
        Ok(())
    }
}
