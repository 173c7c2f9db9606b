//! Stop lines, and the signs and lights beside them.

use dreamlane_traffic::road::{Control, Lane, LaneIdx, Light, Network, Pose, Users};

use super::piece::{Edge, Piece, Style, Surface};

/// From and to, before the end of the lane.
const LINE_M: [f64; 2] = [0.8, 0.3];
/// How far from the line a pixel may still cover some of it.
const REACH_M: f64 = 1.5;
/// How far beside the lane the post stands.
const ASIDE_M: f64 = 0.7;
/// How far beyond the crossing the lights are repeated.
const BEYOND_M: f64 = 2.0;
/// Groups that one lane can tell apart.
const GROUPS: usize = 3;

/// The end of a lane before which one may have to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stop {
    lane: LaneIdx,
    /// Where the lane ends.
    pub(super) at: Pose,
    pub(super) width_m: f64,
    pub(super) shows: Shows,
    /// The post beside the line, and where lights are repeated on the far side.
    pub(super) posts: [[f64; 2]; 2],
}

/// What stands beside a stop line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// A stop sign.
    Sign,
    /// Lights for so many groups, which the ways on have from left to right.
    Lights([u8; GROUPS], usize),
}

impl Stop {
    /// The white line.
    pub(super) fn line(&self, network: &Network) -> impl Iterator<Item = Piece> {
        let curve = &network.lane(self.lane).sketch.curve;
        let half_m = 0.5 * self.width_m;
        // Where the line itself begins and ends: the piece reaches further, for pixels that it covers in part.
        let texture_m = LINE_M.map(|before_m| curve.length_m() - before_m);
        let style = Style { texture_m, ..Style::new(Surface::StopLine, [-half_m, half_m], 1) };
        let span =
            [-REACH_M, REACH_M].map(|beyond_m| style.texture_m[usize::from(beyond_m > 0.0)] + beyond_m);
        Piece::cut(curve, span, style, [Edge::Bare; 2])
    }
}

/// All stop lines of a network.
#[must_use]
pub(super) fn stops(network: &Network) -> Vec<Stop> {
    (0..)
        .map(LaneIdx)
        .zip(network.lanes())
        .filter(|(_, lane)| lane.sketch.users != Users::Walkers && lane.against.is_none())
        .filter_map(|(idx, lane)| stop(network, idx, lane))
        .collect()
}

fn stop(network: &Network, idx: LaneIdx, lane: &Lane) -> Option<Stop> {
    let at = lane.sketch.curve.end();
    let mut ways: Vec<(f64, Control, f64)> = lane
        .next
        .iter()
        .map(|next| network.lane(*next))
        .filter(|next| next.sketch.control != Control::None)
        .map(|next| {
            let end = next.sketch.curve.end();
            let ahead_m =
                (end.x_m - at.x_m) * at.heading_rad.cos() + (end.y_m - at.y_m) * at.heading_rad.sin();
            (end.heading_rad - at.heading_rad, next.sketch.control, ahead_m)
        })
        .collect();
    ways.sort_by(|a, b| b.0.total_cmp(&a.0));
    let groups = |ways: &[(f64, Control, f64)]| {
        let mut groups = [0; GROUPS];
        let mut count = 0;
        for (_, control, _) in ways {
            if let Control::Signal(group) = *control
                && count < GROUPS
                && !groups[..count].contains(&group)
            {
                groups[count] = group;
                count += 1;
            }
        }
        Shows::Lights(groups, count)
    };
    let is_sign = ways.first()?.1 == Control::Stop;
    let shows = if is_sign { Shows::Sign } else { groups(&ways) };
    let beyond_m = ways.iter().map(|way| way.2).fold(0.0, f64::max) + BEYOND_M;
    // The post of a left lane stands to the left of it, so that it is in no other lane.
    let side = if lane.right.is_some() && lane.left.is_none() { 1.0 } else { -1.0 };
    let aside_m = side * (0.5 * lane.sketch.width_m + ASIDE_M);
    let posts = [-LINE_M[1], beyond_m].map(|ahead_m| {
        let (sin, cos) = at.heading_rad.sin_cos();
        [at.x_m + ahead_m * cos - aside_m * sin, at.y_m + ahead_m * sin + aside_m * cos]
    });
    Some(Stop { lane: idx, at, width_m: lane.sketch.width_m, shows, posts })
}

/// The lamps of a head that begins at a height: the middle of each, and what it shows.
#[must_use]
pub(super) fn lamps(from_m: f64) -> [(f64, Light); 3] {
    [(from_m + 1.22, Light::Red), (from_m + 0.75, Light::Yellow), (from_m + 0.28, Light::Green)]
}

/// The colour of a light.
#[must_use]
pub(super) fn colour(light: Light) -> [f32; 3] {
    match light {
        Light::Green => [40.0, 210.0, 90.0],
        Light::Yellow => [250.0, 200.0, 40.0],
        Light::Red => [240.0, 36.0, 30.0],
    }
}
