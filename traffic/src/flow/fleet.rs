//! Everyone on one network: a structure of arrays, one column per quantity.
//!
//! Columns keep their memory when participants leave, so a step allocates nothing once the fleet is at its size.

use serde::{Deserialize, Serialize};

use crate::{
    participant::{Bicycle, Footprint, Kind, bicycle::slip},
    road::LaneIdx,
};

/// No destination: drives on wherever the road leads.
pub const NOWHERE: u16 = u16::MAX;

/// Who decides for a participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// The rules: follows, changes lanes, gives way.
    #[default]
    Rule,
    /// Someone outside, by acceleration and curvature, for as long as no other word comes.
    Outside {
        /// Positive is faster.
        acceleration_mps2: f64,
        /// Sine of the slip angle, which names a curvature: curvature = sine / (length / 2).
        sin_slip: f64,
    },
    /// Keeps its lane and this acceleration, blind to everyone: a lead that brakes, a car that stands.
    Constant {
        /// Positive is faster; it stops at 0.
        acceleration_mps2: f64,
    },
    /// Drives to the points of a track one after the other, at its speeds.
    Waypoints {
        /// Index of the track.
        track: u32,
    },
    /// Is where a recorded track says it was, by the inverse of the bicycle.
    Log {
        /// Index of the track.
        track: u32,
    },
}

macro_rules! columns {
    ($(#[doc = $about:literal] $name:ident: $type:ty = $default:expr,)+) => {
        /// One participant.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Participant { $(#[doc = $about] pub $name: $type,)+ }

        impl Default for Participant {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// All participants, by column. All columns are equally long.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Fleet { $(#[doc = $about] pub $name: Vec<$type>,)+ }

        impl Fleet {
            /// Room for so many.
            #[must_use]
            pub fn with_capacity(capacity: usize) -> Self {
                Self { $($name: Vec::with_capacity(capacity),)+ }
            }

            /// Adds one at the end.
            pub fn push(&mut self, one: Participant) {
                $(self.$name.push(one.$name);)+
            }

            /// One of them.
            #[must_use]
            pub fn get(&self, idx: usize) -> Participant {
                Participant { $($name: self.$name[idx],)+ }
            }

            /// Puts one in the place of another.
            pub fn set(&mut self, idx: usize, one: Participant) {
                $(self.$name[idx] = one.$name;)+
            }

            /// Takes one out; the last comes to its place.
            pub fn swap_remove(&mut self, idx: usize) {
                $(self.$name.swap_remove(idx);)+
            }

            /// Whether every column has the same length, as a fleet from elsewhere may not.
            #[must_use]
            pub fn is_whole(&self) -> bool {
                let len = self.len();
                $(self.$name.len() == len)&&+
            }
        }
    };
}

columns! {
    #[doc = "Names it for the length of an episode."]
    id: u32 = 0,
    #[doc = "What it is."]
    kind: Kind = Kind::Car,
    #[doc = "Decides its paint and shape."]
    look: u32 = 0,
    #[doc = "Length of its body."]
    length_m: f64 = 5.0,
    #[doc = "Width of its body."]
    width_m: f64 = 2.0,
    #[doc = "Middle of its body."]
    x_m: f64 = 0.0,
    #[doc = "Middle of its body."]
    y_m: f64 = 0.0,
    #[doc = "Counter-clockwise from x."]
    heading_rad: f64 = 0.0,
    #[doc = "Cosine of the heading."]
    cos: f64 = 1.0,
    #[doc = "Sine of the heading."]
    sin: f64 = 0.0,
    #[doc = "Along the wheels; negative backwards."]
    speed_mps: f64 = 0.0,
    #[doc = "Of the last tick."]
    acceleration_mps2: f64 = 0.0,
    #[doc = "Sine of the slip angle of the last tick: the curvature is this over half of the length."]
    sin_slip: f64 = 0.0,
    #[doc = "The lane that it is in."]
    lane: LaneIdx = LaneIdx(0),
    #[doc = "Along that lane; beyond its ends outside it."]
    s_m: f64 = 0.0,
    #[doc = "To the left of that lane's middle."]
    d_m: f64 = 0.0,
    #[doc = "The lane that it is changing to, or its own."]
    target: LaneIdx = LaneIdx(0),
    #[doc = "What it drives at on a free road without a limit."]
    desired_mps: f64 = 30.0,
    #[doc = "Since it last looked at the lanes beside."]
    timer_secs: f64 = 0.0,
    #[doc = "Exponent of its free acceleration; that of its temper where not a number."]
    exponent: f64 = f64::NAN,
    #[doc = "Index of its temper."]
    temper: u8 = 0,
    #[doc = "Index of its destination, or `NOWHERE`."]
    destination: u16 = NOWHERE,
    #[doc = "Who decides for it."]
    driver: Driver = Driver::Rule,
    #[doc = "Whether it changes lanes of its own accord."]
    changes_lanes: bool = true,
    #[doc = "Whether it takes another destination when it stands for long where its lane does not lead to its own."]
    gives_up: bool = true,
    #[doc = "Whether it collided: it comes to a stand and is in the way."]
    crashed: bool = false,
    #[doc = "How long it has been standing."]
    stands_secs: f64 = 0.0,
    #[doc = "The lane whose stop sign it has stopped at."]
    stopped_at: LaneIdx = LaneIdx(u32::MAX),
}

impl Participant {
    /// One of a kind, with the kind's size.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        let [length_m, width_m, _] = kind.size_m();
        Self { kind, length_m, width_m, ..Self::default() }
    }

    /// Whether one from elsewhere has only numbers that can be moved on with.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let driver = match self.driver {
            Driver::Outside { acceleration_mps2, sin_slip } => [acceleration_mps2, sin_slip],
            Driver::Constant { acceleration_mps2 } => [acceleration_mps2, 0.0],
            Driver::Rule | Driver::Waypoints { .. } | Driver::Log { .. } => [0.0; 2],
        };
        let finite = [
            self.x_m,
            self.y_m,
            self.heading_rad,
            self.speed_mps,
            self.acceleration_mps2,
            self.s_m,
            self.d_m,
            self.desired_mps,
            self.timer_secs,
            self.stands_secs,
            driver[0],
        ];
        let within_one = [self.cos, self.sin, self.sin_slip, driver[1]];
        let sizes = [self.length_m, self.width_m];
        finite.iter().all(|x| x.is_finite() && x.abs() < 1e9)
            && within_one.iter().all(|x| x.abs() <= 1.000_001)
            && sizes.iter().all(|size| *size > 0.0 && *size < 100.0)
            && (self.exponent.is_nan() || (self.exponent > 0.0 && self.exponent < 100.0))
    }

    /// The angle of the front wheels.
    #[must_use]
    pub fn steering_rad(&self) -> f64 {
        let sin = self.sin_slip;
        (2.0 * sin).atan2((1.0 - sin * sin).max(0.0).sqrt())
    }
}

