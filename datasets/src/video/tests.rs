//! Encoder and decoder against one another, and against damage.

#![expect(clippy::unwrap_used, reason = "a test that cannot make its data fails there")]

use proptest::prelude::*;

use super::{Video, check_size, demux, encode};

/// A road with thin lines and a few cars of strong colours, `[channel, height, width]`, moved by `shift` pixels.
fn painted([height, width]: [usize; 2], shift: usize) -> Vec<u8> {
    let colour = |y: usize, x: usize| -> [u8; 3] {
        let (line, car) = ((x + shift) % 13 == 0, (y / 5 + (x + shift) / 7) % 4 == 0);
        match (y * 3 < height, line, car) {
            (true, ..) => [90, 140, 220 - (y % 100) as u8],
            (_, true, _) => [240, 240, 235],
            (.., true) => [200, 30 + (y % 60) as u8, 40],
            _ => [70, 72, 74],
        }
    };
    let plane =
        |channel: usize| (0..height * width).map(move |pixel| colour(pixel / width, pixel % width)[channel]);
    (0..3).flat_map(plane).collect()
}

fn video(size: [usize; 2], count: usize, fps: u32) -> (Vec<Vec<u8>>, Vec<u8>) {
    let frames: Vec<Vec<u8>> = (0..count).map(|shift| painted(size, shift)).collect();
    let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let file = encode(&views, size, fps).unwrap();
    (frames, file)
}

fn decibels(left: &[u8], right: &[u8]) -> f64 {
    let squares = left.iter().zip(right).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
    let mean = squares.sum::<f64>() / left.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

#[test]
fn frames_come_back_above_38_decibels_whatever_their_size_and_number() {
    for (size, count) in [([64, 64], 5), ([17, 33], 2), ([16, 16], 1), ([40, 98], 3)] {
        let (frames, file) = video(size, count, 10);
        let mut video = Video::from_bytes(file).unwrap();
        assert_eq!((video.size(), video.len()), (size, count));
        for (k, (sent, back)) in frames.iter().zip(video.frames(0.0, count, 10).unwrap()).enumerate() {
            let found = decibels(sent, &back);
            assert!(found > 38.0, "frame {k} of {size:?}: {found:.1} dB");
        }
    }
}

#[test]
fn the_same_frames_give_the_same_bytes() {
    assert_eq!(video([32, 48], 4, 10).1, video([32, 48], 4, 10).1);
}

#[test]
fn frames_lie_at_their_times_and_every_second_one_is_a_key() {
    for fps in [1, 7, 10, 30, 60, 1000] {
        let (_, file) = video([16, 16], 5, fps);
        let track = demux::read(&mut std::io::Cursor::new(file)).unwrap();
        for (k, sample) in track.samples.iter().enumerate() {
            let expected_s = k as f64 / f64::from(fps);
            assert!((sample.time_s - expected_s).abs() < 1e-12, "frame {k} at {fps} per second");
            assert_eq!(sample.key, k % 2 == 0, "frame {k}");
        }
    }
}

#[test]
fn a_frame_that_is_asked_for_alone_is_the_one_of_the_whole() {
    let (_, file) = video([32, 32], 6, 10);
    let mut video = Video::from_bytes(file).unwrap();
    let all = video.frames(0.0, 6, 10).unwrap();
    for (k, frame) in all.iter().enumerate() {
        assert_eq!(&video.frames(k as f64 / 10.0 + 9e-5, 1, 10).unwrap()[0], frame, "frame {k}");
    }
    assert_eq!(video.frames(0.1, 2, 5).unwrap(), [all[1].clone(), all[3].clone()]);
}

#[test]
fn what_is_not_there_is_said() {
    let (_, file) = video([16, 16], 3, 10);
    let mut video = Video::from_bytes(file.clone()).unwrap();
    let said = |answer: Result<Vec<Vec<u8>>, String>| answer.unwrap_err();
    assert!(said(video.frames(0.05, 1, 10)).contains("no frame at 0.0500 s"));
    assert!(said(video.frames(0.2, 2, 10)).contains("0.3000 s"));
    assert!(said(video.frames(0.0, 4, 10)).contains("expected 4 frames, found 3"));
    let mut other = file.clone();
    let at = other.windows(4).position(|kind| kind == b"av01").unwrap();
    let at = at + 4 + other[at + 4..].windows(4).position(|kind| kind == b"av01").unwrap();
    other[at..at + 4].copy_from_slice(b"mp4v");
    assert!(Video::from_bytes(other).err().unwrap().contains("expected video codec av1, found mpeg4"));
    assert!(Video::from_bytes(file[..200].to_vec()).err().unwrap().contains("not a whole MP4 file"));
    assert!(check_size([15, 64]).unwrap_err().contains("15x64"));
    assert!(encode(&[], [16, 16], 10).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_files_are_errors_or_frames(at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let (_, file) = video([16, 16], 3, 10);
        let mut flipped = file.clone();
        flipped[at.index(file.len())] = byte;
        for bytes in [flipped, file[..cut.index(file.len())].to_vec()] {
            if let Ok(mut video) = Video::from_bytes(bytes) {
                let _ = video.frames(0.0, video.len().min(3), 10);
            }
        }
    }
}
