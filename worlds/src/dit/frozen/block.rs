//! Lanes in one block: a step of each, a real frame for each, or many frames of one.

use super::{
    super::{
        dream::noise_beside,
        lane::{BEFORE, DRAWN, KNOWN},
        readout::Said,
    },
    lane::Lane,
    room::Room,
    run::Purpose,
    trunk::{Sizes, Trunk},
    vector::Vector,
};

impl Trunk {
    /// Dreams one frame in each lane, at most [`Room::FRAMES`], after the actions that its history tells, and says what
    /// the frames are read to be.
    pub(super) fn dream(&self, lanes: &mut [&mut Lane], vector: Option<&Vector>) -> [Said; Room::FRAMES] {
        let (frames, passes) = (lanes.len(), self.sizes.passes);
        self.rooms.within(
            || Room::new(&self.sizes),
            |room| {
                for (idx, lane) in lanes.iter().enumerate() {
                    self.seat(room, idx, lane, None);
                }
                self.condition(room, frames, 0..=passes);
                for pass in 0..passes {
                    self.run(room, lanes, frames, Purpose::Pass(pass));
                    if pass == 0 {
                        room.guessed.copy_from_slice(&room.predicted);
                    }
                    self.advance(room, pass);
                }
                for (idx, lane) in lanes.iter_mut().enumerate() {
                    self.commit(room, idx, lane, vector);
                }
                self.run(room, lanes, frames, Purpose::Commit);
                let mut said = [Said::default(); Room::FRAMES];
                for (idx, (said, lane)) in said.iter_mut().zip(lanes).enumerate() {
                    self.read(room, idx);
                    *said = self.telling.dreamed(&room.readout, self.gap(room, idx), &mut lane.doubts);
                }
                said
            },
        )
    }

    /// Takes the clean latents `[lane, token, token_dim]` as the next frames of at most [`Room::FRAMES`] lanes.
    pub(super) fn observe(&self, lanes: &mut [&mut Lane], latents: &[f32]) -> [Said; Room::FRAMES] {
        let each = self.sizes.tokens * self.sizes.token_dim;
        self.rooms.within(
            || Room::new(&self.sizes),
            |room| {
                for (idx, (lane, latents)) in lanes.iter_mut().zip(latents.chunks_exact(each)).enumerate() {
                    self.seat(room, idx, lane, Some(latents));
                    lane.latest.copy_from_slice(latents);
                    lane.position += 1;
                }
                let frames = lanes.len();
                self.condition(room, frames, self.observed_level()..=self.observed_level());
                self.run(room, lanes, frames, Purpose::Commit);
                let mut said = [Said::default(); Room::FRAMES];
                for (idx, (said, lane)) in said.iter_mut().zip(lanes).enumerate() {
                    self.read(room, idx);
                    *said = self.telling.observed(&room.readout, &mut lane.doubts);
                }
                said
            },
        )
    }

    /// Sees a whole context in a new lane: clean latents `[time, token, token_dim]`, and the actions taken at them
    /// `[time, width]`, the last of which is not known yet.
    pub(super) fn begin(&self, lane: &mut Lane, latents: &[f32], actions: &[f32]) {
        let each = self.sizes.tokens * self.sizes.token_dim;
        let time = latents.len() / each;
        let width = actions.len() / time;
        self.rooms.within(
            || Room::new(&self.sizes),
            |room| {
                for first in (0..time).step_by(Room::FRAMES) {
                    let frames = first..time.min(first + Room::FRAMES);
                    for t in frames.clone() {
                        let latents = &latents[t * each..(t + 1) * each];
                        self.seat(room, t - first, lane, Some(latents));
                        lane.latest.copy_from_slice(latents);
                        lane.position += 1;
                        if t + 1 < time {
                            lane.history.push(Some(&actions[t * width..(t + 1) * width]));
                        }
                    }
                    self.remember(room, &mut [&mut *lane], frames.len());
                }
            },
        );
    }

    fn remember(&self, room: &mut Room, lanes: &mut [&mut Lane], frames: usize) {
        self.condition(room, frames, self.observed_level()..=self.observed_level());
        self.run(room, lanes, frames, Purpose::Remember);
    }

