//! What two answers to one statement amount to, and the sums of it.

use crate::answer::Answer;
use crate::generator::Comparison;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    /// Both fail, in the same way.
    BothFail(String),
    /// Stoa says that it does not have something.
    Refused(String),
    /// PostgreSQL says so.
    RefusedByPostgres,
    /// One fails for a value that the other did not come to look at.
    EvaluationOrder(String),
    /// A statement took too long somewhere.
    TimedOut,
    Different(String),
}

/// Words without which every row's every expression is evaluated.
const SELECTIVE: &[&str] = &[
    "WHERE",
    "CASE",
    "coalesce",
    " AND ",
    " OR ",
    "JOIN",
    "LIMIT",
    "FETCH",
    "OFFSET",
    "FILTER",
    "HAVING",
    "EXISTS",
    " IN (",
    "QUALIFY",
    "WHEN",
    " ANY ",
    " ALL ",
    "DISTINCT ON",
    "lag(",
    "lead(",
    "greatest",
    "SELECT DISTINCT",
    "nullif",
    "BETWEEN",
];

/// Compares what PostgreSQL and Stoa answered.
pub(crate) fn verdict(sql: &str, postgres: &Answer, stoa: &Answer, comparison: &Comparison) -> Verdict {
    let (theirs, ours) = (postgres.state(), stoa.state());
    if theirs == Some("57014") || ours == Some("57014") {
        return Verdict::TimedOut;
    }
    if let (Some("0A000"), true) = (ours, theirs != Some("0A000"))
        && let Answer::Failed { message, .. } = stoa
    {
        return Verdict::Refused(without_names(message));
    }
    if theirs == Some("0A000") && (ours.is_none() || is_of_data(ours)) {
        return Verdict::RefusedByPostgres;
    }
    match postgres.difference(sql, stoa, comparison) {
        None => match theirs {
            Some(state) => Verdict::BothFail(state.to_owned()),
            None => Verdict::Same,
        },
        Some(difference) => {
            let one_fails = theirs.is_none() != ours.is_none();
            let fails_with_data = is_of_data(theirs) || is_of_data(ours);
            // Which of two rows that cannot be stored is met first, and which of its conditions.
            let is_constraint = |state: Option<&str>| state.is_some_and(|state| state.starts_with("23"));
            let is_of_row = |state: Option<&str>| is_of_data(state) || is_constraint(state);
            let both_of_rows = is_of_row(theirs) && is_of_row(ours);
            let stores_rows = both_of_rows && (is_constraint(theirs) || is_constraint(ours));
            let is_selective = SELECTIVE.iter().any(|word| sql.contains(word));
            let known = KNOWN
                .iter()
                .find(|known| known.words.iter().all(|word| sql.contains(word)));
            match (one_fails && fails_with_data || both_of_rows) && is_selective || stores_rows {
                true => Verdict::EvaluationOrder(difference),
                false => known.map_or(Verdict::Different(difference), |known| {
                    Verdict::EvaluationOrder(known.reason.to_owned())
                }),
            }
        }
    }
}

/// Statements, by words that all occur in them, whose answers may differ, and why.
struct Known {
    words: &'static [&'static str],
    reason: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        words: &["avg(", " % "],
        reason: "an average has more digits than PostgreSQL's, and a remainder shows them",
    },
    Known {
        words: &[" JOIN ", "= ANY ('{}'"],
        reason: "PostgreSQL 15 makes an outer join an inner one by a comparison that is false, not NULL, for NULL",
    },
];

/// An error that the values of some row are the reason of.
fn is_of_data(state: Option<&str>) -> bool {
    state.is_some_and(|state| state.starts_with("22") || state == "21000" || state == "54000")
}

/// A message without what varies in it.
fn without_names(message: &str) -> String {
    let mut text = String::new();
    let mut quoted = false;
    for character in message.chars() {
        match character {
            '"' => quoted = !quoted,
            digit if digit.is_ascii_digit() => text.push('#'),
            _ if quoted => {}
            other => text.push(other),
        }
    }
    text
}

/// Sums over a run.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) statements: u64,
    pub(crate) rows: u64,
    pub(crate) both_fail: BTreeMap<String, u64>,
    pub(crate) refused: BTreeMap<String, u64>,
    pub(crate) evaluation_order: BTreeMap<String, u64>,
    pub(crate) timed_out: u64,
    /// Told in full.
    pub(crate) differences: Vec<String>,
}

impl Totals {
    pub(crate) fn count(&mut self, verdict: &Verdict) {
        self.statements += 1;
        match verdict {
            Verdict::Same | Verdict::Different(_) | Verdict::RefusedByPostgres => {}
            Verdict::BothFail(state) => *self.both_fail.entry(state.clone()).or_default() += 1,
            Verdict::Refused(message) => *self.refused.entry(message.clone()).or_default() += 1,
            Verdict::EvaluationOrder(difference) => *self.evaluation_order.entry(difference.clone()).or_default() += 1,
            Verdict::TimedOut => self.timed_out += 1,
        }
    }

    /// Shares in thousandths of all statements.
    fn per_mille(&self, counts: &BTreeMap<String, u64>) -> u64 {
        counts.values().sum::<u64>() * 1000 / self.statements.max(1)
    }

    /// What a run says in the end.
    pub(crate) fn report(&self) -> String {
        let listed = |counts: &BTreeMap<String, u64>| -> String {
            let lines = counts.iter().map(|(what, count)| format!("\n    {count:>7} {what}"));
            lines.collect()
        };
        format!(
            "{} statements, {} rows compared, {} differences, {} timed out\n  both fail:{}\n  refused by Stoa:{}\n  order of evaluation:{}",
            self.statements,
            self.rows,
            self.differences.len(),
            self.timed_out,
            listed(&self.both_fail),
            listed(&self.refused),
            listed(&self.evaluation_order),
        )
    }

    /// Fails where anything differs or too much is excused.
    pub(crate) fn check(&self) {
        assert!(
            self.differences.is_empty(),
            "{} differences:\n{}",
            self.differences.len(),
            self.differences.join("\n\n")
        );
        assert!(
            self.per_mille(&self.refused) < 10,
            "Stoa refuses too much: {}",
            self.report()
        );
        assert!(
            self.per_mille(&self.evaluation_order) < 5,
            "too much is excused: {}",
            self.report()
        );
    }
}
