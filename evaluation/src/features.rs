//! What the numbers of a state vector mean, read off their names: `ego.speed/30mps` is the own speed divided by 30 m/s,
//! `ahead.present` says whether there is anybody ahead.

/// One number of a state vector.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Feature {
    /// The name without its unit.
    pub(crate) name: String,
    /// What the number is multiplied by for its unit.
    pub(crate) scale: f64,
    /// The unit as printed; empty where there is none.
    pub(crate) unit: String,
}

impl Feature {
    /// What a number of this name is.
    pub(crate) fn of(name: &str) -> Self {
        let bare = Self { name: name.to_owned(), scale: 1.0, unit: String::new() };
        let Some((before, after)) = name.rsplit_once('/') else { return bare };
        let digits = after.find(|letter: char| letter.is_alphabetic()).unwrap_or(after.len());
        let Ok(scale) = after[..digits].parse() else { return bare };
        let unit = match &after[digits..] {
            "mps" => "m/s",
            unit => unit,
        };
        Self { name: before.to_owned(), scale, unit: unit.to_owned() }
    }
}

/// One other participant in a state vector: columns of whether it is there and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) present: usize,
    pub(crate) forward: usize,
    pub(crate) left: usize,
}

/// What a recorded state vector says, and where a world's own state vector says the same.
#[derive(Clone, Debug)]
pub(crate) struct Features {
    pub(crate) all: Vec<Feature>,
    /// Per recorded number, its place in the world's state vector; none where the world does not predict it.
    predicted: Vec<Option<usize>>,
}

impl Features {
    pub(crate) fn of(recorded: &[String], predicted: &[String]) -> Self {
        let place = |name: &String| predicted.iter().position(|other| other == name);
        Self {
            all: recorded.iter().map(|name| Feature::of(name)).collect(),
            predicted: recorded.iter().map(place).collect(),
        }
    }

    /// Whether the world predicts any recorded number.
    pub(crate) fn any(&self) -> bool {
        self.predicted.iter().any(Option::is_some)
    }

    /// Whether the world predicts this recorded number.
    pub(crate) fn is_predicted(&self, column: usize) -> bool {
        self.predicted[column].is_some()
    }

    /// A recorded number of this name, without its unit.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|feature| feature.name == name)
    }

    /// The world's prediction of a recorded number.
    pub(crate) fn told(&self, state: &[f32], column: usize) -> Option<f32> {
        state.get(self.predicted[column]?).copied()
    }

    /// The number in its unit.
    pub(crate) fn in_unit(&self, value: f32, column: usize) -> f64 {
        self.all[column].scale * f64::from(value)
    }

    /// Mean squared error over all numbers that are predicted, as they stand in the vector; none without any.
    pub(crate) fn squared_error(&self, told: &[f32], recorded: &[f32]) -> Option<f64> {
        let pairs =
            (0..recorded.len()).filter_map(|column| Some((self.told(told, column)?, recorded[column])));
        let squared: Vec<f64> = pairs.map(|(told, came)| f64::from(told - came).powi(2)).collect();
        (!squared.is_empty()).then(|| squared.iter().sum::<f64>() / squared.len() as f64)
    }

    /// Numbers of the seat itself that are predicted.
    pub(crate) fn own(&self) -> Vec<usize> {
        let own = |&column: &usize| self.all[column].name.starts_with("ego.") && self.is_predicted(column);
        (0..self.all.len()).filter(own).collect()
    }

    /// The others whose presence and place are predicted; a destination is no participant.
    pub(crate) fn others(&self) -> Vec<Place> {
        let place = |present: usize| {
            let who = self.all[present].name.strip_suffix(".present").filter(|&who| who != "goal")?;
            let of = |what: &str| self.named(&format!("{who}.{what}"));
            let place = Place { present, forward: of("forward")?, left: of("left")? };
            [present, place.forward, place.left].iter().all(|&at| self.is_predicted(at)).then_some(place)
        };
        (0..self.all.len()).filter_map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_name_tells_its_unit() {
        let cases = [
            ("ego.speed/30mps", "ego.speed", 30.0, "m/s"),
            ("ego.heading/0.5rad", "ego.heading", 0.5, "rad"),
            ("ahead.present", "ahead.present", 1.0, ""),
            ("odd/name", "odd/name", 1.0, ""),
        ];
        for (name, bare, scale, unit) in cases {
            assert_eq!(Feature::of(name), Feature { name: bare.into(), scale, unit: unit.into() });
        }
    }

    #[test]
    fn numbers_are_matched_by_name() {
        let recorded = names(&["ego.speed/30mps", "ahead.present", "ahead.forward/100m", "ahead.left/8m"]);
        let features = Features::of(&recorded, &names(&["ahead.present", "ego.speed/30mps"]));
        assert_eq!((features.own(), features.others()), (vec![0], vec![]));
        assert_eq!(features.told(&[1.0, 0.5], 0), Some(0.5));
        // (0.5^2 + 0) / 2: what the world does not predict does not count.
        assert_eq!(features.squared_error(&[1.0, 0.5], &[0.0, 1.0, 7.0, 7.0]), Some(0.125));
        let all = Features::of(&recorded, &recorded);
        assert_eq!(all.others(), [Place { present: 1, forward: 2, left: 3 }]);
        assert_eq!(all.in_unit(0.5, 0), 15.0);
        assert!(!Features::of(&recorded, &[]).any());
    }
}
