//! What can be wrong with a layout.

/// Why lanes do not make a network. Lanes are named by the order in which they were added.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RoadError {
    /// Nothing was added.
    #[error("expected at least one lane, found none")]
    NoLanes,
    /// A destination without a lane that leads to it.
    #[error("expected at least one lane of destination {destination}, found none")]
    EmptyDestination {
        /// The destination.
        destination: usize,
    },
    /// Too many lanes.
    #[error("expected at most {limit} lanes, found {count}")]
    TooManyLanes {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Too many exits: each has a table over all lanes.
    #[error("expected at most {limit} exits, found {count}")]
    TooManyExits {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The lanes are too long together.
    #[error("expected lanes of at most {limit_m} m together, found {length_m} m")]
    TooLong {
        /// Length of all lanes.
        length_m: f64,
        /// What it may be.
        limit_m: f64,
    },
    /// A curve, a width or a limit is infinite or no number.
    #[error("expected finite numbers in lane {lane}, found one that is not")]
    NotFinite {
        /// The lane.
        lane: u32,
    },
    /// A lane is too narrow or too wide.
    #[error("expected a width of 0.5 to 20 m of lane {lane}, found {width_m} m")]
    Width {
        /// The lane.
        lane: u32,
        /// Its width.
        width_m: f64,
    },
    /// A speed limit that nobody can keep moving under.
    #[error("expected a speed limit above 0 m/s of lane {lane}, found {limit_mps} m/s")]
    Limit {
        /// The lane.
        lane: u32,
        /// Its limit.
        limit_mps: f64,
    },
    /// A lane is too short.
    #[error("expected lane {lane} to be longer than 0.1 m, found {length_m} m")]
    Length {
        /// The lane.
        lane: u32,
        /// Its length.
        length_m: f64,
    },
    /// A link, an entry or an exit names a lane that was not added.
    #[error("expected a lane below {count}, found {lane}")]
    UnknownLane {
        /// The lane named.
        lane: u32,
        /// How many there are.
        count: usize,
    },
    /// A lane does not begin where the one before it ends.
    #[error("expected lane {to} to begin where lane {from} ends, found {gap_m} m between them")]
    Gap {
        /// The lane before.
        from: u32,
        /// The lane after.
        to: u32,
        /// How far apart they are.
        gap_m: f64,
    },
    /// A lane does not go on in the direction of the one before it.
    #[error("expected lane {to} to go on in the direction of lane {from}, found a turn of {turn_rad} rad")]
    Kink {
        /// The lane before.
        from: u32,
        /// The lane after.
        to: u32,
        /// From the one heading to the other.
        turn_rad: f64,
    },
    /// A lane was given two different neighbours on the same side.
    #[error("expected one neighbour on a side of lane {lane}, found lanes {first} and {second}")]
    TwoNeighbours {
        /// The lane.
        lane: u32,
        /// Its neighbour by an earlier link.
        first: u32,
        /// Its neighbour by a later link.
        second: u32,
    },
    /// A lane obeys a light that the signal does not have.
    #[error("expected the light of lane {lane} to be a group below {groups}, found group {group}")]
    NoSuchLight {
        /// The lane.
        lane: u32,
        /// The group that it names.
        group: u8,
        /// How many groups there are, 0 without a signal.
        groups: usize,
    },
    /// Durations of the signal are negative or not finite, or a green takes no time, or there are no groups.
    #[error("expected positive durations of the signal, found a cycle of {cycle_secs} s of {groups} groups")]
    Signal {
        /// How many groups it has.
        groups: usize,
        /// How long its cycle takes.
        cycle_secs: f64,
    },
    /// A number of a layout is out of its range.
    #[error("{what}: expected {lowest} to {highest}, found {found}")]
    OutOfRange {
        /// What the number says.
        what: &'static str,
        /// The least that it may be.
        lowest: f64,
        /// The most that it may be.
        highest: f64,
        /// What it is.
        found: f64,
    },
}
