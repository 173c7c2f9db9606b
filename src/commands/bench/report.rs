//! What a bench says, for machines. Rates count lane steps: one batched step of 64 lanes is 64.

use serde::Serialize;

use super::{
    super::choices::Numbers,
    beside::Beside,
    machine::Machine,
    process::Memory,
    quantiles::quantile,
    stepping::{Stepped, WARM_UP},
};

/// The whole of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) env: String,
    pub(crate) policy: String,
    pub(crate) precision: Numbers,
    pub(crate) seed: u64,
    pub(crate) machine: Machine,
    /// One per number of lanes, in the order asked for.
    pub(crate) lanes: Vec<LanesReport>,
    /// The program of others that was measured in turns with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beside: Option<Beside>,
}

/// One number of lanes.
#[derive(Debug, Serialize)]
pub(crate) struct LanesReport {
    pub(crate) lanes: usize,
    /// Timed steps of all lanes together.
    pub(crate) batched_steps: usize,
    /// Timed steps of single lanes: what every rate counts.
    pub(crate) real_steps: u64,
    /// Batched steps before the first timed one.
    pub(crate) warm_up_steps: usize,
    pub(crate) env_steps_per_sec: Rates,
    pub(crate) latency_ms: Latency,
    pub(crate) share: Share,
    pub(crate) resets: Resets,
    /// Participants moved times ticks of the physics, where the env is a rule engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) moves: Option<Moves>,
    /// Where the arithmetic of a step is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arithmetic: Option<Arithmetic>,
    /// Of building the env and of the bare loop.
    pub(crate) memory: Memory,
    /// One per format.
    pub(crate) recording: Vec<RecordingReport>,
}

/// Lane steps per second, each line with more of what a training run does.
#[derive(Debug, Serialize)]
pub(crate) struct Rates {
    /// The env alone.
    pub(crate) step: f64,
    /// With the policy: the headline.
    pub(crate) step_and_policy: f64,
    /// With the policy and the resets of finished lanes.
    pub(crate) step_policy_and_resets: f64,
}

/// Of one batched step: policy and env, resets excluded.
#[derive(Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) mean: f64,
}

/// Shares of the time of a step, in [0, 1].
#[derive(Debug, Serialize)]
pub(crate) struct Share {
    pub(crate) policy: f64,
    pub(crate) env: f64,
    /// What drawing the pictures takes of the env's share, measured alone; of worlds only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decode: Option<f64>,
}

/// Resets between timed steps.
#[derive(Debug, Serialize)]
pub(crate) struct Resets {
    /// Lanes that were reset.
    pub(crate) lanes: u64,
    /// Milliseconds per lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ms_per_lane: Option<f64>,
}

/// How fast a rule engine moves its participants.
#[derive(Debug, Serialize)]
pub(crate) struct Moves {
    /// Participants in a lane times ticks in a step, the mean.
    pub(crate) per_step: f64,
    /// In all lanes, with the policy's time left out.
    pub(crate) per_sec: f64,
    /// The same for each thread.
    pub(crate) per_sec_and_thread: f64,
}

/// Floating point operations in matrix products and convolutions, a multiply-add counting two.
#[derive(Debug, Serialize)]
pub(crate) struct Arithmetic {
    /// Of one step of one lane, in millions.
    pub(crate) mflop_per_step: f64,
    /// At the headline rate.
    pub(crate) gflop_per_sec: f64,
}

/// What one format costs.
#[derive(Debug, Serialize)]
pub(crate) struct RecordingReport {
    pub(crate) format: &'static str,
    /// Pairs of rollouts.
    pub(crate) rounds: usize,
    /// Of each rollout.
    pub(crate) episodes: u64,
    /// Of each rollout.
    pub(crate) real_steps: u64,
    /// Without a recorder, resets included; the median, as are all rates here.
    pub(crate) off_steps_per_sec: f64,
    /// With a recorder, until the last step; resets included.
    pub(crate) on_steps_per_sec: f64,
    /// With a recorder, until all is on disk.
    pub(crate) complete_steps_per_sec: f64,
    /// On to off of the same round, the median.
    pub(crate) on_ratio: f64,
    /// Until all is on disk, to off of the same round, the median.
    pub(crate) complete_ratio: f64,
    pub(crate) bytes_per_step: f64,
    /// Processor time of all threads per lane step, without a recorder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) off_cpu_ms: Option<f64>,
    /// With one, until all is on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_cpu_ms: Option<f64>,
    /// Of all rounds of this format.
    pub(crate) memory: Memory,
}

impl LanesReport {
    /// Puts together what was measured. `decode_secs` is of one batched step, `flops` of one lane's step.
    pub(crate) fn new(
        stepped: &Stepped,
        decode_secs: Option<f64>,
        flops: Option<f64>,
        memory: Memory,
        recording: Vec<RecordingReport>,
    ) -> Self {
        let (secs, batched_steps) = (stepped.secs(), stepped.step_secs.len());
        let rate = |secs: f64| stepped.lane_steps as f64 / secs.max(1e-9);
        let ms = |share: f64| 1e3 * quantile(&stepped.step_secs, share);
        let mean = secs / batched_steps as f64;
        let policy = stepped.policy_secs / secs.max(1e-9);
        Self {
            lanes: stepped.lane_steps as usize / batched_steps,
            batched_steps,
            real_steps: stepped.lane_steps,
            warm_up_steps: WARM_UP,
            env_steps_per_sec: Rates {
                step: rate(secs - stepped.policy_secs),
                step_and_policy: rate(secs),
                step_policy_and_resets: rate(secs + stepped.reset_secs),
            },
            latency_ms: Latency { p50: ms(0.5), p99: ms(0.99), mean: 1e3 * mean },
            share: Share { policy, env: 1.0 - policy, decode: decode_secs.map(|decode| decode / mean) },
            resets: Resets {
                lanes: stepped.resets,
                ms_per_lane: (stepped.resets > 0).then(|| 1e3 * stepped.reset_secs / stepped.resets as f64),
            },
            moves: (stepped.moved > 0).then(|| {
                let per_sec = stepped.moved as f64 / (secs - stepped.policy_secs).max(1e-9);
                Moves {
                    per_step: stepped.moved as f64 / stepped.lane_steps as f64,
                    per_sec,
                    per_sec_and_thread: per_sec / rayon::current_num_threads() as f64,
                }
            }),
            arithmetic: flops.map(|flops| Arithmetic {
                mflop_per_step: flops / 1e6,
                gflop_per_sec: flops * rate(secs) / 1e9,
            }),
            memory,
            recording,
        }
    }
}