impl Fleet {
    /// Number of participants.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// The ground that one covers.
    #[must_use]
    #[inline]
    pub fn footprint(&self, idx: usize) -> Footprint {
        Footprint {
            x_m: self.x_m[idx],
            y_m: self.y_m[idx],
            heading_rad: self.heading_rad[idx],
            length_m: self.length_m[idx],
            width_m: self.width_m[idx],
        }
    }

    /// One as a bicycle.
    #[must_use]
    pub fn bicycle(&self, idx: usize) -> Bicycle {
        Bicycle {
            x_m: self.x_m[idx],
            y_m: self.y_m[idx],
            heading_rad: self.heading_rad[idx],
            speed_mps: self.speed_mps[idx],
        }
    }

    /// Sets the heading, and what is kept of it.
    #[inline]
    pub fn turn_to(&mut self, idx: usize, heading_rad: f64) {
        self.heading_rad[idx] = heading_rad;
        (self.sin[idx], self.cos[idx]) = heading_rad.sin_cos();
    }

    /// Sets the wheels.
    pub fn steer(&mut self, idx: usize, steering_rad: f64) {
        self.sin_slip[idx] = slip(steering_rad).0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_pushed_comes_back_and_the_last_takes_the_place_of_who_leaves() {
        let one = |id| Participant { id, x_m: f64::from(id), exponent: 4.0, ..Participant::of(Kind::Truck) };
        let mut fleet = Fleet::with_capacity(3);
        (0..3).for_each(|id| fleet.push(one(id)));
        assert_eq!(fleet.get(1), one(1));
        fleet.swap_remove(0);
        assert_eq!((fleet.len(), fleet.get(0), fleet.is_whole()), (2, one(2), true));
        fleet.x_m.pop();
        assert!(!fleet.is_whole());
    }

    #[test]
    fn the_steering_angle_comes_back_from_the_slip() {
        let mut fleet = Fleet::default();
        fleet.push(Participant::default());
        fleet.steer(0, 0.35);
        assert!((fleet.get(0).steering_rad() - 0.35).abs() < 1e-12);
    }
}
