//! Tells the command which commit it was built from, where it was built from a checkout.

use std::process::Command;

fn main() {
    // Both change with every commit; where they are missing, the package is not a checkout.
    for path in [".git/HEAD", ".git/logs/HEAD"] {
        if std::path::Path::new(path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-changed=build.rs");
    let answer = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    if let Ok(answer) = answer
        && answer.status.success()
    {
        println!("cargo::rustc-env=DREAMLANE_COMMIT={}", String::from_utf8_lossy(&answer.stdout).trim());
    }
}
