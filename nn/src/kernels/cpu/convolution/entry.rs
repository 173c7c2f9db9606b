//! What a convolution does to its input while it copies it between zero borders, and the way back through it.

use pulp::Simd;

use crate::kernels::cpu::{group_norm::GroupNorm, nonlinearity::Nonlinearity};

/// f(norm(x)), or f(x) without a norm; beyond the picture's border stay zeros.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The norm over the input's channels.
    pub norm: Option<GroupNorm>,
    /// The function behind the norm.
    pub f: Nonlinearity,
}

impl From<Nonlinearity> for Entry {
    fn from(f: Nonlinearity) -> Self {
        Self { norm: None, f }
    }
}

impl Entry {
    /// Leaves the input as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.norm.is_none() && self.f == Nonlinearity::Identity
    }

    pub(super) fn check(&self, channels: usize) {
        if let Some(norm) = &self.norm {
            assert_eq!(norm.channels(), channels, "channels of the norm and of the input");
            assert_eq!(norm.shift.len(), channels, "summands of the norm and channels of the input");
            let groups = norm.groups;
            assert!(groups > 0 && channels.is_multiple_of(groups), "{channels} channels in {groups} groups");
        }
    }

    /// Numbers of the moments of a picture.
    pub(super) fn moments_len(&self) -> usize {
        self.norm.as_ref().map_or(0, |norm| 2 * norm.channels())
    }

    /// Finds the moments of a picture `[pixel, channel]`.
    #[inline(always)]
    pub(super) fn look<S: Simd>(&self, simd: S, picture: &[f32], moments: &mut [f32]) {
        if let Some(norm) = &self.norm {
            norm.moments(simd, picture, moments);
        }
    }

    /// Copies some pixels of a picture with these moments, both `[pixel, channel]`.
    #[inline(always)]
    pub(super) fn copy<S: Simd>(&self, simd: S, moments: &[f32], x: &[f32], to: &mut [f32]) {
        match &self.norm {
            Some(norm) => norm.copy(simd, self.f, moments, x, to),
            None if self.f == Nonlinearity::Identity => to.copy_from_slice(x),
            None => self.f.copy(simd, x, to),
        }
    }

    /// Turns the gradient `d` behind the entry of one picture `[pixel, channel]` into that before it, and adds the
    /// gradients of the norm to `sums` `[2, channel]`.
    pub(super) fn pull_back(&self, picture: &[f32], d: &mut [f32], sums: &mut [f32]) {
        match &self.norm {
            Some(norm) => norm.pull_back(self.f, picture, d, sums, &mut vec![0.0; 4 * norm.channels()]),
            None => self.f.pull_back(picture, d),
        }
    }
}
