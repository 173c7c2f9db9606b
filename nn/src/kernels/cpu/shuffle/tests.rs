//! Shuffled pictures, number by number.

use super::*;
use crate::kernels::cpu::testing::{assert_threads_do_not_matter, noise};

const SIZES: [Shuffle; 6] = [
    Shuffle { height: 2, width: 3, channels: 3, block: 4 },
    Shuffle { height: 8, width: 8, channels: 64, block: 2 },
    Shuffle { height: 1, width: 1, channels: 1, block: 1 },
    Shuffle { height: 3, width: 1, channels: 2, block: 3 },
    Shuffle { height: 1, width: 5, channels: 5, block: 2 },
    Shuffle { height: 16, width: 16, channels: 3, block: 4 },
];

fn len(size: &Shuffle, pictures: usize) -> usize {
    pictures * size.height * size.width * size.channels * size.block * size.block
}

/// Calls `f` with the places of one number in planes, in pixels and in the folded picture.
fn each(size: &Shuffle, pictures: usize, mut f: impl FnMut([usize; 3])) {
    let Shuffle { height, width, channels, block } = *size;
    let (tall, wide) = (height * block, width * block);
    for picture in 0..pictures {
        for (y, x) in (0..tall).flat_map(|y| (0..wide).map(move |x| (y, x))) {
            for channel in 0..channels {
                let planes = ((picture * channels + channel) * tall + y) * wide + x;
                let pixels = ((picture * tall + y) * wide + x) * channels + channel;
                let within = channel * block * block + y % block * block + x % block;
                let pixel = (picture * height + y / block) * width + x / block;
                f([planes, pixels, pixel * channels * block * block + within]);
            }
        }
    }
}

#[test]
fn every_number_finds_its_place() {
    for size in SIZES {
        for pictures in [0, 1, 3] {
            let x = noise(1, len(&size, pictures));
            let mut got = [(); 4].map(|()| vec![0.0; x.len()]);
            let [fold_planes, unfold_planes, fold, unfold] = &mut got;
            size.fold_planes(&x, fold_planes);
            size.unfold_planes(&x, unfold_planes);
            size.fold(&x, fold);
            size.unfold(&x, unfold);
            each(&size, pictures, |[planes, pixels, folded]| {
                assert_eq!(fold_planes[folded], x[planes], "{size:?}");
                assert_eq!(unfold_planes[planes], x[folded], "{size:?}");
                assert_eq!(fold[folded], x[pixels], "{size:?}");
                assert_eq!(unfold[pixels], x[folded], "{size:?}");
            });
        }
    }
}

#[test]
fn bytes_become_numbers_from_minus_1_to_1_and_come_back() {
    for size in SIZES {
        for pictures in [0, 1, 3] {
            let bytes = (0..len(&size, pictures)).map(|idx| (idx * 7 % 256) as u8).collect::<Vec<_>>();
            let planes = bytes.iter().map(|&byte| f32::from(byte) * (1.0 / 127.5) - 1.0).collect::<Vec<_>>();
            let [mut folded, mut wanted] = [(); 2].map(|()| vec![0.0; bytes.len()]);
            size.fold_planes(&planes, &mut wanted);
            size.fold_bytes(&bytes, &mut folded);
            assert_eq!(folded, wanted, "{size:?}");
            let (mut back, mut room) = (vec![0; bytes.len()], vec![0; len(&size, 1)]);
            size.unfold_bytes(&folded, &mut room, &mut back);
            assert_eq!(back, bytes, "{size:?}");
        }
    }
    // Beyond the ends, between two levels, and no number at all.
    let size = Shuffle { height: 1, width: 8, channels: 1, block: 1 };
    let numbers = [-1.1, 1.1, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.0, 1.0, -1.0];
    let (mut room, mut back) = ([0; 8], [9; 8]);
    size.unfold_bytes(&numbers, &mut room, &mut back);
    assert_eq!(back, [0, 255, 255, 0, 0, 128, 255, 0]);
}

#[test]
fn threads_do_not_matter() {
    let size = SIZES[0];
    let x = noise(2, len(&size, 9));
    assert_threads_do_not_matter(|| {
        let mut out = vec![0.0; x.len()];
        size.fold_planes(&x, &mut out);
        out
    });
}
