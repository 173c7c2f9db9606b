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
    let (cell_x, cell_y) = (x.floor(), y.floor());
    let (share_x, share_y) = (ease((x - cell_x) as f32), ease((y - cell_y) as f32));
    let (cell_x, cell_y) = (cell_x as i32, cell_y as i32);
    let corner = |dx: i32, dy: i32| unit(hash(cell_x.wrapping_add(dx), cell_y.wrapping_add(dy), salt));
    let right = corner(0, 0) + share_x * (corner(1, 0) - corner(0, 0));
    let left = corner(0, 1) + share_x * (corner(1, 1) - corner(0, 1));
    2.0 * (right + share_y * (left - right)) - 1.0
}

fn ease(share: f32) -> f32 {
    share * share * (3.0 - 2.0 * share)
}
