//! Panics of libraries that read foreign bytes: an error of the data, not a message on somebody's terminal.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use crate::Checked;

thread_local! {
    /// Whether a panic of this thread is expected and caught.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; a panic in it is the error that it panicked with, and nothing is printed.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Checked<T> {
    silence();
    let before = EXPECTED.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(before);
    outcome.map_err(|panic| {
        let reason = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        reason.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
    })
}

/// Puts a hook before the one that is there, which hears of all panics but the expected ones.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let heard = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !EXPECTED.get() {
                heard(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_by_its_words_and_the_thread_goes_on() {
        assert_eq!(caught(|| 3), Ok(3));
        let found = 7;
        assert_eq!(
            caught(|| -> u8 { panic!("expected 6, found {found}") }),
            Err("expected 6, found 7".into())
        );
        assert!(!EXPECTED.get());
    }
}
