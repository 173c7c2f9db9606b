//! The statistics LeRobot keeps per feature, of one episode and of the whole set.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, Float64Array, Int64Array, ListArray, RecordBatch},
    buffer::OffsetBuffer,
    datatypes::{ArrowNativeType as _, DataType, Field, Float64Type, Int64Type},
};
use serde_json::{Map, Value, json};

use super::numbers::column;
use crate::Checked;

const NAMES: [&str; 9] = ["min", "max", "mean", "std", "q01", "q10", "q50", "q90", "q99"];
const QUANTILES: [f64; 5] = [0.01, 0.10, 0.50, 0.90, 0.99];
const MIN: usize = 0;
const MAX: usize = 1;
const MEAN: usize = 2;
const STD: usize = 3;

/// Statistics of one feature.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stats {
    /// In the order of `NAMES`, each `[width]`, or `[channel]` of pictures in [0, 1].
    values: [Vec<f64>; 9],
    /// Frames.
    count: u64,
    kind: Kind,
}

/// Decides the nesting: pictures have the shape (3, 1, 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of vectors and flags.
    Numbers,
    /// Of cameras.
    Pictures,
}

impl Stats {
    /// Of `[row, width]` numbers.
    pub(super) fn of_numbers(values: impl Iterator<Item = f64> + Clone, width: usize) -> Self {
        let mut stats = Self::empty(Kind::Numbers);
        for feature_idx in 0..width {
            let mut column: Vec<f64> = values.clone().skip(feature_idx).step_by(width).collect();
            column.sort_unstable_by(f64::total_cmp);
            stats.count = column.len() as u64;
            let count = column.len().max(1) as f64;
            let mean = column.iter().sum::<f64>() / count;
            let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
            let at = |part: f64| column.get((part * (count - 1.0)).round() as usize).copied().unwrap_or(0.0);
            stats.push([at(0.0), at(1.0), mean, variance.sqrt()], QUANTILES.map(at));
        }
        stats
    }

    /// Of pictures, each `[channel, height, width]`. Exact: a byte has 256 values, so a histogram says all.
    pub(super) fn of_pictures<'a>(pictures: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut stats = Self::empty(Kind::Pictures);
        let mut histograms = [[0u64; 256]; 3];
        for picture in pictures {
            stats.count += 1;
            let pixels = (picture.len() / 3).max(1);
            for (histogram, plane) in histograms.iter_mut().zip(picture.chunks_exact(pixels)) {
                plane.iter().for_each(|&byte| histogram[usize::from(byte)] += 1);
            }
        }
        for histogram in &histograms {
            stats.push_histogram(histogram);
        }
        stats
    }

    /// Takes in another part of the same feature. Quantiles are averaged by weight, as LeRobot does.
    pub(super) fn merge(&mut self, other: &Self) {
        let (ours, theirs) = (self.count as f64, other.count as f64);
        let weight = theirs / (ours + theirs).max(1.0);
        for idx in 0..self.values[MIN].len() {
            let (mean, other_mean) = (self.values[MEAN][idx], other.values[MEAN][idx]);
            let between = weight * (1.0 - weight) * (mean - other_mean).powi(2);
            let within =
                (1.0 - weight) * self.values[STD][idx].powi(2) + weight * other.values[STD][idx].powi(2);
            for (name_idx, (value, other)) in self.values.iter_mut().zip(&other.values).enumerate() {
                value[idx] = match name_idx {
                    MIN => value[idx].min(other[idx]),
                    MAX => value[idx].max(other[idx]),
                    STD => (within + between).sqrt(),
                    _ => (1.0 - weight) * value[idx] + weight * other[idx],
                };
            }
        }
        self.count += other.count;
    }

    /// The entry of `stats.json`.
    pub(super) fn to_json(&self) -> Value {
        let mut entry = Map::new();
        for (name, values) in NAMES.iter().zip(&self.values) {
            let nested = match self.kind {
                Kind::Numbers => json!(values),
                Kind::Pictures => values.iter().map(|value| json!([[value]])).collect(),
            };
            entry.insert((*name).to_owned(), nested);
        }
        entry.insert("count".to_owned(), json!([self.count]));
        Value::Object(entry)
    }

    /// The whole `stats.json`.
    pub(super) fn to_json_of(features: &BTreeMap<String, Self>) -> Map<String, Value> {
        features.iter().map(|(feature, stats)| (feature.clone(), stats.to_json())).collect()
    }

    /// One-row columns `stats/{feature}/{name}` of `meta/episodes`.
    pub(super) fn to_columns(&self, feature: &str) -> Vec<(String, ArrayRef)> {
        let mut columns = Vec::with_capacity(NAMES.len() + 1);
        for (name, values) in NAMES.iter().zip(&self.values) {
            let mut array: ArrayRef = Arc::new(Float64Array::from(values.clone()));
            if self.kind == Kind::Pictures {
                array = lists_of(lists_of(array, 1), 1);
            }
            let rows = values.len();
            columns.push((format!("stats/{feature}/{name}"), lists_of(array, rows)));
        }
        let count: ArrayRef = Arc::new(Int64Array::from(vec![self.count as i64]));
        columns.push((format!("stats/{feature}/count"), lists_of(count, 1)));
        columns
    }

    /// What [`to_columns`](Self::to_columns) calls them.
    pub(super) fn column_names(feature: &str) -> impl Iterator<Item = String> {
        NAMES.into_iter().chain(["count"]).map(move |name| format!("stats/{feature}/{name}"))
    }

    /// The columns of [`to_columns`](Self::to_columns) again, exactly.
    pub(super) fn from_columns(batch: &RecordBatch, feature: &str, kind: Kind) -> Checked<Self> {
        let mut stats = Self::empty(kind);
        for (name, values) in NAMES.iter().zip(&mut stats.values) {
            let flat = flattened(batch, &format!("stats/{feature}/{name}"), &DataType::Float64)?;
            *values = flat.as_primitive::<Float64Type>().values().to_vec();
        }
        let width = stats.values[MIN].len();
        if stats.values.iter().any(|values| values.len() != width) {
            return Err(format!("`stats/{feature}`: statistics of different widths"));
        }
        let name = format!("stats/{feature}/count");
        let count = flattened(batch, &name, &DataType::Int64)?;
        let [count] = count.as_primitive::<Int64Type>().values()[..] else {
            return Err(format!("`{name}`: expected one number, found {}", count.len()));
        };
        stats.count = u64::try_from(count).map_err(|_| format!("`{name}`: {count} is below 0"))?;
        Ok(stats)
    }

    /// Takes a part into the statistics of a whole set.
    pub(super) fn merge_all(whole: &mut BTreeMap<String, Self>, parts: BTreeMap<String, Self>) {
        for (feature, part) in parts {
            whole.entry(feature).and_modify(|whole| whole.merge(&part)).or_insert(part);
        }
    }

    fn empty(kind: Kind) -> Self {
        Self { values: Default::default(), count: 0, kind }
    }

    fn push(&mut self, moments: [f64; 4], quantiles: [f64; 5]) {
        for (values, value) in self.values.iter_mut().zip(moments.into_iter().chain(quantiles)) {
            values.push(value);
        }
    }

    fn push_histogram(&mut self, histogram: &[u64; 256]) {
        let total = histogram.iter().sum::<u64>().max(1);
        let average = |of: &dyn Fn(f64) -> f64| {
            let weighted = |(byte, &n): (usize, &u64)| of(byte as f64 / 255.0) * n as f64;
            histogram.iter().enumerate().map(weighted).sum::<f64>() / total as f64
        };
        let mean = average(&|x| x);
        let variance = average(&|x| (x - mean).powi(2));
        let at = |part: f64| {
            let rank = (part * (total - 1) as f64).round() as u64;
            let mut below = 0;
            let reached = histogram.iter().position(|&n| {
                below += n;
                below > rank
            });
            reached.unwrap_or(0) as f64 / 255.0
        };
        self.push([at(0.0), at(1.0), mean, variance.sqrt()], QUANTILES.map(at));
    }
}

