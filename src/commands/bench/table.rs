//! The report as two tables, for people.

use std::fmt::Write as _;

use super::{
    machine::Machine,
    report::{LanesReport, RecordingReport, Report},
};

/// Stands where nothing is known.
const UNKNOWN: &str = "-";

/// The text, ending with a line break.
pub(crate) fn of(report: &Report) -> String {
    let env = report.precision.of(&report.env);
    let mut text = format!("{env}, driven by {}, seed {}\n", report.policy, report.seed);
    text += &format!("{}\n\n", machine(&report.machine));
    text += &aligned(&stepping(&report.lanes));
    text += "steps of single lanes; policy and env, without resets; shares are of the time of a step\n";
    if report.lanes.iter().any(|lanes| lanes.moves.is_some()) {
        text += "moves: participants times ticks of the physics, of all threads, without the policy\n";
    }
    if let Some(beside) = &report.beside {
        text += "\n";
        text += &beside.told(&report.lanes);
    }
    if report.lanes.iter().any(|lanes| !lanes.recording.is_empty()) {
        text += "\n";
        text += &aligned(&recording(&report.lanes));
        text += "env-steps/s of whole rollouts, resets included; `on` until the last step, `on disk` until all is written; \
                 cpu: processor time of all threads per lane step; medians of rounds\n";
    }
    text
}

fn machine(machine: &Machine) -> String {
    let Machine { cpu, cores, load_before, threads, device, system, code } = machine;
    let cpu = cpu.as_deref().unwrap_or("unknown CPU");
    let load = known(*load_before, number);
    format!("{cpu}, {cores} cores, load {load}, {threads} threads, {device}, {system}, {code}")
}

fn stepping(lanes: &[LanesReport]) -> Vec<Vec<String>> {
    let head = [
        "lanes",
        "steps",
        "env-steps/s",
        "p50 ms",
        "p99 ms",
        "policy",
        "env",
        "decode",
        "reset ms",
        "GFLOP/s",
        "M moves/s",
        "peak MB",
        "after MB",
    ];
    let row = |of: &LanesReport| {
        vec![
            of.lanes.to_string(),
            of.real_steps.to_string(),
            number(of.env_steps_per_sec.step_and_policy),
            number(of.latency_ms.p50),
            number(of.latency_ms.p99),
            percent(of.share.policy),
            percent(of.share.env),
            known(of.share.decode, percent),
            known(of.resets.ms_per_lane, number),
            known(of.arithmetic.as_ref().map(|arithmetic| arithmetic.gflop_per_sec), number),
            known(of.moves.as_ref().map(|moves| moves.per_sec / 1e6), number),
            known(of.memory.peak_bytes, megabytes),
            known(of.memory.after_bytes, megabytes),
        ]
    };
    std::iter::once(head.map(str::to_owned).to_vec()).chain(lanes.iter().map(row)).collect()
}

fn recording(lanes: &[LanesReport]) -> Vec<Vec<String>> {
    let head = [
        "lanes",
        "format",
        "steps",
        "off",
        "on",
        "cost",
        "on disk",
        "cost",
        "cpu ms off",
        "cpu ms on",
        "bytes/step",
        "peak MB",
        "after MB",
    ];
    let row = |n_lanes: usize, of: &RecordingReport| {
        vec![
            n_lanes.to_string(),
            of.format.to_owned(),
            format!("{}x{}", of.rounds, of.real_steps),
            number(of.off_steps_per_sec),
            number(of.on_steps_per_sec),
            percent(1.0 - of.on_ratio),
            number(of.complete_steps_per_sec),
            percent(1.0 - of.complete_ratio),
            known(of.off_cpu_ms, number),
            known(of.on_cpu_ms, number),
            number(of.bytes_per_step),
            known(of.memory.peak_bytes, megabytes),
            known(of.memory.after_bytes, megabytes),
        ]
    };
    let rows = lanes.iter().flat_map(|of| of.recording.iter().map(|format| row(of.lanes, format)));
    std::iter::once(head.map(str::to_owned).to_vec()).chain(rows).collect()
}

fn known<T>(value: Option<T>, shown: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), shown)
}

/// Three digits or more.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / 1e6)
}

/// Rows of cells in columns, right-aligned.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = (0..columns).map(width).collect::<Vec<_>>();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let _ = write!(text, "{gap}{cell:>width$}");
        }
        text += "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["lanes", "x"], ["8", "12.5 %"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), "lanes       x\n    8  12.5 %\n");
    }

    #[test]
    fn numbers_keep_three_digits() {
        assert_eq!([1234.5, 12.345, 0.5, -0.125].map(number), ["1234", "12.3", "0.50", "-0.12"]);
    }
}
