//! Line charts as inline SVG: marks, lines told apart by colour and by dash, whiskers for intervals, a legend.

use maud::{Markup, html};

use super::scale::{mark, marks, number};
use crate::Interval;

/// The drawing's own unit is about a pixel on a phone, so that its text stays readable there.
const SIZE: [f64; 2] = [400.0, 240.0];
/// Room for marks and labels: left, top, right, bottom.
const MARGIN: [f64; 4] = [50.0, 12.0, 12.0, 44.0];
/// Looks of a line; a chart has no more lines than this.
const LOOKS: usize = 5;
/// Lines with more points than this are drawn without dots.
const MOST_DOTS: usize = 20;

/// A chart of one or more lines.
pub(super) struct Chart<'a> {
    /// What it shows, for those who cannot see it too.
    pub(super) title: &'a str,
    /// Below the marks.
    pub(super) across: &'a str,
    /// What is drawn upwards, above the legend.
    pub(super) upwards: &'a str,
    pub(super) lines: Vec<Line>,
    /// A value that is always in the picture, with a line of its own, such as 0.
    pub(super) level: Option<f64>,
}

/// A line and its name.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<Point>,
}

/// A value with its interval; both ends are the value where there is none.
#[derive(Clone, Copy)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Point {
    pub(super) fn bare(x: f64, y: f64) -> Self {
        Self { x, y, low: y, high: y }
    }

    pub(super) fn of(x: f64, interval: &Interval) -> Self {
        Self { x, y: interval.value, low: interval.low, high: interval.high }
    }

    fn is_finite(&self) -> bool {
        [self.x, self.y, self.low, self.high].into_iter().all(f64::is_finite)
    }
}

/// From data to the drawing.
struct Frame {
    x: [f64; 2],
    y: [f64; 2],
}

impl Frame {
    fn of(lines: &[Line], level: Option<f64>) -> Self {
        let points = || lines.iter().flat_map(|line| &line.points).filter(|point| point.is_finite());
        let range = |values: &mut dyn Iterator<Item = f64>| {
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            if low < high {
                [low, high]
            } else if low.is_finite() {
                [low - 0.5, low + 0.5]
            } else {
                [0.0, 1.0]
            }
        };
        let [low, high] =
            range(&mut points().flat_map(|point| [point.low, point.high, point.y]).chain(level));
        let room = 0.06 * (high - low);
        // A level at the edge, such as 0 for distances, stays the edge.
        let edge = |value: f64, moved: f64| if level == Some(value) { value } else { moved };
        Self {
            x: range(&mut points().map(|point| point.x).chain([0.0])),
            y: [edge(low, low - room), edge(high, high + room)],
        }
    }

    fn x(&self, value: f64) -> f64 {
        let share = (value - self.x[0]) / (self.x[1] - self.x[0]);
        MARGIN[0] + share * (SIZE[0] - MARGIN[0] - MARGIN[2])
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.y[0]) / (self.y[1] - self.y[0]);
        SIZE[1] - MARGIN[3] - share * (SIZE[1] - MARGIN[1] - MARGIN[3])
    }
}

/// The chart with its legend.
pub(super) fn chart(chart: &Chart<'_>) -> Markup {
    let frame = Frame::of(&chart.lines, chart.level);
    html! {
        figure class="chart" {
            figcaption { (chart.upwards) }
            svg viewBox={ "0 0 " (SIZE[0]) " " (SIZE[1]) } role="img" aria-label=(description(chart)) {
                (grid(&frame, chart.across))
                @if let Some(level) = chart.level {
                    line class="zero" x1=(MARGIN[0]) x2=(SIZE[0] - MARGIN[2]) y1=(px(frame.y(level)))
                        y2=(px(frame.y(level))) {}
                }
                @for (idx, line) in chart.lines.iter().enumerate() { (drawn(&frame, line, idx % LOOKS)) }
            }
            @if chart.lines.len() > 1 {
                ul class="legend" {
                    @for (idx, line) in chart.lines.iter().enumerate() {
                        li {
                            svg viewBox="0 0 32 12" aria-hidden="true" {
                                line class={ "series s" (idx % LOOKS) } x1="0" x2="32" y1="6" y2="6" {}
                            }
                            (line.name)
                        }
                    }
                }
            }
        }
    }
}