/// Cuts `array` into lists of `len` values each.
fn lists_of(array: ArrayRef, len: usize) -> ArrayRef {
    let field = Arc::new(Field::new("item", array.data_type().clone(), true));
    let lists = array.len().checked_div(len).unwrap_or(1);
    Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(vec![len; lists]), array, None))
}

/// The numbers of a column of one row, out of all its lists.
fn flattened(batch: &RecordBatch, name: &str, wanted: &DataType) -> Checked<ArrayRef> {
    let mut array = Arc::clone(column(batch, name)?);
    while let Some(list) = array.as_list_opt::<i32>() {
        let (first, last) = (list.value_offsets()[0].as_usize(), list.value_offsets()[list.len()].as_usize());
        let values = list.values().slice(first, last - first);
        array = values;
    }
    if array.data_type() != wanted || array.null_count() > 0 {
        return Err(format!("`{name}`: expected {wanted} without gaps, found {}", array.data_type()));
    }
    Ok(array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn merged_moments_equal_those_of_the_whole(values in prop::collection::vec(-5.0f64..5.0, 2..60), cut in 0.0f64..1.0) {
            let cut = 1 + ((values.len() - 2) as f64 * cut) as usize;
            let mut merged = Stats::of_numbers(values[..cut].iter().copied(), 1);
            merged.merge(&Stats::of_numbers(values[cut..].iter().copied(), 1));
            let whole = Stats::of_numbers(values.iter().copied(), 1);
            prop_assert_eq!(merged.count, whole.count);
            for idx in [MIN, MAX, MEAN, STD] {
                prop_assert!((merged.values[idx][0] - whole.values[idx][0]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn pictures_are_counted_in_zero_to_one_per_channel() {
        let stats = Stats::of_pictures([&[0u8, 255, 51, 51, 255, 255][..]].into_iter());
        assert_eq!(stats.values[MEAN], [0.5, 0.2, 1.0]);
        assert_eq!((stats.values[MIN][0], stats.values[MAX][0], stats.count), (0.0, 1.0, 1));
    }
}
