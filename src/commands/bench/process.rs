//! What this process takes, as the system counts it: memory (pages that are resident, mapped caches of frames among them)
//! and the time of all its threads on the processor, which others on the same machine do not change as they change rates.
//!
//! Linux tells; elsewhere nothing is said, rather than 0.

use serde::Serialize;

/// Where Linux tells about this process.
const STATUS: &str = "/proc/self/status";

/// What Linux counts processor time in towards programs, on all common machines.
const TICKS_PER_SEC: f64 = 100.0;

/// Resident bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    /// Most at any time of the measurement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peak_bytes: Option<u64>,
    /// At its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after_bytes: Option<u64>,
}

/// Whether the peak can be told of what follows alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peak {
    /// It counts from here on.
    Since,
    /// The system does not let it be forgotten.
    Unknown,
}

/// Lets the peak count from here on.
pub(crate) fn forget_peak() -> Peak {
    // 5 sets the peak back to what is resident now: see proc(5).
    match std::fs::write("/proc/self/clear_refs", "5") {
        Ok(()) => Peak::Since,
        Err(_) => Peak::Unknown,
    }
}

/// The memory now.
pub(crate) fn now(peak: Peak) -> Memory {
    let status = std::fs::read_to_string(STATUS).unwrap_or_default();
    let peak_bytes = (peak == Peak::Since).then(|| kilobytes(&status, "VmHWM")).flatten();
    Memory { peak_bytes, after_bytes: kilobytes(&status, "VmRSS") }
}

/// Seconds that all threads together have computed, the system's part included.
pub(crate) fn cpu_secs() -> Option<f64> {
    ticks(&std::fs::read_to_string("/proc/self/stat").ok()?).map(|ticks| ticks as f64 / TICKS_PER_SEC)
}

/// Fields 14 and 15 of proc_pid_stat(5). The name before them may hold spaces and brackets.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    times.next()?.ok()?.checked_add(times.next()?.ok()?)
}

/// A line such as `VmRSS:    1234 kB`, in bytes.
fn kilobytes(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let fields = "R 1 2 3 4 5 6 7 8 9 10 250 50 0 0";
        assert_eq!(ticks(&format!("12 (a) b (c) {fields}")), Some(300));
        assert_eq!(ticks("12 (short) R 1 2"), None);
    }

    #[test]
    fn a_status_line_is_read_in_bytes_and_a_strange_one_not_at_all() {
        let status = "VmHWMore: 1 kB\nVmHWM:\t    2048 kB\nVmRSS: many kB\nVmSwap: 1 MB\n";
        let cases = [("VmHWM", Some(2 << 20)), ("VmRSS", None), ("VmSwap", None), ("VmNone", None)];
        for (key, expected) in cases {
            assert_eq!(kilobytes(status, key), expected, "{key}");
        }
    }
}
