//! The parquet file of an episode: written whole, read in pieces of bounded size.

use std::{fs::File, path::Path};

use arrow::array::RecordBatch;
use dreamlane_core::{Error, Result};
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::Compression,
    file::properties::{EnabledStatistics, WriterProperties},
};

use crate::{durable, guard::caught, pages};

/// Bytes decoded at a time, about.
const BATCH_BYTES: usize = 32 << 20;
const MAX_BATCH_ROWS: usize = 1024;

/// Writes a table as one row group: Minari takes each row group for an episode.
/// Pictures are bytes in 32-bit columns, so the dictionary is what makes them bytes again.
pub(super) fn write(path: &Path, batch: &RecordBatch) -> Result<()> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None)
        .build();
    durable::replace(path, |file| {
        let failed = |error| Error::broken(path, error);
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(failed)?;
        writer.write(batch).map_err(failed)?;
        writer.close().map_err(failed)?;
        Ok(())
    })
}

/// Reads a table of exactly so many rows, each of about `row_bytes`, in pieces.
pub(super) fn read(path: &Path, rows: usize, row_bytes: usize) -> Result<Vec<RecordBatch>> {
    guarded(path, || {
        let broken = |error| Error::broken(path, error);
        let file = File::open(path).map_err(Error::io(path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?;
        let found = builder.metadata().file_metadata().num_rows();
        if usize::try_from(found) != Ok(rows) {
            return Err(Error::mismatch(path, "rows", rows, found));
        }
        // A picture is as many values as it has bytes, so long episodes have more than other tables.
        let most_values = rows.saturating_mul(row_bytes).max(pages::MAX_VALUES);
        let pages = File::open(path).map_err(Error::io(path))?;
        for chunk in builder.metadata().row_groups().iter().flat_map(|group| group.columns()) {
            pages::check(&pages, chunk, most_values).map_err(|reason| Error::broken(path, reason))?;
        }
        let batch_rows = (BATCH_BYTES / row_bytes.max(1)).clamp(1, MAX_BATCH_ROWS);
        let reader = builder.with_batch_size(batch_rows).build().map_err(broken)?;
        let (mut batches, mut read) = (Vec::new(), 0usize);
        for batch in reader {
            let batch = batch.map_err(|error| Error::broken(path, error))?;
            read += batch.num_rows();
            if read > rows {
                return Err(Error::mismatch(path, "rows", rows, format!("at least {read}")));
            }
            batches.push(batch);
        }
        Ok(batches)
    })
}

/// The parquet crate checks most, but not all, of what a damaged file can claim; its panics are broken data.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(read).map_err(|reason| Error::broken(path, format!("unreadable parquet: {reason}")))?
}
