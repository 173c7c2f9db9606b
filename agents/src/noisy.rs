//! A driver that is disturbed: car following mixed with random pushes, more of them in some episodes than in others.
//!
//! Data of a good driver alone says nothing of what actions do, since they can be guessed from the picture;
//! data of a random one ends in a crash at once. This one lives long and acts in ways the picture does not tell.

use dreamlane_core::{ActionSpace, Actions, EnvSpec, Error, Policy, Result, Seed, Timestep};

use crate::{
    Idm, Random,
    rows::{actions, seeds_of_rows},
};

/// `1 - strength` parts [`Idm`], `strength` parts [`Random`]; `strength` is uniform from 0 to `most` in each episode.
#[derive(Clone, Debug)]
pub struct Noisy {
    driver: Idm,
    pushes: Random,
    most: f32,
    low: Vec<f32>,
    high: Vec<f32>,
    /// Per row, the strength of its episode.
    strengths: Vec<f32>,
}

impl Noisy {
    /// For an env that the `idm` policy can drive; `text` is the largest strength, 0 to 1, 0.5 when not given.
    ///
    /// # Errors
    /// When the env lacks what `idm` needs, or the strength is not a number from 0 to 1.
    pub fn parse(text: Option<&str>, spec: &EnvSpec) -> Result<Self> {
        let most = text.map_or(Ok(0.5), |text| {
            let strength = text.parse::<f32>().ok().filter(|strength| (0.0..=1.0).contains(strength));
            strength.ok_or_else(|| {
                Error::Invalid(format!(
                    "policy noisy: expected a strength from 0 to 1 such as noisy:0.5, found `{text}`"
                ))
            })
        })?;
        let ActionSpace::Continuous { low, high, .. } = &spec.action else {
            return Err(Error::Unsupported("policy noisy with discrete actions", spec.name.clone()));
        };
        let (low, high) = (low.clone(), high.clone());
        Ok(Self {
            driver: Idm::new(spec)?,
            pushes: Random::new(spec),
            most,
            low,
            high,
            strengths: Vec::new(),
        })
    }
}

impl Policy for Noisy {
    fn act(&mut self, now: &Timestep, seeds: &[Seed]) -> Result<Actions> {
        let driven = self.driver.act(now, seeds)?;
        let pushed = self.pushes.act(now, seeds)?;
        let of_rows = seeds_of_rows(now, seeds)?;
        self.strengths.resize(of_rows.len(), 0.0);
        for (row_idx, seed) in of_rows.iter().enumerate() {
            if now.first.get(row_idx) {
                self.strengths[row_idx] = self.most * seed.split(0).uniform();
            }
        }
        let numbers = |actions: &Actions| actions.values.to_data().iter().collect::<Vec<f32>>();
        let width = self.low.len();
        let values =
            numbers(&driven).into_iter().zip(numbers(&pushed)).enumerate().map(|(idx, (drive, push))| {
                let column = idx % width;
                let strength = self.strengths[idx / width];
                ((1.0 - strength) * drive + strength * push).clamp(self.low[column], self.high[column])
            });
        Ok(actions(now, values.collect()))
    }
}
