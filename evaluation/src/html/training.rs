//! Curves of a training log.

use maud::{Markup, html};

use super::{
    Curve,
    chart::{Chart, Line, Point, chart},
    figures::{Table, reading, table},
    scale::number,
};

/// Points of a curve that are drawn; more cannot be told apart at this size.
const MOST_POINTS: usize = 200;

/// One chart per name and kind.
pub(super) fn curves(curves: &[Curve]) -> Markup {
    let rows = curves.iter().filter_map(|curve| {
        let (first, last) = (curve.points.first()?, curve.points.last()?);
        let finite = || curve.points.iter().map(|&(_, value)| value).filter(|value| value.is_finite());
        let low = finite().fold(f64::INFINITY, f64::min);
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        let name = format!("{} {}", curve.kind, curve.name);
        let figures = [first.1, last.1, low, high].map(number);
        Some([name, number(last.0)].into_iter().chain(figures).collect())
    });
    let ends = Table {
        caption: "First, last, smallest and largest".to_owned(),
        head: ["curve", "last step", "first", "last", "smallest", "largest"].map(str::to_owned).into(),
        rows: rows.collect(),
    };
    html! {
        (reading(
            "From the log of the training run. Training numbers are those of single batches; validation is on frames that \
             nothing was learned from. Numbers of different stages do not compare: the codec learns first, then the dream."
        ))
        div class="grid" { @for curve in curves { (drawn(curve)) } }
        (table(&ends))
    }
}

fn drawn(curve: &Curve) -> Markup {
    let count = curve.points.len().min(MOST_POINTS);
    // The last point is always among them.
    let kept = (0..count).map(|idx| curve.points[(idx + 1) * curve.points.len() / count - 1]);
    let points = kept.map(|(step, value)| Point::bare(step, value)).collect();
    let name = format!("{} {}", curve.kind, curve.name);
    let title = format!("Training curve: {name}");
    chart(&Chart {
        title: &title,
        across: "step",
        upwards: &name,
        lines: vec![Line { name: name.clone(), points }],
        level: None,
    })
}
