//! Squared errors of pictures, on all pixels and on those that changed.

use crate::statistics::Tally;

/// A pixel has changed when a channel differs from the context's last frame by more than this many levels of
/// 255. Above the noise of a cheap camera and of JPEG, below what a moving edge does.
pub(crate) const CHANGED_LEVELS: u8 = 12;

/// Errors below this count as this, so that a perfect picture has 100 dB and not infinitely many.
const SMALLEST_MSE: f64 = 1e-10;

/// The errors of one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct FrameError {
    pub(crate) all: Tally,
    pub(crate) changed: Tally,
}

/// Holds a picture against the recorded one; `last` is the context's last frame. All `[channel, height, width]`.
pub(crate) fn frame_error(predicted: &[f32], recorded: &[u8], last: &[u8]) -> FrameError {
    let plane = recorded.len() / 3;
    let mut error = FrameError::default();
    for pixel in 0..plane {
        let channels = [pixel, pixel + plane, pixel + 2 * plane];
        let squared = |idx: usize| (f64::from(predicted[idx] - f32::from(recorded[idx])) / 255.0).powi(2);
        let here = Tally { sum: channels.into_iter().map(squared).sum(), count: 3.0 };
        error.all.add(here);
        if is_changed(recorded, last, pixel) {
            error.changed.add(here);
        }
    }
    error
}

/// Whether this pixel of a frame has changed since `last`.
pub(crate) fn is_changed(recorded: &[u8], last: &[u8], pixel: usize) -> bool {
    let plane = recorded.len() / 3;
    let channels = [pixel, pixel + plane, pixel + 2 * plane];
    channels.into_iter().any(|idx| recorded[idx].abs_diff(last[idx]) > CHANGED_LEVELS)
}

/// Peak signal to noise ratio of a mean squared error, in dB; at most 100.
pub(crate) fn psnr_db(mse: f64) -> f64 {
    -10.0 * mse.max(SMALLEST_MSE).log10()
}

/// Bytes as numbers.
pub(crate) fn floats(frame: &[u8]) -> Vec<f32> {
    frame.iter().map(|&byte| f32::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_pixels_are_those_that_moved_since_the_context() {
        let last = vec![100; 12];
        let mut recorded = last.clone();
        recorded[1] = 113; // Red of pixel 1: changed.
        recorded[2] = 112; // Red of pixel 2: not changed.
        let error = frame_error(&floats(&last), &recorded, &last);
        assert_eq!((error.all.count, error.changed.count), (12.0, 3.0));
        assert!((error.changed.sum - (13.0f64 / 255.0).powi(2)).abs() < 1e-9);
        assert!((error.all.sum - (13.0f64.powi(2) + 12.0f64.powi(2)) / 255.0f64.powi(2)).abs() < 1e-9);
    }

    #[test]
    fn psnr_counts_tenfold_errors_as_ten_decibels() {
        assert!((psnr_db(0.01) - 20.0).abs() < 1e-9);
        assert!((psnr_db(0.0) - 100.0).abs() < 1e-9);
    }
}
