//! Drives a policy through an environment of many lanes and records what happens.
//!
//! [`rollout`] plays the episodes of a [`Plan`], as many side by side as the environment has lanes, refills
//! a lane as soon as its episode is over, and hands whole episodes to a sink, strictly in the order of
//! their ids. An episode is a function of (run seed, episode id, policy): the number of lanes, their order and
//! the speed of the sink do not change a byte of it. [`fork`](fn@fork) goes on from one beginning under several action sequences.

mod behind;
mod fork;
mod lanes;
mod plan;
mod recorder;
mod rollout;
mod writer;

pub use fork::{Branch, Forked, fork};
pub use plan::{EpisodeFault, Plan, Progress, Summary};
pub use rollout::rollout;
