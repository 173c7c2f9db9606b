//! Environments, worlds and policies by the names that users write.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    choices::{DreamChoices, Numbers},
    provenance, store,
};
use burn::tensor::Device;
use dreamlane::{
    agents::{self, Replay},
    core::{
        CameraSpec, Env, EnvSpec, Error, Origin, Policy, Provenance, Result, Source as Origins, WorldModel,
    },
    datasets::{DatasetContexts, FrameCache, open_any},
    envs::{
        self,
        dream::{DreamLimits, WorldEnv},
    },
    training::RECORD,
    worlds::{self, BEGINNINGS, checkpoint},
};

/// What a learned world is called before its path.
pub(crate) const WORLD: &str = "world:";

/// Choices that matter for dreams alone.
#[derive(Clone, Debug)]
pub(crate) struct Dreaming {
    pub(crate) choices: DreamChoices,
    pub(crate) limits: DreamLimits,
}

/// An environment, and the data behind it where it is a dream.
pub(crate) struct Source {
    pub(crate) env: Box<dyn Env>,
    /// What dreams it, where it is a dream.
    pub(crate) world: Option<Arc<dyn WorldModel>>,
    pub(crate) data: Option<PathBuf>,
    /// What recordings say they are.
    pub(crate) about: String,
    /// Where they come from, but for the policy and the run.
    pub(crate) provenance: Provenance,
}

/// `drive/highway`, or `world:RUN`.
pub(crate) fn env(name: &str, lanes: usize, dreaming: &Dreaming, device: &Device) -> Result<Source> {
    let Some(run) = name.strip_prefix(WORLD) else {
        if dreaming.choices.precision == Numbers::Bf16 {
            return Err(Error::Unsupported("products in bf16", name.to_owned()));
        }
        if dreaming.choices.temperature != 1.0 {
            return Err(Error::Unsupported("a temperature, as it is no dream", name.to_owned()));
        }
        let env = envs::build(name, lanes, device)?;
        // The env's own name has no paths in it.
        let provenance = provenance::played(&env.spec().name, Origins::Truth);
        let about = format!("truth {}", env.spec().name);
        return Ok(Source { env, world: None, data: dreaming.choices.data.clone(), about, provenance });
    };
    let run = Path::new(run);
    let folder = checkpoint::locate(run)?;
    let world = worlds::load_with(run, device, dreaming.choices.stepping())?;
    let data = match &dreaming.choices.data {
        Some(data) => data.clone(),
        None => trained_on(run)?,
    };
    let cache = store::frames(&data)?;
    fits(world.as_ref(), &cache, &data)?;
    let (rule, split) = (store::split_rule(&cache), dreaming.choices.split.into());
    let licence = open_any(&data)?.provenance().and_then(|provenance| provenance.licence.clone());
    let provenance = Provenance {
        world: Some(Origin {
            name: dreaming.choices.of(&world.spec().world),
            hash: checkpoint::fingerprint(&folder)?,
        }),
        contexts: Some(provenance::contexts(&data, &cache, split)),
        horizon: Some(dreaming.limits.horizon),
        min_trust: Some(dreaming.limits.min_trust).filter(|&least| least > 0.0),
        licence,
        // The path of a run names a place on one machine; the hash names the world.
        ..provenance::played(&format!("{WORLD}{}", provenance::folder_name(run)), Origins::Dream)
    };
    let contexts = DatasetContexts::new(cache, split, rule, world.spec().context)?;
    let about = match &provenance.world {
        Some(world) => format!("dream of {} {}", world.name, world.hash),
        None => format!("dream of {}", world.spec().world),
    };
    let env =
        WorldEnv::new(world.clone(), Arc::new(contexts), lanes, dreaming.limits, name.to_owned(), device)?;
    Ok(Source { env: Box::new(env), world: Some(world), data: Some(data), about, provenance })
}

/// A registered policy, or `replay` of the actions recorded in a data set; and what recordings say of it.
pub(crate) fn policy(name: &str, spec: &EnvSpec, data: Option<&Path>) -> Result<(Box<dyn Policy>, Origin)> {
    if name != "replay" {
        return Ok((agents::build(name, spec)?, provenance::policy(name, None)));
    }
    let data =
        data.ok_or_else(|| Error::Invalid("policy replay needs --data, a data set to replay".into()))?;
    let cache = store::frames(data)?;
    let (wanted, found) = (spec.action.names(), cache.spec().action.names());
    if wanted != found {
        return Err(Error::mismatch(data, "actions to replay", format!("{wanted:?}"), format!("{found:?}")));
    }
    let episodes = cache.lengths().iter().enumerate().map(|(idx, &len)| {
        let first = cache.first_frame(idx);
        cache.actions(first..first + len.saturating_sub(1)).to_vec()
    });
    let replay = Replay::new(episodes.collect(), spec.action.width())?;
    Ok((Box::new(replay), provenance::policy(name, Some(&cache))))
}

/// Whether a data set shows what a world was made for.
pub(crate) fn fits(world: &dyn WorldModel, cache: &FrameCache, data: &Path) -> Result<()> {
    let (world, found) = (world.spec(), cache.spec());
    // How a camera projects does not matter to a world: it dreams pictures.
    let (shown, there) = (pictures(&world.cameras), pictures(&found.cameras));
    if shown != there {
        return Err(Error::mismatch(data, "cameras", shown, there));
    }
    let (wanted, names) = (world.action.names(), found.action.names());
    if wanted != names {
        return Err(Error::mismatch(
            data,
            "actions",
            format!("{} {wanted:?}", wanted.len()),
            format!("{} {names:?}", names.len()),
        ));
    }
    // A world of pictures alone may begin from data that has a state vector too.
    if !world.state.is_empty() && world.state != found.state {
        return Err(Error::mismatch(
            data,
            "numbers of the state vector",
            format!("{} {:?}", world.state.len(), world.state),
            format!("{} {:?}", found.state.len(), found.state),
        ));
    }
    if world.steps_per_second != found.steps_per_second {
        return Err(Error::mismatch(
            data,
            "steps per second",
            world.steps_per_second,
            found.steps_per_second,
        ));
    }
    Ok(())
}

/// Cameras for a message, such as `front 64x64`.
fn pictures(cameras: &[CameraSpec]) -> String {
    let pictures = cameras.iter().map(|camera| format!("{} {}x{}", camera.name, camera.width, camera.height));
    pictures.collect::<Vec<_>>().join(", ")
}

/// What a run says of how it was begun; none where there is no `run.toml` that can be read.
pub(crate) fn run_record(run: &Path) -> Option<toml::Table> {
    toml::from_str(&std::fs::read_to_string(run.join(RECORD)).ok()?).ok()
}

/// The data set that a run was trained on, from its `run.toml`, or the beginnings that it was handed on with.
pub(crate) fn trained_on(run: &Path) -> Result<PathBuf> {
    // A world that was handed on brings beginnings of its own.
    let beginnings = run.join(BEGINNINGS);
    if beginnings.is_dir() {
        return Ok(beginnings);
    }
    let path = run.join(RECORD);
    let lost = |found: &str| {
        Error::mismatch(
            &path,
            "data set that the world was trained on",
            "`data = \"PATH\"`, or --data",
            found,
        )
    };
    let text = std::fs::read_to_string(&path).map_err(|error| lost(&error.to_string()))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| lost(error.message()))?;
    let data = table.get("data").and_then(toml::Value::as_str).ok_or_else(|| lost("none"))?;
    Ok(PathBuf::from(data))
}
