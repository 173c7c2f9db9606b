//! Curves against closed forms, against each other, and `project` against `point`.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use dreamlane_traffic::road::{Curve, Pose};
use proptest::prelude::*;

const ORIGIN: Pose = Pose { x_m: 0.0, y_m: 0.0, heading_rad: 0.0 };

fn poses() -> impl Strategy<Value = Pose> {
    (-1e3..1e3, -1e3..1e3, -7.0..7.0).prop_map(|(x_m, y_m, heading_rad)| Pose { x_m, y_m, heading_rad })
}

fn straights() -> impl Strategy<Value = Curve> {
    (poses(), 0.5..500.0).prop_map(|(from, length_m)| Curve::straight(from, length_m))
}

/// Arcs of up to 300 degrees, either way.
fn arcs() -> impl Strategy<Value = Curve> {
    (poses(), 4.0..300.0, 0.05..5.2, any::<bool>()).prop_map(|(from, radius_m, turn_rad, is_left)| {
        let sign = if is_left { 1.0 } else { -1.0 };
        Curve::arc(from, radius_m * turn_rad, sign / radius_m)
    })
}

/// Clothoids that turn by at most 2.5 rad, so that none crosses itself.
fn clothoids() -> impl Strategy<Value = Curve> {
    (poses(), -0.1..0.1, -0.1..0.1, 0.05..1.0).prop_map(
        |(from, first, last, fraction): (_, f64, f64, f64)| {
            let steepest = first.abs().max(last.abs()).max(0.0125);
            Curve::clothoid(from, 2.5 / steepest * fraction, [first, last])
        },
    )
}

/// Polylines that turn by at most 0.1 rad at a vertex and by 2 rad in all.
fn polylines() -> impl Strategy<Value = Curve> {
    (poses(), prop::collection::vec((1.0..3.0, -0.1..0.1), 2..20)).prop_map(|(from, steps)| {
        let (mut point, mut heading_rad) = ([from.x_m, from.y_m], from.heading_rad);
        let mut points = vec![point];
        for (step_m, turn_rad) in steps {
            heading_rad += turn_rad;
            point = [point[0] + step_m * heading_rad.cos(), point[1] + step_m * heading_rad.sin()];
            points.push(point);
        }
        Curve::polyline(&points).expect("distinct points")
    })
}

fn curves() -> impl Strategy<Value = Curve> {
    prop_oneof![straights(), arcs(), clothoids(), polylines()]
}

/// The largest curvature anywhere along a curve.
fn steepest_per_m(curve: &Curve) -> f64 {
    let length_m = curve.length_m();
    (0..=400)
        .map(|index| curve.curvature_per_m(length_m * f64::from(index) / 400.0).abs())
        .fold(0.0, f64::max)
}

fn check_close(found: (f64, f64), expected: (f64, f64), tolerance: f64) {
    let error = (found.0 - expected.0).abs().max((found.1 - expected.1).abs());
    assert!(error < tolerance, "found {found:?}, expected {expected:?}");
}

proptest! {
    #[test]
    fn projecting_inverts_point(curve in curves(), along in 0.0..1.0, aside in -0.8..0.8) {
        let reach_m = (1.0 / steepest_per_m(&curve)).min(30.0);
        let (s_m, d_m) = (along * curve.length_m(), aside * reach_m);
        let [x_m, y_m] = curve.point(s_m, d_m);
        check_close(curve.project(x_m, y_m), (s_m, d_m), 2e-9);
    }

    #[test]
    fn searching_near_a_hint_agrees_with_searching_everywhere(
        curve in curves(), along in -0.1..1.1, aside in -0.5..0.5, off_m in -8.0..8.0,
    ) {
        let reach_m = (1.0 / steepest_per_m(&curve)).min(8.0);
        let s_m = along * curve.length_m();
        let [x_m, y_m] = curve.point(s_m, aside * reach_m);
        check_close(curve.project_near(x_m, y_m, s_m + off_m), curve.project(x_m, y_m), 2e-9);
    }

    #[test]
    fn beyond_the_ends_a_curve_goes_on_straight(curve in curves(), past_m in 0.01_f64..5.0, d_m in -2.0..2.0) {
        // An arc that nearly closes has its other end as near as its own tangent.
        prop_assume!((curve.end().heading_rad - curve.start().heading_rad).abs() < PI);
        for (end, s_m) in [(curve.start(), -past_m), (curve.end(), curve.length_m() + past_m)] {
            let along_m = if s_m < 0.0 { s_m } else { past_m };
            let (sin, cos) = end.heading_rad.sin_cos();
            let expected = [end.x_m + along_m * cos - d_m * sin, end.y_m + along_m * sin + d_m * cos];
            let found = curve.point(s_m, d_m);
            check_close((found[0], found[1]), (expected[0], expected[1]), 1e-9);
            check_close(curve.project_near(expected[0], expected[1], s_m), (s_m, d_m), 2e-9);
        }
    }

    #[test]
    fn points_move_along_the_heading(curve in prop_oneof![straights(), arcs(), clothoids()], along in 0.01..0.99) {
        let (s_m, step_m) = (along * curve.length_m(), 1e-4);
        let ([x0, y0], [x1, y1]) = (curve.point(s_m - step_m, 0.0), curve.point(s_m + step_m, 0.0));
        let (sin, cos) = curve.heading_rad(s_m).sin_cos();
        check_close(((x1 - x0) / (2.0 * step_m), (y1 - y0) / (2.0 * step_m)), (cos, sin), 1e-7);
    }

    #[test]
    fn the_heading_is_the_integral_of_the_curvature(curve in curves(), along in 0.0..1.0) {
        let (s_m, pieces) = (along * curve.length_m(), 20_000);
        let step_m = s_m / f64::from(pieces);
        let sum: f64 = (0..pieces).map(|index| curve.curvature_per_m(step_m * (f64::from(index) + 0.5))).sum();
        let turned_rad = curve.heading_rad(s_m) - curve.heading_rad(0.0);
        prop_assert!((turned_rad - sum * step_m).abs() < 1e-3, "{turned_rad} {}", sum * step_m);
    }

    #[test]
    fn a_parallel_curve_keeps_its_distance(curve in curves(), along in 0.0..1.0, aside in -0.6..0.6) {
        let d_m = aside * (1.0 / steepest_per_m(&curve)).min(8.0);
        let parallel = curve.parallel(d_m);
        let [x_m, y_m] = parallel.point(along * parallel.length_m(), 0.0);
        // Chords of 0.5 m at a curvature of 0.1 per metre are 3 mm from their arc; an offset to the inside is steeper.
        let (s_m, found_m) = curve.project(x_m, y_m);
        prop_assert!((found_m - d_m).abs() < 0.01, "{found_m} {d_m} at {s_m}");
        for (own, other) in [(parallel.start(), curve.start()), (parallel.end(), curve.end())] {
            prop_assert!((own.heading_rad - other.heading_rad).abs() < 1e-9);
        }
    }
}

