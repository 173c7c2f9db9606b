//! Who may import whom: a star, not a stack. The table also stands in `ARCHITECTURE.md`, and must say the same.

use std::{collections::BTreeSet, fs, path::Path};

use toml::Table;

/// Each crate by its folder (`src` is the root package) and the crates of ours that it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("nn", &[]),
    ("traffic", &[]),
    ("worlds", &["core", "nn"]),
    ("agents", &["core", "nn"]),
    ("envs", &["core", "traffic"]),
    ("datasets", &["core"]),
    ("rollouts", &["core"]),
    ("training", &["core", "datasets", "rollouts"]),
    ("evaluation", &["core", "nn", "datasets", "rollouts"]),
    (
        "src",
        &[
            "core",
            "nn",
            "traffic",
            "worlds",
            "agents",
            "envs",
            "datasets",
            "rollouts",
            "training",
            "evaluation",
        ],
    ),
    ("xtask", &[]),
];

/// Features of burn that bring a backend: only the root package may ask for them.
const BACKENDS: &[&str] = &["flex", "ndarray", "tch", "wgpu", "vulkan", "metal", "cuda", "rocm", "cpu"];

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().find(|folder| folder.join("ARCHITECTURE.md").exists()).expect("inside the workspace")
}

fn manifest(folder: &str) -> Table {
    let folder = if folder == "src" { root().to_path_buf() } else { root().join(folder) };
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Folders of the workspace's members, the root package included.
fn members() -> Vec<String> {
    let workspace = manifest("src");
    let listed = workspace["workspace"]["members"].as_array().expect("members is a list");
    let listed = listed.iter().map(|member| member.as_str().expect("a member is a string").to_owned());
    listed.chain(["src".to_owned()]).collect()
}

/// The tables of a manifest that become part of the crate; tests may import what they like.
fn dependencies(manifest: &Table) -> Vec<(&String, &toml::Value)> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables = targets.into_iter().flat_map(Table::values).filter_map(toml::Value::as_table);
    tables
        .chain([manifest])
        .flat_map(|table| ["dependencies", "build-dependencies"].map(|key| table.get(key)))
        .flatten()
        .filter_map(toml::Value::as_table)
        .flatten()
        .collect()
}

/// What is wrong with the imports of the crate in `folder`.
fn violations(folder: &str, manifest: &Table) -> Vec<String> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(known, _)| *known == folder) else {
        return vec![format!("`{folder}` is not in the table of tests/layering.rs: see ARCHITECTURE.md")];
    };
    let mut wrong = Vec::new();
    for (key, value) in dependencies(manifest) {
        let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key);
        let ours = match name {
            "dreamlane" => Some("src"),
            "xtask" => Some("xtask"),
            _ => name.strip_prefix("dreamlane-"),
        };
        if let Some(ours) = ours.filter(|ours| !allowed.contains(ours)) {
            wrong.push(format!("`{folder}` must not import `{ours}`: see ARCHITECTURE.md"));
        }
        let features = value.get("features").and_then(toml::Value::as_array);
        let backend = features.into_iter().flatten().filter_map(toml::Value::as_str);
        for backend in backend.filter(|feature| name == "burn" && BACKENDS.contains(feature)) {
            wrong.push(format!("`{folder}` must not choose the backend `{backend}`: the root package does"));
        }
    }
    wrong
}

#[test]
fn crates_import_only_what_their_layer_allows() {
    let wrong: Vec<_> = members().iter().flat_map(|folder| violations(folder, &manifest(folder))).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_folder_holds_the_crate_of_its_name() {
    for folder in members() {
        let manifest = manifest(&folder);
        let expected = match folder.as_str() {
            "src" => "dreamlane".to_owned(),
            "xtask" => folder,
            _ => format!("dreamlane-{folder}"),
        };
        assert_eq!(manifest["package"]["name"].as_str(), Some(expected.as_str()));
    }
}

#[test]
fn an_import_between_siblings_is_named() {
    let check = |folder: &str, text: &str| violations(folder, &toml::from_str(text).unwrap());
    let sideways =
        check("envs", "[dependencies]\nworlds = { package = 'dreamlane-worlds', path = '../worlds' }");
    assert_eq!(sideways, ["`envs` must not import `worlds`: see ARCHITECTURE.md"]);
    let upwards = check("core", "[target.'cfg(unix)'.dependencies]\ndreamlane = { path = '..' }");
    assert_eq!(upwards, ["`core` must not import `src`: see ARCHITECTURE.md"]);
    let backend = check("nn", "[dependencies]\nburn = { workspace = true, features = ['flex'] }");
    assert_eq!(backend, ["`nn` must not choose the backend `flex`: the root package does"]);
    assert!(check("envs", "[dev-dependencies]\ndreamlane-worlds = { workspace = true }").is_empty());
}

#[test]
fn architecture_shows_the_same_table() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| crate | may import")).skip(2);
    let shown: BTreeSet<_> = table
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut cells = line
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>());
            (cells.next().expect("a crate"), cells.next().expect("its imports"))
        })
        .flat_map(|(crates, imports)| crates.into_iter().map(move |name| (name, imports.clone())))
        .collect();
    let kept: BTreeSet<_> = MAY_IMPORT
        .iter()
        .map(|(name, imports)| (name.to_string(), imports.iter().map(|name| name.to_string()).collect()))
        .collect();
    assert_eq!(shown, kept);
}
