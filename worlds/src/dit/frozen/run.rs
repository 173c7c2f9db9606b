//! A block of frames through the transformer, on one thread: what stands between its layers stays in the core's caches.
//!
//! The arithmetic is that of [`dit::trunk`](super::super::trunk), row by row: a row's bytes depend on no other frame.

use std::sync::Arc;

use dreamlane_nn::kernels::cpu::{
    activation::silu,
    attention::space::attend_space_block,
    gated::Gated,
    linear::Activation,
    modulation::Modulation,
    norm::{rms_modulate_block, rms_norm_block},
    product::Keep,
};

use super::{
    super::vector::{code_of, decode_of},
    lane::Lane,
    room::Room,
    trunk::{Attention, Block, ROWS, Sizes, Trunk},
};

/// Where the rows of time attention and of the feed-forward layer begin in a block's modulation.
const TIME: usize = 3;
const FEED_FORWARD: usize = 6;

/// What a run of the trunk is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Clean latents, from this pass of a step.
    Pass(usize),
    /// The frames, which are known, are read and remembered.
    Commit,
    /// The frames, which are known, are remembered, and no more.
    Remember,
}

impl Trunk {
    /// Writes the rotation of a frame at a position in time.
    pub(super) fn rotate(&self, position: u64, cos: &mut [f32], sin: &mut [f32]) {
        self.time.write(&[position as f64], cos, sin);
    }

    /// The condition of all frames of a room, and the modulation that follows from it at each of `levels`.
    pub(super) fn condition(&self, room: &mut Room, frames: usize, levels: impl Iterator<Item = usize>) {
        let Sizes { dim, features, .. } = self.sizes;
        let Room { features: known, action, condition, shared, wide, .. } = room;
        let known = &known[..frames * features];
        self.action_token.apply(known, &mut [], &mut action[..frames * dim], Activation::None);
        self.action_condition.apply(known, wide, &mut condition[..frames * dim]);
        for level in levels {
            let (sum, active) = wide[..2 * frames * dim].split_at_mut(frames * dim);
            for (sum, condition) in sum.chunks_exact_mut(dim).zip(condition.chunks_exact(dim)) {
                let pairs = condition.iter().zip(&self.levels[level]);
                sum.iter_mut().zip(pairs).for_each(|(sum, (a, b))| *sum = b + a);
            }
            silu(sum, active);
            let shared = &mut shared[level][..frames * ROWS * dim];
            self.modulation.apply(active, &mut [], shared, Activation::None);
        }
    }

    /// The level that frames that are known have.
    pub(super) fn observed_level(&self) -> usize {
        self.sizes.passes
    }

    /// Runs all frames of a room through the blocks, the frames of a lane in the order of time.
    ///
    /// Afterwards the room holds the clean latents, where those are wanted, in `predicted` `[frame, token, token_dim]`.
    pub(super) fn run(&self, room: &mut Room, lanes: &mut [&mut Lane], frames: usize, purpose: Purpose) {
        let mut numbers = frames * self.sizes.all * self.sizes.dim;
        let shared_idx = if let Purpose::Pass(idx) = purpose { idx } else { self.observed_level() };
        let level = match purpose {
            Purpose::Pass(pass) => pass as f32 / self.sizes.passes as f32,
            _ => self.observed,
        };
        self.enter(room, frames, level);
        let mut memory_idx = 0;
        for (block_idx, block) in self.blocks.iter().enumerate() {
            let shared = std::mem::take(&mut room.shared[shared_idx]);
            let modulation = Modulation {
                shared: &shared[..frames * ROWS * self.sizes.dim],
                offsets: &block.offsets,
                rows: ROWS,
                dim: self.sizes.dim,
            };
            self.attend_space(room, numbers, &block.space, &modulation);
            if let Some(time) = &block.time {
                self.attend_time(room, time, &modulation, lanes, memory_idx, purpose);
                memory_idx += 1;
                if purpose == Purpose::Commit && block_idx + 1 == self.blocks.len() {
                    // All is remembered, and nothing but the readers is asked for any more.
                    self.keep_readers(room, frames);
                    numbers = frames * self.sizes.dim;
                }
                self.take_in(room, numbers, time, &modulation);
            }
            let is_done = purpose == Purpose::Remember && memory_idx == lanes[0].rings.len();
            if !is_done {
                self.feed_forward(room, numbers, block, &modulation);
            }
            room.shared[shared_idx] = shared;
            if is_done {
                return;
            }
        }
        match purpose {
            Purpose::Pass(_) => self.leave(room, frames),
            _ => self.norm_readers(room, frames, numbers),
        }
    }

