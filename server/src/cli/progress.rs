//! How long work shows that it moves: a bar on a terminal, a plain line now and then elsewhere.

use super::size::show_size;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Rows.
    Rows,
    /// Bytes.
    Bytes,
}

/// A bar or lines on stderr.
pub(super) struct Progress {
    label: String,
    unit: Unit,
    bar: Option<ProgressBar>,
    begun: Instant,
    told: Instant,
    done: u64,
}

impl Progress {
    /// Begins; `total` 0 where the end is not known.
    pub(super) fn begin(label: &str, unit: Unit, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(label, unit, total));
        Progress {
            label: label.to_owned(),
            unit,
            bar,
            begun: Instant::now(),
            told: Instant::now(),
            done: 0,
        }
    }

    /// So much is done, of so much in all as far as it is known.
    pub(super) fn set(&mut self, done: u64, total: u64) {
        self.done = done;
        if let Some(bar) = &self.bar {
            if total > 0 {
                bar.set_length(total);
            }
            bar.set_position(done);
        } else if self.told.elapsed() >= LINE_INTERVAL {
            self.told = Instant::now();
            let total = if total > 0 {
                format!(" of {}", self.amount(total))
            } else {
                String::new()
            };
            eprintln!("{}: {}{total}", self.label, self.amount(done));
        }
    }

    /// Ends with a line.
    pub(super) fn end(self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!("{}: {line}, {:.1} s", self.label, self.begun.elapsed().as_secs_f64());
    }

    /// Ends without a line: an error follows.
    pub(super) fn abandon(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn amount(&self, count: u64) -> String {
        match self.unit {
            Unit::Rows => format!("{count} rows"),
            Unit::Bytes => show_size(count),
        }
    }
}

fn bar(label: &str, unit: Unit, total: u64) -> ProgressBar {
    let counts = match unit {
        Unit::Rows => "{human_pos}/{human_len} rows, {per_sec}",
        Unit::Bytes => "{binary_bytes}/{binary_total_bytes}, {binary_bytes_per_sec}",
    };
    let template = format!("{{msg}} [{{bar:30}}] {counts}, {{eta}} left");
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(label.to_owned());
    bar
}
