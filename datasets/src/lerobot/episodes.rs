//! `meta/episodes`: where each episode lies, how it ended, and its statistics.

use std::{collections::BTreeMap, fs, path::Path, path::PathBuf, sync::Arc};

use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, BooleanArray, Int64Array, ListArray, RecordBatch, StringArray,
        UInt64Array,
    },
    buffer::OffsetBuffer,
    compute::cast,
    datatypes::{DataType, Field, UInt64Type},
};
use dreamlane_core::{Error, Result, Truncation};

use super::{
    info::{CHUNK, episodes_file},
    numbers::{column, counts, flags},
    stats::Stats,
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
}

/// What LeRobot has no column for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) id: u64,
    pub(super) terminated: bool,
    pub(super) truncated: Option<Truncation>,
}

/// Writes the row of an episode as a file of its own.
pub(super) fn write(
    root: &Path,
    episode_idx: usize,
    row: &EpisodeRow,
    ending: Ending,
    stats: &BTreeMap<String, Stats>,
) -> Result<()> {
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
    columns.extend(stats.iter().flat_map(|(feature, stats)| stats.to_columns(feature)));
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| Error::broken(&path, error))?;
    table::write(&path, &batch, &[], None)
}

/// Reads the rows of the first `count` episodes; rows beyond are of a writer that was stopped.
pub(super) fn read(root: &Path, count: usize) -> Result<Vec<EpisodeRow>> {
    let folder = root.join("meta/episodes");
    let mut rows = Vec::new();
    for path in if count == 0 { Vec::new() } else { files(&folder)? } {
        for batch in table::read(&path, &COLUMNS)? {
            rows_of(&batch, &mut rows).map_err(|reason| Error::broken(&path, reason))?;
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

fn rows_of(batch: &RecordBatch, rows: &mut Vec<EpisodeRow>) -> Checked<()> {
    let number = |name| counts(batch, name);
    let (indices, lengths) = (number("episode_index")?, number("length")?);
    let (from, to) = (number("dataset_from_index")?, number("dataset_to_index")?);
    let (chunks, files) = (number("data/chunk_index")?, number("data/file_index")?);
    let endings = endings(batch)?;
    for row in 0..batch.num_rows() {
        if indices[row] != rows.len() {
            return Err(format!("expected episode {}, found {}", rows.len(), indices[row]));
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
        });
    }
    Ok(())
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
