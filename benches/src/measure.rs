//! Asks a session the same question several times, and what the engine says it did for it.

use crate::error::{Error, Result};
use crate::queries::Query;
use crate::report;
use crate::target::{Answer, Session};
use serde::Serialize;

impl Answer {
    /// The first rows as a table, and how many there are beyond.
    pub fn table(&self, count_max: usize) -> String {
        let names: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let shown = &self.rows[..self.rows.len().min(count_max)];
        let mut text = report::table(&names, shown, &self.numeric);
        if self.row_count > shown.len() {
            text.push_str(&format!(
                "\n.. and {} more",
                report::count((self.row_count - shown.len()) as u64)
            ));
        }
        text
    }

    /// The single value of a one-row, one-column answer, as a number.
    ///
    /// # Errors
    /// The answer is no such thing.
    pub fn number(&self) -> Result<u64> {
        let cell = self.rows.first().and_then(|row| row.first());
        let number = cell.and_then(|cell| cell.parse().ok());
        number.ok_or_else(|| Error::Wrong(format!("expected one number, got {:?}", self.rows)))
    }
}

/// How EXPLAIN ANALYZE names a scan's figures.
const ROWS_SCANNED: &str = "Rows Scanned";
const BYTES_READ: &str = "Bytes Read";
const FROM_METADATA: [&str; 2] = ["Segments Summarized", "Blocks Summarized"];

/// What was measured of a query.
#[derive(Clone, Debug, Serialize)]
pub struct Timing {
    /// The query's name.
    pub name: String,
    /// The very first run.
    pub first_seconds: f64,
    /// The runs after it.
    pub hot_seconds: Vec<f64>,
    /// The shortest of them.
    pub hot_min_seconds: f64,
    /// The middle one.
    pub hot_median_seconds: f64,
    /// Rows of the answer.
    pub row_count: usize,
    /// What the engine said it did.
    pub profile: Profile,
}

/// What a query did, out of EXPLAIN ANALYZE.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Profile {
    /// Blocks and segments answered from their summaries.
    pub summarized: u64,
    /// Rows read one by one.
    pub rows_scanned: u64,
    /// Bytes read of segments.
    pub bytes_read: u64,
    /// The plan with its figures.
    pub lines: Vec<String>,
}

impl Profile {
    /// How much of the answer came from metadata: `all`, `some` or `none`; `unknown` where the plan shows no scan.
    pub fn from_metadata(&self) -> &'static str {
        match (self.summarized, self.rows_scanned) {
            _ if !self.lines.iter().any(|line| line.contains(ROWS_SCANNED)) => "unknown",
            (_, 0) => "all",
            (0, _) => "none",
            _ => "some",
        }
    }
}

/// Runs a query once and then `hot_runs` times, under its settings.
///
/// # Errors
/// What the database says, or an answer that changes between runs.
pub fn time(session: &mut dyn Session, query: &Query, hot_runs: usize) -> Result<Timing> {
    for (name, value) in query.settings() {
        session.ask(&format!("SET {name} = {value}"))?;
    }
    let timed = time_statement(session, query, hot_runs);
    for (name, _) in query.settings() {
        session.ask(&format!("RESET {name}"))?;
    }
    timed
}

fn time_statement(session: &mut dyn Session, query: &Query, hot_runs: usize) -> Result<Timing> {
    let statement = query.statement();
    let first = session.ask(&statement)?;
    let mut hot_seconds = Vec::with_capacity(hot_runs);
    for _ in 0..hot_runs {
        let answer = session.ask(&statement)?;
        if (&answer.rows, answer.row_count) != (&first.rows, first.row_count) {
            return Err(Error::Wrong(format!(
                "query {} gave another answer when asked again",
                query.name
            )));
        }
        hot_seconds.push(answer.seconds);
    }
    let mut sorted = hot_seconds.clone();
    sorted.sort_by(f64::total_cmp);
    Ok(Timing {
        name: query.name.to_owned(),
        first_seconds: first.seconds,
        hot_min_seconds: sorted.first().copied().unwrap_or(first.seconds),
        hot_median_seconds: sorted.get(sorted.len() / 2).copied().unwrap_or(first.seconds),
        hot_seconds,
        row_count: first.row_count,
        profile: profile(session, &statement)?,
    })
}

