//! A tiny valid data set, written by the format itself: what damage begins from.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use dreamlane_core::{ActionSpace, CameraSpec, EnvSpec, Episode, Provenance, Seed, Step};

use parquet::arrow::{ArrowWriter, ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};

use crate::scratch;

/// A valid set on disk and its files' content.
#[derive(Debug)]
pub struct Made {
    /// Its folder.
    pub root: PathBuf,
    /// `meta/info.json`.
    pub info: Vec<u8>,
    /// The table of its one episode.
    pub episodes: Vec<u8>,
    /// The rows of its one episode.
    pub data: Vec<u8>,
    /// The video of its one episode; empty where pictures are in the rows.
    pub video: Vec<u8>,
}

impl Made {
    /// Path of the table of episodes.
    pub fn episodes_path(&self) -> PathBuf {
        self.root.join("meta/episodes/chunk-000/file-000.parquet")
    }

    /// Path of the video.
    pub fn video_path(&self) -> PathBuf {
        self.root.join("videos/observation.images.front/chunk-000/file-000.mp4")
    }

    /// Path of the rows.
    pub fn data_path(&self) -> PathBuf {
        self.root.join("data/chunk-000/file-000.parquet")
    }
}

/// Writes the set with PNG pictures into the scratch folder.
pub fn made(name: &str) -> Made {
    made_as("lerobot", name)
}

/// Writes the set with a video into the scratch folder.
pub fn made_with_video(name: &str) -> Made {
    let mut made = made_as("lerobot-av1", name);
    made.video = fs::read(made.video_path()).expect("a written file");
    made
}

/// One file of the same set in another format; the set itself where `file` is empty.
pub fn made_file(format: &str, name: &str, file: &str) -> Vec<u8> {
    let root = scratch().join(name);
    write(format, &root);
    let path = if file.is_empty() { root } else { root.join(file) };
    fs::read(path).expect("a written file")
}

fn write(format: &str, root: &Path) {
    let spec = spec();
    let provenance = Provenance::recording("made/tiny", "fuzz");
    let format = dreamlane_datasets::format_named(format).expect("a known format");
    let mut sink = format.create(root, &spec, &provenance).expect("a new data set");
    sink.write(&episode(&spec)).expect("a written episode");
    sink.finish().expect("a finished data set");
}

fn made_as(format: &str, name: &str) -> Made {
    let root = scratch().join(name);
    write(format, &root);
    let mut made = Made { root, info: Vec::new(), episodes: Vec::new(), data: Vec::new(), video: Vec::new() };
    without_statistics(&made.episodes_path());
    let read = |path: PathBuf| fs::read(path).expect("a written file");
    made.info = read(made.root.join("meta/info.json"));
    made.episodes = read(made.episodes_path());
    made.data = read(made.data_path());
    made
}

/// Takes the columns of statistics away, which nothing of ours reads and which are nine tenths of the file.
fn without_statistics(path: &Path) {
    let file = File::open(path).expect("a file");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("parquet");
    let kept = builder.schema().fields().iter().enumerate();
    let kept: Vec<usize> =
        kept.filter_map(|(idx, field)| (!field.name().starts_with("stats/")).then_some(idx)).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), kept);
    let batches: Vec<_> =
        builder.with_projection(mask).build().expect("rows").map(|batch| batch.expect("a batch")).collect();
    let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), batches[0].schema(), None)
        .expect("a writer");
    batches.iter().for_each(|batch| writer.write(batch).expect("a written batch"));
    writer.close().expect("a closed file");
}

fn spec() -> EnvSpec {
    EnvSpec {
        name: "made/tiny".to_owned(),
        lanes: 1,
        seats: 1,
        steps_per_second: 10,
        rewards: true,
        state: vec!["lateral_m".to_owned(), "speed".to_owned()],
        cameras: vec![CameraSpec::new("front", 16, 24)],
        action: ActionSpace::Continuous {
            names: vec!["steering".to_owned(), "throttle".to_owned()],
            low: vec![-1.0; 2],
            high: vec![1.0; 2],
        },
        scenes: false,
    }
}

fn episode(spec: &EnvSpec) -> Episode {
    let step = |row: u64| {
        let seed = Seed::new(row);
        let picture = |camera: &CameraSpec| {
            seed.split(1).normal(camera.frame_len()).iter().map(|x| (x * 50.0 + 128.0) as u8).collect()
        };
        Step {
            images: spec.cameras.iter().map(picture).collect(),
            state: seed.split(2).normal(spec.state.len()),
            action: seed.split(3).normal(spec.action.width()),
            reward: seed.uniform(),
            trust: 1.0,
            scene: None,
        }
    };
    Episode {
        id: 7,
        task: "drive".to_owned(),
        beginning: "frame 3".to_owned(),
        steps: (0..3).map(step).collect(),
        terminated: true,
        truncated: None,
    }
}
