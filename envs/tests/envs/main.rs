//! Environments: what each promises, scenarios and their options, the dream, recorded platoons, and the truth over a thousand steps.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod dream;
mod platoon;
mod scenarios;
mod thousand;
