//! `pg_stats`: what the optimizer knows of the values of stored columns. The widths of values, their correlation with the order of
//! rows and the elements of arrays are not known.

use super::stoa_storage_tables::{bound, stored};
use super::{Rows, SystemContext, SystemTable, columns_of, flag, text};
use crate::catalog::state::PG_CATALOG;
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::{Array, ArrayRef};
use stoa_storage::segment::ColumnSummary;

const COLUMNS: &str = "schemaname name, tablename name, attname name, inherited boolean, null_frac real, avg_width integer, \
     n_distinct real, most_common_vals text[], most_common_freqs real[], histogram_bounds text[], correlation real, \
     most_common_elems text[], most_common_elem_freqs real[], elem_count_histogram real[]";

/// Of a column with more different values than this share of its rows, the share is told instead of their number, as Postgres does.
const SCALING_DISTINCT_SHARE: f64 = 0.1;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_stats",
    oid: 12_220,
    columns: || columns_of(COLUMNS),
    rows,
}];

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(COLUMNS));
    for (info, table, snapshot) in stored(context) {
        for (column, stored) in info.columns.iter().zip(&table.schema.columns) {
            let Some(summary) = snapshot
                .column_summary(stored.id)
                .filter(|summary| summary.row_count > 0)
            else {
                continue;
            };
            let null_fraction = f64::from(summary.null_count) / f64::from(summary.row_count);
            let is_array = matches!(column.data_type, LogicalType::Array(_));
            let bounds = snapshot.column_histogram(stored.id).filter(|_| !is_array);
            let values = Values::of(bounds, 1.0 - null_fraction, &column.data_type, context)?;
            rows.push([
                text(&info.schema),
                text(&info.name),
                text(&column.name),
                flag(false),
                Literal::Float(null_fraction),
                Literal::Null,
                distinct(&summary),
                array(values.frequent),
                array(values.frequencies),
                array(values.bounds),
                Literal::Null,
                Literal::Null,
                Literal::Null,
                Literal::Null,
            ]);
        }
    }
    rows.finish()
}

fn distinct(summary: &ColumnSummary) -> Literal {
    let Some(count) = summary.distinct_count.map(f64::from) else {
        return Literal::Float(0.0);
    };
    let share = count / f64::from(summary.row_count);
    Literal::Float(if share > SCALING_DISTINCT_SHARE { -share } else { count })
}

fn array(elements: Vec<Literal>) -> Literal {
    match elements.is_empty() {
        true => Literal::Null,
        false => Literal::Array(elements),
    }
}

/// A histogram with its frequent values apart.
#[derive(Default)]
struct Values {
    frequent: Vec<Literal>,
    frequencies: Vec<Literal>,
    bounds: Vec<Literal>,
}

impl Values {
    fn of(
        bounds: Option<ArrayRef>,
        present: f64,
        data_type: &LogicalType,
        context: &SystemContext<'_>,
    ) -> Result<Self> {
        let mut values = Values::default();
        let Some(bounds) = bounds else {
            return Ok(values);
        };
        let texts = (0..bounds.len()).map(|row| bound(Some(&bounds.slice(row, 1)), data_type, context));
        let texts = texts.collect::<Result<Vec<Literal>>>()?;
        for run in texts.chunk_by(|left, right| left == right) {
            match run.len() {
                1 => values.bounds.push(run[0].clone()),
                count => {
                    let frequency = (count as f64 / (texts.len() as f64 - 1.0)).min(1.0);
                    values.frequent.push(run[0].clone());
                    values.frequencies.push(Literal::Float(frequency * present));
                }
            }
        }
        Ok(values)
    }
}
