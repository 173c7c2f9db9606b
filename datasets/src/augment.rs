//! Augmentation of training cuts, the same for all frames of a cut, so that motion stays motion.
//!
//! A mirrored picture goes with negated steering: what the car does and what it is told stay one thing.

use dreamlane_core::{ActionSpace, EnvSpec, Error, Result, Seed};
use rand::RngExt as _;

use crate::{light::Light, picture::MAX_SIDE};

/// Whether cuts are mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// No cut is.
    Never,
    /// Every other one is, by chance.
    Half,
    /// Every cut is.
    Always,
}

/// What is changed in training cuts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Augmentation {
    /// Left and right, with the columns of [`mirrored_columns`] negated.
    pub mirror: Mirror,
    /// Strength of changes of light and colour: gain, gamma, white balance, contrast, saturation. 0 is none, 1 is strong.
    pub light: f32,
    /// Largest translation in pixels, in both directions; the edge is repeated.
    pub shift_px: usize,
}

impl Augmentation {
    /// Cuts as recorded.
    #[must_use]
    pub fn none() -> Self {
        Self { mirror: Mirror::Never, light: 0.0, shift_px: 0 }
    }

    /// Checks that cuts of this spec can be changed like this.
    ///
    /// # Errors
    /// When the strength is not a number from 0 to 1, or cuts should be mirrored although no action column is
    /// known to change its sign, or one does whose bounds are not symmetric.
    pub fn check(&self, spec: &EnvSpec) -> Result<()> {
        if !(0.0..=1.0).contains(&self.light) {
            return Err(Error::Invalid(format!("light must be 0 to 1, found {}", self.light)));
        }
        if self.mirror == Mirror::Never {
            return Ok(());
        }
        let ActionSpace::Continuous { names, low, high } = &spec.action else {
            return Err(Error::Unsupported("mirroring of discrete actions", spec.name.clone()));
        };
        let columns = mirrored_columns(names);
        if columns.is_empty() {
            let names = names.join(", ");
            return Err(Error::Invalid(format!("cannot mirror: none of the actions {names} is a steering")));
        }
        match columns.iter().find(|&&column| low[column] != -high[column]) {
            Some(&column) => Err(Error::Invalid(format!(
                "cannot mirror: bounds {} and {} of `{}` are not symmetric",
                low[column], high[column], names[column]
            ))),
            None => Ok(()),
        }
    }

    /// Draws what happens to one cut.
    pub(crate) fn draw(&self, seed: Seed) -> Look {
        let mut rng = seed.rng();
        let mirrored = match self.mirror {
            Mirror::Never => false,
            Mirror::Half => rng.random::<bool>(),
            Mirror::Always => true,
        };
        let largest = self.shift_px.min(MAX_SIDE) as i32;
        let mut shift = || rng.random_range(-largest..=largest) as isize;
        let (down, right) = (shift(), shift());
        let light = (self.light > 0.0).then(|| Light::draw(self.light, &mut rng));
        Look { mirrored, down, right, light }
    }
}

/// Columns that change their sign in a mirror, by the words of their names: steering, angles, and what is lateral.
#[must_use]
pub fn mirrored_columns(names: &[String]) -> Vec<usize> {
    const WORDS: [&str; 8] =
        ["steer", "steering", "angle", "yaw", "yawrate", "lateral", "heading", "curvature"];
    let mirrored = |name: &String| {
        let name = name.to_lowercase();
        name.split(|letter: char| !letter.is_alphanumeric()).any(|word| WORDS.contains(&word))
    };
    names.iter().enumerate().filter_map(|(idx, name)| mirrored(name).then_some(idx)).collect()
}

/// What happens to all frames of one cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) mirrored: bool,
    down: isize,
    right: isize,
    light: Option<Light>,
}