    /// Moves the reader of each frame, as it is and what it attends to, to `[frame, dim]`.
    fn keep_readers(&self, room: &mut Room, frames: usize) {
        let Sizes { all, dim, .. } = self.sizes;
        for frame in 0..frames {
            let reader = (frame * all + all - 1) * dim;
            room.x.copy_within(reader..reader + dim, frame * dim);
            room.normed.copy_within(reader..reader + dim, frame * dim);
        }
    }

    /// The last norm, of the readers alone, which are the last tokens of each frame: `[frame, dim]`.
    fn norm_readers(&self, room: &mut Room, frames: usize, numbers: usize) {
        let (each, dim) = (numbers / frames, self.sizes.dim);
        let Room { x, normed, .. } = room;
        for (x, normed) in x.chunks_exact(each).zip(normed.chunks_exact_mut(dim)).take(frames) {
            rms_norm_block(&x[each - dim..], dim, normed);
        }
    }

    /// What the reader of a frame that was committed says, in the room's `readout`.
    pub(super) fn read(&self, room: &mut Room, frame: usize) {
        let dim = self.sizes.dim;
        let Room { normed, readout, .. } = room;
        let reader = &normed[frame * dim..][..dim];
        self.heads.apply(reader, &mut [], readout, Activation::None);
    }

    /// Tokens of all kinds, `[frame, token, dim]`, from what the frames are seen to be.
    fn enter(&self, room: &mut Room, frames: usize, level: f32) {
        let Sizes { all, tokens, pictured, token_dim, dim, .. } = self.sizes;
        let Room { x, seen, news, action, .. } = room;
        let seen = seen.chunks_exact(tokens * 2 * token_dim);
        for (frame, (x, seen)) in x.chunks_exact_mut(all * dim).zip(seen).take(frames).enumerate() {
            let (latents, others) = x.split_at_mut(tokens * dim);
            let (pictures, state) = latents.split_at_mut(pictured * dim);
            let (seen, seen_state) = seen.split_at(pictured * 2 * token_dim);
            self.enter.apply(seen, &mut [], pictures, Activation::None);
            if let Some(enter) = &self.enter_state {
                self.tell(seen_state, level, news);
                enter.apply(news, &mut [], state, Activation::None);
            }
            others[..dim].copy_from_slice(&action[frame * dim..][..dim]);
            others[dim..].fill(0.0);
            x.iter_mut().zip(&self.places).for_each(|(x, place)| *x += place);
        }
    }

    /// What is shown of the tokens of a state: what is new, and what was before on the scale of its spread.
    fn tell(&self, seen: &[f32], level: f32, news: &mut [f32]) {
        let dim = self.sizes.token_dim;
        let tokens = seen.chunks_exact(2 * dim).zip(news.chunks_exact_mut(2 * dim));
        for ((seen, news), shrink) in tokens.zip(self.shrink.chunks_exact(dim)) {
            let (now, before) = seen.split_at(dim);
            let (new, old) = news.split_at_mut(dim);
            for (idx, (now, before)) in now.iter().zip(before).enumerate() {
                (new[idx], old[idx]) = (code_of(now - before * level), before * shrink[idx]);
            }
        }
    }

    fn attend_space(
        &self,
        room: &mut Room,
        numbers: usize,
        attention: &Attention,
        modulation: &Modulation<'_>,
    ) {
        let Room { x, y, normed, wide, pairs, scratch, .. } = room;
        let (normed, wide) = (&mut normed[..numbers], &mut wide[..3 * numbers]);
        rms_modulate_block(&x[..numbers], modulation, 0, normed);
        attention.qkv.multiply(normed, pairs, wide, &Keep);
        let placing = attention.placing(&self.space.cos, &self.space.sin);
        attend_space_block(self.sizes.space, &placing, wide, scratch, normed);
        let gated = Gated::new(&x[..numbers], &attention.out.bias, modulation, 2);
        attention.out.multiply(normed, pairs, &mut y[..numbers], &gated);
        std::mem::swap(x, y);
    }

