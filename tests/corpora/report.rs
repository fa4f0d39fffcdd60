//! What is told of a run: a line per file, a table per folder, reasons by how often they occur, and every wrong answer with its place.

use crate::answer::Failure;
use crate::judge::Judgement;
use crate::run::group;
use crate::script::{Expected, Record};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Wrong answers that a summary shows; the whole report has all.
const WRONG_SHOWN: usize = 10;

/// Reasons that a summary shows.
const REASONS_SHOWN: usize = 30;

/// How many there are, and the first place.
type Reasons = BTreeMap<String, (usize, String)>;

/// Numbers of queries.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    files: usize,
    queries: usize,
    right: usize,
    right_by_postgres: usize,
    wrong: usize,
    refused: usize,
    foreign: usize,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.files += other.files;
        self.queries += other.queries;
        self.right += other.right;
        self.right_by_postgres += other.right_by_postgres;
        self.wrong += other.wrong;
        self.refused += other.refused;
        self.foreign += other.foreign;
    }

    /// Of the queries that PostgreSQL takes, those that Stoa takes, in percent.
    fn supported(&self) -> f64 {
        let taken = self.queries - self.foreign;
        100.0 * (taken - self.refused) as f64 / taken.max(1) as f64
    }

    fn row(&self, name: &str) -> String {
        format!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {:.2} |\n",
            self.files,
            self.queries,
            self.foreign,
            self.right,
            self.right_by_postgres,
            self.wrong,
            self.refused,
            self.supported()
        )
    }
}

/// What became of a file.
#[derive(Debug, Default)]
pub(crate) struct FileReport {
    name: String,
    counts: Counts,
    refused: Reasons,
    foreign: Reasons,
    refused_statements: Reasons,
    wrong: Vec<String>,
    pub(crate) slow: Vec<String>,
    pub(crate) seconds: f64,
}

fn note(reasons: &mut Reasons, reason: String, place: &str) {
    reasons.entry(reason).or_insert_with(|| (0, place.to_owned())).0 += 1;
}

impl FileReport {
    pub(crate) fn new(name: &str) -> Self {
        FileReport {
            name: name.to_owned(),
            counts: Counts {
                files: 1,
                ..Counts::default()
            },
            ..FileReport::default()
        }
    }

    pub(crate) fn add(&mut self, record: &Record, judgement: Judgement) {
        let place = format!("{}:{}", record.file, record.line);
        self.counts.queries += 1;
        match judgement {
            Judgement::Right => self.counts.right += 1,
            Judgement::RightByPostgres => self.counts.right_by_postgres += 1,
            Judgement::Wrong(what) => {
                self.counts.wrong += 1;
                let expected = match &record.expected {
                    Expected::Lines { lines, .. } => lines.join("\n"),
                    _ => "an error".into(),
                };
                self.wrong.push(format!(
                    "{place}\n{}\n---- expected\n{expected}\n---- is\n{what}\n",
                    record.sql
                ));
            }
            Judgement::Refused(reason) => {
                self.counts.refused += 1;
                note(&mut self.refused, reason, &place);
            }
            Judgement::Foreign(reason) => {
                self.counts.foreign += 1;
                note(&mut self.foreign, reason, &place);
            }
        }
    }

    pub(crate) fn add_statement(&mut self, record: &Record, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            let place = format!("{}:{}", record.file, record.line);
            note(&mut self.refused_statements, failure.reason(), &place);
        }
    }

    pub(crate) fn line(&self) -> String {
        let counts = &self.counts;
        format!(
            "{}: {} queries, {} right, {} wrong, {} refused, {} not PostgreSQL's ({:.1} s)",
            self.name,
            counts.queries,
            counts.right + counts.right_by_postgres,
            counts.wrong,
            counts.refused,
            counts.foreign,
            self.seconds
        )
    }
}

/// What became of all files.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) files: Vec<FileReport>,
    pub(crate) files_left: usize,
    /// Files that could not be read.
    pub(crate) problems: Vec<String>,
}

impl Report {
    pub(crate) fn wrong(&self) -> usize {
        self.files.iter().map(|file| file.counts.wrong).sum()
    }

    /// For the terminal.
    pub(crate) fn summary(&self) -> String {
        self.text(WRONG_SHOWN, REASONS_SHOWN)
    }

    /// For a file.
    pub(crate) fn whole(&self) -> String {
        let mut text = self.text(usize::MAX, usize::MAX);
        text.push_str("\n## Files\n");
        let mut lines: Vec<String> = self.files.iter().map(FileReport::line).collect();
        lines.sort();
        for line in lines {
            let _ = writeln!(text, "{line}");
        }
        text
    }

    fn text(&self, wrong_shown: usize, reasons_shown: usize) -> String {
        let mut text = self.table();
        for (title, reasons) in [
            ("Refused queries", self.all(|file| &file.refused)),
            ("Refused statements", self.all(|file| &file.refused_statements)),
            ("Not PostgreSQL's", self.all(|file| &file.foreign)),
        ] {
            write_reasons(&mut text, title, &reasons, reasons_shown);
        }
        let slow: Vec<&String> = self.files.iter().flat_map(|file| &file.slow).collect();
        if !slow.is_empty() {
            let _ = writeln!(
                text,
                "\n## Slow\n{}",
                slow.iter().map(|place| &place[..]).collect::<Vec<_>>().join("\n")
            );
        }
        let wrong: Vec<&String> = self.files.iter().flat_map(|file| &file.wrong).collect();
        if !wrong.is_empty() {
            let _ = writeln!(text, "\n## Wrong ({})", wrong.len());
        }
        for answer in wrong.iter().take(wrong_shown) {
            let _ = writeln!(text, "\n{answer}");
        }
        for problem in &self.problems {
            let _ = writeln!(text, "\n{problem}");
        }
        if self.files_left > 0 {
            let _ = writeln!(text, "\n{} files were not begun.", self.files_left);
        }
        text
    }

    fn table(&self) -> String {
        let mut groups: BTreeMap<String, Counts> = BTreeMap::new();
        let mut total = Counts::default();
        for file in &self.files {
            groups.entry(group(&file.name)).or_default().add(file.counts);
            total.add(file.counts);
        }
        let mut text = String::from(
            "| folder | files | queries | not PostgreSQL's | right | right as PostgreSQL | wrong | refused | % supported |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for (name, counts) in &groups {
            text.push_str(&counts.row(name));
        }
        if groups.len() > 1 {
            text.push_str(&total.row("all"));
        }
        text
    }

    fn all(&self, of: impl Fn(&FileReport) -> &Reasons) -> Reasons {
        let mut all = Reasons::new();
        for (reason, (count, place)) in self.files.iter().flat_map(of) {
            all.entry(reason.clone()).or_insert_with(|| (0, place.clone())).0 += count;
        }
        all
    }
}

fn write_reasons(text: &mut String, title: &str, reasons: &Reasons, shown: usize) {
    if reasons.is_empty() {
        return;
    }
    let mut sorted: Vec<_> = reasons.iter().collect();
    sorted.sort_by_key(|(reason, (count, _))| (std::cmp::Reverse(*count), (*reason).clone()));
    let total: usize = sorted.iter().map(|(_, (count, _))| count).sum();
    let _ = writeln!(text, "\n## {title} ({total})");
    for (reason, (count, place)) in sorted.into_iter().take(shown) {
        let _ = writeln!(text, "{count:>7} {reason} ({place})");
    }
}