#[test]
fn a_quarter_turn_ends_where_its_circle_says() {
    for sign in [1.0, -1.0] {
        let end = Curve::arc(ORIGIN, 10.0 * FRAC_PI_2, sign * 0.1).end();
        check_close((end.x_m, end.y_m), (10.0, sign * 10.0), 1e-12);
        assert!((end.heading_rad - sign * FRAC_PI_2).abs() < 1e-12);
    }
}

#[test]
fn an_arc_of_hardly_any_curvature_is_as_accurate_as_a_straight_line() {
    let arc = Curve::arc(ORIGIN, 1000.0, 1e-11);
    let [x_m, y_m] = arc.point(700.0, 2.0);
    check_close((x_m, y_m), (700.0, 2.0), 1e-5);
    check_close(arc.project(x_m, y_m), (700.0, 2.0), 1e-9);
}

#[test]
fn a_full_circle_projects_into_its_first_turn() {
    for curvature in [0.02, -0.02] {
        let circle = Curve::arc(ORIGIN, TAU / 0.02, curvature);
        for index in 0..100 {
            let s_m = circle.length_m() * (f64::from(index) + 0.5) / 100.0;
            let [x_m, y_m] = circle.point(s_m, 1.5);
            check_close(circle.project(x_m, y_m), (s_m, 1.5), 1e-9);
            check_close(circle.project_near(x_m, y_m, s_m + 20.0), (s_m, 1.5), 1e-9);
        }
        let (s_m, _) = circle.project(0.0, 0.0);
        assert!((0.0..circle.length_m()).contains(&s_m), "{s_m}");
    }
}

#[test]
fn who_crosses_the_seam_of_a_full_circle_comes_out_beyond_its_end() {
    let circle = Curve::arc(ORIGIN, TAU * 50.0, 0.02);
    let length_m = circle.length_m();
    check_close(circle.project_near(0.5, 0.0, length_m - 0.1), (length_m + 0.5, 0.0), 1e-9);
    check_close(circle.project_near(-0.5, 0.0, 0.1), (-0.5, 0.0), 1e-9);
    let (s_m, _) = circle.project(0.5, 0.0);
    assert!(s_m > 0.49 && s_m < 0.51, "{s_m}");
}

#[test]
fn the_longer_part_of_a_circle_is_not_cut_at_half_a_turn() {
    let arc = Curve::arc(ORIGIN, 1.7 * PI * 20.0, 0.05);
    for along in [0.0, 0.3, 0.5, 0.6, 0.9, 1.0] {
        let s_m = along * arc.length_m();
        let [x_m, y_m] = arc.point(s_m, -3.0);
        check_close(arc.project(x_m, y_m), (s_m, -3.0), 1e-9);
    }
}

