//! The ground that a body covers, and whether two bodies touch.

/// A box on the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Footprint {
    /// Its middle.
    pub x_m: f64,
    /// Its middle.
    pub y_m: f64,
    /// Counter-clockwise from x.
    pub heading_rad: f64,
    /// Along the heading.
    pub length_m: f64,
    /// Across it.
    pub width_m: f64,
}

impl Footprint {
    /// Whether two boxes touch, by the separating axes of both.
    #[must_use]
    pub fn touches(&self, other: &Self) -> bool {
        let (dx, dy) = (other.x_m - self.x_m, other.y_m - self.y_m);
        let reach_m = 0.5 * (self.diagonal_m() + other.diagonal_m());
        if dx * dx + dy * dy > reach_m * reach_m {
            return false;
        }
        let (mine, theirs) = (self.heading_rad.sin_cos(), other.heading_rad.sin_cos());
        [mine, theirs].iter().all(|&(sin, cos)| {
            [(cos, sin), (-sin, cos)].iter().all(|&(axis_x, axis_y)| {
                let apart_m = (dx * axis_x + dy * axis_y).abs();
                apart_m <= self.reach_m(mine, axis_x, axis_y) + other.reach_m(theirs, axis_x, axis_y)
            })
        })
    }

    /// Corners, counter-clockwise from the rear right.
    #[must_use]
    pub fn corners(&self) -> [[f64; 2]; 4] {
        let (sin, cos) = self.heading_rad.sin_cos();
        let (half_length_m, half_width_m) = (0.5 * self.length_m, 0.5 * self.width_m);
        [
            [-half_length_m, -half_width_m],
            [half_length_m, -half_width_m],
            [half_length_m, half_width_m],
            [-half_length_m, half_width_m],
        ]
        .map(|[ahead, left]| [self.x_m + ahead * cos - left * sin, self.y_m + ahead * sin + left * cos])
    }

    fn diagonal_m(&self) -> f64 {
        self.length_m.hypot(self.width_m)
    }

    /// How far the box reaches from its middle along an axis.
    fn reach_m(&self, (sin, cos): (f64, f64), axis_x: f64, axis_y: f64) -> f64 {
        0.5 * self.length_m * (axis_x * cos + axis_y * sin).abs()
            + 0.5 * self.width_m * (axis_y * cos - axis_x * sin).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn car(x_m: f64, y_m: f64, heading_rad: f64) -> Footprint {
        Footprint { x_m, y_m, heading_rad, length_m: 5.0, width_m: 2.0 }
    }

    #[test]
    fn boxes_touch_when_and_only_when_they_overlap() {
        let still = car(0.0, 0.0, 0.0);
        for (other, expected) in [
            (car(4.9, 0.0, 0.0), true),
            (car(5.1, 0.0, 0.0), false),
            (car(0.0, 2.1, 0.0), false),
            (car(0.0, 2.1, 0.4), true),
            (car(0.0, 3.4, std::f64::consts::FRAC_PI_2), true),
            (car(0.0, 3.6, std::f64::consts::FRAC_PI_2), false),
        ] {
            assert_eq!(still.touches(&other), expected, "{other:?}");
            assert_eq!(other.touches(&still), expected, "{other:?}");
        }
    }

    #[test]
    fn corners_lie_where_the_heading_turns_them() {
        let corners = car(1.0, 2.0, std::f64::consts::FRAC_PI_2).corners();
        let expected = [[2.0, -0.5], [2.0, 4.5], [0.0, 4.5], [0.0, -0.5]];
        for (corner, expected) in corners.iter().zip(expected) {
            assert!((corner[0] - expected[0]).hypot(corner[1] - expected[1]) < 1e-12, "{corners:?}");
        }
    }
}
