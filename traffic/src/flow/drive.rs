//! Decisions of the textbook variant: for everyone an acceleration and a curvature for the coming tick.

use super::{
    Stage, Traffic,
    advance::GRAVITY_MPS2,
    change,
    fleet::{Driver, Fleet, NOWHERE},
    give_way::tight::is_long,
    look::{self, Outlook, View},
};
use crate::{
    driver::{
        Leader, Temper,
        keeping::{Offset, reach_m, slip_to_keep, slip_to_point},
    },
    participant::Kind,
    road::LaneIdx,
};

/// A body that comes this near to the edge of a lane beside is in its way.
const ROOM_BESIDE_M: f64 = 0.2;
/// Nearer to the middle of its lane than this, and turned from it by less than this sine, nobody steers.
const MIDDLE_M: f64 = 1e-6;
const ALONG: f64 = 1e-8;
/// Comfortable braking for what is seen from afar, such as a bend.
const EARLY_BRAKING_MPS2: f64 = 1.5;
/// Who is this near to the end of its lane is let in.
const LET_IN_M: f64 = 80.0;
/// Who has stood this long where its lane does not lead to its destination gives that destination up, if it is one
/// who does.
const PATIENCE_SECS: f64 = 20.0;
/// A car that stands waits this far before the line at which it has to.
const BEFORE_LINE_M: f64 = 0.5;
/// The same for people on foot.
const BEFORE_KERB_M: f64 = 0.2;
/// Who comes within stopping distances, at this braking, and this much more, is braked for as hard as that.
const BRAKING_MPS2: f64 = 5.0;
const HEAD_ON_M: f64 = 5.0;
const HEAD_ON_BRAKING_MPS2: f64 = 7.0;
/// Bends sharper than this make long bodies reach beyond their lanes.
const SWINGING_PER_M: f64 = 0.02;

/// The lanes beside the own that a participant is in the way of: those that its body reaches into, the one that it
/// changes to, and the oncoming one where it overtakes.
pub(super) fn reaches(stage: &Stage, fleet: &Fleet, idx: usize, enter: &mut dyn FnMut(LaneIdx, f64)) {
    let own = fleet.lane[idx];
    let lane = stage.network.lane(own);
    let (d_m, half_m) = (fleet.d_m[idx], stage.facts(own).half_width_m);
    let mut beside = |to: LaneIdx| enter(to, look::frame(stage, fleet, idx, to).s_m);
    let target = fleet.target[idx];
    if target != own {
        beside(target);
    }
    if d_m.abs() + 0.5 * fleet.width_m[idx] > half_m - ROOM_BESIDE_M {
        let side = if d_m > 0.0 { lane.left } else { lane.right };
        if let Some(side) = side.filter(|&side| side != target) {
            beside(side);
        }
    }
    if is_long(fleet.length_m[idx]) && stage.facts(own).bend_per_m > SWINGING_PER_M {
        let bend_per_m = lane.sketch.curve.curvature_per_m(fleet.s_m[idx]);
        let side = if bend_per_m > 0.0 { lane.right } else { lane.left };
        let reach_m = swing_m(fleet, idx, bend_per_m) - d_m * bend_per_m.signum();
        if let Some(side) = side.filter(|&side| side != target && reach_m > half_m - ROOM_BESIDE_M) {
            beside(side);
        }
    }
    for lane in [own, target] {
        if let Some(oncoming) = stage.network.lane(lane).against {
            beside(oncoming);
        }
    }
}

/// How far the outer front corner of a body reaches from the middle of its lane in a steady bend.
fn swing_m(fleet: &Fleet, idx: usize, bend_per_m: f64) -> f64 {
    let (length_m, half_width_m) = (fleet.length_m[idx], 0.5 * fleet.width_m[idx]);
    let radius_m = 1.0 / bend_per_m.abs().max(1e-6);
    let rear_m = (radius_m * radius_m - 0.25 * length_m * length_m).max(0.0).sqrt();
    (rear_m + half_width_m).hypot(length_m) - radius_m
}

