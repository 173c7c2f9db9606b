//! Any bytes as a saved episode of traffic: one that is accepted moves on without a panic.

#![no_main]

use std::sync::{Arc, LazyLock};

use dreamlane_fuzz::Capped;
use dreamlane_traffic::{
    flow::{Rules, Saved, Stage, Traffic},
    layout::{Highway, Roundabout},
};
use libfuzzer_sys::fuzz_target;

static STAGES: LazyLock<Vec<Arc<Stage>>> = LazyLock::new(|| {
    let highway = Highway { lanes: 3, length_m: 1000.0, limit_mps: 30.0 };
    let roads = [highway.build(), Roundabout::default().build()];
    let mut stages: Vec<_> =
        roads.into_iter().flatten().map(|network| Stage::new(network, Rules::textbook())).collect();
    stages.extend(highway.build().map(|network| Stage::new(network, Rules::highway_env())));
    stages
});

fuzz_target!(|bytes: &[u8]| {
    let stages = &*STAGES;
    Capped::at_most(1 << 22);
    let Ok(saved) = postcard::from_bytes::<Saved>(bytes) else { return };
    for stage in stages {
        let Some(mut traffic) = Traffic::restored(stage.clone(), saved.clone()) else { continue };
        for _ in 0..3 {
            traffic.tick(0.1);
            traffic.collide(|_, _, _| ());
        }
    }
});
