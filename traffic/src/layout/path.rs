//! Centre lines joined from pieces of constant or steadily changing curvature, tangent to one another.
//!
//! A layout often knows where a ramp has to arrive rather than where it sets out: [`run_into`] builds it
//! backwards. Curvature that changes in proportion to length is the clothoid that roads are laid out with:
//! <https://en.wikipedia.org/wiki/Track_transition_curve>.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::road::{Curve, Pose};

/// Sideways acceleration that people take a bend with, m/s²: the limits posted on bends keep below it.
const SIDEWAYS_MPS2: f64 = 2.5;

/// A stretch of a centre line, wherever it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    length_m: f64,
    /// At its start and at its end; positive turns left.
    curvatures_per_m: [f64; 2],
}

impl Piece {
    pub(super) fn straight(length_m: f64) -> Self {
        Self { length_m, curvatures_per_m: [0.0, 0.0] }
    }

    /// An arc; a positive angle turns left.
    pub(super) fn arc(radius_m: f64, angle_rad: f64) -> Self {
        let curvature_per_m = angle_rad.signum() / radius_m;
        Self { length_m: radius_m * angle_rad.abs(), curvatures_per_m: [curvature_per_m; 2] }
    }

    pub(super) fn clothoid(length_m: f64, curvatures_per_m: [f64; 2]) -> Self {
        Self { length_m, curvatures_per_m }
    }

    fn curve(self, from: Pose) -> Curve {
        let [at_start, at_end] = self.curvatures_per_m;
        if at_start != at_end {
            Curve::clothoid(from, self.length_m, self.curvatures_per_m)
        } else if at_start == 0.0 {
            Curve::straight(from, self.length_m)
        } else {
            Curve::arc(from, self.length_m, at_start)
        }
    }

    /// The same stretch travelled the other way round.
    fn reversed(self) -> Self {
        let [at_start, at_end] = self.curvatures_per_m;
        Self { length_m: self.length_m, curvatures_per_m: [-at_end, -at_start] }
    }
}

/// Curves one after the other that set out from a pose.
pub(super) fn run(from: Pose, pieces: &[Piece]) -> Vec<Curve> {
    let mut at = from;
    let mut curves = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let curve = piece.curve(at);
        at = curve.end();
        curves.push(curve);
    }
    curves
}

/// Curves one after the other that arrive at a pose.
pub(super) fn run_into(to: Pose, pieces: &[Piece]) -> Vec<Curve> {
    let backwards: Vec<Piece> = pieces.iter().rev().map(|piece| piece.reversed()).collect();
    let start = run(about_face(to), &backwards).last().map_or(to, |curve| about_face(curve.end()));
    run(start, pieces)
}

/// Two arcs that move a path sideways, to the left where positive, and leave its heading as it was.
pub(super) fn shift(along_m: f64, sideways_m: f64) -> [Piece; 2] {
    let angle_rad = 2.0 * (sideways_m / along_m).atan();
    let radius_m = along_m / (2.0 * angle_rad.abs().sin());
    [Piece::arc(radius_m, angle_rad), Piece::arc(radius_m, -angle_rad)]
}

/// Two clothoids that turn a path by an angle, to the left where positive, at most as sharply as the radius.
pub(super) fn turn(radius_m: f64, angle_rad: f64) -> [Piece; 2] {
    let curvature_per_m = angle_rad.signum() / radius_m;
    let length_m = radius_m * angle_rad.abs();
    [Piece::clothoid(length_m, [0.0, curvature_per_m]), Piece::clothoid(length_m, [curvature_per_m, 0.0])]
}

pub(super) fn pose(x_m: f64, y_m: f64, heading_rad: f64) -> Pose {
    Pose { x_m, y_m, heading_rad }
}

/// The pose turned about the origin by so many quarters, counter-clockwise and without rounding of its place.
pub(super) fn quarters(pose: Pose, count: usize) -> Pose {
    let turn_once = |at: Pose| Pose { x_m: -at.y_m, y_m: at.x_m, heading_rad: at.heading_rad + FRAC_PI_2 };
    (0..count % 4).fold(pose, |at, _| turn_once(at))
}

/// The speed at which a bend of this radius is comfortable, at most the limit of the road.
pub(super) fn bend_limit_mps(radius_m: f64, limit_mps: f64) -> f64 {
    limit_mps.min((SIDEWAYS_MPS2 * radius_m).sqrt())
}

fn about_face(pose: Pose) -> Pose {
    Pose { heading_rad: pose.heading_rad + PI, ..pose }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_same(found: Pose, expected: Pose) {
        assert!((found.x_m - expected.x_m).hypot(found.y_m - expected.y_m) < 1e-9, "{found:?}, {expected:?}");
        let turned = (found.heading_rad - expected.heading_rad).rem_euclid(2.0 * PI);
        assert!(turned.min(2.0 * PI - turned) < 1e-9, "{found:?}, {expected:?}");
    }

    #[test]
    fn a_path_built_backwards_arrives_where_it_should() {
        let [first, second] = turn(150.0, 0.3);
        let pieces = [Piece::straight(80.0), first, second, Piece::arc(50.0, -0.4)];
        let to = pose(12.0, -7.0, 2.5);
        let curves = run_into(to, &pieces);
        check_same(curves[3].end(), to);
        for pair in curves.windows(2) {
            check_same(pair[0].end(), pair[1].start());
        }
    }

    #[test]
    fn a_shift_moves_sideways_and_keeps_the_heading() {
        for sideways_m in [-3.5, 0.25, 6.0] {
            let curves = run(pose(0.0, 0.0, 0.0), &shift(20.0, sideways_m));
            check_same(curves[1].end(), pose(20.0, sideways_m, 0.0));
        }
    }

    #[test]
    fn four_quarters_are_no_turn() {
        let start = pose(3.0, -2.0, 0.0);
        check_same(quarters(quarters(start, 3), 1), start);
        check_same(quarters(start, 1), pose(2.0, 3.0, FRAC_PI_2));
    }
}
