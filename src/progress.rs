//! Progress for people: a bar on a terminal, a line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(20);

/// Shows how far something has come.
pub(crate) struct Bar {
    bar: ProgressBar,
    what: &'static str,
    start: Instant,
    last_line: Instant,
}

impl Bar {
    pub(crate) fn new(what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(4));
        let style = ProgressStyle::with_template("{prefix:>12} {bar:30} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(what);
        let now = Instant::now();
        Self { bar, what, start: now, last_line: now }
    }

    /// `done` of `total`, at the mean rate since the start.
    pub(crate) fn at(&mut self, done: u64, total: u64) {
        let rate = done as f64 / self.start.elapsed().as_secs_f64().max(1e-9);
        let to_go = total.saturating_sub(done) as f64 / rate.max(1e-9);
        self.say(done, total, &format!("{rate:.0}/s, {} to go", time(to_go)));
    }

    /// `done` of `total`, with words of the caller's own.
    pub(crate) fn say(&mut self, done: u64, total: u64, words: &str) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(words.to_owned());
        let is_due = self.last_line.elapsed() >= PAUSE || done == total;
        if self.bar.is_hidden() && is_due {
            self.last_line = Instant::now();
            eprintln!("{:>12} {done}/{total} {words}", self.what);
        }
    }

    /// Leaves the last state on the screen.
    pub(crate) fn finish(&self) {
        self.bar.abandon();
    }
}

/// Seconds for people.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s > 359_999.0 => "long".to_owned(),
        s if s >= 3600.0 => format!("{:.0} h {:02.0} min", (s / 3600.0).floor(), (s % 3600.0 / 60.0).floor()),
        s if s >= 60.0 => format!("{:.0} min {:02.0} s", (s / 60.0).floor(), (s % 60.0).floor()),
        s => format!("{s:.0} s"),
    }
}
