//! The rule engine against closed forms, brute force, theory and the programs of others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod controllers;
mod curves;
mod layouts;
mod networks;
mod oracles;
mod recorded_platoons;
mod ring;
mod rules;
