//! How dreamlane is checked, in one place: `cargo xtask check` and its parts.
//!
//! Every step builds with the release profile, so that one set of compiled dependencies serves them all;
//! only the fuzz targets, which are instrumented, have a target folder of their own.

use std::process::ExitCode;

mod bench;
mod crash;
mod formats;
mod fuzz;
mod plan;
mod python;
mod sanitize;
mod step;
mod traffic;

use plan::PLANS;

/// What takes arguments of its own: its name, a line of help, and what runs it.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> ExitCode,
}

const TASKS: &[Task] = &[
    Task { name: "bench", about: bench::ABOUT, run: bench::run },
    Task {
        name: "crash",
        about: "kills recordings at random moments [--kills N --seed S --formats A,B --train]",
        run: crash::run,
    },
    Task { name: "formats", about: formats::ABOUT, run: formats::run },
    Task { name: "fuzz", about: fuzz::ABOUT, run: fuzz::run },
    Task { name: "sanitize", about: sanitize::ABOUT, run: sanitize::run },
    Task { name: "traffic", about: traffic::ABOUT, run: traffic::run },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = words.split_first() else { return usage() };
    if let Some(task) = TASKS.iter().find(|task| task.name == name) {
        return (task.run)(rest);
    }
    match PLANS.iter().find(|plan| plan.name == name) {
        Some(plan) if rest.is_empty() => run_plan(plan),
        _ => usage(),
    }
}

fn run_plan(plan: &plan::Plan) -> ExitCode {
    let outcomes = step::run_all(plan.steps, step::run);
    eprint!("\n{}", step::summary(plan.name, &outcomes));
    if outcomes.iter().all(step::Outcome::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    eprintln!("usage: cargo xtask PLAN\n\nplans:");
    let plans = PLANS.iter().map(|plan| (plan.name, plan.about));
    for (name, about) in plans.chain(TASKS.iter().map(|task| (task.name, task.about))) {
        eprintln!("  {name:<10} {about}");
    }
    ExitCode::from(2)
}