/// Everyone decides, in order of index; who decides later sees which lanes those before it chose.
pub(super) fn decide(traffic: &mut Traffic, secs: f64) {
    for idx in 0..traffic.fleet.len() {
        if traffic.fleet.crashed[idx] {
            // Locked wheels: the tyres' grip stops it.
            let speed_mps = traffic.fleet.speed_mps[idx];
            let grip_mps2 = GRAVITY_MPS2 * traffic.stage.rules.friction;
            traffic.fleet.acceleration_mps2[idx] = (-speed_mps / secs).clamp(-grip_mps2, grip_mps2);
            traffic.fleet.sin_slip[idx] = 0.0;
            continue;
        }
        match traffic.fleet.driver[idx] {
            Driver::Rule => by_rule(traffic, idx),
            Driver::Outside { acceleration_mps2, sin_slip } => {
                traffic.fleet.acceleration_mps2[idx] = acceleration_mps2;
                traffic.fleet.sin_slip[idx] = sin_slip;
            }
            Driver::Constant { acceleration_mps2 } => {
                traffic.fleet.acceleration_mps2[idx] = acceleration_mps2;
                keep_lane(traffic, idx);
            }
            Driver::Waypoints { track } => to_waypoints(traffic, idx, track as usize, secs),
            Driver::Log { track } => as_recorded(traffic, idx, track as usize, secs),
        }
    }
}

fn by_rule(traffic: &mut Traffic, idx: usize) {
    let fleet = &traffic.fleet;
    let stands_long = fleet.stands_secs[idx] > PATIENCE_SECS && fleet.target[idx] == fleet.lane[idx];
    if stands_long && fleet.gives_up[idx] {
        give_up(traffic, idx);
    }
    change::decide(traffic, idx);
    let (mut acceleration_mps2, stopped_at) = traffic.seen().acceleration(idx);
    let noise_mps2 = traffic.stage.rules.noise_mps2;
    if noise_mps2 > 0.0 {
        let chance = traffic.chance.of(traffic.ticks).of(u64::from(traffic.fleet.id[idx]));
        acceleration_mps2 += noise_mps2 * chance.normal();
    }
    traffic.fleet.acceleration_mps2[idx] = acceleration_mps2;
    if let Some(lane) = stopped_at {
        traffic.fleet.stopped_at[idx] = lane;
    }
    keep_lane(traffic, idx);
}

/// Takes another destination, to which the lane leads, where it does not lead to the present one.
fn give_up(traffic: &mut Traffic, idx: usize) {
    let (destination, lane) = (traffic.fleet.destination[idx], traffic.fleet.lane[idx]);
    let network = &traffic.stage.network;
    if destination == NOWHERE || network.guide(usize::from(destination), lane).next.is_some() {
        return;
    }
    let other = (0..network.exits().len()).find(|&other| network.guide(other, lane).next.is_some());
    if let Some(other) = other {
        traffic.fleet.destination[idx] = other as u16;
        traffic.fleet.stands_secs[idx] = 0.0;
    }
}

