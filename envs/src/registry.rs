//! The environments that can be built by name.

use burn::tensor::Device;
use dreamlane_core::{Env, Error, Result};

use crate::drive::{self, Scenario, presets};

/// One environment that can be built by name.
#[derive(Clone, Copy, Debug)]
pub struct EnvEntry {
    /// The name users write, before a colon and options.
    pub name: &'static str,
    /// One line for the list of environments.
    pub about: &'static str,
    /// The scenario that it is without options.
    pub scenario: fn() -> Scenario,
    /// The option without which it cannot be built, if there is one.
    pub needs: Option<&'static str>,
}

const fn entry(name: &'static str, about: &'static str, scenario: fn() -> Scenario) -> EnvEntry {
    EnvEntry { name, about, scenario, needs: None }
}

/// All environments that need no learned world.
pub static ENVS: &[EnvEntry] = &[
    entry(
        "drive/highway",
        "four lanes with traffic around the car, until the clock ends it",
        presets::highway,
    ),
    entry(
        "drive/highway_v0",
        "highway-v0 of highway-env: its models, steps of a second, meta actions",
        presets::highway_v0,
    ),
    entry("drive/merge", "from the ramp into the traffic of the main road", presets::merge),
    entry("drive/exit", "from the main road to the ramp", presets::exit),
    entry("drive/weave", "from the on-ramp to the main road, across those who leave it", presets::weave),
    entry("drive/lane_drop", "three lanes become two", presets::lane_drop),
    entry("drive/ring", "one of 22 cars on a ring of 230 m, where traffic jams by itself", presets::ring),
    entry("drive/roundabout", "four arms, two ring lanes, zebra crossings", presets::roundabout),
    entry(
        "drive/intersection",
        "a crossing where one road has priority, people on foot",
        presets::intersection,
    ),
    entry("drive/intersection_equal", "a crossing without priorities", presets::intersection_equal),
    entry("drive/intersection_stop", "a crossing with stop signs on all arms", presets::intersection_stop),
    entry(
        "drive/intersection_signal",
        "a crossing with lights, cyclists beside cars",
        presets::intersection_signal,
    ),
    entry("drive/two_way", "one lane each way, lorries to overtake against the traffic", presets::two_way),
    entry("drive/racetrack", "laps of a circuit among a few others", presets::racetrack),
    entry("drive/parking", "into a free bay between parked cars", presets::parking),
    EnvEntry {
        name: "drive/platoon",
        about: "one of the cars of a recorded platoon, such as those of NGSIM",
        scenario: presets::platoon,
        needs: Some("replay.data=FOLDER"),
    },
];

/// Builds an environment by name, such as `drive/highway` or `drive/merge:seats=2,actions=meta`.
///
/// # Errors
/// When no entry has this name, an option fits nothing, or the environment cannot be built with so many lanes.
pub fn build(name: &str, lanes: usize, device: &Device) -> Result<Box<dyn Env>> {
    let (known, options) = name.split_once(':').unwrap_or((name, ""));
    match ENVS.iter().find(|entry| entry.name == known) {
        Some(entry) => drive::build(entry.name, options, (entry.scenario)(), lanes, device),
        // A learned world needs a run folder and contexts, so the root package resolves it.
        None => Err(Error::unknown("env", name, ENVS.iter().map(|entry| entry.name).chain(["world:RUN"]))),
    }
}
