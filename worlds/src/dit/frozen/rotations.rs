//! Tables of rotary positions on the host: the angles of [`dreamlane_nn::Rotary`].

/// Cosines and sines, `[position, head_dim]` each.
pub(super) struct Rotations {
    pub(super) cos: Vec<f32>,
    pub(super) sin: Vec<f32>,
}

/// How fast the pairs of a head turn along its axes.
pub(super) struct Frequencies {
    /// `[head_dim / 2]`.
    per_pair: Vec<f64>,
    axes: usize,
}

impl Frequencies {
    pub(super) fn new(head_dim: usize, axes: usize, base: f64) -> Self {
        let half = head_dim / 2;
        let exponent = |pair: usize| (pair / axes) as f64 / (half as f64 / axes as f64);
        Self { per_pair: (0..half).map(|pair| base.powf(-exponent(pair))).collect(), axes }
    }

    /// The rotations `[head_dim]` of one position, given by its coordinates.
    pub(super) fn write(&self, coordinates: &[f64], cos: &mut [f32], sin: &mut [f32]) {
        let half = self.per_pair.len();
        for (pair, frequency) in self.per_pair.iter().enumerate() {
            let (s, c) = (coordinates[pair % self.axes] * frequency).sin_cos();
            (cos[pair], sin[pair]) = (c as f32, s as f32);
        }
        cos.copy_within(..half, half);
        sin.copy_within(..half, half);
    }

    /// The table of some positions.
    pub(super) fn table(&self, positions: impl Iterator<Item = Vec<f64>>) -> Rotations {
        let mut table = Rotations { cos: Vec::new(), sin: Vec::new() };
        for coordinates in positions {
            let from = table.cos.len();
            table.cos.resize(from + 2 * self.per_pair.len(), 0.0);
            table.sin.resize(from + 2 * self.per_pair.len(), 0.0);
            self.write(&coordinates, &mut table.cos[from..], &mut table.sin[from..]);
        }
        table
    }
}
