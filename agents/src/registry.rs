//! The policies that can be built by name.

use dreamlane_core::{EnvSpec, Error, Policy, Result};

use crate::{Constant, Idm, Noisy, Random, Rules};

/// Builds a policy for an env; the text is what followed a colon after the name, if anything did.
pub type Build = fn(Option<&str>, &EnvSpec) -> Result<Box<dyn Policy>>;

/// One policy that can be built by name.
#[derive(Clone, Copy, Debug)]
pub struct AgentEntry {
    /// The name users write.
    pub name: &'static str,
    /// One line for the list of policies.
    pub about: &'static str,
    /// Builds it.
    pub build: Build,
}

/// All policies that need nothing but the spec of the env they act in.
pub static AGENTS: &[AgentEntry] = &[
    AgentEntry {
        name: "random",
        about: "draws an action, holds it for a while, draws the next; changes are smoothed",
        build: |text, spec| {
            no_values("random", text)?;
            Ok(Box::new(Random::new(spec)))
        },
    },
    AgentEntry {
        name: "constant",
        about: "the same action always: `constant:0.0,0.3`, or the middle of the space without values",
        build: |text, spec| Ok(Box::new(Constant::parse(text, spec)?)),
    },
    AgentEntry {
        name: "idm",
        about: "follows the car ahead and keeps the lane, from the state vector of drive/highway",
        build: |text, spec| {
            no_values("idm", text)?;
            Ok(Box::new(Idm::new(spec)?))
        },
    },
    AgentEntry {
        name: "rules",
        about: "gives no action, so that the truth drives by its own rules: on any road, with junctions and lane changes",
        build: |text, spec| {
            no_values("rules", text)?;
            Ok(Box::new(Rules::new(spec.action.width())))
        },
    },
    AgentEntry {
        name: "noisy",
        about: "`idm` mixed with `random`, whose share is up to the value of `noisy:0.5`, drawn per episode",
        build: |text, spec| Ok(Box::new(Noisy::parse(text, spec)?)),
    },
];

/// Builds a policy by name, such as `random` or `constant:0.0,0.3`.
///
/// # Errors
/// When no entry has this name, or the policy cannot act in such an env.
pub fn build(name: &str, spec: &EnvSpec) -> Result<Box<dyn Policy>> {
    let (entry_name, text) = match name.split_once(':') {
        Some((entry_name, text)) => (entry_name, Some(text)),
        None => (name, None),
    };
    match AGENTS.iter().find(|entry| entry.name == entry_name) {
        Some(entry) => (entry.build)(text, spec),
        // A replay needs a data set, so the root package resolves it.
        None => Err(Error::unknown("policy", name, AGENTS.iter().map(|entry| entry.name).chain(["replay"]))),
    }
}

fn no_values(name: &str, text: Option<&str>) -> Result<()> {
    match text {
        Some(text) => Err(Error::Invalid(format!("policy {name} takes no values, found `{text}`"))),
        None => Ok(()),
    }
}