impl Look {
    /// Draws a recorded picture `[channel, height, width]` into `to`.
    pub(crate) fn apply(&self, from: &[u8], [height, width]: [usize; 2], to: &mut [u8]) {
        let still = !self.mirrored && self.down == 0 && self.right == 0;
        if still {
            to.copy_from_slice(from);
        } else {
            let plane = height * width;
            for (from, to) in from.chunks_exact(plane).zip(to.chunks_exact_mut(plane)) {
                self.move_plane(from, width, to);
            }
        }
        if let Some(light) = &self.light {
            light.apply(to);
        }
    }

    fn move_plane(&self, from: &[u8], width: usize, to: &mut [u8]) {
        let height = from.len() / width;
        for (y, to) in to.chunks_exact_mut(width).enumerate() {
            let y = y.saturating_add_signed(-self.down).min(height - 1);
            shift_row(&from[y * width..(y + 1) * width], self.right, to);
            if self.mirrored {
                to.reverse();
            }
        }
    }
}

/// Shifts a row to the right, or to the left where `right` is below 0, and repeats its edge.
fn shift_row(from: &[u8], right: isize, to: &mut [u8]) {
    let width = from.len();
    let by = right.unsigned_abs().min(width - 1);
    if right >= 0 {
        to[by..].copy_from_slice(&from[..width - by]);
        to[..by].fill(from[0]);
    } else {
        to[..width - by].copy_from_slice(&from[by..]);
        to[width - by..].fill(from[width - 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: [u8; 18] = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26];

    fn check(look: &Look, expected_red: [u8; 6]) {
        let mut drawn = [0; 18];
        look.apply(&PICTURE, [2, 3], &mut drawn);
        assert_eq!(drawn[..6], expected_red, "{look:?}");
    }

    #[test]
    fn pictures_are_shifted_with_their_edges_repeated_and_mirrored() {
        let look = |mirrored, down, right| Look { mirrored, down, right, light: None };
        check(&look(false, 0, 0), [1, 2, 3, 4, 5, 6]);
        check(&look(true, 0, 0), [3, 2, 1, 6, 5, 4]);
        check(&look(false, 0, 1), [1, 1, 2, 4, 4, 5]);
        check(&look(false, 0, -2), [3, 3, 3, 6, 6, 6]);
        check(&look(false, 1, 0), [1, 2, 3, 1, 2, 3]);
        check(&look(false, -9, 9), [4, 4, 4, 4, 4, 4]);
    }

    #[test]
    fn a_look_is_a_function_of_its_seed() {
        let augmentation = Augmentation { mirror: Mirror::Half, light: 0.7, shift_px: 3 };
        assert_eq!(augmentation.draw(Seed::new(4)), augmentation.draw(Seed::new(4)));
        let looks: Vec<_> = (0..64).map(|idx| augmentation.draw(Seed::new(1).split(idx))).collect();
        assert!(looks.iter().any(|look| look.mirrored) && looks.iter().any(|look| !look.mirrored));
        assert!((-3..=3).all(|right| looks.iter().any(|look| look.right == right)));
    }

    #[test]
    fn no_light_changes_no_byte_and_strong_light_keeps_the_order_of_greys() {
        let mut still = Light::draw(0.0, &mut Seed::new(1).rng());
        let mut greys: Vec<u8> = (0..=255).chain(0..=255).chain(0..=255).collect();
        let before = greys.clone();
        still.apply(&mut greys);
        assert_eq!(greys, before);
        for seed in 0..20 {
            still = Light::draw(1.0, &mut Seed::new(seed).rng());
            let mut greys = before.clone();
            still.apply(&mut greys);
            assert!(greys.chunks(256).all(|plane| plane.is_sorted()), "seed {seed}");
        }
    }

    #[test]
    fn steering_changes_its_sign_and_throttle_does_not() {
        let names =
            ["steering", "throttle", "user/angle", "yaw_rate", "lateral_offset_m", "speed", "triangle"];
        assert_eq!(mirrored_columns(&names.map(str::to_owned)), [0, 2, 3, 4]);
    }
}
