//! Layouts that do not fit.

use dreamlane_traffic::road::{Builder, Control, LaneIdx, RoadError, Signal, Sketch};

use super::layouts::straight;

fn check_refused(expected: &str, build: impl Fn(&mut Builder, LaneIdx)) {
    let mut builder = Builder::default();
    let first = builder.add(straight(0.0, 0.0, 0.0, 10.0));
    build(&mut builder, first);
    let error: RoadError = builder.finish().expect_err("a layout that does not fit");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn layouts_that_do_not_fit_are_refused_with_numbers() {
    let error = Builder::default().finish().unwrap_err();
    assert_eq!(error, RoadError::NoLanes);
    let ten = || straight(10.0, 0.0, 0.0, 10.0);
    check_refused(
        "expected lane 1 to begin where lane 0 ends, found 0.5 m between them",
        |builder, first| {
            let next = builder.add(straight(10.5, 0.0, 0.0, 10.0));
            builder.connect(first, next);
        },
    );
    check_refused(
        "expected lane 1 to go on in the direction of lane 0, found a turn of 0.25 rad",
        |builder, first| {
            let next = builder.add(straight(10.0, 0.0, 0.25, 10.0));
            builder.connect(first, next);
        },
    );
    check_refused("expected a width of 0.5 to 20 m of lane 1, found 21 m", |builder, _| {
        builder.add(Sketch { width_m: 21.0, ..ten() });
    });
    check_refused("expected a speed limit above 0 m/s of lane 1, found 0 m/s", |builder, _| {
        builder.add(Sketch { limit_mps: 0.0, ..ten() });
    });
    check_refused("expected lane 1 to be longer than 0.1 m, found 0.05 m", |builder, _| {
        builder.add(straight(0.0, 0.0, 0.0, 0.05));
    });
    check_refused("expected finite numbers in lane 1, found one that is not", |builder, _| {
        builder.add(straight(f64::NAN, 0.0, 0.0, 10.0));
    });
    check_refused("expected a lane below 1, found 7", |builder, first| builder.connect(first, LaneIdx(7)));
    check_refused("expected at most 4096 lanes, found 4097", |builder, _| {
        for _ in 0..4096 {
            builder.add(ten());
        }
    });
    check_refused("expected lanes of at most 200000 m together, found 200010 m", |builder, _| {
        builder.add(straight(0.0, 0.0, 0.0, 200_000.0));
    });
    check_refused("expected one neighbour on a side of lane 0, found lanes 1 and 2", |builder, first| {
        let [one, other] = [4.0, 8.0].map(|y_m| builder.add(straight(0.0, y_m, 0.0, 10.0)));
        builder.beside(first, one);
        builder.only_leftwards(first, other);
    });
    check_refused("expected the light of lane 1 to be a group below 1, found group 1", |builder, _| {
        builder.add(Sketch { control: Control::Signal(1), ..ten() });
        builder.signal(Signal::in_turn(&[10.0], 3.0, 1.0));
    });
    check_refused(
        "expected positive durations of the signal, found a cycle of 2 s of 1 groups",
        |builder, _| {
            builder.signal(Signal::in_turn(&[10.0], -9.0, 1.0));
        },
    );
}