impl View<'_> {
    /// What the rules make of what a participant sees: its acceleration, and the stop sign that it has come to.
    #[must_use]
    pub fn acceleration(&self, idx: usize) -> (f64, Option<LaneIdx>) {
        let fleet = self.fleet;
        let temper = self.temper(idx);
        let own = fleet.lane[idx];
        let facts = self.stage.facts(own);
        let (outlook, stopped_at) =
            if facts.is_plain { (self.plain_outlook(idx, own), None) } else { self.way_ahead(idx) };
        let desired_mps = outlook.cap_mps.min(self.desired_mps(idx, own)).max(0.1);
        let speed_mps = fleet.speed_mps[idx];
        let mut acceleration_mps2 = temper.idm.acceleration(speed_mps, desired_mps, outlook.leader);
        if outlook.stop_m < look::AHEAD_M {
            // A line is a leader that stands, behind which one may stand closer than behind a bumper.
            let before_line_m =
                if fleet.kind[idx] == Kind::Pedestrian { BEFORE_KERB_M } else { BEFORE_LINE_M };
            let gap_m = outlook.stop_m + temper.idm.standstill_gap_m - before_line_m;
            let line = Leader { gap_m, speed_mps: 0.0 };
            acceleration_mps2 =
                acceleration_mps2.min(temper.idm.acceleration(speed_mps, desired_mps, Some(line)));
        }
        let target = fleet.target[idx];
        if target != own {
            let [ahead, _] = self.around(idx, target);
            let leader = ahead.map(|ahead| self.leader(idx, &ahead));
            acceleration_mps2 =
                acceleration_mps2.min(temper.idm.acceleration(speed_mps, desired_mps, leader));
        }
        if let Some(oncoming) = self.stage.network.lane(own).against
            && self.meets_head_on(idx, oncoming)
        {
            acceleration_mps2 = acceleration_mps2.min(-HEAD_ON_BRAKING_MPS2);
        }
        if let Some(lane) = facts.lets_in {
            acceleration_mps2 = acceleration_mps2.min(self.courtesy_mps2(idx, lane, desired_mps));
        }
        (acceleration_mps2, stopped_at)
    }

    /// Whether a participant on the lane of those who come is so near to one of them that both have to brake hard.
    fn meets_head_on(&self, idx: usize, oncoming: LaneIdx) -> bool {
        let (here_m, speed_mps) = (self.frame(idx, oncoming).s_m, self.fleet.speed_mps[idx]);
        self.order.on(oncoming).iter().any(|entry| {
            let who = entry.who as usize;
            let theirs_mps = self.fleet.speed_mps[who];
            let halves_m = 0.5 * (self.fleet.length_m[idx] + self.fleet.length_m[who]);
            let gap_m = here_m - entry.s_m - halves_m;
            let stopping_m = (speed_mps * speed_mps + theirs_mps * theirs_mps) / (2.0 * BRAKING_MPS2);
            who != idx
                && self.fleet.lane[who] == oncoming
                && gap_m > -halves_m
                && gap_m < stopping_m + HEAD_ON_M
        })
    }

    /// The acceleration that lets in who is just ahead on a lane that ends, braking no harder than is comfortable.
    fn courtesy_mps2(&self, idx: usize, lane: LaneIdx, desired_mps: f64) -> f64 {
        let idm = &self.temper(idx).idm;
        let [Some(ahead), _] = self.around(idx, lane) else { return f64::INFINITY };
        let left_m = self.stage.facts(lane).length_m - self.fleet.s_m[ahead.who];
        let leader = self.leader(idx, &ahead);
        // Who overtakes is let in wherever it is.
        let is_far = left_m > LET_IN_M && self.stage.network.lane(lane).against.is_none();
        if self.fleet.lane[ahead.who] != lane || is_far || leader.gap_m < 0.0 {
            return f64::INFINITY;
        }
        idm.acceleration(self.fleet.speed_mps[idx], desired_mps, Some(leader)).max(-idm.braking_mps2)
    }

    /// The temper of a participant.
    #[must_use]
    #[inline]
    pub fn temper(&self, idx: usize) -> &Temper {
        let tempers = &self.stage.tempers;
        let temper = usize::from(self.fleet.temper[idx]).min(tempers.len() - 1);
        &tempers[temper][self.fleet.kind[idx] as usize]
    }

    /// What a participant would drive at on a free lane: its wish, its share of the limit, what its body can.
    #[must_use]
    #[inline]
    pub fn desired_mps(&self, idx: usize, lane: LaneIdx) -> f64 {
        let wish_mps = self.fleet.desired_mps[idx].min(self.fleet.kind[idx].top_speed_mps());
        wish_mps.min(self.cap_mps(idx, lane))
    }

    /// The speed that a lane allows a driver: its share of the limit, what it accepts in a bend.
    #[inline]
    pub(super) fn cap_mps(&self, idx: usize, lane: LaneIdx) -> f64 {
        let (facts, temper) = (self.stage.facts(lane), self.temper(idx));
        let limit_mps = facts.limit_mps * temper.limit_share;
        if facts.bend_per_m > 1e-9 { limit_mps.min(bend_mps(temper, facts.bend_per_m)) } else { limit_mps }
    }

    /// The way ahead where nothing but the next one along the lane matters.
    #[inline]
    fn plain_outlook(&self, idx: usize, own: LaneIdx) -> Outlook {
        let s_m = self.fleet.s_m[idx];
        let leader = self.order.ahead(idx).map(|entry| {
            let ahead = self.neighbour(entry, own, entry.s_m - s_m);
            self.leader(idx, &ahead)
        });
        Outlook { leader, stop_m: f64::INFINITY, cap_mps: f64::INFINITY }
    }
}

