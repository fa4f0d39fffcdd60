//! What an answer is worth. Where PostgreSQL's own answer is recorded, that one decides; otherwise the corpus does.

use crate::answer::{Answer, Failure};
use crate::arguments::Corpus;
use crate::script::{Expected, Record};
use crate::verdicts::Verdict;
use crate::{datafusion, sqlite};

/// Rows of an answer that a report shows.
const ROWS_SHOWN: usize = 12;

/// How a query fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// As the corpus expects, and PostgreSQL where it was asked.
    Right,
    /// As PostgreSQL answers, which is not what the corpus expects.
    RightByPostgres,
    /// Another answer, or a failure that is none of PostgreSQL's; what it is.
    Wrong(String),
    /// Stoa does not take it; why.
    Refused(String),
    /// PostgreSQL does not take it either; why.
    Foreign(String),
}

/// Compares an answer with what a query's record expects; otherwise the answer in the record's form.
pub(crate) fn compare(corpus: Corpus, record: &Record, answer: &Answer) -> Result<(), Vec<String>> {
    match &record.expected {
        Expected::Lines { types, sort, lines } => match corpus {
            Corpus::Sqlite => sqlite::compare(types, *sort, lines, answer),
            Corpus::Datafusion => datafusion::compare(*sort, lines, answer),
        },
        // An error of the corpus's own database, or a statement.
        _ => Err(answer.shown()),
    }
}

/// Whether the query says in which order its rows come.
pub(crate) fn is_ordered(record: &Record) -> bool {
    let sorts = matches!(&record.expected, Expected::Lines { sort, .. } if *sort != crate::script::Sort::None);
    !sorts && outermost(&record.sql).contains("order by")
}

/// The text outside parentheses and quotes, in small letters, with single blanks.
fn outermost(sql: &str) -> String {
    let (mut depth, mut quote, mut text) = (0, None, String::new());
    for character in sql.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ if depth == 0 => text.push(character.to_ascii_lowercase()),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn judge(
    corpus: Corpus,
    record: &Record,
    result: &Result<Answer, Failure>,
    verdict: Option<&Verdict>,
) -> Judgement {
    if let Some(Verdict::Refused(reason)) = verdict {
        return Judgement::Foreign(reason.clone());
    }
    if let Some(Verdict::Done) = verdict {
        return Judgement::Foreign("gives no rows in PostgreSQL".into());
    }
    let answer = match result {
        Ok(answer) => answer,
        Err(failure) if failure.is_refusal() => return Judgement::Refused(failure.reason()),
        Err(failure) => return Judgement::Wrong(format!("fails: {} {}", failure.state, failure.message)),
    };
    let compared = compare(corpus, record, answer);
    match verdict {
        Some(Verdict::Answer { digest, agrees }) if *digest == answer.digest(is_ordered(record)) => match agrees {
            true => Judgement::Right,
            false => Judgement::RightByPostgres,
        },
        Some(Verdict::Answer { agrees: false, .. }) => {
            let note = if compared.is_ok() {
                "as the corpus, not as PostgreSQL"
            } else {
                "neither as the corpus nor as PostgreSQL"
            };
            Judgement::Wrong(format!("{note}\n{}", cut(&answer.shown())))
        }
        _ => match compared {
            Ok(()) => Judgement::Right,
            Err(lines) => Judgement::Wrong(cut(&lines)),
        },
    }
}

fn cut(lines: &[String]) -> String {
    let mut shown = lines[..lines.len().min(ROWS_SHOWN)].join("\n");
    if lines.len() > ROWS_SHOWN {
        shown.push_str(&format!("\n.. {} lines", lines.len()));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outermost_order_counts() {
        let sql = "SELECT 'order by', rank() OVER (ORDER BY a) FROM (SELECT 1 ORDER BY 1) t\nORDER\n  BY 1";
        assert_eq!(outermost(sql), "select , rank over from t order by 1");
    }
}
