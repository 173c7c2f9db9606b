//! Puts lanes together and checks that they fit.

use super::{
    super::{
        curve::turn_between,
        lane::{Control, Lane, LaneIdx, Sketch},
        signal::Signal,
    },
    Network, RoadError, conflicts,
    grid::Grid,
    guides::Guides,
};

/// What bounds the cost of a network.
const MAX_LANES: usize = 4096;
const MAX_EXITS: usize = 256;
const MAX_TOTAL_M: f64 = 200_000.0;

/// What may be between the end of a lane and the start of the next.
const MAX_GAP_M: f64 = 0.1;
const MAX_TURN_RAD: f64 = 0.05;

/// Collects lanes and links; [`Builder::finish`] checks them.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    sketches: Vec<Sketch>,
    links: Vec<[LaneIdx; 2]>,
    lefts: Vec<[LaneIdx; 2]>,
    rights: Vec<[LaneIdx; 2]>,
    againsts: Vec<[LaneIdx; 2]>,
    entries: Vec<LaneIdx>,
    exits: Vec<Vec<LaneIdx>>,
    signal: Option<Signal>,
}

impl Builder {
    /// Adds a lane and names it.
    pub fn add(&mut self, sketch: Sketch) -> LaneIdx {
        self.sketches.push(sketch);
        LaneIdx(self.sketches.len() as u32 - 1)
    }

    /// `to` begins where `from` ends.
    pub fn connect(&mut self, from: LaneIdx, to: LaneIdx) {
        self.links.push([from, to]);
    }

    /// Two lanes in the same direction, side by side: one may change either way.
    pub fn beside(&mut self, right: LaneIdx, left: LaneIdx) {
        self.only_leftwards(right, left);
        self.only_rightwards(right, left);
    }

    /// One may change from the right to the left lane, and not back.
    pub fn only_leftwards(&mut self, right: LaneIdx, left: LaneIdx) {
        self.lefts.push([right, left]);
    }

    /// One may change from the left to the right lane, and not back.
    pub fn only_rightwards(&mut self, right: LaneIdx, left: LaneIdx) {
        self.rights.push([left, right]);
    }

    /// The same strip in opposite directions: `overtaking` is used against the traffic of `oncoming`.
    pub fn against(&mut self, overtaking: LaneIdx, oncoming: LaneIdx) {
        self.againsts.push([overtaking, oncoming]);
    }

    /// Traffic may enter at the start of the lane.
    pub fn entry(&mut self, lane: LaneIdx) {
        self.entries.push(lane);
    }

    /// Traffic leaves at the end of the lane. The first exit is destination 0, and so on.
    pub fn exit(&mut self, lane: LaneIdx) {
        self.exit_together(&[lane]);
    }

    /// Traffic leaves at the ends of these lanes, and whichever it takes, it is at the same destination.
    pub fn exit_together(&mut self, lanes: &[LaneIdx]) {
        self.exits.push(lanes.to_vec());
    }

    /// Sets the traffic lights.
    pub fn signal(&mut self, signal: Signal) {
        self.signal = Some(signal);
    }

    /// Checks all, and computes what follows from how the lanes lie.
    ///
    /// # Errors
    /// The first thing that is wrong, see [`RoadError`].
    pub fn finish(self) -> Result<Network, RoadError> {
        self.check_sizes()?;
        for (index, sketch) in self.sketches.iter().enumerate() {
            check_sketch(index as u32, sketch)?;
        }
        self.check_total()?;
        self.check_indexes()?;
        self.check_signal()?;
        self.check_links()?;
        if let Some(destination) = self.exits.iter().position(Vec::is_empty) {
            return Err(RoadError::EmptyDestination { destination });
        }
        let (entries, destinations, signal) = (self.entries.clone(), self.exits.clone(), self.signal.clone());
        let mut lanes = self.into_lanes()?;
        for (lane, conflicts) in conflicts::find(&lanes).into_iter().enumerate() {
            lanes[lane].conflicts = conflicts;
        }
        let guides = Guides::new(&lanes, &destinations);
        let exits = destinations.iter().map(|lanes| lanes[0]).collect();
        let grid = Grid::new(&lanes);
        Ok(Network { lanes, entries, exits, destinations, guides, grid, signal })
    }

    fn check_sizes(&self) -> Result<(), RoadError> {
        if self.sketches.is_empty() {
            return Err(RoadError::NoLanes);
        }
        if self.sketches.len() > MAX_LANES {
            return Err(RoadError::TooManyLanes { count: self.sketches.len(), limit: MAX_LANES });
        }
        if self.exits.len() > MAX_EXITS {
            return Err(RoadError::TooManyExits { count: self.exits.len(), limit: MAX_EXITS });
        }
        Ok(())
    }

