//! The shift estimator on real video: the picture of a physical car follows its steering 3 frames late.
//! Skipped, with a message, where the recordings are not beside the checkout.

use std::{collections::BTreeMap, fs::File, io::Read as _, path::Path};

use dreamlane_evaluation::{LAGS, Moments, horizontal_shift};

/// Frames of the recording that are looked at.
const FRAMES: usize = 3000;

/// One recorded frame: run, steering, picture `[channel, 64, 64]`.
struct Frame {
    run: String,
    steering: f64,
    picture: Vec<u8>,
}

/// The first frames of a tub in a tar.
fn recorded(tar: &Path) -> Vec<Frame> {
    let mut archive = tar::Archive::new(File::open(tar).expect("the tar opens"));
    let mut rows = BTreeMap::new();
    let mut pictures = BTreeMap::new();
    for entry in archive.entries().expect("the tar has entries") {
        let mut entry = entry.expect("the entry is whole");
        let name = entry.path().expect("the entry has a path").to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("the entry is readable");
        if name.ends_with(".catalog") {
            for line in String::from_utf8_lossy(&bytes).lines().filter(|line| !line.trim().is_empty()) {
                let row: serde_json::Value = serde_json::from_str(line).expect("the line is JSON");
                let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
                let steering = row["user/angle"].as_f64().unwrap_or_default();
                let index = row["_index"].as_u64().unwrap_or_default();
                rows.insert(index, (text("_session_id"), steering, text("cam/image_array")));
            }
        } else if name.ends_with(".jpg") {
            let file = name.rsplit('/').next().unwrap_or_default().to_owned();
            pictures.insert(file, bytes);
        }
    }
    rows.into_values()
        .take(FRAMES)
        .filter_map(|(run, steering, file)| {
            let picture = image::load_from_memory(pictures.get(&file)?).ok()?;
            let small = picture.resize_exact(64, 64, image::imageops::FilterType::Triangle).to_rgb8();
            let plane = |channel: usize| small.pixels().map(move |pixel| pixel.0[channel]);
            let picture = (0..3).flat_map(plane).collect();
            Some(Frame { run, steering, picture })
        })
        .collect()
}

#[test]
fn real_pictures_follow_the_steering_three_frames_late() {
    let tar = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/donkeycar/evening_dim.tar");
    if !tar.exists() {
        eprintln!("skipped: no recording at {}", tar.display());
        return;
    }
    let mut sums = [Moments::default(); LAGS];
    for run in recorded(&tar).chunk_by(|a, b| a.run == b.run) {
        let steering: Vec<f64> = run.iter().map(|frame| frame.steering).collect();
        let shifts: Vec<f64> =
            run.windows(2).map(|pair| horizontal_shift(&pair[0].picture, &pair[1].picture, 64)).collect();
        for (lag, sum) in sums.iter_mut().enumerate() {
            sum.add(&Moments::of(&steering, &shifts, lag));
        }
    }
    let by_lag = sums.map(|sum| sum.correlation().expect("the steering changes"));
    let lag = (0..LAGS).max_by(|&a, &b| by_lag[a].abs().total_cmp(&by_lag[b].abs())).expect("there are lags");
    eprintln!("correlation by lag: {by_lag:.3?}");
    assert!((3..=4).contains(&lag), "lag {lag}");
    assert!(by_lag[lag] < -0.84, "correlation {}", by_lag[lag]);
}
