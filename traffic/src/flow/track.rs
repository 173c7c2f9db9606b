//! A recorded or planned way: where something is at which time.

use serde::{Deserialize, Serialize};

/// One moment of a track.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// Since the start of the episode.
    pub secs: f64,
    /// Middle of the body.
    pub place_m: [f64; 2],
    /// Along the way.
    pub speed_mps: f64,
}

/// A way by moments, later ones last.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    moments: Vec<Moment>,
}

impl Track {
    /// A track of at least one moment, each later than the one before and finite; `None` otherwise.
    #[must_use]
    pub fn new(moments: Vec<Moment>) -> Option<Self> {
        let finite = |moment: &Moment| {
            [moment.secs, moment.place_m[0], moment.place_m[1], moment.speed_mps]
                .iter()
                .all(|x| x.is_finite())
        };
        let ordered = moments.windows(2).all(|pair| pair[0].secs < pair[1].secs);
        (!moments.is_empty() && ordered && moments.iter().all(finite)).then_some(Self { moments })
    }

    /// All moments.
    #[must_use]
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Where it is at a time, straight between moments; `None` before the first and after the last.
    #[must_use]
    pub fn at(&self, secs: f64) -> Option<Moment> {
        // Times that are sums of ticks miss those of the record by rounding.
        const SLACK_SECS: f64 = 1e-6;
        let (first, last) = (self.moments.first()?, self.moments.last()?);
        if secs < first.secs - SLACK_SECS || secs > last.secs + SLACK_SECS {
            return None;
        }
        let after = self.moments.partition_point(|moment| moment.secs <= secs);
        let (Some(from), Some(to)) = (after.checked_sub(1), self.moments.get(after)) else {
            return Some(if after == 0 { *first } else { *last });
        };
        let from = &self.moments[from];
        let share = (secs - from.secs) / (to.secs - from.secs);
        let mix = |a: f64, b: f64| a + share * (b - a);
        Some(Moment {
            secs,
            place_m: [mix(from.place_m[0], to.place_m[0]), mix(from.place_m[1], to.place_m[1])],
            speed_mps: mix(from.speed_mps, to.speed_mps),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(secs: f64, x_m: f64) -> Moment {
        Moment { secs, place_m: [x_m, 0.0], speed_mps: 10.0 }
    }

    #[test]
    fn a_track_lies_between_its_moments_and_nowhere_else() {
        let track = Track::new(vec![moment(1.0, 10.0), moment(2.0, 20.0)]).unwrap();
        assert_eq!(track.at(1.25).unwrap().place_m, [12.5, 0.0]);
        assert_eq!(track.at(2.0).unwrap().place_m, [20.0, 0.0]);
        assert!(track.at(0.9).is_none() && track.at(2.1).is_none());
    }

    #[test]
    fn moments_out_of_order_or_not_finite_are_no_track() {
        assert!(Track::new(vec![]).is_none());
        assert!(Track::new(vec![moment(2.0, 0.0), moment(2.0, 1.0)]).is_none());
        assert!(Track::new(vec![moment(0.0, f64::NAN)]).is_none());
    }
}
