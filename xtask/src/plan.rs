//! The plans that `cargo xtask` knows and the steps they are made of, cheapest first.

use crate::step::Step;

/// A named sequence of steps.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) steps: &'static [Step],
}

/// Every plan; the help is made from it.
pub(crate) const PLANS: &[Plan] = &[
    Plan {
        name: "check",
        about: "everything that must hold before a change is kept",
        steps: &[FMT, TIDY, CLIPPY, TESTS, DOCS],
    },
    Plan {
        name: "test",
        about: "formatting, house rules and all tests: the command of the README",
        steps: &[FMT, TIDY, TESTS],
    },
    Plan {
        name: "lint",
        about: "what `check` does beyond `test`: clippy and the docs",
        steps: &[CLIPPY, DOCS],
    },
    Plan {
        name: "check-gpu",
        about: "the features wgpu and cuda compile; needs no GPU, builds for many minutes",
        steps: &[WGPU, CUDA],
    },
];

const FMT: Step = Step { name: "fmt", args: &["fmt", "--all", "--", "--check"], env: &[] };

/// `tests/tidy.rs` and `tests/layering.rs`, through this crate because it does not build burn.
const TIDY: Step = Step {
    name: "tidy",
    args: &["test", "--release", "--quiet", "--no-fail-fast", "--package", "xtask"],
    env: &[],
};

const CLIPPY: Step = Step {
    name: "clippy",
    args: &["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"],
    env: &[],
};

/// Unit, integration and doc tests. The tests of xtask are the step `tidy`.
const TESTS: Step = Step {
    name: "tests",
    args: &["test", "--release", "--no-fail-fast", "--workspace", "--exclude", "xtask"],
    env: &[],
};

const DOCS: Step = Step {
    name: "docs",
    args: &["doc", "--release", "--workspace", "--no-deps"],
    env: &[("RUSTDOCFLAGS", "-D warnings")],
};

const WGPU: Step = Step {
    name: "wgpu",
    args: &["check", "--release", "--package", "dreamlane", "--no-default-features", "--features", "wgpu"],
    env: &[],
};

/// burn's CUDA backend fetches an LLVM while it is built; a check links nothing and goes without,
/// so that it needs neither a network nor a GPU.
const CUDA: Step = Step {
    name: "cuda",
    args: &["check", "--release", "--package", "dreamlane", "--no-default-features", "--features", "cuda"],
    env: &[("DOCS_RS", "1")],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_is_test_and_lint_together() {
        let names = |plan: &str| {
            let plan = PLANS.iter().find(|known| known.name == plan).unwrap();
            plan.steps.iter().map(|step| step.name).collect::<Vec<_>>()
        };
        let mut parts = [names("test"), names("lint")].concat();
        let mut whole = names("check");
        parts.sort_unstable();
        whole.sort_unstable();
        assert_eq!(whole, parts);
    }

    #[test]
    fn every_step_builds_with_the_one_profile() {
        for step in PLANS.iter().flat_map(|plan| plan.steps) {
            assert!(step.name == "fmt" || step.args.contains(&"--release"), "{}", step.name);
        }
    }
}
