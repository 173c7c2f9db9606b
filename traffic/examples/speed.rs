//! How fast a highway of 50 vehicles moves on one thread, by either variant, in millions of vehicles times ticks a second.

use std::time::Instant;

use dreamlane_traffic::{
    chance::Chance,
    flow::{Mix, Participant, Rules, Stage, Traffic},
    layout::Highway,
    road::LaneIdx,
};

const EPISODES: u64 = 64;
const TICKS: u32 = 600;

#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for rules in [Rules::textbook(), Rules::highway_env()] {
        let name = format!("{:?}", rules.variant);
        let network = Highway { lanes: 4, length_m: 4000.0, limit_mps: 30.0 }.build()?;
        let stage = Stage::new(network, rules);
        let begin = |episode| {
            let mut traffic = Traffic::new(stage.clone(), Chance::new(episode));
            traffic.add(Participant {
                lane: LaneIdx(1),
                s_m: 200.0,
                speed_mps: 25.0,
                ..Participant::default()
            });
            traffic.populate_window(
                50,
                &Mix { exponents: Some([3.5, 4.5]), ..Mix::default() },
                100.0,
                1000.0,
            );
            traffic
        };
        for _ in 0..4 {
            let mut episodes: Vec<Traffic> = (0..EPISODES).map(begin).collect();
            let began = Instant::now();
            let mut moved = 0;
            for traffic in &mut episodes {
                for _ in 0..TICKS {
                    traffic.tick(1.0 / 15.0);
                    traffic.collide(|_, _, _| ());
                    moved += traffic.fleet().len();
                }
            }
            println!("{name}: {:.2}", moved as f64 / began.elapsed().as_secs_f64() / 1e6);
        }
    }
    Ok(())
}
