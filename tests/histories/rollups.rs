//! Materialized views that a history makes, and questions that they may answer: each as SQL and as what the model says. Whether a view
//! answers is Stoa's business; the answer is the same.

use crate::model::{Row, Rows, or_null};
use std::collections::{BTreeMap, BTreeSet};

/// Their definitions; a view is called by its place.
pub(crate) const DEFINITIONS: [&str; 9] = [
    "SELECT kind, day, count(*) AS rows, count(amount) AS amounts, sum(amount) AS total, min(amount), max(amount), max(id) AS last
     FROM t GROUP BY kind, day",
    "SELECT kind, count(DISTINCT amount) AS different, avg(amount), count(*) AS rows, sum(amount) AS total FROM t GROUP BY kind",
    "SELECT date_trunc('week', day::timestamp) AS week, sum(amount) AS total, count(*) AS rows, max(kind),
     count(*) FILTER (WHERE amount > 0) AS positive FROM t WHERE amount IS NOT NULL GROUP BY 1",
    "SELECT count(*) AS rows, sum(amount) AS total, min(day), bool_and(amount > -300) FROM t",
    "SELECT date_trunc('month', day::timestamp) AS month, kind, bit_or(amount), approx_count_distinct(id), sum(amount) AS total,
     count(*) AS rows FROM t GROUP BY 1, 2",
    "SELECT day, id % 3 AS rest, sum(amount * 2 + 1) AS total, count(*) AS rows FROM t WHERE kind <> 'kind 2' GROUP BY day, id % 3",
    "SELECT kind, day, sum(amount / 8.0::float8), avg(amount / 8.0::float8), sum(amount) AS total, count(*) AS rows FROM t GROUP BY kind, day",
    "SELECT day, kind, arg_max(amount, day) AS last, arg_max(id, amount / 4) AS most, min_by(amount, id % 5), arg_max(day, amount) AS of_most,
     var_samp(amount), count(amount), stddev(amount / 8.0::float8), approx_percentile(amount, 0.9), sum(amount) AS total, count(*) AS rows FROM t GROUP BY day, kind",
    "SELECT kind, date_trunc('week', day::timestamp) AS week, approx_percentile(amount, 0.5), max_by(kind, amount), arg_min(id, day),
     var_pop(amount * 0.1::float8), sum(amount) AS total, count(*) AS rows FROM t GROUP BY 1, 2",
];

/// A question of some rows.
pub(crate) struct Question {
    pub(crate) sql: String,
    pub(crate) answer: Vec<String>,
}

pub(crate) fn grouped<K: Ord, T>(
    rows: &Rows,
    key: impl Fn(&i64, &Row) -> Option<K>,
    line: impl Fn(&K, &[(i64, &Row)]) -> T,
) -> Vec<T> {
    let mut groups: BTreeMap<K, Vec<(i64, &Row)>> = BTreeMap::new();
    for (id, row) in rows {
        if let Some(key) = key(id, row) {
            groups.entry(key).or_default().push((*id, row));
        }
    }
    groups.iter().map(|(key, rows)| line(key, rows)).collect()
}

pub(crate) fn total(rows: &[(i64, &Row)]) -> Option<i64> {
    let amounts: Vec<i64> = rows.iter().filter_map(|(_, row)| row.amount).collect();
    (!amounts.is_empty()).then(|| amounts.iter().sum())
}

/// What is beside an extreme, the least of several.
fn picked(rows: &[(i64, &Row)]) -> String {
    // NULL comes last.
    let order = |amount: Option<i64>| (amount.is_none(), amount);
    let last_day = rows.iter().map(|(_, row)| row.day).max();
    let of_last_day = rows.iter().filter(|(_, row)| Some(row.day) == last_day);
    let of_last_day = of_last_day
        .map(|(_, row)| row.amount)
        .min_by_key(|amount| order(*amount));
    let most = rows.iter().filter_map(|(_, row)| row.amount).max();
    let id = rows
        .iter()
        .filter_map(|(id, row)| Some((row.amount? / 4, std::cmp::Reverse(*id))))
        .max();
    let rest = rows.iter().map(|(id, row)| (id % 5, order(row.amount))).min();
    let day = rows.iter().filter(|(_, row)| most.is_some() && row.amount == most);
    format!(
        "{}|{}|{}|{}",
        or_null(of_last_day.flatten()),
        or_null(id.map(|(_, id)| id.0)),
        or_null(rest.and_then(|(_, (_, amount))| amount)),
        or_null(day.map(|(_, row)| row.day).min())
    )
}

