//! Any source becomes a data set of our own, through the traits alone.

use dreamlane_core::{CameraSpec, EnvSpec, Episode, EpisodeSource, Lens};
use dreamlane_datasets::{Selection, convert, format_named, open_any};

use crate::made::{Shape, provenance, read, spec, write};

/// Two cameras of 4x6 and 5x6, the second with a lens.
fn two_cameras() -> EnvSpec {
    let mut spec = spec(Shape { cameras: 2, features: 2, actions: 2, rewards: true });
    spec.cameras[1].lens =
        Some(Lens { focal_px: [3.0, 3.0], centre_px: [3.0, 2.5], place_m: [0.5, 0.0, 1.2] });
    spec
}

fn selection(cameras: &[&str], size: Option<[usize; 2]>) -> Selection {
    Selection { cameras: cameras.iter().map(|&name| name.to_owned()).collect(), size }
}

/// Spec and episodes of the source and of what became of it, or the message.
fn converted(selection: &Selection) -> Result<[(EnvSpec, Vec<Episode>); 2], String> {
    let folder = tempfile::tempdir().unwrap();
    let (from, out) = (folder.path().join("from"), folder.path().join("new/out"));
    write(&from, &two_cameras(), &[3, 5]);
    let source = open_any(&from).unwrap();
    let format = format_named("lerobot").unwrap();
    let made = convert(source.as_ref(), selection, format, &out, &provenance(), &mut |_, _| {});
    let kept = std::fs::read_dir(folder.path().join("new")).map_or(0, Iterator::count);
    assert_eq!(kept, usize::from(made.is_ok()), "what is left beside the data set");
    let made = made.map_err(|error| error.to_string())?;
    assert_eq!((made.episodes, made.frames), (2, 8));
    let whole = |source: &dyn EpisodeSource| (source.spec().clone(), read(source).unwrap());
    Ok([whole(source.as_ref()), whole(open_any(&out).unwrap().as_ref())])
}

#[test]
fn with_nothing_chosen_every_episode_stays_as_it_was() {
    let [source, made] = converted(&Selection::default()).unwrap();
    assert_eq!(made, source);
}

#[test]
fn a_chosen_camera_is_resized_with_its_lens_and_all_else_is_kept() {
    let [(source, kept), (spec, made)] = converted(&selection(&["camera1"], Some([10, 3]))).unwrap();
    let camera = CameraSpec {
        lens: Some(Lens { focal_px: [1.5, 6.0], centre_px: [1.5, 5.0], place_m: [0.5, 0.0, 1.2] }),
        ..CameraSpec::new("camera1", 10, 3)
    };
    assert_eq!(spec, EnvSpec { cameras: vec![camera], ..source });
    for (made, mut kept) in made.into_iter().zip(kept) {
        for (step, kept) in made.steps.iter().zip(&mut kept.steps) {
            assert_eq!(step.images[0].len(), 3 * 10 * 3);
            // Twice as high, half as wide: the mean of two pixels beside one another.
            let mean = (f64::from(kept.images[1][0]) + f64::from(kept.images[1][1])) / 2.0;
            assert!((f64::from(step.images[0][0]) - mean).abs() <= 1.0);
            kept.images.clone_from(&step.images);
        }
        assert_eq!(made, kept);
    }
}

#[test]
fn what_cannot_be_chosen_is_named_and_leaves_nothing() {
    for (selection, word) in [
        (selection(&["rear"], None), "camera0, camera1"),
        (selection(&["camera0", "camera0"], None), "twice"),
        (selection(&[], Some([0, 5])), "0x5"),
    ] {
        let said = converted(&selection).err().unwrap();
        assert!(said.contains(word), "{said}");
    }
}
