//! Questions that join the table with the labels of its kinds, as SQL and as what the model says: rollups may answer below the joins.

use crate::explained::Labels;
use crate::model::{Row, Rows, or_null};
use crate::rollups::{Question, grouped, total};
use std::collections::BTreeSet;

/// Questions about rows from a day on, of tables under the names given.
pub(crate) fn questions([table, labels_table]: [&str; 2], rows: &Rows, labels: &Labels, from: i64) -> Vec<Question> {
    let from_date = format!("date '2024-01-01' + {from}");
    let is_late = |row: &Row| row.day >= from;
    let label = |row: &Row| labels.get(&row.kind).map(String::as_str);
    let labelled = |rows: &[(i64, &Row)]| -> Vec<(i64, Row)> {
        let firsts = rows.iter().filter(|(_, row)| label(row) == Some("label 1"));
        firsts.map(|(id, row)| (*id, (*row).clone())).collect()
    };
    let namesakes = |row: &Row| {
        labels
            .values()
            .filter(|other| Some(other.as_str()) == label(row))
            .count() as i64
    };
    vec![
        Question {
            sql: format!(
                "SELECT label, count(*), sum(amount), min(amount), max(day) - date '2024-01-01', count(DISTINCT amount), sum(amount / 8.0::float8)
                 FROM {table} AS t JOIN {labels_table} AS l ON l.kind = t.kind WHERE day >= {from_date} GROUP BY label ORDER BY label"
            ),
            answer: grouped(
                rows,
                |_, row| label(row).filter(|_| is_late(row)),
                |label, rows| {
                    let amounts: BTreeSet<i64> = rows.iter().filter_map(|(_, row)| row.amount).collect();
                    let eighths = total(rows).map_or("NULL".into(), |total| (total as f64 / 8.0).to_string());
                    format!(
                        "{label}|{}|{}|{}|{}|{}|{eighths}",
                        rows.len(),
                        or_null(total(rows)),
                        or_null(amounts.first().copied()),
                        or_null(rows.iter().map(|(_, row)| row.day).max()),
                        amounts.len(),
                    )
                },
            ),
        },
        Question {
            sql: format!(
                "SELECT date_trunc('week', day::timestamp)::date - date '2024-01-01' AS week, count(DISTINCT label), max(label), count(*),
                 sum(amount) FILTER (WHERE label = 'label 1'), count(*) FILTER (WHERE label IS NULL)
                 FROM {table} AS t LEFT JOIN {labels_table} AS l ON l.kind = t.kind GROUP BY 1 ORDER BY 1"
            ),
            answer: grouped(
                rows,
                |_, row| Some(row.day.div_euclid(7) * 7),
                |week, rows| {
                    let known: BTreeSet<&str> = rows.iter().filter_map(|(_, row)| label(row)).collect();
                    let firsts = labelled(rows);
                    let firsts: Vec<(i64, &Row)> = firsts.iter().map(|(id, row)| (*id, row)).collect();
                    format!(
                        "{week}|{}|{}|{}|{}|{}",
                        known.len(),
                        known.last().copied().unwrap_or("NULL"),
                        rows.len(),
                        or_null(total(&firsts)),
                        rows.iter().filter(|(_, row)| label(row).is_none()).count(),
                    )
                },
            ),
        },
        Question {
            sql: format!(
                "SELECT kind, count(*), sum(amount) FROM {table} AS t WHERE day >= {from_date} AND
                 kind IN (SELECT kind FROM {labels_table} AS l WHERE label <> 'label 0') GROUP BY kind ORDER BY kind"
            ),
            answer: grouped(
                rows,
                |_, row| (is_late(row) && label(row).is_some_and(|label| label != "label 0")).then_some(row.kind.clone()),
                |kind, rows| format!("{kind}|{}|{}", rows.len(), or_null(total(rows))),
            ),
        },
        Question {
            sql: format!(
                "SELECT count(*), coalesce(sum(amount), 0) FROM {table} AS t WHERE NOT EXISTS (SELECT FROM {labels_table} AS l WHERE l.kind = t.kind)"
            ),
            answer: {
                let without: Vec<(i64, &Row)> = rows.iter().map(|(id, row)| (*id, row)).filter(|(_, row)| label(row).is_none()).collect();
                vec![format!("{}|{}", without.len(), total(&without).unwrap_or(0))]
            },
        },
        Question {
            sql: format!(
                "SELECT a.label, count(*), sum(amount) FROM {table} AS t JOIN {labels_table} AS a ON a.kind = t.kind
                 JOIN {labels_table} AS b ON b.label = a.label WHERE t.day >= {from_date} GROUP BY a.label ORDER BY 1"
            ),
            answer: grouped(
                rows,
                |_, row| label(row).filter(|_| is_late(row)),
                |label, rows| {
                    let times = rows.first().map_or(0, |(_, row)| namesakes(row));
                    format!("{label}|{}|{}", rows.len() as i64 * times, or_null(total(rows).map(|total| total * times)))
                },
            ),
        },
    ]
}
