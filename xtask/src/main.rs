//! How dreamlane is checked, in one place: `cargo xtask check` and its parts.
//!
//! Every step builds with the release profile, so that one set of compiled dependencies serves them all.

use std::process::ExitCode;

mod plan;
mod step;

use plan::PLANS;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let plan = match (words.next(), words.next()) {
        (Some(name), None) => PLANS.iter().find(|plan| plan.name == name),
        _ => None,
    };
    let Some(plan) = plan else {
        eprintln!("usage: cargo xtask PLAN\n\nplans:");
        for plan in PLANS {
            eprintln!("  {:<10} {}", plan.name, plan.about);
        }
        return ExitCode::from(2);
    };
    let outcomes = step::run_all(plan.steps, step::run);
    eprint!("\n{}", step::summary(plan.name, &outcomes));
    if outcomes.iter().all(step::Outcome::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
