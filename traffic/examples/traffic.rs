//! Runs traffic on every built-in layout and says what happens: how many arrive, touch, stand or leave the road.
//!
//! `traffic [LAYOUT|all] [SEEDS] [DEMAND] [v]`: seeds as a number or as FROM..TO; the demand is a factor; with `v` each
//! case is named.

use std::{collections::BTreeMap, collections::BTreeSet, time::Instant};

use dreamlane_traffic::{
    chance::Chance,
    flow::{Fleet, Mix, Participant, Rules, Stage, Supply, Traffic},
    layout::LAYOUTS,
    road::Users,
};

const TICK_SECS: f64 = 0.1;
const TICKS: u32 = 6000;
/// Who has not moved for so many ticks is stuck.
const STUCK_TICKS: u32 = 900;

/// Gaps between lanes beside each other in bends that are no gaps in the road.
const EDGE_M: f64 = 0.05;

/// What happened on a layout, all seeds together.
#[derive(Default)]
struct Count {
    arrived: usize,
    touched: usize,
    stuck: usize,
    off_road: usize,
    changes: usize,
    participant_ticks: usize,
    way_m: f64,
    secs: f64,
}

#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted = std::env::args().nth(1).filter(|name| name != "all");
    let seeds = std::env::args().nth(2).unwrap_or_else(|| "16".to_owned());
    let (from, to) = seeds.split_once("..").unwrap_or(("0", &seeds));
    let (from, to): (u64, u64) = (from.parse()?, to.parse()?);
    let verbose = std::env::args().any(|word| word == "v");
    for (name, _, layout) in LAYOUTS {
        if wanted.as_ref().is_some_and(|wanted| wanted != name) {
            continue;
        }
        let stage = Stage::new(layout().build()?, Rules::textbook());
        let mut count = Count::default();
        for seed in from..to {
            let mut say = |text: String| {
                if verbose {
                    println!("  seed {seed} {text}");
                }
            };
            run(name, &stage, seed, &mut count, &mut say);
        }
        let hours = (to - from) as f64 * f64::from(TICKS) * TICK_SECS / 3600.0;
        println!(
            "{name:20} {:5.0}/h arrive  touched {:2}  stuck {:2}  off the road {:3}  changes {:5}  mean {:4.1} m/s  \
             {:4.1} on the road  {:.2} M ticks/s",
            count.arrived as f64 / hours,
            count.touched,
            count.stuck,
            count.off_road,
            count.changes,
            count.way_m / count.participant_ticks as f64 / TICK_SECS,
            count.participant_ticks as f64 / ((to - from) as f64 * f64::from(TICKS)),
            count.participant_ticks as f64 / count.secs / 1e6
        );
    }
    Ok(())
}

/// The demand of a layout, and how many are there at the start.
fn supply(name: &str, stage: &Stage) -> (Supply, usize) {
    let factor: f64 = std::env::args().nth(3).and_then(|factor| factor.parse().ok()).unwrap_or(1.0);
    if stage.network.exits().is_empty() || name == "parking" {
        return (Supply::Closed, 12);
    }
    let vehicles_per_hour = factor * if name == "intersection_stop" { 120.0 } else { 200.0 };
    (Supply::Arrivals { vehicles_per_hour, cyclists_per_hour: 60.0, walkers_per_hour: 60.0 }, 6)
}

fn run(name: &str, stage: &std::sync::Arc<Stage>, seed: u64, count: &mut Count, say: &mut dyn FnMut(String)) {
    let mut mix = Mix { trucks: 0.1, motorcycles: 0.1, tempers: [0.6, 0.2, 0.2], ..Mix::default() };
    if name == "two_way" {
        // Some are so slow that it is worth overtaking them against the traffic.
        mix.desired_mps[0] = 13.0;
    }
    let (supply, n) = supply(name, stage);
    let mut traffic = Traffic::new(stage.clone(), Chance::new(seed));
    traffic.populate(n, Users::Vehicles, &mix);
    let mut moved = BTreeMap::new();
    let mut touched = BTreeSet::new();
    let mut targets = Vec::new();
    for tick in 0..TICKS {
        targets.clone_from(&traffic.fleet().target);
        let began = Instant::now();
        traffic.tick(TICK_SECS);
        let mut met = Vec::new();
        traffic.collide(|fleet, one, other| met.push((one, other, fleet.id[one], fleet.id[other])));
        count.secs += began.elapsed().as_secs_f64();
        let fleet = traffic.fleet();
        let changed = |idx: &usize| fleet.target[*idx] != targets[*idx] && fleet.lane[*idx] == targets[*idx];
        count.changes += (0..fleet.len()).filter(changed).count();
        for (one, other, one_id, other_id) in met {
            if touched.insert((one_id, other_id)) {
                count.touched += 1;
                say(format!("tick {tick}: {} | {}", about(&fleet.get(one)), about(&fleet.get(other))));
            }
        }
        for idx in (0..traffic.fleet().len()).rev() {
            if traffic.fleet().crashed[idx] {
                traffic.remove(idx);
            }
        }
        count.participant_ticks += traffic.fleet().len();
        for idx in 0..traffic.fleet().len() {
            let width_m = stage.network.lane(traffic.fleet().lane[idx]).sketch.width_m;
            let is_beside = traffic.fleet().d_m[idx].abs() > 0.5 * width_m + EDGE_M;
            if is_beside && traffic.locate(idx).is_none() && !traffic.has_left(idx) {
                count.off_road += 1;
                say(format!("tick {tick}: off the road {}", about(&traffic.fleet().get(idx))));
            }
            watch(traffic.fleet(), idx, tick, &mut moved, count, say);
        }
        if supply != Supply::Closed {
            count.arrived += (0..traffic.fleet().len()).filter(|&idx| traffic.has_left(idx)).count();
        }
        traffic.flow(&supply, &mix, 0, 120, TICK_SECS);
    }
}

/// Counts who has not moved for too long.
fn watch(
    fleet: &Fleet,
    idx: usize,
    tick: u32,
    moved: &mut BTreeMap<u32, u32>,
    count: &mut Count,
    say: &mut dyn FnMut(String),
) {
    count.way_m += fleet.speed_mps[idx] * TICK_SECS;
    let since = moved.entry(fleet.id[idx]).or_insert(tick);
    if fleet.speed_mps[idx] > 0.3 {
        *since = tick;
    } else if tick - *since == STUCK_TICKS {
        count.stuck += 1;
        say(format!("tick {tick}: stuck {}", about(&fleet.get(idx))));
    }
}

fn about(one: &Participant) -> String {
    format!(
        "{:?} {} lane {} s {:.1} d {:.1} v {:.1} target {} destination {}",
        one.kind, one.id, one.lane.0, one.s_m, one.d_m, one.speed_mps, one.target.0, one.destination
    )
}
