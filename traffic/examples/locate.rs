//! Prints what a projection onto each kind of curve and a look-up on a network cost, in nanoseconds.

#![expect(clippy::print_stdout, reason = "an example prints what it measures")]

use std::{hint::black_box, time::Instant};

use dreamlane_traffic::road::{Builder, Curve, Line, Pose, Sketch};

const CALLS: u32 = 2_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let from = Pose { x_m: 3.0, y_m: 4.0, heading_rad: 0.3 };
    let clothoid = Curve::clothoid(from, 200.0, [0.0, 0.01]);
    let curves = [
        ("straight", Curve::straight(from, 200.0)),
        ("arc", Curve::arc(from, 200.0, 0.01)),
        ("clothoid", clothoid.clone()),
        ("polyline", clothoid.parallel(1.0)),
    ];
    for (name, curve) in &curves {
        let points = stations(199.0).map(|s_m| (s_m, curve.point(s_m, 0.4))).collect::<Vec<_>>();
        // The hint is where something at 30 m/s was a tick of 50 ms earlier.
        report(&format!("project_near {name}"), |call| {
            let (s_m, [x_m, y_m]) = points[call % points.len()];
            curve.project_near(x_m, y_m, s_m - 1.5).0
        });
        report(&format!("project {name}"), |call| {
            let (_, [x_m, y_m]) = points[call % points.len()];
            curve.project(x_m, y_m).0
        });
        report(&format!("pose {name}"), |call| curve.pose(points[call % points.len()].0).x_m);
    }
    let begun = Instant::now();
    let mut builder = Builder::default();
    for lane in 0..6 {
        let from = Pose { x_m: 0.0, y_m: 4.0 * f64::from(lane), heading_rad: 0.0 };
        let idx = builder.add(Sketch::new(Curve::straight(from, 10_000.0), 33.0, [Line::Dashed; 2]));
        builder.exit(idx);
    }
    let network = builder.finish()?;
    println!("{:32} {:10.1} ms", "six lanes of 10 km", begun.elapsed().as_secs_f64() * 1e3);
    let points = stations(9_990.0).map(|s_m| [s_m, s_m % 20.0]).collect::<Vec<_>>();
    report("locate", |call| {
        let [x_m, y_m] = points[call % points.len()];
        network.locate(x_m, y_m).map_or(0.0, |place| place.s_m)
    });
    report("locate_towards", |call| {
        let [x_m, y_m] = points[call % points.len()];
        network.locate_towards(x_m, y_m, 0.1).map_or(0.0, |place| place.s_m)
    });
    Ok(())
}

fn stations(length_m: f64) -> impl Iterator<Item = f64> {
    (0..1000).map(move |index| length_m * f64::from(index) / 1000.0)
}

fn report(name: &str, call: impl Fn(usize) -> f64) {
    let begun = Instant::now();
    for index in 0..CALLS {
        black_box(call(black_box(index as usize)));
    }
    println!("{name:32} {:10.1} ns", begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
}