/// How many amounts there are, and the square of that times their variance: a whole number.
fn deviations(rows: &[(i64, &Row)]) -> Option<(i64, i64)> {
    let amounts: Vec<i64> = rows.iter().filter_map(|(_, row)| row.amount).collect();
    let (count, sum) = (amounts.len() as i64, amounts.iter().sum::<i64>());
    let squares: i64 = amounts.iter().map(|amount| amount * amount).sum();
    (count > 0).then_some((count, count * squares - sum * sum))
}

/// What holds of the variance of amounts by eight, to the bit, and of their approximate median.
fn of_distribution(rows: &[(i64, &Row)]) -> Option<String> {
    let (count, deviations) = deviations(rows)?;
    // Both terms of the quotient are doubles, so that it is rounded once.
    let variance = deviations as f64 / (count * count * 64) as f64;
    let mut amounts: Vec<i64> = rows.iter().filter_map(|(_, row)| row.amount).collect();
    amounts.sort_unstable();
    let [low, high] = [(amounts.len() - 1) / 2, amounts.len() / 2].map(|place| amounts[place] as f64);
    let slack = if amounts.len() <= 512 {
        0.0
    } else {
        low.abs().max(high.abs()) / 257.0 + 1e-9
    };
    let median = (low + high) / 2.0;
    Some(format!(
        "var_pop(amount / 8.0::float8) = '{variance:e}'::float8
         AND approx_percentile(amount, 0.5) BETWEEN {} AND {}",
        median - slack,
        median + slack
    ))
}

/// Rows and total.
fn count_and_total(rows: &[(i64, &Row)]) -> String {
    format!("{}|{}", rows.len(), or_null(total(rows)))
}

