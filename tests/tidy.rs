//! House rules that a machine can keep: how files begin, how long they get, what they must not name or leave behind.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files that may be longer than [`MAX_LINES`], each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

const MAX_LINES: usize = 400;

/// Files that may hold unsafe code beside the kernels: an option of the allocator, a memory map, a crate of pointers.
const UNSAFE_FILES: &[&str] =
    &["src/allocator.rs", "datasets/src/frames.rs", "benches/speed/ceiling/product.rs"];

/// Names that say nothing about what a crate or a module holds.
const EMPTY_NAMES: &[&str] =
    &["utils", "util", "common", "base", "helpers", "helper", "manager", "misc", "types"];

// The searched words are put together from halves, so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME")];
const BACKENDS: &[&str] = &[concat!("B: ", "Backend"), concat!("burn::", "backend::")];
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().find(|folder| folder.join("ARCHITECTURE.md").exists()).expect("inside the workspace")
}

/// Every text file of the repository: its path from the root, and what it says.
fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let built = ["target", "runs", "corpus", "artifacts"].contains(&name.as_str());
            let hidden = name.starts_with('.') && ![".ci", ".cargo", ".gitignore"].contains(&name.as_str());
            if path.is_symlink() || hidden || built {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy();
                found.push((name.replace('\\', "/"), text));
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(String, String)> {
    files().into_iter().filter(|(path, _)| path.ends_with(".rs")).collect()
}

/// Lines that hold one of the words, as `path:line: word`.
fn lines_with(files: &[(String, String)], words: &[&str]) -> Vec<String> {
    let mut hits = Vec::new();
    for (path, text) in files {
        for (line_idx, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| holds(line, word)) {
                hits.push(format!("{path}:{}: {word}", line_idx + 1));
            }
        }
    }
    hits
}

/// Whether the word stands in the line, and not as the end of a longer word or of a relative path.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || "_.-}".contains(letter))
    })
}

fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    let silent = sources().into_iter().filter(|(_, text)| !text.starts_with("//!"));
    let silent: Vec<_> = silent.map(|(path, _)| path).collect();
    assert_none(&silent, "a file opens with `//!` and what it is");
}

#[test]
fn files_stay_short() {
    let long = |path: &str| LONG_FILES.iter().any(|(known, _)| *known == path);
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > MAX_LINES && !long(&path) {
            wrong.push(format!("{path}: {lines} lines"));
        } else if lines <= MAX_LINES && long(&path) {
            wrong.push(format!("{path}: {lines} lines, no exception needed"));
        }
    }
    assert_none(&wrong, "a file has at most 400 lines, or a reason in LONG_FILES");
}

#[test]
fn only_the_kernels_name_a_backend() {
    let others: Vec<_> =
        sources().into_iter().filter(|(path, _)| !path.starts_with("nn/src/kernels")).collect();
    assert_none(&lines_with(&others, BACKENDS), "backends are named in nn/src/kernels alone");
}

#[test]
fn what_the_compiler_cannot_check_lies_in_the_kernels() {
    let word = concat!("unsafe", "_code");
    let allowed = |path: &str| {
        path.starts_with("nn/src/kernels") || path.starts_with("fuzz/") || UNSAFE_FILES.contains(&path)
    };
    let others: Vec<_> = sources().into_iter().filter(|(path, _)| !allowed(path)).collect();
    assert_none(&lines_with(&others, &[word]), "unsafe code lies in nn/src/kernels, or in UNSAFE_FILES");
}

#[test]
fn nothing_is_left_unfinished() {
    assert_none(&lines_with(&sources(), UNFINISHED), "unfinished work is an issue, not a line of code");
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    assert_none(
        &lines_with(&files(), MACHINE_PATHS),
        "paths start at the repository, not at the root of a disk",
    );
}

#[test]
fn names_say_what_they_hold() {
    let empty = |path: &str| {
        let parts = Path::new(path).components().map(|part| PathBuf::from(part.as_os_str()));
        parts.filter_map(|part| Some(part.file_stem()?.to_str()?.to_owned())).any(|name| {
            let name = name.trim_start_matches("dreamlane-");
            EMPTY_NAMES.contains(&name)
        })
    };
    let wrong: Vec<_> = sources().into_iter().map(|(path, _)| path).filter(|path| empty(path)).collect();
    assert_none(&wrong, "a module is called by what it holds");
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let wrong = files().into_iter().filter(|(path, text)| {
        // The fuzz targets are a workspace of their own: cargo-fuzz brings its own flags.
        let ours = path.ends_with("Cargo.toml") && !path.split('/').any(|part| part == "fuzz");
        ours && !text.contains("[lints]\nworkspace = true")
    });
    let wrong: Vec<_> = wrong.map(|(path, _)| path).collect();
    assert_none(&wrong, "a manifest says `[lints] workspace = true`");
}

/// Paths that a document names in backticks: what ends like a file or a folder, or begins with a folder of ours.
fn named_paths(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let prose = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    });
    prose.flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|word| is_path(word)).collect()
}

fn is_path(word: &str) -> bool {
    let plain = !word.contains([' ', '<', '>', '*', '{', '$', ':', '(']) && !word.starts_with(['.', '/']);
    let looks_it =
        [".rs", ".md", ".toml", ".lock"].iter().any(|end| word.ends_with(end)) || word.ends_with('/');
    let ours = word.split_once('/').is_some_and(|(first, _)| root().join(first).exists());
    // What a run writes is not in the tree, and a bare `config.toml` is a file of a run.
    let written = word.starts_with("runs/") || word == "config.toml" || word == "spec.toml";
    plain && (looks_it || ours) && !written
}

#[test]
fn documents_name_paths_that_exist() {
    let documents = files().into_iter().filter(|(path, _)| {
        path == "ARCHITECTURE.md" || path.starts_with("docs/guides/") || path == "changelog/README.md"
    });
    let mut wrong = Vec::new();
    for (document, text) in documents {
        for path in named_paths(&text).into_iter().filter(|path| !root().join(path).exists()) {
            wrong.push(format!("{document}: {path}"));
        }
    }
    assert_none(&wrong, "a path in a document exists");
}

#[test]
fn the_tree_in_the_readme_exists() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md at the root");
    let tree = readme.split("```").find(|fence| fence.starts_with("text\n") && fence.contains("\ncore/"));
    let tree = tree.expect("a ```text fence with the folders, `core/` among them");
    let entries = tree.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let wrong: Vec<_> = entries.filter(|entry| !root().join(entry).exists()).map(str::to_owned).collect();
    assert_none(&wrong, "an entry of the README's tree exists");
}

#[test]
fn the_map_stays_readable_at_one_sitting() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= 200, "ARCHITECTURE.md has {} lines of 200", text.lines().count());
}