/// The speed at which a bend asks for the lateral acceleration that a driver accepts.
#[inline]
fn bend_mps(temper: &Temper, bend_per_m: f64) -> f64 {
    (temper.bend_mps2 / bend_per_m).sqrt()
}

/// The speed now from which early braking reaches `then_mps` after `way_m`.
#[inline]
pub(super) fn approach_mps(then_mps: f64, way_m: f64) -> f64 {
    (then_mps * then_mps + 2.0 * EARLY_BRAKING_MPS2 * way_m.max(0.0)).sqrt()
}

/// Turns the wheels towards the middle of the lane that a participant is in or changes to.
fn keep_lane(traffic: &mut Traffic, idx: usize) {
    let fleet = &mut traffic.fleet;
    let frame = look::frame(&traffic.stage, fleet, idx, fleet.target[idx]);
    let offset = Offset {
        d_m: frame.d_m,
        along: fleet.cos[idx] * frame.cos + fleet.sin[idx] * frame.sin,
        across: fleet.sin[idx] * frame.cos - fleet.cos[idx] * frame.sin,
        curvature_per_m: frame.curvature_per_m,
    };
    // Who is in the middle of a straight lane, along it, needs no correction, and the cheaper motion.
    if offset.curvature_per_m == 0.0 && offset.d_m.abs() < MIDDLE_M && offset.across.abs() < ALONG {
        fleet.sin_slip[idx] = 0.0;
        return;
    }
    let length_m = fleet.length_m[idx];
    let limit = fleet.kind[idx].slip_limit();
    let sin_slip = slip_to_keep(offset, length_m, reach_m(fleet.speed_mps[idx], length_m));
    fleet.sin_slip[idx] = sin_slip.clamp(-limit, limit);
}

/// Steers at the point of a track 0.8 seconds ahead and takes its speed.
fn to_waypoints(traffic: &mut Traffic, idx: usize, track: usize, secs: f64) {
    const LOOK_AHEAD_SECS: f64 = 0.8;
    let now_secs = traffic.secs;
    let Some((track, last)) =
        traffic.stage.tracks.get(track).and_then(|track| track.moments().last().map(|last| (track, *last)))
    else {
        return;
    };
    let fleet = &mut traffic.fleet;
    let aim = track.at((now_secs + LOOK_AHEAD_SECS).min(last.secs)).unwrap_or(last);
    let wanted = track.at((now_secs + secs).min(last.secs)).unwrap_or(last);
    let (dx, dy) = (aim.place_m[0] - fleet.x_m[idx], aim.place_m[1] - fleet.y_m[idx]);
    let (ahead_m, left_m) =
        (dx * fleet.cos[idx] + dy * fleet.sin[idx], dy * fleet.cos[idx] - dx * fleet.sin[idx]);
    let limit = fleet.kind[idx].slip_limit();
    fleet.sin_slip[idx] = slip_to_point(ahead_m, left_m, fleet.length_m[idx]).clamp(-limit, limit);
    // The speed of the track, and what closes the way that it is behind or ahead.
    let (dx, dy) = (wanted.place_m[0] - fleet.x_m[idx], wanted.place_m[1] - fleet.y_m[idx]);
    let behind_m = dx * fleet.cos[idx] + dy * fleet.sin[idx] - wanted.speed_mps * secs;
    let stands = now_secs >= last.secs;
    let wanted_mps = if stands { 0.0 } else { (wanted.speed_mps + 0.5 * behind_m).max(0.0) };
    fleet.acceleration_mps2[idx] = ((wanted_mps - fleet.speed_mps[idx]) / 0.5).clamp(-8.0, 5.0);
}

/// Takes the recorded speed; the place follows in `advance`. After the record, rules take over.
fn as_recorded(traffic: &mut Traffic, idx: usize, track: usize, secs: f64) {
    let then_secs = traffic.secs + secs;
    match traffic.stage.tracks.get(track).and_then(|track| track.at(then_secs)) {
        Some(moment) => {
            traffic.fleet.acceleration_mps2[idx] = (moment.speed_mps - traffic.fleet.speed_mps[idx]) / secs;
        }
        None => {
            traffic.fleet.driver[idx] = Driver::Rule;
            by_rule(traffic, idx);
        }
    }
}
