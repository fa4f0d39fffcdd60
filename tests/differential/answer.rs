//! What a database answered, and when two answers are the same.

use crate::generator::Comparison;
use crate::query::ORDERED;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Rows {
        /// Names and numbers of types.
        columns: Vec<(String, u32)>,
        rows: Vec<Vec<Option<String>>>,
    },
    /// A statement without rows changed so many.
    Changed(u64),
    Failed {
        state: String,
        message: String,
    },
}

const NUMERIC: u32 = 1700;
const REAL: u32 = 700;
const DOUBLE: u32 = 701;
const INTERVAL: u32 = 1186;
const JSONB: u32 = 3802;
/// Relative to the larger of two numbers that are computed in different orders, or 1.
const TOLERANCE: f64 = 1e-9;
const REAL_TOLERANCE: f64 = 1e-5;

impl Answer {
    pub(crate) fn state(&self) -> Option<&str> {
        match self {
            Answer::Failed { state, .. } => Some(state),
            _ => None,
        }
    }

    pub(crate) fn row_count(&self) -> usize {
        match self {
            Answer::Rows { rows, .. } => rows.len(),
            _ => 0,
        }
    }

    /// What differs, in a word for it; `None` where the answers are the same.
    pub(crate) fn difference(&self, sql: &str, other: &Answer, comparison: &Comparison) -> Option<String> {
        match (self, other) {
            (Answer::Failed { state, .. }, Answer::Failed { state: other, .. }) => {
                (state != other).then(|| format!("states {state} and {other}"))
            }
            (Answer::Failed { state, .. }, _) => Some(format!("only one fails: {state}, left")),
            (_, Answer::Failed { state, .. }) => Some(format!("only one fails: {state}, right")),
            (Answer::Changed(one), Answer::Changed(other)) => (one != other).then(|| "counts".to_owned()),
            (
                Answer::Rows { columns, rows },
                Answer::Rows {
                    columns: other_columns,
                    rows: others,
                },
            ) => {
                if columns.len() != other_columns.len() {
                    return Some("number of columns".into());
                }
                let types = |columns: &[(String, u32)]| columns.iter().map(|column| column.1).collect::<Vec<_>>();
                if types(columns) != types(other_columns) {
                    return Some("types".into());
                }
                if columns != other_columns {
                    return Some("names".into());
                }
                difference_of_rows(&types(columns), rows, others, &ordered_columns(sql), comparison)
            }
            _ => Some("rows or none".into()),
        }
    }
}

type Row = Vec<Option<String>>;

/// Places of the columns whose sequence ORDER BY fixes.
fn ordered_columns(sql: &str) -> Vec<usize> {
    let Some((_, order)) = sql.rsplit_once(ORDERED) else {
        return Vec::new();
    };
    let items = order
        .split(", ")
        .map(|item| item.split(' ').next().and_then(|place| place.parse::<usize>().ok()));
    items.map_while(|place| place?.checked_sub(1)).collect()
}

fn difference_of_rows(
    types: &[u32],
    rows: &[Row],
    others: &[Row],
    ordered_columns: &[usize],
    comparison: &Comparison,
) -> Option<String> {
    if rows.len() != others.len() {
        return Some("number of rows".into());
    }
    let plain = |rows: &[Row]| -> Vec<Row> {
        rows.iter()
            .map(|row| {
                row.iter()
                    .zip(types)
                    .map(|(value, of)| value.as_deref().map(|value| plain(value, *of)))
                    .collect()
            })
            .collect()
    };
    let (mut rows, mut others) = (plain(rows), plain(others));
    let rounded = comparison.is_rounded;
    // Intervals and documents that are equal may look different; what comes behind them depends on which are taken for ties.
    let has_one_form = |place: &&usize| types.get(**place).is_some_and(|of| ![INTERVAL, JSONB].contains(of));
    for place in ordered_columns.iter().take_while(has_one_form) {
        let equal = |(one, other): (&Row, &Row)| same_value(&one[*place], &other[*place], types[*place], rounded);
        if !rows.iter().zip(&others).all(equal) {
            return Some("order".into());
        }
    }
    let key = |row: &Row| -> Vec<Option<String>> {
        let values = row.iter().zip(types);
        values
            .map(|(value, of)| value.as_deref().map(|value| coarse(value, *of, rounded)))
            .collect()
    };
    rows.sort_by_cached_key(key);
    others.sort_by_cached_key(key);
    let same_row = |one: &Row, other: &Row| {
        one.iter()
            .zip(other)
            .zip(types)
            .all(|((one, other), of)| same_value(one, other, *of, rounded))
    };
    if rows.iter().zip(&others).all(|(one, other)| same_row(one, other)) {
        return None;
    }
    if !rounded {
        return Some("rows".into());
    }
    // Rounding may have put rows that are nearly alike in another order.
    for row in &rows {
        match others.iter().position(|other| same_row(row, other)) {
            Some(place) => others.swap_remove(place),
            None => return Some("rows".into()),
        };
    }
    None
}

/// A value without what says nothing: zeroes behind a numeric's point, the sign of zero.
fn plain(value: &str, of: u32) -> String {
    match of {
        NUMERIC if value.contains('.') => {
            let trimmed = value.trim_end_matches('0').trim_end_matches('.');
            if trimmed == "-0" {
                "0".into()
            } else {
                trimmed.to_owned()
            }
        }
        REAL | DOUBLE if value == "-0" => "0".into(),
        _ => value.to_owned(),
    }
}

fn coarse(value: &str, of: u32, rounded: bool) -> String {
    match (rounded, of, value.parse::<f64>()) {
        (true, NUMERIC | REAL | DOUBLE, Ok(number)) => format!("{number:.4e}"),
        _ => value.to_owned(),
    }
}

fn same_value(one: &Option<String>, other: &Option<String>, of: u32, rounded: bool) -> bool {
    let (Some(left), Some(right)) = (one, other) else {
        return one == other;
    };
    if left == right {
        return true;
    }
    let tolerance = match of {
        REAL => REAL_TOLERANCE,
        NUMERIC | DOUBLE => TOLERANCE,
        _ => return false,
    };
    let (Ok(left), Ok(right)) = (left.parse::<f64>(), right.parse::<f64>()) else {
        return false;
    };
    rounded && (left - right).abs() <= tolerance * left.abs().max(right.abs()).max(1.0)
}
