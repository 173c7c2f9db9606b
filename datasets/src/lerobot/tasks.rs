//! `meta/tasks.parquet`: a pandas frame indexed by the task text.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use dreamlane_core::{Error, Result};
use parquet::file::metadata::KeyValue;
use serde_json::json;

use super::table;
use crate::durable;

/// Where the table is.
pub(super) fn path(root: &Path) -> PathBuf {
    root.join("meta/tasks.parquet")
}

/// Replaces the table of tasks; the position of a task is its index.
pub(super) fn write(root: &Path, tasks: &[String]) -> Result<()> {
    let path = path(root);
    durable::write(&path, &bytes(&path, tasks)?)
}

/// The bytes of the table.
pub(super) fn bytes(path: &Path, tasks: &[String]) -> Result<Vec<u8>> {
    let indices: ArrayRef = Arc::new(Int64Array::from_iter_values(0..tasks.len() as i64));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(tasks));
    let failed = |error| Error::broken(path, error);
    let batch =
        RecordBatch::try_from_iter_with_nullable([("task_index", indices, true), ("task", texts, true)])
            .map_err(failed)?;
    // pyarrow takes the key from the arrow schema inside the file, other readers from the file's own metadata.
    let metadata = HashMap::from([("pandas".to_owned(), pandas())]);
    let schema = batch.schema().as_ref().clone().with_metadata(metadata);
    let batch = batch.with_schema(Arc::new(schema)).map_err(failed)?;
    table::bytes(path, &batch, Some(vec![KeyValue::new("pandas".to_owned(), pandas())]))
}

/// Without this key LeRobot reads the number 0 where it wants the text of a task.
fn pandas() -> String {
    let column = |name: &str, pandas_type: &str, numpy_type: &str| {
        json!({
            "name": name, "field_name": name, "pandas_type": pandas_type, "numpy_type": numpy_type, "metadata": null
        })
    };
    json!({
        "index_columns": ["task"],
        "column_indexes": [{
            "name": null, "field_name": null, "pandas_type": "unicode", "numpy_type": "object",
            "metadata": {"encoding": "UTF-8"}
        }],
        "columns": [column("task_index", "int64", "int64"), column("task", "unicode", "object")],
        // The library whose layout this is; readers compare versions and nothing else.
        "creator": {"library": "pyarrow", "version": "20.0.0"},
        "pandas_version": "2.2.3"
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::*;

    #[test]
    fn the_pandas_key_is_in_the_file_and_in_its_arrow_schema() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["drive".to_owned()]).unwrap();
        let file = File::open(folder.path().join("meta/tasks.parquet")).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let entries = reader.metadata().file_metadata().key_value_metadata().unwrap();
        let len = |key: &str| {
            let entry = entries.iter().find(|entry| entry.key == key).unwrap();
            entry.value.as_ref().unwrap().len()
        };
        assert_eq!(len("pandas"), pandas().len());
        // The schema is written as base64, which is a third longer than what it holds.
        assert!(len("ARROW:schema") * 3 > pandas().len() * 4);
    }
}