    /// Writes what the next frame of a lane begins as: noise, or `clean` latents lightly noised.
    fn seat(&self, room: &mut Room, idx: usize, lane: &Lane, clean: Option<&[f32]>) {
        let Sizes { tokens, token_dim, features, ring, .. } = self.sizes;
        room.features[idx * features..][..features].copy_from_slice(lane.history.features());
        let rotation = idx * ring.head_dim..(idx + 1) * ring.head_dim;
        self.rotate(lane.position, &mut room.cos[rotation.clone()], &mut room.sin[rotation]);
        let noise = match clean {
            Some(clean) => {
                let mut noise = lane.noise(KNOWN);
                self.blend(clean, &mut noise);
                noise
            }
            None => {
                let mut noise = lane.noise(DRAWN);
                noise.iter_mut().for_each(|x| *x *= self.temperature);
                noise
            }
        };
        let mut previous = lane.noise(BEFORE);
        match lane.position {
            // Nothing comes before the first frame.
            0 => previous.fill(0.0),
            _ => {
                let beside = noise_beside(self.observed);
                previous.iter_mut().zip(&lane.latest).for_each(|(x, latest)| *x = latest + *x * beside);
            }
        }
        let pairs = noise.chunks_exact(token_dim).zip(previous.chunks_exact(token_dim));
        let places = room.seen[idx * tokens * 2 * token_dim..].chunks_exact_mut(2 * token_dim);
        for (place, (now, before)) in places.zip(pairs) {
            place[..token_dim].copy_from_slice(now);
            place[token_dim..].copy_from_slice(before);
        }
    }

    /// From noise to what is seen of `clean`.
    fn blend(&self, clean: &[f32], noise: &mut [f32]) {
        noise.iter_mut().zip(clean).for_each(|(noise, clean)| *noise += (clean - *noise) * self.observed);
    }

    /// Goes on along the straight line to the clean latents, as far as one pass goes.
    fn advance(&self, room: &mut Room, pass: usize) {
        let Sizes { token_dim, passes, .. } = self.sizes;
        let (from, to) = (pass as f32 / passes as f32, (pass + 1) as f32 / passes as f32);
        let share = (to - from) / (1.0 - from);
        let seen = room.seen.chunks_exact_mut(2 * token_dim);
        for (seen, predicted) in seen.zip(room.predicted.chunks_exact(token_dim)) {
            let now = seen[..token_dim].iter_mut().zip(predicted);
            now.for_each(|(now, predicted)| *now = *now * (1.0 - share) + predicted * share);
        }
    }

    /// Takes what a frame was drawn as for the newest of a lane, and shows it to the room as one that is known.
    fn commit(&self, room: &mut Room, idx: usize, lane: &mut Lane, vector: Option<&Vector>) {
        let Sizes { tokens, pictured, token_dim: dim, .. } = self.sizes;
        let seen = &mut room.seen[idx * tokens * 2 * dim..][..tokens * 2 * dim];
        for (latest, seen) in lane.latest.chunks_exact_mut(dim).zip(seen.chunks_exact(2 * dim)) {
            latest.copy_from_slice(&seen[..dim]);
        }
        let (pictures, state) = lane.latest.split_at_mut(pictured * dim);
        for latest in pictures.chunks_exact_mut(dim) {
            let bounds = self.mean.iter().zip(&self.scale);
            for (latest, (mean, scale)) in latest.iter_mut().zip(bounds) {
                *latest = ((*latest * scale + mean).clamp(-1.0, 1.0) - mean) / scale;
            }
        }
        if let Some(vector) = vector {
            vector.bound(state);
        }
        let mut noise = lane.noise(KNOWN);
        self.blend(&lane.latest, &mut noise);
        for (seen, noise) in seen.chunks_exact_mut(2 * dim).zip(noise.chunks_exact(dim)) {
            seen[..dim].copy_from_slice(noise);
        }
        lane.position += 1;
    }

    /// The mean square of how far apart the first and the last pass took a frame for, each number on the scale of its
    /// spread.
    fn gap(&self, room: &Room, idx: usize) -> f32 {
        let len = self.sizes.tokens * self.sizes.token_dim;
        let frame = idx * len..(idx + 1) * len;
        let pairs = room.guessed[frame.clone()].iter().zip(&room.predicted[frame]);
        let pictured = len - self.shrink.len();
        let scales = std::iter::repeat_n(&1.0, pictured).chain(&self.shrink);
        pairs.zip(scales).map(|((first, last), scale)| ((first - last) * scale).powi(2)).sum::<f32>()
            / len as f32
    }
}
