//! `meta/episodes`: where each episode lies, how it ended, and its statistics.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf, sync::Arc};

use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch,
        StringArray, UInt64Array,
    },
    buffer::OffsetBuffer,
    compute::cast,
    datatypes::{DataType, Field, UInt64Type},
};
use dreamlane_core::{Error, Result, Truncation};

use super::{
    info::{CHUNK, episodes_file},
    numbers::{column, counts, flags, seconds},
    stats::{Kind, Stats},
    table,
};

use crate::Checked;

const ID: &str = "dreamlane/id";
const TERMINATED: &str = "dreamlane/terminated";
const TRUNCATED: &str = "dreamlane/truncated";
const BEGINNING: &str = "dreamlane/beginning";

/// One row of `meta/episodes`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EpisodeRow {
    pub(super) task: String,
    pub(super) length: usize,
    /// First row, counted over the whole set.
    pub(super) first_row: usize,
    pub(super) chunk: usize,
    pub(super) file: usize,
    /// Absent in sets that others made.
    pub(super) ending: Option<Ending>,
    /// Empty in sets that others made.
    pub(super) beginning: String,
    /// One per video feature, in the order they were asked for.
    pub(super) videos: Vec<VideoPlace>,
}

/// Where the pictures of one camera lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct VideoPlace {
    pub(super) chunk: usize,
    pub(super) file: usize,
    /// Time of the first frame in the file.
    pub(super) from_s: f64,
    pub(super) to_s: f64,
}

/// What LeRobot has no column for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) id: u64,
    pub(super) terminated: bool,
    pub(super) truncated: Option<Truncation>,
}

/// Writes the row of an episode as a file of its own; `videos` names the features of `row.videos`.
pub(super) fn write(
    root: &Path,
    episode_idx: usize,
    row: &EpisodeRow,
    videos: &[String],
    stats: &BTreeMap<String, Stats>,
) -> Result<()> {
    let ending = row.ending.unwrap_or(Ending { id: episode_idx as u64, terminated: false, truncated: None });
    let (chunk, file) = (episode_idx / CHUNK, episode_idx % CHUNK);
    let path = episodes_file(root, chunk, file);
    let number = |value: usize| -> ArrayRef { Arc::new(Int64Array::from(vec![value as i64])) };
    let mut columns: Vec<(String, ArrayRef)> = [
        ("episode_index", number(episode_idx)),
        ("tasks", text_list(&row.task)),
        ("length", number(row.length)),
        ("dataset_from_index", number(row.first_row)),
        ("dataset_to_index", number(row.first_row + row.length)),
        ("data/chunk_index", number(row.chunk)),
        ("data/file_index", number(row.file)),
        ("meta/episodes/chunk_index", number(chunk)),
        ("meta/episodes/file_index", number(file)),
        (ID, Arc::new(UInt64Array::from(vec![ending.id]))),
        (TERMINATED, Arc::new(BooleanArray::from(vec![ending.terminated]))),
        (TRUNCATED, Arc::new(StringArray::from(vec![ending.truncated.map(word)]))),
        (BEGINNING, Arc::new(StringArray::from(vec![row.beginning.as_str()]))),
    ]
    .map(|(name, array)| (name.to_owned(), array))
    .into();
    for (key, place) in videos.iter().zip(&row.videos) {
        let seconds = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![value])) };
        columns.extend(
            [
                ("chunk_index", number(place.chunk)),
                ("file_index", number(place.file)),
                ("from_timestamp", seconds(place.from_s)),
                ("to_timestamp", seconds(place.to_s)),
            ]
            .map(|(name, array)| (format!("videos/{key}/{name}"), array)),
        );
    }
    columns.extend(stats.iter().flat_map(|(feature, stats)| stats.to_columns(feature)));
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| Error::broken(&path, error))?;
    table::write_row(&path, &batch)
}