/// Simpson's rule over the heading, which is known exactly.
fn integrated(curvatures: [f64; 2], length_m: f64, s_m: f64) -> [f64; 2] {
    let pieces = 40_000;
    let heading = |u: f64| u * (curvatures[0] + 0.5 * (curvatures[1] - curvatures[0]) / length_m * u);
    let step_m = s_m / f64::from(pieces);
    let mut sum = [0.0, 0.0];
    for index in 0..=pieces {
        let weight = if index == 0 || index == pieces { 1.0 } else { f64::from(2 + 2 * (index % 2)) };
        let (sin, cos) = heading(step_m * f64::from(index)).sin_cos();
        sum = [sum[0] + weight * cos, sum[1] + weight * sin];
    }
    sum.map(|value| value * step_m / 3.0)
}

#[test]
fn a_clothoid_is_where_its_integral_is() {
    for curvatures in [[0.0, 0.05], [0.1, -0.1], [-0.2, -0.02], [0.01, 0.01], [0.0, 0.0]] {
        let clothoid = Curve::clothoid(ORIGIN, 200.0, curvatures);
        for s_m in [0.3, 17.77, 100.0, 151.234, 200.0] {
            let [x_m, y_m] = clothoid.point(s_m, 0.0);
            let expected = integrated(curvatures, 200.0, s_m);
            check_close((x_m, y_m), (expected[0], expected[1]), 1e-9);
        }
        let turned_rad = clothoid.end().heading_rad;
        assert!((turned_rad - 100.0 * (curvatures[0] + curvatures[1])).abs() < 1e-12);
    }
}

#[test]
fn a_clothoid_of_constant_curvature_is_an_arc() {
    let (clothoid, arc) = (Curve::clothoid(ORIGIN, 60.0, [0.03, 0.03]), Curve::arc(ORIGIN, 60.0, 0.03));
    for s_m in [-3.0, 0.0, 1.0, 33.3, 60.0, 64.0] {
        let (own, other) = (clothoid.pose(s_m), arc.pose(s_m));
        check_close((own.x_m, own.y_m), (other.x_m, other.y_m), 1e-10);
        assert!((own.heading_rad - other.heading_rad).abs() < 1e-12);
        assert_eq!(clothoid.curvature_per_m(s_m), arc.curvature_per_m(s_m));
    }
}

#[test]
fn a_polyline_on_a_circle_has_its_headings_and_curvature() {
    let arc = Curve::arc(ORIGIN, 30.0, 0.05);
    let points: Vec<_> = (0..=60).map(|index| arc.point(0.5 * f64::from(index), 0.0)).collect();
    let polyline = Curve::polyline(&points).unwrap();
    assert!((polyline.length_m() - 30.0).abs() < 0.01);
    for along in [0.0, 0.013, 0.5, 0.77, 1.0] {
        let s_m = along * polyline.length_m();
        assert!((polyline.heading_rad(s_m) - 0.05 * along * 30.0).abs() < 1e-3);
        assert!((polyline.curvature_per_m(s_m) - 0.05).abs() < 1e-3);
    }
}

#[test]
fn the_heading_of_a_polyline_does_not_jump_at_a_corner() {
    let corner = Curve::polyline(&[[0.0, 0.0], [10.0, 0.0], [20.0, 10.0]]).unwrap();
    let gap_rad = corner.heading_rad(10.0 + 1e-9) - corner.heading_rad(10.0 - 1e-9);
    assert!(gap_rad.abs() < 1e-8, "{gap_rad}");
    assert_eq!(corner.start().heading_rad, 0.0);
    assert!((corner.end().heading_rad - PI / 4.0).abs() < 1e-12);
}

#[test]
fn a_polyline_needs_two_distinct_finite_points() {
    assert!(Curve::polyline(&[]).is_none());
    assert!(Curve::polyline(&[[1.0, 2.0], [1.0, 2.0]]).is_none());
    assert!(Curve::polyline(&[[1.0, 2.0], [f64::NAN, 2.0], [3.0, 2.0]]).is_none());
    assert_eq!(Curve::polyline(&[[1.0, 2.0], [1.0, 2.0], [4.0, 6.0]]).unwrap().length_m(), 5.0);
}

#[test]
fn the_parallel_of_an_arc_is_an_arc_until_its_centre() {
    let arc = Curve::arc(ORIGIN, 15.0, 0.1);
    assert_eq!(arc.parallel(4.0), Curve::arc(Pose { y_m: 4.0, ..ORIGIN }, 15.0 * 0.6, 0.1 / 0.6));
    assert!((arc.parallel(-5.0).length_m() - 22.5).abs() < 1e-12);
    assert_eq!(arc.parallel(10.5).length_m(), 0.0);
}

#[test]
fn a_long_polyline_is_searched_in_blocks_as_if_chord_by_chord() {
    let points: Vec<_> =
        (0..3000).map(|index| [f64::from(index), 40.0 * (f64::from(index) * 0.02).sin()]).collect();
    let polyline = Curve::polyline(&points).unwrap();
    for index in 0..200 {
        let s_m = polyline.length_m() * (f64::from(index) + 0.3) / 200.0;
        let [x_m, y_m] = polyline.point(s_m, 3.0);
        check_close(polyline.project(x_m, y_m), (s_m, 3.0), 2e-9);
    }
}
