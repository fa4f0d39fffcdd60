//! What a table must hold, row by row, and what questions about it must answer. Written without a look at how Stoa does it.

use std::collections::{BTreeMap, BTreeSet};

/// A row beside its key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Days since 2024-01-01.
    pub(crate) day: i64,
    pub(crate) kind: String,
    pub(crate) amount: Option<i64>,
}

/// A table's rows by their key.
pub(crate) type Rows = BTreeMap<i64, Row>;

/// Every row, in the order of the keys: `id|day|kind|amount`.
pub(crate) fn listed(rows: &Rows) -> Vec<String> {
    let line = |(id, row): (&i64, &Row)| format!("{id}|{}|{}|{}", row.day, row.kind, or_null(row.amount));
    rows.iter().map(line).collect()
}

/// By kind: rows, amounts, their sum, least and largest, and how many there are.
pub(crate) fn by_kind(rows: &Rows) -> Vec<String> {
    let mut kinds: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.values() {
        kinds.entry(&row.kind).or_default().push(row);
    }
    let line = |(kind, rows): (&str, Vec<&Row>)| {
        let amounts: Vec<i64> = rows.iter().filter_map(|row| row.amount).collect();
        let sum = (!amounts.is_empty()).then(|| amounts.iter().sum::<i64>());
        let distinct: BTreeSet<i64> = amounts.iter().copied().collect();
        let (least, largest) = (distinct.first().copied(), distinct.last().copied());
        format!(
            "{kind}|{}|{}|{}|{}|{}|{}",
            rows.len(),
            amounts.len(),
            or_null(sum),
            or_null(least),
            or_null(largest),
            distinct.len()
        )
    };
    kinds.into_iter().map(line).collect()
}

/// By weeks of seven days from the first: rows, and the sum of amounts.
pub(crate) fn by_week(rows: &Rows) -> Vec<String> {
    let mut weeks: BTreeMap<i64, (usize, i64)> = BTreeMap::new();
    for row in rows.values() {
        let week = weeks.entry(row.day.div_euclid(7)).or_default();
        *week = (week.0 + 1, week.1 + row.amount.unwrap_or(0));
    }
    let line = |(week, (count, sum)): (i64, (usize, i64))| format!("{week}|{count}|{sum}");
    weeks.into_iter().map(line).collect()
}

pub(crate) fn or_null(value: Option<i64>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}
