//! Fixed-time traffic lights: what a light shows is a function of the time alone.

/// What a light shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// Go.
    Green,
    /// Stop if there is room to.
    Yellow,
    /// Stop.
    Red,
}

/// Fixed-time traffic lights: groups share a cycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// From and to, in seconds of the cycle, in the order of the groups.
    greens_secs: Vec<[f64; 2]>,
    yellow_secs: f64,
    cycle_secs: f64,
}

impl Signal {
    /// Groups in turn: each has so many seconds of green, then yellow, then all are red before the next one's.
    #[must_use]
    pub fn in_turn(greens_secs: &[f64], yellow_secs: f64, all_red_secs: f64) -> Self {
        let mut cycle_secs = 0.0;
        let windows = greens_secs.iter().map(|green_secs| {
            let window = [cycle_secs, cycle_secs + green_secs];
            cycle_secs = window[1] + yellow_secs + all_red_secs;
            window
        });
        Self { greens_secs: windows.collect(), yellow_secs, cycle_secs }
    }

    /// What a group shows. A group that the signal does not have shows red.
    #[must_use]
    pub fn light(&self, group: u8, at_secs: f64) -> Light {
        let Some([from_secs, to_secs]) = self.greens_secs.get(usize::from(group)) else {
            return Light::Red;
        };
        let phase_secs = at_secs.rem_euclid(self.cycle_secs);
        if phase_secs < *from_secs || phase_secs >= to_secs + self.yellow_secs {
            Light::Red
        } else if phase_secs < *to_secs {
            Light::Green
        } else {
            Light::Yellow
        }
    }

    /// How many groups share the cycle.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.greens_secs.len()
    }

    /// How long it takes until all repeats.
    #[must_use]
    pub fn cycle_secs(&self) -> f64 {
        self.cycle_secs
    }

    /// Whether all durations are finite, and greens longer than nothing.
    pub(super) fn is_sound(&self) -> bool {
        let mut last_secs = 0.0;
        let are_greens_sound = self.greens_secs.iter().all(|&[from_secs, to_secs]| {
            let is_sound = from_secs >= last_secs && to_secs > from_secs;
            last_secs = to_secs + self.yellow_secs;
            is_sound
        });
        let is_cycle_sound = self.cycle_secs.is_finite() && self.cycle_secs >= last_secs;
        are_greens_sound && is_cycle_sound && self.yellow_secs >= 0.0 && !self.greens_secs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Light, Signal};

    #[test]
    fn groups_are_green_in_turn_with_all_red_between() {
        let signal = Signal::in_turn(&[20.0, 10.0], 3.0, 2.0);
        assert_eq!((signal.groups(), signal.cycle_secs()), (2, 40.0));
        let cases = [
            (0.0, Light::Green, Light::Red),
            (19.9, Light::Green, Light::Red),
            (20.0, Light::Yellow, Light::Red),
            (23.0, Light::Red, Light::Red),
            (25.0, Light::Red, Light::Green),
            (35.0, Light::Red, Light::Yellow),
            (38.0, Light::Red, Light::Red),
        ];
        for (at_secs, first, second) in cases {
            for later_secs in [0.0, 40.0, 4000.0, -80.0] {
                let lights = [0, 1].map(|group| signal.light(group, at_secs + later_secs));
                assert_eq!(lights, [first, second], "{at_secs}");
            }
        }
    }

    #[test]
    fn two_groups_never_may_go_at_once() {
        let signal = Signal::in_turn(&[7.0, 5.0, 11.0], 3.0, 0.0);
        for step in 0..1000 {
            let at_secs = f64::from(step) * 0.1;
            let going = (0..3).filter(|&group| signal.light(group, at_secs) != Light::Red).count();
            assert_eq!(going, 1, "{at_secs}");
        }
    }

    #[test]
    fn a_group_that_is_not_there_stays_red() {
        assert_eq!(Signal::in_turn(&[7.0], 3.0, 0.0).light(1, 2.0), Light::Red);
    }
}
