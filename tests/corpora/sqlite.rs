//! Compares answers as SQLite's runner does: values as the record's type letters ask, sorted by rows or values, and many of them
//! as the MD5 of their lines.

use crate::answer::{Answer, Kind};
use crate::script::Sort;
use md5::{Digest, Md5};
use std::fmt::Write;

/// Whether an answer is what a record expects; otherwise what it is, in the record's form.
pub(crate) fn compare(types: &str, sort: Sort, expected: &[String], answer: &Answer) -> Result<(), Vec<String>> {
    let values = values(types, sort, answer);
    let is_equal = match expected {
        [line] if line.contains(" values hashing to ") => *line == hashed(&values),
        _ => values == expected,
    };
    if is_equal && types.len() == answer.kinds.len() {
        return Ok(());
    }
    Err(match expected {
        [line] if line.contains(" values hashing to ") => {
            let mut shown = vec![hashed(&values)];
            shown.extend(values);
            shown
        }
        _ => values,
    })
}

fn hashed(values: &[String]) -> String {
    let mut digest = Md5::new();
    for value in values {
        digest.update(value);
        digest.update("\n");
    }
    let mut line = format!("{} values hashing to ", values.len());
    for byte in digest.finalize() {
        let _ = write!(line, "{byte:02x}");
    }
    line
}

fn values(types: &str, sort: Sort, answer: &Answer) -> Vec<String> {
    let shown = |row: &Vec<Option<String>>| {
        let columns = types.chars().zip(&answer.kinds).zip(row);
        columns
            .map(|((letter, kind), value)| {
                value
                    .as_deref()
                    .map_or("NULL".into(), |value| shown(letter, *kind, value))
            })
            .collect::<Vec<_>>()
    };
    let mut rows: Vec<Vec<String>> = answer.rows.iter().map(shown).collect();
    if sort == Sort::Rows {
        rows.sort_unstable();
    }
    let mut values: Vec<String> = rows.into_iter().flatten().collect();
    if sort == Sort::Values {
        values.sort_unstable();
    }
    values
}

/// A value as its type letter asks, converted as C does.
fn shown(letter: char, kind: Kind, value: &str) -> String {
    let number = match (kind, value) {
        (Kind::Boolean, "t") => "1",
        (Kind::Boolean, _) => "0",
        _ => value,
    };
    match letter {
        'I' if kind == Kind::Integer => value.into(),
        'I' => format!("{}", leading_number(number).trunc() as i64),
        'R' => format!("{:.3}", leading_number(number)),
        _ if value.is_empty() => "(empty)".into(),
        _ => {
            let bytes = value.bytes();
            bytes
                .map(|byte| {
                    if (b' '..=b'~').contains(&byte) {
                        byte as char
                    } else {
                        '@'
                    }
                })
                .collect()
        }
    }
}

/// The number that a text begins with, or 0.
fn leading_number(text: &str) -> f64 {
    let text = text.trim_start();
    let ends = (0..=text.len()).rev().filter(|end| text.is_char_boundary(*end));
    ends.map(|end| &text[..end])
        .find_map(|start| start.parse().ok())
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kinds: &[Kind], rows: &[&[Option<&str>]]) -> Answer {
        Answer {
            kinds: kinds.to_vec(),
            rows: rows
                .iter()
                .map(|row| row.iter().map(|value| value.map(str::to_owned)).collect())
                .collect(),
        }
    }

    #[test]
    fn values_take_the_form_of_their_letters() {
        let text = |letter, value| shown(letter, Kind::Text, value);
        assert_eq!(shown('I', Kind::Fraction, "-0.9"), "0");
        assert_eq!(shown('I', Kind::Fraction, "1e3"), "1000");
        assert_eq!(shown('I', Kind::Integer, "9223372036854775807"), "9223372036854775807");
        assert_eq!(shown('I', Kind::Boolean, "t"), "1");
        assert_eq!(shown('R', Kind::Integer, "7"), "7.000");
        assert_eq!(shown('R', Kind::Fraction, "2.00049"), "2.000");
        assert_eq!((text('I', "12ab"), text('I', "x")), ("12".into(), "0".into()));
        assert_eq!((text('T', ""), text('T', "a\té")), ("(empty)".into(), "a@@@".into()));
    }

    #[test]
    fn sorted_as_the_record_asks() {
        let answer = answer(
            &[Kind::Integer, Kind::Text],
            &[&[Some("2"), Some("a")], &[Some("10"), None]],
        );
        let lines = |sort| values("IT", sort, &answer).join(" ");
        assert_eq!(lines(Sort::None), "2 a 10 NULL");
        assert_eq!(lines(Sort::Rows), "10 NULL 2 a");
        assert_eq!(lines(Sort::Values), "10 2 NULL a");
    }

    #[test]
    fn many_values_are_hashed() {
        let answer = answer(&[Kind::Integer], &[&[Some("1")], &[Some("2")]]);
        // printf '1\n2\n' | md5sum
        let expected = ["2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0".to_owned()];
        assert_eq!(compare("I", Sort::None, &expected, &answer), Ok(()));
        assert_eq!(
            compare("I", Sort::Rows, &["1".into()], &answer).unwrap_err(),
            ["1", "2"]
        );
    }
}