/// Questions about all rows from a day on, of a table under the name given.
pub(crate) fn questions(table: &str, rows: &Rows, from: i64) -> Vec<Question> {
    let from_date = format!("date '2024-01-01' + {from}");
    let positive = |rows: &[(i64, &Row)]| rows.iter().filter(|(_, row)| row.amount > Some(0)).count();
    let extremes = |rows: &[(i64, &Row)]| {
        let amounts = rows.iter().filter_map(|(_, row)| row.amount);
        format!("{}|{}", or_null(amounts.clone().min()), or_null(amounts.max()))
    };
    let different = |rows: &[(i64, &Row)]| {
        let amounts: BTreeSet<i64> = rows.iter().filter_map(|(_, row)| row.amount).collect();
        amounts.len()
    };
    vec![
        Question {
            sql: format!(
                "SELECT kind, count(*), sum(amount), min(amount), max(amount) FROM {table} WHERE day >= {from_date}
                 GROUP BY kind ORDER BY kind"
            ),
            answer: grouped(
                rows,
                |_, row| (row.day >= from).then(|| row.kind.clone()),
                |kind, rows| format!("{kind}|{}|{}", count_and_total(rows), extremes(rows)),
            ),
        },
        Question {
            sql: format!(
                "SELECT kind, count(DISTINCT amount), count(*), sum(amount) FROM {table} WHERE kind <> 'kind 1'
                 GROUP BY kind ORDER BY kind"
            ),
            answer: grouped(
                rows,
                |_, row| (row.kind != "kind 1").then(|| row.kind.clone()),
                |kind, rows| format!("{kind}|{}|{}", different(rows), count_and_total(rows)),
            ),
        },
        Question {
            sql: format!(
                "SELECT date_trunc('week', day::timestamp)::date - date '2024-01-01', count(*), sum(amount),
                 count(*) FILTER (WHERE amount > 0) FROM {table} WHERE amount IS NOT NULL GROUP BY 1 ORDER BY 1"
            ),
            answer: grouped(
                rows,
                |_, row| row.amount.map(|_| row.day.div_euclid(7) * 7),
                |week, rows| format!("{week}|{}|{}", count_and_total(rows), positive(rows)),
            ),
        },
        Question {
            sql: format!(
                "SELECT count(*), coalesce(sum(amount), 0), count(DISTINCT kind) FROM {table} WHERE day >= {from_date}"
            ),
            answer: {
                let late: Vec<&Row> = rows.values().filter(|row| row.day >= from).collect();
                let kinds: BTreeSet<&str> = late.iter().map(|row| row.kind.as_str()).collect();
                let total: i64 = late.iter().filter_map(|row| row.amount).sum();
                vec![format!("{}|{total}|{}", late.len(), kinds.len())]
            },
        },
        Question {
            sql: format!(
                "SELECT count(*) FILTER (WHERE kind = 'kind 2'), coalesce(sum(amount) FILTER (WHERE day < {from_date}), 0) FROM {table}"
            ),
            answer: {
                let seconds = rows.values().filter(|row| row.kind == "kind 2").count();
                let early: i64 = rows
                    .values()
                    .filter(|row| row.day < from)
                    .filter_map(|row| row.amount)
                    .sum();
                vec![format!("{seconds}|{early}")]
            },
        },
        Question {
            sql: format!(
                "SELECT kind, sum(amount / 8.0::float8), avg(amount / 8.0::float8) = sum(amount / 8.0::float8) / count(amount)
                 FROM {table} WHERE day >= {from_date}
                 GROUP BY kind ORDER BY kind"
            ),
            answer: grouped(
                rows,
                |_, row| (row.day >= from).then(|| row.kind.clone()),
                |kind, rows| {
                    // Eighths are exact as doubles, and so are their sums.
                    let sum = total(rows).map(|total| total as f64 / 8.0);
                    sum.map_or(format!("{kind}|NULL|NULL"), |sum| format!("{kind}|{sum}|t"))
                },
            ),
        },
        Question {
            sql: format!(
                "SELECT kind, max_by(amount, day), max_by(id, amount / 4), arg_min(amount, id % 5), max_by(day, amount) - date '2024-01-01'
                 FROM {table} WHERE day >= {from_date} GROUP BY kind ORDER BY kind"
            ),
            answer: grouped(
                rows,
                |_, row| (row.day >= from).then(|| row.kind.clone()),
                |kind, rows| format!("{kind}|{}", picked(rows)),
            ),
        },
        Question {
            sql: format!(
                "SELECT kind, round(var_pop(amount) * count(amount) * count(amount)), CASE kind WHEN '' THEN NULL::boolean {} END
                 FROM {table} WHERE day >= {from_date} GROUP BY kind ORDER BY kind",
                grouped(
                    rows,
                    |_, row| (row.day >= from).then(|| row.kind.clone()),
                    |kind, rows| of_distribution(rows).map_or_else(String::new, |is| format!("WHEN '{kind}' THEN {is}")),
                )
                .join(" ")
            ),
            answer: grouped(
                rows,
                |_, row| (row.day >= from).then(|| row.kind.clone()),
                |kind, rows| match deviations(rows) {
                    Some((_, deviations)) => format!("{kind}|{deviations}|t"),
                    None => format!("{kind}|NULL|NULL"),
                },
            ),
        },
        Question {
            sql: format!(
                "SELECT id % 3, count(*), sum(amount * 2 + 1) FROM {table} WHERE kind <> 'kind 2' AND day >= {from_date}
                 GROUP BY id % 3 HAVING count(*) > 1 ORDER BY 1"
            ),
            answer: grouped(
                rows,
                |id, row| (row.kind != "kind 2" && row.day >= from).then_some(id % 3),
                |rest, rows| {
                    let amounts: Vec<i64> = rows.iter().filter_map(|(_, row)| row.amount).collect();
                    let total = (!amounts.is_empty()).then(|| amounts.iter().map(|amount| amount * 2 + 1).sum::<i64>());
                    (rows.len() > 1).then(|| format!("{rest}|{}|{}", rows.len(), or_null(total)))
                },
            )
            .into_iter()
            .flatten()
            .collect(),
        },
    ]
}

/// Everything that a view holds: its rows and total, over all of its groups.
pub(crate) fn of_view(place: usize, view: &str, rows: &Rows) -> Question {
    let counts = |id: i64, row: &Row| match place {
        2 => row.amount.is_some(),
        5 => row.kind != "kind 2",
        _ => id >= 0,
    };
    let counted: Vec<&Row> = rows
        .iter()
        .filter(|(id, row)| counts(**id, row))
        .map(|(_, row)| row)
        .collect();
    let amounts = counted.iter().filter_map(|row| row.amount);
    let total: i64 = match place {
        5 => amounts.map(|amount| amount * 2 + 1).sum(),
        _ => amounts.sum(),
    };
    Question {
        sql: format!("SELECT coalesce(sum(rows), 0), coalesce(sum(total), 0) FROM {view}"),
        answer: vec![format!("{}|{total}", counted.len())],
    }
}
