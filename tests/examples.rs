//! Every example runs.

#[expect(dead_code, reason = "`main` is for the command line")]
#[path = "../examples/dream.rs"]
mod dream;
#[expect(dead_code, reason = "`main` is for the command line")]
#[path = "../examples/record.rs"]
mod record;
#[path = "../examples/step_the_truth.rs"]
mod step_the_truth;

#[test]
fn the_truth_is_stepped() {
    step_the_truth::main().unwrap();
}

#[test]
fn a_dream_is_stepped() {
    let folder = tempfile::tempdir().unwrap();
    dream::dream(folder.path()).unwrap();
}

#[test]
fn episodes_are_recorded_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    record::record(&folder.path().join("recorded")).unwrap();
}

#[test]
fn every_example_has_a_test() {
    let text = include_str!("examples.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(text.contains(&format!("../examples/{name}")), "examples/{name} is not run");
    }
}
