//! Measurements: how they are taken, and how they are told to people and to `benches/pytorch/compare.py`.

use std::{fmt::Write as _, time::Instant};

use anyhow::ensure;
use serde::Serialize;

use crate::ceiling::Ceiling;

/// Calls before the first that is timed: buffers are made, threads wake up.
const WARM_UP: usize = 3;
/// Calls that are timed at least.
const LEAST_CALLS: usize = 5;

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Time spent on each measurement.
    pub(crate) seconds: f64,
    /// As little as possible instead.
    pub(crate) smoke: bool,
}

/// What one call of something takes.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Measurement {
    pub(crate) name: String,
    /// The median of all calls.
    pub(crate) seconds: f64,
    /// The fastest call.
    pub(crate) least: f64,
    pub(crate) calls: usize,
    /// Arithmetic of matrix products and convolutions; a multiply-add is two operations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gflop: Option<f64>,
    /// What must be read and written, in 10^9 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gbyte: Option<f64>,
    /// The median with plain operations, in the same rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plain_seconds: Option<f64>,
    /// Most resident memory of the process while it was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peak_bytes: Option<u64>,
}

/// All measurements of a part, and what the machine allows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) ceiling: Ceiling,
}

impl Effort {
    /// Calls `work`, which says how many seconds of it count, for a while.
    pub(crate) fn measure(self, name: &str, mut work: impl FnMut() -> f64) -> Measurement {
        for _ in 0..if self.smoke { 0 } else { WARM_UP } {
            work();
        }
        let can_tell = forget_peak();
        let (mut times, begun) = (Vec::new(), Instant::now());
        while self.goes_on(times.len(), begun) {
            times.push(work());
        }
        let peak_bytes = if can_tell { peak() } else { None };
        Measurement { peak_bytes, ..Measurement::of(name, times) }
    }

    /// Whether there is more to measure after so many calls.
    pub(crate) fn goes_on(self, calls: usize, begun: Instant) -> bool {
        let least = if self.smoke { 1 } else { LEAST_CALLS };
        calls < least || begun.elapsed().as_secs_f64() < self.seconds
    }
}

/// Seconds that one call takes.
pub(crate) fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

/// The middle one; 0 where there are none.
pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}

impl Measurement {
    pub(crate) fn of(name: &str, times: Vec<f64>) -> Self {
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        Self { name: name.to_owned(), calls: times.len(), least, seconds: median(times), ..Self::default() }
    }

    /// A row for people.
    fn row(&self, ceiling: &Ceiling) -> Vec<String> {
        let per_sec = |amount: Option<f64>| amount.map(|amount| amount / self.seconds);
        let (gflop_per_sec, gb_per_sec) = (per_sec(self.gflop), per_sec(self.gbyte));
        let share = match (gflop_per_sec, gb_per_sec) {
            (Some(rate), _) => Some(rate / ceiling.gflop_per_sec),
            (None, rate) => rate.map(|rate| rate / ceiling.gb_per_sec),
        };
        let lanes = self.name.strip_prefix("step-").and_then(|lanes| lanes.parse::<f64>().ok());
        vec![
            self.name.clone(),
            format!("{:.3}", 1e3 * self.seconds),
            format!("{:.3}", 1e3 * self.least),
            told(self.plain_seconds, |plain| format!("{:.3}", 1e3 * plain)),
            told(self.plain_seconds, |plain| format!("{:.1}", plain / self.seconds)),
            told(lanes, |lanes| format!("{:.0}", lanes / self.seconds)),
            told(gflop_per_sec, |rate| format!("{rate:.1}")),
            told(gb_per_sec, |rate| format!("{rate:.1}")),
            told(share, |share| format!("{:.0} %", 100.0 * share)),
            told(self.peak_bytes, |bytes| format!("{:.0}", bytes as f64 / 1e6)),
        ]
    }
}

impl Report {
    /// The text for people, ending with a line break.
    pub(crate) fn table(&self) -> String {
        let head = [
            "what",
            "ms",
            "least",
            "plain ms",
            "ratio",
            "steps/s",
            "GFLOP/s",
            "GB/s",
            "of ceiling",
            "peak MB",
        ];
        let mut text = String::new();
        if !self.measurements.is_empty() {
            let rows = self.measurements.iter().map(|one| one.row(&self.ceiling));
            text = aligned(&[vec![head.map(str::to_owned).to_vec()], rows.collect()].concat());
        }
        let Ceiling { gflop_per_sec, gb_per_sec, bf16_gflop_per_sec, threads } = self.ceiling;
        // Writing to a string cannot fail.
        let _ = write!(text, "ceiling of {threads} threads: {gflop_per_sec:.0} GFLOP/s in f32");
        if let Some(rate) = bf16_gflop_per_sec {
            let _ = write!(text, ", {rate:.0} in bf16");
        }
        let _ = writeln!(text, ", {gb_per_sec:.1} GB/s");
        text
    }

    /// Whether there is a time above 0 for everything.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        for one in &self.measurements {
            ensure!(one.seconds > 0.0 && one.calls > 0, "{}: no time was measured", one.name);
        }
        ensure!(self.ceiling.gflop_per_sec > 0.0 && self.ceiling.gb_per_sec > 0.0, "{:?}", self.ceiling);
        Ok(())
    }
}

fn told<T>(value: Option<T>, shown: impl FnOnce(T) -> String) -> String {
    value.map_or_else(String::new, shown)
}

/// Rows of cells in columns, the first left-aligned; a column that is empty but for its head is left out.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = (0..rows[0].len()).filter(|&column| rows[1..].iter().any(|row| !row[column].is_empty()));
    let columns = columns.collect::<Vec<_>>();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = columns.iter().map(|&column| width(column)).collect::<Vec<_>>();
    let mut text = String::new();
    for row in rows {
        for (&column, &width) in columns.iter().zip(&widths) {
            let cell = &row[column];
            let _ = match column {
                0 => write!(text, "{cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text += "\n";
    }
    text
}

/// Lets the peak count from here on, where the system can; see proc(5).
fn forget_peak() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Most resident bytes since.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}
