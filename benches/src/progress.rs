//! How long work reports that it goes on. Printing is the caller's: bars on a terminal, lines elsewhere.

/// Hears what a long task does. One step runs at a time.
pub trait Progress: Send + Sync {
    /// A step begins: what it is (`loading sales`), and how many rows it is about; 0 where rows are not counted.
    fn begin(&self, what: &str, rows: u64);
    /// So many rows of the step are done in all; called from any thread, often.
    fn advance(&self, rows: u64);
    /// The step is done, with a sentence that says what came of it.
    fn finish(&self, outcome: &str);
    /// A line of the result, for standard output.
    fn line(&self, text: &str);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _rows: u64) {}
    fn advance(&self, _rows: u64) {}
    fn finish(&self, _outcome: &str) {}
    fn line(&self, _text: &str) {}
}

/// Plain lines: steps on standard error, results on standard output.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainLines;

impl Progress for PlainLines {
    fn begin(&self, what: &str, _rows: u64) {
        eprintln!("{what} ..");
    }
    fn advance(&self, _rows: u64) {}
    fn finish(&self, outcome: &str) {
        eprintln!("{outcome}");
    }
    fn line(&self, text: &str) {
        println!("{text}");
    }
}