/// Reads the rows of the first `count` episodes; rows beyond are of a writer that was stopped.
pub(super) fn read(root: &Path, count: usize, videos: &[String]) -> Result<Vec<EpisodeRow>> {
    let wanted = columns(videos);
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let folder = root.join("meta/episodes");
    let mut rows = Vec::new();
    for path in if count == 0 { Vec::new() } else { files(&folder)? } {
        for batch in table::read(&path, &wanted)? {
            rows_of(&batch, videos, &mut rows).map_err(|reason| Error::broken(&path, reason))?;
        }
        if rows.len() >= count {
            break;
        }
    }
    if rows.len() < count {
        return Err(Error::mismatch(&folder, "episodes", count, rows.len()));
    }
    rows.truncate(count);
    Ok(rows)
}

/// The row of one episode and its statistics, out of the file that [`write`] made; `kinds` names the features.
/// None where the file holds several rows, as those of other writers do.
pub(super) fn read_one(
    root: &Path,
    episode_idx: usize,
    videos: &[String],
    kinds: &BTreeMap<String, Kind>,
) -> Result<Option<(EpisodeRow, BTreeMap<String, Stats>)>> {
    let path = episodes_file(root, episode_idx / CHUNK, episode_idx % CHUNK);
    let mut wanted = columns(videos);
    wanted.extend(kinds.keys().flat_map(|feature| Stats::column_names(feature)));
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let batches = table::read(&path, &wanted)?;
    let count: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let [batch] = &batches[..] else {
        return if count > 1 { Ok(None) } else { Err(Error::broken(&path, "no row")) };
    };
    if count > 1 {
        return Ok(None);
    }
    let read = || -> Checked<_> {
        let mut rows = Vec::new();
        rows_from(episode_idx, batch, videos, &mut rows)?;
        let stats = kinds
            .iter()
            .map(|(feature, &kind)| Ok((feature.clone(), Stats::from_columns(batch, feature, kind)?)))
            .collect::<Checked<_>>()?;
        Ok(rows.pop().map(|row| (row, stats)))
    };
    read().map_err(|reason| Error::broken(&path, reason))
}

fn columns(videos: &[String]) -> Vec<String> {
    let mut names: Vec<String> = COLUMNS.map(str::to_owned).into();
    for key in videos {
        names.extend(VIDEO_COLUMNS.map(|name| format!("videos/{key}/{name}")));
    }
    names
}

const VIDEO_COLUMNS: [&str; 4] = ["chunk_index", "file_index", "from_timestamp", "to_timestamp"];

const COLUMNS: [&str; 11] = [
    "episode_index",
    "tasks",
    "length",
    "dataset_from_index",
    "dataset_to_index",
    "data/chunk_index",
    "data/file_index",
    ID,
    TERMINATED,
    TRUNCATED,
    BEGINNING,
];

/// The `chunk-*/file-*.parquet` files in order.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = |folder: &Path, prefix: &str| -> Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
            let entry = entry.map_err(Error::io(folder))?;
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                paths.push(entry.path());
            }
        }
        // Numbers have at least three digits and may have more.
        paths.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
        Ok(paths)
    };
    let mut files = Vec::new();
    for chunk in listed(folder, "chunk-")? {
        files.extend(listed(&chunk, "file-")?);
    }
    Ok(files)
}

fn rows_of(batch: &RecordBatch, videos: &[String], rows: &mut Vec<EpisodeRow>) -> Checked<()> {
    rows_from(0, batch, videos, rows)
}

/// Adds the rows of a table; the first of all `rows` is that of episode `first`.
fn rows_from(
    first: usize,
    batch: &RecordBatch,
    videos: &[String],
    rows: &mut Vec<EpisodeRow>,
) -> Checked<()> {
    let number = |name| counts(batch, name);
    let (indices, lengths) = (number("episode_index")?, number("length")?);
    let (from, to) = (number("dataset_from_index")?, number("dataset_to_index")?);
    let (chunks, files) = (number("data/chunk_index")?, number("data/file_index")?);
    let endings = endings(batch)?;
    let videos = videos.iter().map(|key| video_places(batch, key)).collect::<Checked<Vec<_>>>()?;
    for row in 0..batch.num_rows() {
        let expected = first + rows.len();
        if indices[row] != expected {
            return Err(format!("expected episode {expected}, found {}", indices[row]));
        }
        if from[row].checked_add(lengths[row]) != Some(to[row]) || lengths[row] == 0 {
            let (from, to, length) = (from[row], to[row], lengths[row]);
            return Err(format!("episode {}: rows {from} to {to}, but length {length}", indices[row]));
        }
        rows.push(EpisodeRow {
            task: first_task(batch, row)?,
            length: lengths[row],
            first_row: from[row],
            chunk: chunks[row],
            file: files[row],
            ending: endings.as_ref().map(|endings| endings[row]),
            beginning: beginning(batch, row)?,
            videos: videos.iter().map(|places| places[row]).collect(),
        });
    }
    Ok(())
}

