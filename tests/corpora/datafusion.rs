//! Compares answers with lines as DataFusion's files have them: one a row, values divided by blanks. Fractions need to agree in nine
//! digits only, and zeroes behind the point do not count.

use crate::answer::{Answer, Kind};
use crate::script::Sort;

/// How far two numbers with a point may be apart, in proportion to their size.
const TOLERANCE: f64 = 1e-9;

/// Whether an answer is what a record expects; otherwise what it is, in the record's form.
pub(crate) fn compare(sort: Sort, expected: &[String], answer: &Answer) -> Result<(), Vec<String>> {
    let mut lines: Vec<String> = answer.rows.iter().map(|row| line(&answer.kinds, row)).collect();
    let mut wanted: Vec<String> = expected.iter().map(|line| single_blanks(line)).collect();
    if sort != Sort::None {
        lines.sort_unstable();
        wanted.sort_unstable();
    }
    let is_equal = lines.len() == wanted.len() && lines.iter().zip(&wanted).all(|(line, wanted)| agree(line, wanted));
    if is_equal { Ok(()) } else { Err(lines) }
}

fn line(kinds: &[Kind], row: &[Option<String>]) -> String {
    let values = kinds
        .iter()
        .zip(row)
        .map(|(kind, value)| match (kind, value.as_deref()) {
            (_, None) => "NULL".into(),
            (_, Some("")) => "(empty)".into(),
            (Kind::Boolean, Some("t")) => "true".into(),
            (Kind::Boolean, Some(_)) => "false".into(),
            (Kind::Timestamp, Some(value)) => value.replacen(' ', "T", 1),
            (_, Some(value)) => value.replace('\n', "\\n"),
        });
    single_blanks(&values.collect::<Vec<String>>().join(" "))
}

fn single_blanks(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn agree(line: &str, wanted: &str) -> bool {
    if line == wanted {
        return true;
    }
    let (mine, theirs) = (line.split(' '), wanted.split(' '));
    mine.clone().count() == theirs.clone().count()
        && mine
            .zip(theirs)
            .all(|(mine, theirs)| mine == theirs || numbers_agree(mine, theirs))
}

fn numbers_agree(mine: &str, theirs: &str) -> bool {
    let is_fraction = |text: &str| text.contains(['.', 'e', 'E']);
    let (Ok(a), Ok(b)) = (mine.parse::<f64>(), theirs.parse::<f64>()) else {
        return false;
    };
    (is_fraction(mine) || is_fraction(theirs)) && (a == b || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_agree_in_what_counts() {
        let answer = Answer {
            kinds: vec![Kind::Boolean, Kind::Fraction, Kind::Timestamp, Kind::Text],
            rows: vec![vec![
                Some("t".into()),
                Some("0.30000000000000004".into()),
                Some("2024-01-01 00:00:00".into()),
                None,
            ]],
        };
        let agrees = |line: &str| compare(Sort::None, &[line.into()], &answer).is_ok();
        assert!(agrees("true 0.3 2024-01-01T00:00:00   NULL"));
        assert!(!agrees("true 0.31 2024-01-01T00:00:00 NULL"));
        assert!(!agrees("true 0.3 2024-01-01T00:00:00"));
        assert!(!numbers_agree("1000000000001", "1000000000000"));
    }
}