/// Marks, lines behind them, and what runs across.
fn grid(frame: &Frame, across: &str) -> Markup {
    let (left, right) = (MARGIN[0], SIZE[0] - MARGIN[2]);
    html! {
        @for value in marks(frame.y[0], frame.y[1]) {
            line class="grid-line" x1=(left) x2=(right) y1=(px(frame.y(value))) y2=(px(frame.y(value))) {}
            text x=(left - 6.0) y=(px(frame.y(value) + 4.0)) text-anchor="end" { (mark(value)) }
        }
        @for value in marks(frame.x[0], frame.x[1]) {
            text x=(px(frame.x(value))) y=(SIZE[1] - MARGIN[3] + 17.0) text-anchor="middle" { (mark(value)) }
        }
        text x=((left + right) / 2.0) y=(SIZE[1] - 8.0) text-anchor="middle" { (across) }
    }
}

fn drawn(frame: &Frame, line: &Line, look: usize) -> Markup {
    let points: Vec<&Point> = line.points.iter().filter(|point| point.is_finite()).collect();
    let place = |x: f64, y: f64| format!("{},{}", px(frame.x(x)), px(frame.y(y)));
    let path = points.iter().map(|point| place(point.x, point.y)).collect::<Vec<_>>().join(" ");
    let above = points.iter().map(|point| place(point.x, point.high));
    let below = points.iter().rev().map(|point| place(point.x, point.low));
    let band = above.chain(below).collect::<Vec<_>>().join(" ");
    let has_interval = points.iter().any(|point| point.low < point.high);
    html! {
        @if has_interval { polygon class={ "band b" (look) } points=(band) {} }
        polyline class={ "series s" (look) } points=(path) {}
        @if points.len() <= MOST_DOTS {
            @for point in &points {
                @if point.low < point.high {
                    line class={ "s" (look) " whisker" } x1=(px(frame.x(point.x))) x2=(px(frame.x(point.x)))
                        y1=(px(frame.y(point.low))) y2=(px(frame.y(point.high))) {}
                }
                circle class={ "s" (look) " dot" } cx=(px(frame.x(point.x))) cy=(px(frame.y(point.y))) r="3.5" {}
            }
        }
    }
}

/// Title, axes, and where each line begins and ends.
fn description(chart: &Chart<'_>) -> String {
    let ends = |line: &Line| {
        let finite: Vec<&Point> = line.points.iter().filter(|point| point.is_finite()).collect();
        match (finite.first(), finite.last()) {
            (Some(first), Some(last)) => {
                format!("{} from {} to {}", line.name, number(first.y), number(last.y))
            }
            _ => format!("{}: nothing", line.name),
        }
    };
    let lines: Vec<String> = chart.lines.iter().map(ends).collect();
    format!("{}. Across: {}. {}.", chart.title, chart.across, lines.join("; "))
}

/// A tenth of a unit is less than anybody sees.
fn px(value: f64) -> String {
    format!("{:.1}", value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(points: Vec<Point>) -> String {
        let lines = vec![Line { name: "a".to_owned(), points }];
        chart(&Chart { title: "t", across: "x", upwards: "y", lines, level: Some(0.0) }).into_string()
    }

    #[test]
    fn numbers_that_are_not_finite_are_left_out() {
        let text =
            shown(vec![Point::bare(1.0, f64::NAN), Point::bare(2.0, 3.0), Point::bare(3.0, f64::INFINITY)]);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        assert_eq!(text.matches("<circle").count(), 1);
        assert!(!shown(Vec::new()).contains("NaN"));
    }

    #[test]
    fn larger_values_are_drawn_higher_and_later_ones_further_right() {
        let frame = Frame::of(&[], None);
        assert!(frame.y(1.0) < frame.y(0.0) && frame.x(1.0) > frame.x(0.0));
        let text = shown(vec![Point::bare(0.0, 0.0), Point::bare(10.0, 5.0)]);
        assert!(text.contains("a from 0 to 5.00"), "{text}");
    }
}
