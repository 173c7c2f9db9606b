//! Any bytes as a line of a catalogue: a record that is accepted is within its ranges.

#![no_main]

use dreamlane_fuzz::Capped;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    Capped::at_most(1 << 20);
    if let Ok(record) = dreamlane_datasets::donkeycar::parse_record(bytes) {
        assert!((-1.0..=1.0).contains(&record.angle) && (-1.0..=1.0).contains(&record.throttle));
    }
});
