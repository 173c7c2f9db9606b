//! Drives eight highways, writes what they look like to a PNG and says how fast it went.

use std::{error::Error, time::Instant};

use burn::tensor::{Device, Tensor};
use dreamlane_core::{Actions, Env, LaneMask, RowMask, Seed, View};
use dreamlane_envs::drive::{Highway, HighwayConfig};

const LANES: usize = 8;
const COLUMNS: usize = 6;

#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let mut env = Highway::new(LANES, HighwayConfig::standard(), &device)?;
    let seeds: Vec<Seed> = (0..LANES as u64).map(|id| Seed::new(3).split(id)).collect();
    env.reset(&LaneMask::all(LANES), &seeds)?;
    let mut sheet = image::RgbImage::new((COLUMNS * 64) as u32, (LANES * 64) as u32);
    let stride: usize = std::env::args().nth(1).map_or(Ok(2), |stride| stride.parse())?;
    for column in 0..COLUMNS {
        let frames = env.render(View::Camera)?;
        for (idx, rgb) in frames.rgb.chunks_exact(3).enumerate() {
            let (lane, pixel) = (idx / 4096, idx % 4096);
            let (x, y) = (column * 64 + pixel % 64, lane * 64 + pixel / 64);
            sheet.put_pixel(x as u32, y as u32, image::Rgb([rgb[0], rgb[1], rgb[2]]));
        }
        for _ in 0..stride {
            env.step(&self_driven(LANES, &device), &LaneMask::all(LANES))?;
        }
    }
    let (width, height) = sheet.dimensions();
    let enlarged =
        image::imageops::resize(&sheet, 3 * width, 3 * height, image::imageops::FilterType::Nearest);
    enlarged.save("highway.png")?;
    for (name, config) in
        [("pictures", HighwayConfig::standard()), ("state only", HighwayConfig::without_camera())]
    {
        let lanes = 64;
        let mut env = Highway::new(lanes, config, &device)?;
        let seeds: Vec<Seed> = (0..lanes as u64).map(|id| Seed::new(4).split(id)).collect();
        env.reset(&LaneMask::all(lanes), &seeds)?;
        let began = Instant::now();
        for _ in 0..300 {
            env.step(&self_driven(lanes, &device), &LaneMask::all(lanes))?;
        }
        println!("{name}: {:.0} env-steps/s", 300.0 * lanes as f64 / began.elapsed().as_secs_f64());
    }
    Ok(())
}

fn self_driven(lanes: usize, device: &Device) -> Actions {
    Actions { values: Tensor::zeros([lanes, 2], device), given: RowMask::none(lanes) }
}