fn video_places(batch: &RecordBatch, key: &str) -> Checked<Vec<VideoPlace>> {
    let name = |name: &str| format!("videos/{key}/{name}");
    let (chunks, files) = (counts(batch, &name("chunk_index"))?, counts(batch, &name("file_index"))?);
    let (from, to) = (seconds(batch, &name("from_timestamp"))?, seconds(batch, &name("to_timestamp"))?);
    let place =
        |row: usize| VideoPlace { chunk: chunks[row], file: files[row], from_s: from[row], to_s: to[row] };
    Ok((0..batch.num_rows()).map(place).collect())
}

fn endings(batch: &RecordBatch) -> Checked<Option<Vec<Ending>>> {
    let Some(ids) = batch.column_by_name(ID) else { return Ok(None) };
    let ids = cast(ids, &DataType::UInt64).map_err(|error| format!("`{ID}`: {error}"))?;
    let ids = ids.as_primitive::<UInt64Type>();
    let terminated = flags(batch, TERMINATED)?;
    let words = cast(column(batch, TRUNCATED)?, &DataType::Utf8)
        .map_err(|error| format!("`{TRUNCATED}`: {error}"))?;
    let words = words.as_string::<i32>();
    let ending = |row: usize| {
        let truncated = (!words.is_null(row)).then(|| truncation(words.value(row))).transpose()?;
        Ok(Ending { id: ids.value(row), terminated: terminated[row], truncated })
    };
    (0..batch.num_rows()).map(ending).collect::<Checked<_>>().map(Some)
}

fn first_task(batch: &RecordBatch, row: usize) -> Checked<String> {
    let Some(tasks) = batch.column_by_name("tasks") else { return Ok(String::new()) };
    let Some(list) = tasks.as_list_opt::<i32>() else {
        return Err("`tasks`: expected a list of texts".to_owned());
    };
    if list.is_null(row) {
        return Ok(String::new());
    }
    let texts = cast(&list.value(row), &DataType::Utf8).map_err(|error| format!("`tasks`: {error}"))?;
    Ok(texts.as_string::<i32>().iter().flatten().next().unwrap_or_default().to_owned())
}

fn beginning(batch: &RecordBatch, row: usize) -> Checked<String> {
    let Some(texts) = batch.column_by_name(BEGINNING) else { return Ok(String::new()) };
    let texts = cast(texts, &DataType::Utf8).map_err(|error| format!("`{BEGINNING}`: {error}"))?;
    let texts = texts.as_string::<i32>();
    Ok(if texts.is_null(row) { String::new() } else { texts.value(row).to_owned() })
}

fn text_list(text: &str) -> ArrayRef {
    let values = Arc::new(StringArray::from(vec![text]));
    let field = Arc::new(Field::new("item", DataType::Utf8, true));
    Arc::new(ListArray::new(field, OffsetBuffer::from_lengths([1]), values, None))
}

fn word(truncation: Truncation) -> &'static str {
    match truncation {
        Truncation::Clock => "clock",
        Truncation::Horizon => "horizon",
        Truncation::Trust => "trust",
    }
}

fn truncation(word: &str) -> Checked<Truncation> {
    match word {
        "clock" => Ok(Truncation::Clock),
        "horizon" => Ok(Truncation::Horizon),
        "trust" => Ok(Truncation::Trust),
        other => Err(format!("`{TRUNCATED}`: expected clock, horizon or trust, found `{other}`")),
    }
}
