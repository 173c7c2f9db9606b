//! A window of road that moves with those who are kept: who leaves it comes back as someone else at its other end.

use super::{
    Traffic,
    fleet::Participant,
    population::{Mix, PLACE},
};
use crate::road::LaneIdx;

/// The purpose of a draw: which of those who are kept someone comes back near.
const SEAT: u64 = 3 << 40;

impl Traffic {
    /// Brings who left the windows around all that are kept back in at an end of one of them, where there is room.
    pub(super) fn recycle(&mut self, mix: &Mix, keep: usize, behind_m: f64, ahead_m: f64) {
        let Some(&own) = self.fleet.lane.first() else { return };
        let kept = keep.clamp(1, self.fleet.len());
        let place_m = |traffic: &Self, one: usize| {
            let curve = &traffic.stage.network.lane(own).sketch.curve;
            curve.project(traffic.fleet.x_m[one], traffic.fleet.y_m[one]).0
        };
        let seats_m: Vec<f64> = (0..kept).map(|seat| place_m(self, seat)).collect();
        for idx in kept..self.fleet.len() {
            let s_m = place_m(self, idx);
            if seats_m.iter().any(|seat_m| (-behind_m..=ahead_m).contains(&(s_m - seat_m))) {
                continue;
            }
            let is_behind = seats_m.iter().all(|seat_m| s_m < seat_m - behind_m);
            let seat = self.chance.of(u64::from(self.ids)).of(SEAT).below(kept);
            let to_m = if is_behind { 0.85 * ahead_m } else { -0.75 * behind_m };
            self.bring_back(mix, idx, own, seats_m[seat] + to_m);
        }
    }

    /// Gives the place of a participant to a new one, abreast of `s_m` along `own`, on a lane where there is room.
    fn bring_back(&mut self, mix: &Mix, idx: usize, own: LaneIdx, s_m: f64) {
        let network = &self.stage.network;
        let point = network.lane(own).sketch.curve.point(s_m, 0.0);
        let entries = network.entries().len();
        let chance = self.chance.of(u64::from(self.ids)).of(PLACE);
        let first = chance.of(9).below(entries.max(1));
        for offset in 0..entries {
            let lane = self.stage.network.entries()[(first + offset) % entries];
            let curve = &self.stage.network.lane(lane).sketch.curve;
            let (place_m, _) = curve.project(point[0], point[1]);
            if place_m < 0.0 || place_m > curve.length_m() {
                continue;
            }
            let one = Participant { s_m: place_m, ..mix.draw(self, lane, chance) };
            if self.place_if_room(one) {
                // The newcomer is the last; it takes the place of who left.
                self.remove(idx);
                return;
            }
        }
    }
}
