//! Files for readers that take paths: one folder per process, below `TMPDIR`, which the runner puts into memory.

use std::{
    env, fs,
    panic,
    path::{Path, PathBuf},
    process,
    sync::LazyLock,
};

static SCRATCH: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = env::temp_dir().join(format!("dreamlane-fuzz-{}", process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
});

/// The folder of this process; the runner removes it.
pub fn scratch() -> &'static Path {
    &SCRATCH
}

/// Takes the fuzzer's panic hook away, which would abort before a reader could catch a panic of a library.
/// A panic that reaches the target's end still aborts and is kept.
pub fn quiet() {
    static ONCE: LazyLock<()> = LazyLock::new(|| {
        panic::set_hook(Box::new(|_| ()));
    });
    LazyLock::force(&ONCE);
}
