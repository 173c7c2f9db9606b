//! Columns of numbers: from vectors to arrow arrays, and back with every width and null checked.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray as _, BooleanArray, FixedSizeListArray, Float32Array, Int64Array,
        OffsetSizeTrait, RecordBatch,
    },
    compute::cast,
    datatypes::{DataType, Field, Float32Type, Float64Type, Int64Type},
};

use super::stats::Stats;

use crate::Checked;

/// The numbers of one feature, row by row.
pub(super) enum Numbers {
    /// `[row, width]`; width 1 is stored as a scalar.
    Floats { values: Vec<f32>, width: usize },
    /// `[row]`.
    Longs(Vec<i64>),
    /// `[row]`.
    Flags(Vec<bool>),
}

impl Numbers {
    /// Statistics over the rows.
    pub(super) fn stats(&self) -> Stats {
        match self {
            Self::Floats { values, width } => Stats::of_numbers(values.iter().map(|&x| f64::from(x)), *width),
            Self::Longs(values) => Stats::of_numbers(values.iter().map(|&x| x as f64), 1),
            Self::Flags(values) => Stats::of_numbers(values.iter().map(|&x| f64::from(u8::from(x))), 1),
        }
    }

    /// The arrow column.
    pub(super) fn into_array(self) -> Checked<ArrayRef> {
        Ok(match self {
            Self::Floats { values, width: 1 } => Arc::new(Float32Array::from(values)),
            Self::Floats { values, width } => {
                let field = Arc::new(Field::new("item", DataType::Float32, true));
                let size = i32::try_from(width).map_err(|_| format!("width of {width}"))?;
                let values = Arc::new(Float32Array::from(values));
                Arc::new(
                    FixedSizeListArray::try_new(field, size, values, None)
                        .map_err(|error| error.to_string())?,
                )
            }
            Self::Longs(values) => Arc::new(Int64Array::from(values)),
            Self::Flags(values) => Arc::new(BooleanArray::from(values)),
        })
    }
}

/// A column by name.
pub(super) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Checked<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))
}

/// `[row, width]` numbers, whatever number type and kind of list holds them.
pub(super) fn floats(batch: &RecordBatch, name: &str, width: usize) -> Checked<Vec<f32>> {
    let array = column(batch, name)?;
    let values = match array.data_type() {
        DataType::FixedSizeList(..) => {
            let list = array.as_fixed_size_list();
            whole(name, list)?;
            let found = list.value_length();
            if usize::try_from(found) != Ok(width) {
                return Err(format!("`{name}`: expected {width} numbers a row, found {found}"));
            }
            Arc::clone(list.values())
        }
        DataType::List(_) => ragged::<i32>(array, name, width)?,
        DataType::LargeList(_) => ragged::<i64>(array, name, width)?,
        _ => Arc::clone(array),
    };
    if values.len() != array.len() * width {
        let (found, rows) = (values.len(), array.len());
        return Err(format!("`{name}`: expected {rows} rows of {width} numbers, found {found} numbers"));
    }
    Ok(as_type(name, &values, &DataType::Float32)?.as_primitive::<Float32Type>().values().to_vec())
}

/// `[row]` whole numbers.
pub(super) fn longs(batch: &RecordBatch, name: &str) -> Checked<Vec<i64>> {
    let array = as_type(name, column(batch, name)?, &DataType::Int64)?;
    Ok(array.as_primitive::<Int64Type>().values().to_vec())
}

/// `[row]` sizes and positions.
pub(super) fn counts(batch: &RecordBatch, name: &str) -> Checked<Vec<usize>> {
    let count = |value| usize::try_from(value).map_err(|_| format!("`{name}`: {value} is below 0"));
    longs(batch, name)?.into_iter().map(count).collect()
}

/// `[row]` times, in seconds.
pub(super) fn seconds(batch: &RecordBatch, name: &str) -> Checked<Vec<f64>> {
    let array = as_type(name, column(batch, name)?, &DataType::Float64)?;
    let values = array.as_primitive::<Float64Type>().values();
    match values.iter().find(|value| !(0.0..1e9).contains(*value)) {
        Some(value) => Err(format!("`{name}`: {value} s is no time in a video")),
        None => Ok(values.to_vec()),
    }
}

/// `[row]` flags.
pub(super) fn flags(batch: &RecordBatch, name: &str) -> Checked<Vec<bool>> {
    let array = as_type(name, column(batch, name)?, &DataType::Boolean)?;
    Ok(array.as_boolean().iter().map(|flag| flag == Some(true)).collect())
}

fn ragged<O: OffsetSizeTrait>(array: &ArrayRef, name: &str, width: usize) -> Checked<ArrayRef> {
    let list = array.as_list::<O>();
    whole(name, list)?;
    if let Some(row) = (0..list.len()).find(|&row| list.value_length(row).as_usize() != width) {
        let found = list.value_length(row).as_usize();
        return Err(format!("`{name}`: expected {width} numbers a row, found {found}"));
    }
    let first = list.value_offsets().first().map_or(0, |offset| offset.as_usize());
    Ok(list.values().slice(first, list.len() * width))
}

fn as_type(name: &str, array: &ArrayRef, wanted: &DataType) -> Checked<ArrayRef> {
    let cast = cast(array, wanted).map_err(|error| format!("`{name}`: {error}"))?;
    whole(name, &cast)?;
    Ok(cast)
}

fn whole(name: &str, array: &dyn Array) -> Checked<()> {
    match array.null_count() {
        0 => Ok(()),
        nulls => Err(format!("`{name}`: {nulls} empty values")),
    }
}
