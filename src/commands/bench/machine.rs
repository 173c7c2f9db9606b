//! What was measured on. No clock and no names: reports of one machine and one version compare.

use burn::tensor::Device;
use serde::Serialize;

/// The machine, as far as figures depend on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Machine {
    /// As the system names it, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<String>,
    /// Cores that this process may use.
    pub(crate) cores: usize,
    /// Threads of this and other programs that wanted a core in the minute before: well above 0, rates mean little.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) load_before: Option<f64>,
    /// Threads that worlds compute with.
    pub(crate) threads: usize,
    /// What tensors live on.
    pub(crate) device: String,
    /// Operating system and instruction set.
    pub(crate) system: String,
    /// The version of dreamlane.
    pub(crate) code: String,
}

/// The facts.
pub(crate) fn facts(device: &Device) -> Machine {
    Machine {
        cpu: std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model(&text)),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load_before: std::fs::read_to_string("/proc/loadavg").ok().and_then(|text| load(&text)),
        threads: rayon::current_num_threads(),
        device: format!("{device:?}"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        code: dreamlane::code(),
    }
}

/// The mean of the last minute.
fn load(loadavg: &str) -> Option<f64> {
    loadavg.split_whitespace().next()?.parse().ok()
}

/// The first model that Linux lists.
fn model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processor_names_the_model_and_the_last_minute_the_load() {
        let text = "processor\t: 0\nmodel name\t: Wheel 9\nprocessor\t: 1\nmodel name\t: Wheel 8\n";
        assert_eq!(model(text).as_deref(), Some("Wheel 9"));
        assert_eq!([load("0.52 1.0 2.0 1/99 4"), load("")], [Some(0.52), None]);
        assert_eq!(model("Processor: none of these"), None);
    }
}
