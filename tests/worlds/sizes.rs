//! Every registered size, made narrow, on pictures of several cameras, sizes and aspect ratios beside a state vector.
//!
//! What a size says of depth, registers, passes and memory stays as it is; only widths are a toy's.

use std::sync::Arc;

use burn::tensor::Device;
use dreamlane::{
    core::{CameraSpec, LaneMask, WorldModel, WorldSpec},
    worlds::{self, DitConfig, SIZES},
};

use super::{actions, bits, contexts, seeds, toys};

const LANES: usize = 2;

/// A large picture, a wide one and a tall one, and more numbers than a token holds.
fn spec() -> WorldSpec {
    let cameras = vec![
        CameraSpec::new("front", 128, 128),
        CameraSpec::new("wide", 32, 96),
        CameraSpec::new("tall", 64, 32),
    ];
    let state = (0..21).map(|idx| format!("number{idx}")).collect();
    WorldSpec { cameras, state, ..toys::spec(128) }
}

/// A size with the widths of a toy that trains for two steps of each stage.
fn narrow(size: &str) -> DitConfig {
    let mut config = DitConfig::sized(size).unwrap();
    (config.codec.fine, config.codec.coarse, config.codec.latent) = (8, 8, 4);
    (config.trunk.dim, config.trunk.hidden) = (4 * config.trunk.heads, 32);
    let learning = &mut config.learning;
    (learning.codec_steps, learning.steps, learning.codec_batch, learning.warm_up) = (2, 2, 4, 1);
    (learning.batch, learning.shards, learning.clip) = (2, 1, 4);
    config
}

#[test]
fn every_size_learns_saves_and_dreams_pictures_of_several_cameras_beside_a_state() {
    let (spec, device) = (spec(), Device::flex());
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let learner = toys::briefly_trained(narrow(size), &spec, &device);
        learner.world().save(&path).unwrap();
        let made: Arc<dyn WorldModel> = Arc::new(learner.into_world());
        let wants = made.spec().context;
        assert_eq!(wants, DitConfig::sized(size).unwrap().trunk.wants, "{size}");
        let lives = [made, worlds::load(&path, &device).unwrap()].map(|world| {
            let mut dream = world.clone().imagine(&contexts(world.spec(), &[0, 1]), &seeds(&[0, 1])).unwrap();
            let mut lived = Vec::new();
            for time in 0..2 {
                let said = dream.step(&actions(LANES, time), &LaneMask::all(LANES));
                let drawn = world.decode(said.latent.clone());
                let sizes = drawn.images.iter().map(|images| images.dims()).collect::<Vec<_>>();
                assert_eq!(sizes, [[LANES, 3, 128, 128], [LANES, 3, 32, 96], [LANES, 3, 64, 32]], "{size}");
                assert_eq!(drawn.state.dims(), [LANES, 21], "{size}");
                assert!(drawn.state.to_data().iter::<f32>().all(f32::is_finite), "{size}");
                lived.push([bits(&said.latent), bits(&said.reward), bits(&drawn.state)]);
            }
            assert_ne!(lived[0], lived[1], "{size}: a dream that stands still would show nothing");
            lived
        });
        assert!(lives[0] == lives[1], "{size}: the saved world dreams otherwise");
    }
}
