//! Draws every built-in layout from above into a folder, a PNG each:
//! `cargo run --release --example draw_layouts -- FOLDER`.
//!
//! Grey strips are lanes for vehicles, pink ones for cyclists and yellow ones for people on foot. Arrows
//! point along lanes, green marks entries, blue exits, and red the stretches that lanes share; darker red
//! is where this lane yields.

use std::path::Path;

use dreamlane_traffic::layout::LAYOUTS;
use dreamlane_traffic::road::{Lane, Line, Network, Users};
use image::{Rgb, RgbImage};

const SIDE_PX: f64 = 1000.0;
const MARGIN_M: f64 = 4.0;
const JUNCTION_M: f64 = 45.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("expected a folder to draw into")?;
    std::fs::create_dir_all(&folder)?;
    for (name, _, layout) in LAYOUTS {
        draw(&layout().build()?).save(Path::new(&folder).join(format!("{name}.png")))?;
    }
    Ok(())
}

/// A view from above, x to the right and y upwards, stretched across the road where the road is long and
/// narrow.
struct View {
    image: RgbImage,
    lower_m: [f64; 2],
    px_per_m: [f64; 2],
}

impl View {
    fn new(network: &Network) -> Self {
        let [mut lower_m, mut upper_m] = network.bounds();
        // Of junctions, show the middle.
        if (0..2).all(|axis| upper_m[axis] - lower_m[axis] > 3.0 * JUNCTION_M) {
            (lower_m, upper_m) = ([-JUNCTION_M; 2], [JUNCTION_M; 2]);
        }
        let size_m = [0, 1].map(|axis| upper_m[axis] - lower_m[axis] + 2.0 * MARGIN_M);
        let px_per_m = SIDE_PX / size_m[0].max(size_m[1]);
        // A road of a kilometre would be a few pixels wide: stretch what is across it.
        let across = (0.4 * SIDE_PX / size_m[1]).clamp(px_per_m, 8.0 * px_per_m);
        let [width, height] = [px_per_m * size_m[0], across * size_m[1]].map(|side| side.ceil() as u32);
        Self {
            image: RgbImage::from_pixel(width, height, Rgb([255, 255, 255])),
            lower_m: lower_m.map(|side_m| side_m - MARGIN_M),
            px_per_m: [px_per_m, across],
        }
    }

    fn dot(&mut self, [x_m, y_m]: [f64; 2], radius_px: i64, colour: [u8; 3]) {
        let x = ((x_m - self.lower_m[0]) * self.px_per_m[0]).floor() as i64;
        let y =
            i64::from(self.image.height()) - 1 - ((y_m - self.lower_m[1]) * self.px_per_m[1]).floor() as i64;
        for (dx, dy) in
            (-radius_px..=radius_px).flat_map(|dx| (-radius_px..=radius_px).map(move |dy| (dx, dy)))
        {
            let (x, y) = (x + dx, y + dy);
            let is_inside = (0..i64::from(self.image.width())).contains(&x)
                && (0..i64::from(self.image.height())).contains(&y)
                && dx * dx + dy * dy <= radius_px * radius_px;
            if is_inside {
                self.image.put_pixel(x as u32, y as u32, Rgb(colour));
            }
        }
    }

    /// The colour of the strip between two places along a lane, and between two to its left.
    fn fill(&mut self, lane: &Lane, [from_m, to_m]: [f64; 2], half_width_m: f64, colour: [u8; 3]) {
        let step_m = 0.4 / self.px_per_m[0].max(self.px_per_m[1]);
        let (along, across) = (((to_m - from_m) / step_m) as usize, (2.0 * half_width_m / step_m) as usize);
        for row in 0..=along {
            for column in 0..=across {
                let d_m = column as f64 * step_m - half_width_m;
                self.dot(lane.sketch.curve.point(from_m + row as f64 * step_m, d_m), 0, colour);
            }
        }
    }

    fn line(&mut self, lane: &Lane, line: Line, d_m: f64) {
        let colour = match line {
            Line::None => return,
            Line::Dashed => [255, 255, 255],
            Line::Solid => [250, 190, 40],
            Line::Kerb => [40, 40, 40],
        };
        let step_m = 0.4 / self.px_per_m[0].max(self.px_per_m[1]);
        for step in 0..=(lane.sketch.curve.length_m() / step_m) as usize {
            let s_m = step as f64 * step_m;
            if line != Line::Dashed || s_m.rem_euclid(9.0) < 3.0 {
                self.dot(lane.sketch.curve.point(s_m, d_m), 1, colour);
            }
        }
    }

    fn arrow(&mut self, lane: &Lane) {
        let tip_m = lane.sketch.curve.length_m() / 2.0 + 1.5;
        for step in 0..60 {
            let back_m = f64::from(step) / 20.0;
            let aside_m = if back_m < 1.2 { 0.5 * back_m } else { 0.0 };
            for d_m in [-aside_m, aside_m] {
                self.dot(lane.sketch.curve.point(tip_m - back_m, d_m), 1, [0, 0, 0]);
            }
        }
    }
}

fn draw(network: &Network) -> RgbImage {
    let mut view = View::new(network);
    let users = |wanted: Users| network.lanes().iter().filter(move |lane| lane.sketch.users == wanted);
    for (wanted, colour) in [
        (Users::Vehicles, [170, 170, 170]),
        (Users::Cycles, [225, 170, 190]),
        (Users::Walkers, [235, 215, 130]),
    ] {
        for lane in users(wanted) {
            view.fill(lane, [0.0, lane.sketch.curve.length_m()], lane.sketch.width_m / 2.0, colour);
        }
    }
    for lane in network.lanes() {
        for conflict in &lane.conflicts {
            let colour = if conflict.yields { [190, 0, 0] } else { [255, 120, 120] };
            let half_width_m = if conflict.yields { 0.3 } else { 0.6 };
            view.fill(lane, conflict.here_m, half_width_m, colour);
        }
    }
    for lane in network.lanes() {
        let [left, right] = lane.sketch.lines;
        view.line(lane, left, lane.sketch.width_m / 2.0 - 0.1);
        view.line(lane, right, 0.1 - lane.sketch.width_m / 2.0);
        view.arrow(lane);
    }
    for entry in network.entries() {
        view.dot(network.lane(*entry).sketch.curve.point(0.0, 0.0), 6, [0, 160, 0]);
    }
    for destination in 0..network.exits().len() {
        for lane_idx in network.exit_lanes(destination) {
            let curve = &network.lane(*lane_idx).sketch.curve;
            view.dot(curve.point(curve.length_m(), 0.0), 6, [0, 60, 230]);
        }
    }
    view.image
}
