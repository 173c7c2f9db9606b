//! How dreamlane is checked, in one place: `cargo xtask check` and its parts.
//!
//! Every step builds with the release profile, so that one set of compiled dependencies serves them all.

use std::process::ExitCode;

mod crash;
mod plan;
mod step;

use plan::PLANS;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = words.split_first()
        && first == "crash"
    {
        return crash::run(rest);
    }
    let plan = match &words[..] {
        [name] => PLANS.iter().find(|plan| plan.name == *name),
        _ => None,
    };
    let Some(plan) = plan else {
        eprintln!("usage: cargo xtask PLAN\n\nplans:");
        for plan in PLANS {
            eprintln!("  {:<10} {}", plan.name, plan.about);
        }
        eprintln!(
            "  {:<10} kills recordings at random moments [--kills N --seed S --formats A,B --train]",
            "crash"
        );
        return ExitCode::from(2);
    };
    let outcomes = step::run_all(plan.steps, step::run);
    eprint!("\n{}", step::summary(plan.name, &outcomes));
    if outcomes.iter().all(step::Outcome::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
