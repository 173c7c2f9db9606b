//! Lets every scenario drive itself, says how its episodes end, and draws what the car sees and the view from above.
//!
//! `cargo run --release --example scenarios -- FILE.png [SCENARIO,SCENARIO]`, from the folder `envs/`.

use std::error::Error;

use burn::tensor::{Device, Tensor};
use dreamlane_core::{Actions, Env, LaneMask, RowMask, Seed, Truncation, View};
use dreamlane_envs::{ENVS, build};

const LANES: usize = 24;
/// Steps at which the first lane is drawn.
const DRAWN: [usize; 5] = [0, 40, 80, 120, 160];
const TILE: u32 = 128;

#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().unwrap_or_else(|| "scenarios.png".to_owned());
    let wanted = arguments.next();
    let is_wanted = |name: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted.split(',').any(|wanted| name == format!("drive/{wanted}")))
    };
    let chosen: Vec<_> = ENVS.iter().filter(|entry| entry.needs.is_none() && is_wanted(entry.name)).collect();
    let mut sheet = image::RgbImage::new(2 * TILE * DRAWN.len() as u32, TILE * chosen.len() as u32);
    for (row, entry) in chosen.iter().enumerate() {
        let mut env = build(entry.name, LANES, &device)?;
        let told = play(env.as_mut(), &device, &mut sheet, row as u32)?;
        println!("{:28} {told}", entry.name);
    }
    sheet.save(file)?;
    Ok(())
}

/// Plays one episode in every lane and says how they ended.
fn play(
    env: &mut dyn Env,
    device: &Device,
    sheet: &mut image::RgbImage,
    row: u32,
) -> Result<String, Box<dyn Error>> {
    let seeds: Vec<Seed> = (0..LANES as u64).map(|id| Seed::new(11).split(id)).collect();
    let width = env.spec().action.width();
    let undriven = Actions { values: Tensor::zeros([LANES, width], device), given: RowMask::none(LANES) };
    env.reset(&LaneMask::all(LANES), &seeds)?;
    let mut running = LaneMask::all(LANES);
    let (mut clock, mut good, mut bad, mut steps) = (0, 0, 0, 0);
    for step in 0.. {
        if let Some(column) = DRAWN.iter().position(|&drawn| drawn == step) {
            for (half, view) in [View::Camera, View::Above].into_iter().enumerate() {
                draw(env, view, sheet, 2 * column as u32 + half as u32, row)?;
            }
        }
        if !running.any() {
            break;
        }
        steps += running.count();
        let now = env.step(&undriven, &running)?;
        let rewards: Vec<f32> = now.reward.to_data().iter().collect();
        let finished = now.finished();
        for lane in running.indices().filter(|&lane| finished.get(lane)) {
            match now.truncated[lane] {
                Some(Truncation::Clock) => clock += 1,
                _ if rewards[lane] == 1.0 => good += 1,
                _ => bad += 1,
            }
        }
        let still: Vec<bool> = (0..LANES).map(|lane| running.get(lane) && !finished.get(lane)).collect();
        running = still.into();
    }
    Ok(format!(
        "{clock:2} by the clock, {good:2} arrived, {bad:2} failed, {:.0} steps each",
        steps as f64 / LANES as f64
    ))
}

/// The first lane's picture, enlarged to a tile.
fn draw(
    env: &mut dyn Env,
    view: View,
    sheet: &mut image::RgbImage,
    column: u32,
    row: u32,
) -> Result<(), Box<dyn Error>> {
    let frames = env.render(view)?;
    let (width, height) = (frames.width as u32, frames.height as u32);
    let first = frames.rgb[..3 * frames.width * frames.height].to_vec();
    let picture = image::RgbImage::from_raw(width, height, first).ok_or("a picture of another size")?;
    let tile = image::imageops::resize(&picture, TILE, TILE, image::imageops::FilterType::Triangle);
    image::imageops::replace(sheet, &tile, i64::from(column * TILE), i64::from(row * TILE));
    Ok(())
}
