//! Parquet files: written whole, read by columns and rows with every position checked.

use std::{fs::File, ops::Range, path::Path};

use arrow::array::RecordBatch;
use dreamlane_core::{Error, Result};
use parquet::{
    arrow::{
        ArrowWriter, ProjectionMask,
        arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection},
    },
    basic::Compression,
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder},
    },
    schema::types::ColumnPath,
};

use crate::{durable, guard::caught, pages};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1024;

/// Writes one table as one row group. `pictures` are struct columns whose `bytes` are compressed already.
pub(super) fn write(path: &Path, batch: &RecordBatch, pictures: &[String]) -> Result<()> {
    let mut properties = properties(None);
    for picture in pictures {
        let bytes = ColumnPath::new(vec![picture.clone(), "bytes".to_owned()]);
        properties = properties
            .set_column_compression(bytes.clone(), Compression::UNCOMPRESSED)
            .set_column_dictionary_enabled(bytes.clone(), false)
            .set_column_statistics_enabled(bytes, EnabledStatistics::None);
    }
    let properties = properties.build();
    durable::replace(path, |file| fill(file, batch, properties).map_err(|error| failed(path, error)))
}

/// Writes a table of one row. It has a hundred columns, whose dictionaries, statistics and indices would be most of
/// the file.
pub(super) fn write_row(path: &Path, batch: &RecordBatch) -> Result<()> {
    let properties = properties(None)
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .build();
    durable::replace(path, |file| fill(file, batch, properties).map_err(|error| failed(path, error)))
}

/// The bytes of a small table without pictures.
pub(super) fn bytes(path: &Path, batch: &RecordBatch, metadata: Option<Vec<KeyValue>>) -> Result<Vec<u8>> {
    let properties = properties(metadata).build();
    let mut bytes = Vec::new();
    fill(&mut bytes, batch, properties).map_err(|error| failed(path, error))?;
    Ok(bytes)
}

/// Rows of a whole file, as its footer says.
pub(super) fn rows(path: &Path) -> Result<usize> {
    guarded(path, || {
        let rows = open(path)?.metadata().file_metadata().num_rows();
        usize::try_from(rows).map_err(|_| Error::broken(path, format!("{rows} rows")))
    })
}

fn properties(metadata: Option<Vec<KeyValue>>) -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None)
        .set_key_value_metadata(metadata)
}

fn fill(
    file: impl std::io::Write + Send,
    batch: &RecordBatch,
    properties: WriterProperties,
) -> parquet::errors::Result<()> {
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(())
}

/// A disk that is full is an error of the file, not of the data.
fn failed(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => Error::io(path)(*source),
            Err(source) => Error::broken(path, source),
        },
        other => Error::broken(path, other),
    }
}

/// Reads the named columns of all rows; columns that do not exist are left out.
pub(super) fn read(path: &Path, columns: &[&str]) -> Result<Vec<RecordBatch>> {
    guarded(path, || {
        let builder = open(path)?;
        let groups = (0..builder.metadata().num_row_groups()).collect();
        collect(path, builder, groups, columns)
    })
}

/// Reads the named columns of some rows; columns that do not exist are left out.
pub(super) fn read_rows(path: &Path, columns: &[&str], rows: Range<usize>) -> Result<Vec<RecordBatch>> {
    guarded(path, || {
        let builder = open(path)?;
        let (groups, selection) = covering(path, &builder, rows)?;
        collect(path, builder.with_row_selection(selection), groups, columns)
    })
}

/// The row groups that hold `rows`, and the selection inside them, so that nothing else is decoded.
fn covering(
    path: &Path,
    builder: &ParquetRecordBatchReaderBuilder<File>,
    rows: Range<usize>,
) -> Result<(Vec<usize>, RowSelection)> {
    let (mut groups, mut before, mut held, mut end) = (Vec::new(), 0usize, 0usize, 0usize);
    for (group_idx, group) in builder.metadata().row_groups().iter().enumerate() {
        let group_rows = usize::try_from(group.num_rows())
            .map_err(|_| Error::broken(path, format!("row group of {} rows", group.num_rows())))?;
        let start = end;
        end = start
            .checked_add(group_rows)
            .ok_or_else(|| Error::broken(path, "more rows than can be counted"))?;
        if end <= rows.start {
            before = end;
        } else if start < rows.end {
            groups.push(group_idx);
            held += group_rows;
        }
    }
    if end < rows.end {
        let found = format!("{end} rows");
        return Err(Error::mismatch(path, "rows", format!("at least {}", rows.end), found));
    }
    let inside = rows.start - before..rows.end - before;
    Ok((groups, RowSelection::from_consecutive_ranges(std::iter::once(inside), held)))
}

fn open(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(path).map_err(Error::io(path))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| Error::broken(path, error))
}

fn collect(
    path: &Path,
    builder: ParquetRecordBatchReaderBuilder<File>,
    groups: Vec<usize>,
    columns: &[&str],
) -> Result<Vec<RecordBatch>> {
    let wanted = builder
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter_map(|(idx, field)| columns.contains(&field.name().as_str()).then_some(idx));
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.collect::<Vec<_>>());
    let file = File::open(path).map_err(Error::io(path))?;
    for &group in &groups {
        let chunks = builder.metadata().row_group(group).columns().iter().enumerate();
        for (_, chunk) in chunks.filter(|(leaf_idx, _)| mask.leaf_included(*leaf_idx)) {
            pages::check(&file, chunk, pages::MAX_VALUES).map_err(|reason| Error::broken(path, reason))?;
        }
    }
    let reader = builder
        .with_row_groups(groups)
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|error| Error::broken(path, error))?;
    reader.map(|batch| batch.map_err(|error| Error::broken(path, error))).collect()
}

/// The parquet crate checks most, but not all, of what a damaged file can claim; its panics are broken data.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(read).map_err(|reason| Error::broken(path, format!("unreadable parquet: {reason}")))?
}
