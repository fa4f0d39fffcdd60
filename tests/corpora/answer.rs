//! What a database answers: texts of typed columns, or a failure.

use std::fmt::Write;

/// How the values of a column are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Integer,
    /// `numeric` and floating-point numbers: the last digits are nobody's promise.
    Fraction,
    Timestamp,
    Text,
}

/// The rows of a query; a statement that gives none has no columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

/// What a failed statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// SQLSTATE.
    pub(crate) state: String,
    pub(crate) message: String,
}

impl Failure {
    /// The statement is not taken, as opposed to one that fails over its data.
    pub(crate) fn is_refusal(&self) -> bool {
        ["0A", "42", "54", "3F", "26"]
            .iter()
            .any(|class| self.state.starts_with(class))
    }

    /// The message without what is particular to one statement: numbers, and names in quotes of data.
    pub(crate) fn reason(&self) -> String {
        let line = self.message.lines().next().unwrap_or_default();
        let mut reason = format!("{} ", self.state);
        let mut digits = false;
        for character in line.chars() {
            if !character.is_ascii_digit() {
                reason.push(character);
            } else if !digits {
                reason.push('#');
            }
            digits = character.is_ascii_digit();
        }
        reason
    }
}

/// A database under question.
pub(crate) trait Engine {
    /// Runs what may be several statements; the answer is the last one's.
    fn run(&mut self, sql: &str) -> Result<Answer, Failure>;
}

impl Answer {
    /// Rows in a form in which answers that mean the same are equal: fractions to nine digits, and in any order unless the query says one.
    pub(crate) fn normalized(&self, is_ordered: bool) -> Vec<String> {
        let mut lines: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let mut line = String::new();
                for (kind, value) in self.kinds.iter().zip(row) {
                    match (kind, value) {
                        (_, None) => line.push_str("NULL"),
                        (Kind::Fraction, Some(value)) => line.push_str(&nine_digits(value)),
                        (_, Some(value)) => line.push_str(value),
                    }
                    line.push('\u{1f}');
                }
                line
            })
            .collect();
        if !is_ordered {
            lines.sort_unstable();
        }
        lines
    }

    /// A digest of the normalized rows.
    pub(crate) fn digest(&self, is_ordered: bool) -> u32 {
        let mut text = String::new();
        for line in self.normalized(is_ordered) {
            let _ = writeln!(text, "{line}");
        }
        crc32c::crc32c(text.as_bytes())
    }

    /// For people.
    pub(crate) fn shown(&self) -> Vec<String> {
        let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "NULL".into());
        let rows = self.rows.iter();
        rows.map(|row| row.iter().map(show).collect::<Vec<_>>().join(" | "))
            .collect()
    }
}

fn nine_digits(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(0.0) => "0".into(),
        Ok(number) if number.is_finite() => format!("{number:.8e}"),
        _ => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(value: &str) -> Answer {
        Answer {
            kinds: vec![Kind::Fraction],
            rows: vec![vec![Some(value.into())]],
        }
    }

    #[test]
    fn zeroes_behind_the_point_do_not_count() {
        assert_eq!(
            fraction("1.50").digest(true),
            fraction("1.5000000000000001").digest(true)
        );
        assert_eq!(fraction("-0.000").digest(true), fraction("0").digest(true));
        assert_ne!(fraction("1.5").digest(true), fraction("1.50001").digest(true));
    }

    #[test]
    fn reasons_have_no_numbers() {
        let failure = Failure {
            state: "42P01".into(),
            message: "relation \"t123\" does not exist".into(),
        };
        assert_eq!(failure.reason(), "42P01 relation \"t#\" does not exist");
        assert!(failure.is_refusal());
    }
}
