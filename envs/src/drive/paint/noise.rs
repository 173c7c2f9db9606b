//! Noise that is fixed to places: the same place has the same value whenever it is looked at.

/// A hash of a place on a lattice, uniform over all bits.
#[must_use]
pub(super) fn hash(x: i32, y: i32, salt: u32) -> u32 {
    // The finaliser of MurmurHash3, enough for textures.
    let mut bits = salt ^ (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x85eb_ca6b);
    bits = (bits ^ (bits >> 13)).wrapping_mul(0xc2b2_ae35);
    bits ^ (bits >> 16)
}

/// A hash as a number in [0, 1).
#[must_use]
pub(super) fn unit(hash: u32) -> f32 {
    (hash >> 8) as f32 / (1 << 24) as f32
}

/// Smooth noise in [-1, 1] with a lattice of 1.
#[must_use]
pub(super) fn smooth(x: f64, y: f64, salt: u32) -> f32 {
    let (cell_x, cell_y) = (floor(x), floor(y));
    let share_x = ease((x - f64::from(cell_x)) as f32);
    let share_y = ease((y - f64::from(cell_y)) as f32);
    let corner = |dx: i32, dy: i32| unit(hash(cell_x.wrapping_add(dx), cell_y.wrapping_add(dy), salt));
    let right = corner(0, 0) + share_x * (corner(1, 0) - corner(0, 0));
    let left = corner(0, 1) + share_x * (corner(1, 1) - corner(0, 1));
    2.0 * (right + share_y * (left - right)) - 1.0
}

/// The whole number below. `f64::floor` is a call on processors without SSE 4.1, and this is where pictures spend
/// their time.
#[must_use]
#[inline]
pub(super) fn floor(value: f64) -> i32 {
    let towards_zero = value as i32;
    towards_zero - i32::from(value < f64::from(towards_zero))
}

fn ease(share: f32) -> f32 {
    share * share * (3.0 - 2.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_is_the_floor_on_both_sides_of_zero() {
        for value in [-2.5, -2.0, -0.25, 0.0, 0.75, 3.0, 41.999] {
            assert_eq!(f64::from(floor(value)), value.floor(), "{value}");
        }
    }

    #[test]
    fn noise_stays_within_one_and_has_no_jumps() {
        for step in 0..4000 {
            let (x, y) = (f64::from(step) * 0.01 - 20.0, f64::from(step) * 0.003);
            let (here, next) = (smooth(x, y, 7), smooth(x + 0.001, y, 7));
            assert!(here.abs() <= 1.0 && (here - next).abs() < 0.01, "{here} and {next} at {x}");
        }
    }
}
