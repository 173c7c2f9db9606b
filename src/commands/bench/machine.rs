//! What was measured on. No clock and no names: reports of one machine and one version compare.

use burn::tensor::Device;
use serde::Serialize;

/// The machine, as far as figures depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Machine {
    /// As the system names it, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<String>,
    /// Cores that this process may use.
    pub(crate) cores: usize,
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
        threads: rayon::current_num_threads(),
        device: format!("{device:?}"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        code: dreamlane::code(),
    }
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
    fn the_first_processor_names_the_model() {
        let text = "processor\t: 0\nmodel name\t: Wheel 9\nprocessor\t: 1\nmodel name\t: Wheel 8\n";
        assert_eq!(model(text).as_deref(), Some("Wheel 9"));
        assert_eq!(model("Processor: none of these"), None);
    }
}