    fn check_total(&self) -> Result<(), RoadError> {
        let length_m: f64 = self.sketches.iter().map(|sketch| sketch.curve.length_m()).sum();
        if length_m > MAX_TOTAL_M {
            return Err(RoadError::TooLong { length_m, limit_m: MAX_TOTAL_M });
        }
        Ok(())
    }

    fn check_indexes(&self) -> Result<(), RoadError> {
        let pairs = [&self.links, &self.lefts, &self.rights, &self.againsts];
        let named = pairs.into_iter().flatten().flatten().chain(&self.entries);
        let named = named.chain(self.exits.iter().flatten());
        let count = self.sketches.len();
        match named.into_iter().find(|lane| lane.0 as usize >= count) {
            Some(lane) => Err(RoadError::UnknownLane { lane: lane.0, count }),
            None => Ok(()),
        }
    }

    fn check_signal(&self) -> Result<(), RoadError> {
        let groups = self.signal.as_ref().map_or(0, Signal::groups);
        if let Some(signal) = &self.signal
            && !signal.is_sound()
        {
            return Err(RoadError::Signal { groups, cycle_secs: signal.cycle_secs() });
        }
        for (index, sketch) in self.sketches.iter().enumerate() {
            if let Control::Signal(group) = sketch.control
                && usize::from(group) >= groups
            {
                return Err(RoadError::NoSuchLight { lane: index as u32, group, groups });
            }
        }
        Ok(())
    }

    fn check_links(&self) -> Result<(), RoadError> {
        for &[from, to] in &self.links {
            let end = self.sketches[from.0 as usize].curve.end();
            let start = self.sketches[to.0 as usize].curve.start();
            let gap_m = (start.x_m - end.x_m).hypot(start.y_m - end.y_m);
            if gap_m > MAX_GAP_M {
                return Err(RoadError::Gap { from: from.0, to: to.0, gap_m });
            }
            let turn_rad = turn_between(end.heading_rad, start.heading_rad);
            if turn_rad.abs() > MAX_TURN_RAD {
                return Err(RoadError::Kink { from: from.0, to: to.0, turn_rad });
            }
        }
        Ok(())
    }

    fn into_lanes(self) -> Result<Vec<Lane>, RoadError> {
        let mut lanes: Vec<Lane> = self.sketches.into_iter().map(unlinked).collect();
        for [from, to] in self.links {
            let next = &mut lanes[from.0 as usize].next;
            if !next.contains(&to) {
                next.push(to);
                lanes[to.0 as usize].before.push(from);
            }
        }
        for [lane, left] in self.lefts {
            set_neighbour(lane, &mut lanes[lane.0 as usize].left, left)?;
        }
        for [lane, right] in self.rights {
            set_neighbour(lane, &mut lanes[lane.0 as usize].right, right)?;
        }
        for [lane, oncoming] in self.againsts {
            set_neighbour(lane, &mut lanes[lane.0 as usize].against, oncoming)?;
        }
        Ok(lanes)
    }
}

fn check_sketch(lane: u32, sketch: &Sketch) -> Result<(), RoadError> {
    let (start, end, length_m) = (sketch.curve.start(), sketch.curve.end(), sketch.curve.length_m());
    let poses = [start, end].map(|pose| pose.x_m + pose.y_m + pose.heading_rad);
    let numbers = [poses[0], poses[1], length_m, sketch.width_m, sketch.limit_mps];
    if !numbers.iter().all(|number| number.is_finite()) {
        return Err(RoadError::NotFinite { lane });
    }
    if !(0.5..=20.0).contains(&sketch.width_m) {
        return Err(RoadError::Width { lane, width_m: sketch.width_m });
    }
    if sketch.limit_mps <= 0.0 {
        return Err(RoadError::Limit { lane, limit_mps: sketch.limit_mps });
    }
    if length_m <= 0.1 {
        return Err(RoadError::Length { lane, length_m });
    }
    Ok(())
}

fn unlinked(sketch: Sketch) -> Lane {
    Lane {
        sketch,
        next: Vec::new(),
        before: Vec::new(),
        left: None,
        right: None,
        against: None,
        conflicts: Vec::new(),
    }
}

fn set_neighbour(lane: LaneIdx, side: &mut Option<LaneIdx>, neighbour: LaneIdx) -> Result<(), RoadError> {
    match *side {
        Some(first) if first != neighbour => {
            Err(RoadError::TwoNeighbours { lane: lane.0, first: first.0, second: neighbour.0 })
        }
        _ => {
            *side = Some(neighbour);
            Ok(())
        }
    }
}
