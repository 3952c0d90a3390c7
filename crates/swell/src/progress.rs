//! How far the work is, on the standard error of a terminal.
//!
//! Where nobody watches (a file, a pipe, a log of CI), only the final line is printed.

use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::say::say;

/// A running display.
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// Starts a display of `total` steps.
    pub fn start(total: usize) -> Self {
        let bar = ProgressBar::new(total as u64);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {eta} left  {msg}")
            .expect("the template is valid")
            .progress_chars("=> ");
        bar.set_style(style);
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, started: Instant::now() }
    }

    /// One more step is done; `about` says which.
    pub fn step(&self, about: &str) {
        self.bar.set_message(about.to_string());
        self.bar.inc(1);
    }

    /// Takes the display away and says what was done.
    pub fn finish(self, done: &str) {
        self.bar.finish_and_clear();
        let seconds = self.started.elapsed();
        if seconds < Duration::from_secs(120) {
            say(format!("{done} in {:.1} s", seconds.as_secs_f64()));
        } else {
            say(format!("{done} in {}", HumanDuration(seconds)));
        }
    }
}