/// Runs a query under EXPLAIN ANALYZE and reads its figures.
fn profile(session: &mut dyn Session, statement: &str) -> Result<Profile> {
    let answer = session.ask(&format!("EXPLAIN ANALYZE {statement}"))?;
    Ok(read_profile(answer.rows.into_iter().map(|row| row.concat()).collect()))
}

/// Adds up the figures that scans print.
fn read_profile(lines: Vec<String>) -> Profile {
    let sum = |name: &str| -> u64 { lines.iter().filter_map(|line| figure(line, name)).sum() };
    Profile {
        summarized: FROM_METADATA.into_iter().map(sum).sum(),
        rows_scanned: sum(ROWS_SCANNED),
        bytes_read: sum(BYTES_READ),
        lines,
    }
}

/// The number after `name` in a line: `Blocks Pruned: 12  Bytes Read: 1234`.
fn figure(line: &str, name: &str) -> Option<u64> {
    let rest = line.split_once(name)?.1.trim_start_matches(['=', ':', ' ']);
    let digits = rest
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || *letter == ',');
    digits.filter(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each statement with its number, and remembers them.
    struct Counting {
        asked: Vec<String>,
        changes: bool,
    }

    impl Session for Counting {
        fn ask(&mut self, statement: &str) -> Result<Answer> {
            self.asked.push(statement.to_owned());
            let value = if self.changes { self.asked.len() } else { 7 };
            Ok(Answer {
                rows: vec![vec![value.to_string()]],
                row_count: 1,
                seconds: self.asked.len() as f64,
                ..Answer::default()
            })
        }
    }

    const QUERY: Query = Query {
        name: "q",
        text: "-- stoa-setting: a.b = off\nSELECT 1;",
    };

    #[test]
    fn a_query_runs_under_its_settings_and_the_hot_runs_count() {
        let mut session = Counting {
            asked: Vec::new(),
            changes: false,
        };
        let timing = time(&mut session, &QUERY, 3).unwrap();
        assert_eq!(session.asked[0], "SET a.b = off");
        assert_eq!(session.asked[1..=4], ["SELECT 1", "SELECT 1", "SELECT 1", "SELECT 1"]);
        assert_eq!(session.asked[5..], ["EXPLAIN ANALYZE SELECT 1", "RESET a.b"]);
        assert_eq!(
            (timing.first_seconds, timing.hot_min_seconds, timing.hot_median_seconds),
            (2.0, 3.0, 4.0)
        );
    }

    #[test]
    fn an_answer_that_changes_is_an_error_and_settings_are_reset() {
        let mut session = Counting {
            asked: Vec::new(),
            changes: true,
        };
        let error = time(&mut session, &QUERY, 3).unwrap_err();
        assert!(error.to_string().contains("another answer"), "{error}");
        assert_eq!(session.asked.last().unwrap(), "RESET a.b");
    }

    #[test]
    fn figures_of_scans_are_added_up() {
        let lines = [
            "Aggregate  (actual rows=1 time=0.1 ms)",
            "  ->  Scan on sales  (actual rows=1 time=0.1 ms)",
            "        Blocks: 15  Blocks Pruned: 1  Blocks Summarized: 12",
            "        Rows Scanned: 1000  Rows Selected: 7  Bytes Read: 4096",
            "  ->  Scan on dates  (actual rows=1 time=0.1 ms)",
            "        Rows Scanned: 5  Rows Selected: 5  Bytes Read: 10",
        ];
        let profile = read_profile(lines.map(str::to_owned).to_vec());
        assert_eq!(
            (profile.summarized, profile.rows_scanned, profile.bytes_read),
            (12, 1_005, 4_106)
        );
        assert_eq!(profile.from_metadata(), "some");
        let read = |line: &str| read_profile(vec![line.to_owned()]).from_metadata();
        assert_eq!(read("Segments Summarized: 3  Rows Scanned: 0"), "all");
        assert_eq!(read("Blocks Summarized: 0  Rows Scanned: 9"), "none");
        assert_eq!(read("Result"), "unknown");
    }

    #[test]
    fn long_answers_say_how_much_is_left_out() {
        let answer = Answer {
            columns: vec!["n".to_owned()],
            numeric: vec![true],
            rows: (0..5).map(|row| vec![row.to_string()]).collect(),
            row_count: 1_200,
            seconds: 0.0,
        };
        assert_eq!(answer.table(2), "n\n-\n0\n1\n.. and 1,198 more");
        assert_eq!(answer.number().unwrap(), 0);
        assert!(Answer::default().number().is_err());
    }
}
