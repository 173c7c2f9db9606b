//! Whether a scenario can work: its numbers, and what of them its road has a use for. Nothing is ignored in silence.

use std::fmt::Display;

use dreamlane_core::{Error, Result};
use dreamlane_traffic::{
    flow::{Mix, Supply, Variant},
    participant::Kind,
    road::{Network, Users},
};

use super::{
    Scenario,
    actions::ActionKind,
    scenario::{Aim, Start},
};

/// What an error names: the field, what is expected, what was found.
struct Fault(String);

fn fault(field: &str, expected: impl Display, found: impl Display) -> Fault {
    Fault(format!("{field}: expected {expected}, found {found}"))
}

fn within(field: &str, value: f64, [low, high]: [f64; 2]) -> std::result::Result<(), Fault> {
    if value >= low && value <= high { Ok(()) } else { Err(fault(field, format!("{low} to {high}"), value)) }
}

fn ordered(field: &str, [low, high]: [f64; 2], bounds: [f64; 2]) -> std::result::Result<(), Fault> {
    within(field, low, bounds)?;
    within(field, high, bounds)?;
    if low <= high { Ok(()) } else { Err(fault(field, "the lower first", format!("[{low}, {high}]"))) }
}

/// Checks the numbers of a scenario that need no road.
pub(super) fn numbers(scenario: &Scenario, name: &str) -> Result<()> {
    own_numbers(scenario)
        .and_then(|()| crowd(scenario))
        .and_then(|()| mix(&scenario.mix))
        .and_then(|()| supply(&scenario.supply))
        .and_then(|()| variant(scenario))
        .map_err(|Fault(told)| Error::Invalid(format!("{name}: {told}")))
}

fn own_numbers(scenario: &Scenario) -> std::result::Result<(), Fault> {
    let counts = [
        ("seats", scenario.seats, [1, 64]),
        ("most", scenario.most, [1, 2000]),
        ("delay_steps", scenario.delay_steps, [0, 100]),
        ("ticks", scenario.ticks, [1, 100]),
        ("clock_steps", scenario.clock_steps, [1, 1_000_000]),
        ("steps_per_second", scenario.steps_per_second as usize, [1, 100]),
    ];
    for (field, count, [low, high]) in counts {
        within(field, count as f64, [low as f64, high as f64])?;
    }
    if scenario.picture != 0 {
        within("picture", scenario.picture as f64, [16.0, 1024.0])?;
    }
    let levels = [
        ("jerk_mps3", scenario.jerk_mps3, [0.0, 1e4]),
        ("steering_radps", scenario.steering_radps, [0.0, 1e3]),
        ("friction", scenario.friction, [0.01, 2.0]),
        ("noise_mps2", scenario.noise_mps2, [0.0, 10.0]),
        ("state_noise", scenario.state_noise, [0.0, 10.0]),
        ("picture_noise", scenario.picture_noise, [0.0, 255.0]),
        ("state_dropout", scenario.state_dropout, [0.0, 1.0]),
        ("picture_dropout", scenario.picture_dropout, [0.0, 1.0]),
    ];
    for (field, level, bounds) in levels {
        within(field, level, bounds)?;
    }
    if let Start::Entries { along_m, .. } = scenario.start {
        ordered("start.along_m", along_m, [0.0, 20_000.0])?;
    }
    ordered("start_mps", scenario.start_mps, [0.0, 45.0])?;
    if scenario.actions == ActionKind::Meta && scenario.steering_radps > 0.0 {
        return Err(fault("steering_radps", "0, as meta actions steer by rule", scenario.steering_radps));
    }
    Ok(())
}

fn crowd(scenario: &Scenario) -> std::result::Result<(), Fault> {
    if scenario.kinds.is_empty() || scenario.kinds.len() > scenario.seats {
        let expected = format!("1 to {} of them, the seats", scenario.seats);
        return Err(fault("kinds", expected, scenario.kinds.len()));
    }
    let [fewest, most] = scenario.cars;
    if fewest > most {
        return Err(fault("cars", "the fewest first", format!("[{fewest}, {most}]")));
    }
    let all = scenario.seats + most + scenario.cyclists + scenario.walkers + scenario.parked;
    if all > scenario.most {
        let found = format!("{all} seats, cars, cyclists, walkers and parked cars at the start");
        return Err(fault("most", format!("{} participants at most", scenario.most), found));
    }
    if scenario.replay.is_some() {
        if (most, scenario.cyclists + scenario.walkers + scenario.parked) != (0, 0) {
            return Err(fault("cars", "nobody beside the platoon of a replay", all - scenario.seats));
        }
        if scenario.kinds != [Kind::Car] {
            return Err(fault(
                "kinds",
                "the car of a replay",
                format!("{:?}", scenario.kinds).to_lowercase(),
            ));
        }
    }
    Ok(())
}