    /// What each token finds in its own past; what is known is remembered.
    fn attend_time(
        &self,
        room: &mut Room,
        attention: &Attention,
        modulation: &Modulation<'_>,
        lanes: &mut [&mut Lane],
        memory_idx: usize,
        purpose: Purpose,
    ) {
        let Sizes { all, dim, ring, .. } = self.sizes;
        let frame = all * dim;
        let numbers = modulation.frames() * frame;
        let Room { x, normed, wide, pairs, scratch, cos, sin, .. } = room;
        let (normed, wide) = (&mut normed[..numbers], &mut wide[..3 * numbers]);
        rms_modulate_block(&x[..numbers], modulation, TIME, normed);
        attention.qkv.multiply(normed, pairs, wide, &Keep);
        let per_lane = numbers / frame / lanes.len();
        let frames = wide.chunks_exact(3 * frame).zip(normed.chunks_exact_mut(frame));
        let rotations = cos.chunks_exact(ring.head_dim).zip(sin.chunks_exact(ring.head_dim));
        for (idx, ((qkv, mixed), (cos, sin))) in frames.zip(rotations).enumerate() {
            let placing = attention.placing(cos, sin);
            let ring = &mut lanes[idx / per_lane].rings[memory_idx];
            ring.attend(&placing, qkv, scratch, mixed);
            if !matches!(purpose, Purpose::Pass(_)) {
                Arc::make_mut(ring).push(&placing, qkv, scratch);
            }
        }
    }

    /// Adds what time attention found.
    fn take_in(&self, room: &mut Room, numbers: usize, attention: &Attention, modulation: &Modulation<'_>) {
        let Room { x, y, normed, pairs, .. } = room;
        let gated = Gated::new(&x[..numbers], &attention.out.bias, modulation, TIME + 2);
        attention.out.multiply(&normed[..numbers], pairs, &mut y[..numbers], &gated);
        std::mem::swap(x, y);
    }

    fn feed_forward(&self, room: &mut Room, numbers: usize, block: &Block, modulation: &Modulation<'_>) {
        let Room { x, y, normed, wide, pairs, .. } = room;
        let (normed, wide) =
            (&mut normed[..numbers], &mut wide[..numbers / self.sizes.dim * self.sizes.hidden]);
        rms_modulate_block(&x[..numbers], modulation, FEED_FORWARD, normed);
        block.widen.apply(normed, pairs, wide, Activation::SquaredRelu);
        let gated = Gated::new(&x[..numbers], &block.narrow.bias, modulation, FEED_FORWARD + 2);
        block.narrow.multiply(wide, pairs, &mut y[..numbers], &gated);
        std::mem::swap(x, y);
    }

    /// The clean latents.
    fn leave(&self, room: &mut Room, frames: usize) {
        let Sizes { all, tokens, pictured, token_dim, dim, .. } = self.sizes;
        let Room { x, normed, seen, predicted, .. } = room;
        rms_norm_block(&x[..frames * all * dim], dim, &mut normed[..frames * all * dim]);
        let latents = normed.chunks_exact(all * dim).zip(predicted.chunks_exact_mut(tokens * token_dim));
        for ((x, predicted), seen) in latents.zip(seen.chunks_exact(tokens * 2 * token_dim)).take(frames) {
            let (pictures, state) = predicted.split_at_mut(pictured * token_dim);
            self.leave.apply(&x[..pictured * dim], &mut [], pictures, Activation::None);
            if let Some(leave) = &self.leave_state {
                leave.apply(&x[pictured * dim..tokens * dim], &mut [], state, Activation::None);
            }
            state
                .iter_mut()
                .zip(&self.most)
                .for_each(|(code, most)| *code = decode_of(code.clamp(-most, *most)));
            let anchored = if self.sizes.anchored { 0 } else { pictured };
            let tokens = predicted.chunks_exact_mut(token_dim).zip(seen.chunks_exact(2 * token_dim));
            for (predicted, seen) in tokens.skip(anchored) {
                let previous = &seen[token_dim..];
                predicted.iter_mut().zip(previous).for_each(|(predicted, previous)| *predicted += previous);
            }
        }
    }
}