fn mix(mix: &Mix) -> std::result::Result<(), Fault> {
    within("mix.trucks", mix.trucks, [0.0, 1.0])?;
    within("mix.motorcycles", mix.motorcycles, [0.0, 1.0])?;
    within("mix.trucks and mix.motorcycles together", mix.trucks + mix.motorcycles, [0.0, 1.0])?;
    for weight in mix.tempers {
        within("mix.tempers", weight, [0.0, 1e6])?;
    }
    within("the sum of mix.tempers", mix.tempers.iter().sum(), [1e-6, 1e7])?;
    ordered("mix.desired_mps", mix.desired_mps, [1.0, 60.0])?;
    within("mix.faster_left_mps", mix.faster_left_mps, [-10.0, 10.0])?;
    mix.exponents.map_or(Ok(()), |exponents| ordered("mix.exponents", exponents, [0.5, 20.0]))
}

fn supply(supply: &Supply) -> std::result::Result<(), Fault> {
    match *supply {
        Supply::Closed => Ok(()),
        Supply::Arrivals { vehicles_per_hour, cyclists_per_hour, walkers_per_hour } => {
            within("supply.arrivals.vehicles_per_hour", vehicles_per_hour, [0.0, 1e4])?;
            within("supply.arrivals.cyclists_per_hour", cyclists_per_hour, [0.0, 1e4])?;
            within("supply.arrivals.walkers_per_hour", walkers_per_hour, [0.0, 1e4])
        }
        Supply::Window { behind_m, ahead_m } => {
            within("supply.window.behind_m", behind_m, [20.0, 2000.0])?;
            within("supply.window.ahead_m", ahead_m, [50.0, 4000.0])
        }
    }
}

/// What one variant has no use for.
fn variant(scenario: &Scenario) -> std::result::Result<(), Fault> {
    if scenario.variant == Variant::Textbook {
        return match scenario.mix.exponents {
            Some(_) => {
                Err(fault("mix.exponents", "none, as textbook drivers have that of their temper", "some"))
            }
            None => Ok(()),
        };
    }
    let as_there = [
        ("friction", scenario.friction, 0.9),
        ("noise_mps2", scenario.noise_mps2, 0.0),
        ("mix.tempers beside the first", scenario.mix.tempers[1] + scenario.mix.tempers[2], 0.0),
    ];
    for (field, found, expected) in as_there {
        if found != expected {
            return Err(fault(field, format!("{expected}, as highway-env has no such thing"), found));
        }
    }
    if scenario.replay.is_some() {
        return Err(fault("replay", "none, as highway-env's drivers follow no record", "one"));
    }
    Ok(())
}

/// Checks what a scenario wants of its road.
pub(super) fn road(scenario: &Scenario, name: &str, network: &Network) -> Result<()> {
    wanted(scenario, network).map_err(|Fault(told)| Error::Invalid(format!("{name}: {told}")))
}

fn wanted(scenario: &Scenario, network: &Network) -> std::result::Result<(), Fault> {
    let has = |users: Users| network.lanes().iter().any(|lane| lane.sketch.users == users);
    for (field, count, users) in
        [("cyclists", scenario.cyclists, Users::Cycles), ("walkers", scenario.walkers, Users::Walkers)]
    {
        if count > 0 && !has(users) {
            return Err(fault(field, "0, as this road has no lanes for them", count));
        }
    }
    if scenario.variant == Variant::HighwayEnv
        && network.lanes().iter().any(|lane| !lane.conflicts.is_empty())
    {
        return Err(fault("variant", "textbook where lanes cross or merge", "highway-env"));
    }
    if matches!(scenario.supply, Supply::Window { .. }) && network.entries().is_empty() {
        return Err(fault("supply", "closed on a road without entries", "a window"));
    }
    if scenario.replay.is_none()
        && let Start::Entries { entries, .. } = &scenario.start
    {
        for kind in &scenario.kinds {
            let count = scenario.entries(network, *kind).len();
            if count == 0 {
                let expected = "`anywhere`, as this road has no entries for the seat's kind";
                return Err(fault("start", expected, format!("{kind:?} at entries").to_lowercase()));
            }
            let is_there = |entry: isize| (-(count as isize)..count as isize).contains(&entry);
            if let Some(found) = entries.iter().find(|&&entry| !is_there(entry)) {
                return Err(fault("start.entries", format!("below {count}"), found));
            }
        }
    }
    let exits = network.exits().len();
    if let Some(found) = scenario.goals.iter().find(|&&goal| goal >= exits) {
        return Err(fault("goals", format!("below {exits}"), found));
    }
    let bays = scenario.goals(network).len();
    if scenario.parked > 0 && (scenario.aim != Aim::Park || scenario.parked + scenario.seats > bays) {
        let free = if scenario.aim == Aim::Park { bays.saturating_sub(scenario.seats) } else { 0 };
        return Err(fault(
            "parked",
            format!("at most {free}, the bays beside those of the seats"),
            scenario.parked,
        ));
    }
    Ok(())
}
