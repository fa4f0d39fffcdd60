//! Which of a table's rollups answers an aggregation, and why the others do not.

use super::canonical::Source;
use super::cut::RestOfRows;
use super::matching::{Matching, RollupUse};
use super::shape::Rollup;
use crate::error::Result;
use crate::functions::StatementContext;
use crate::physical::{PreparedCall, prepared};
use std::sync::Arc;
use stoa_sql::catalog::TableId;
use stoa_sql::plan::Aggregate;
use stoa_storage::predicate::ColumnPredicate;
use stoa_storage::store::TableSnapshot;

/// A rollup of a table with the name of its view.
#[derive(Clone, Debug)]
pub(crate) struct NamedRollup {
    pub(crate) name: String,
    pub(crate) rollup: Arc<Rollup>,
}

/// The rollups of a table at one version.
#[derive(Clone, Default)]
pub(crate) struct TableRollups {
    /// The table; `None` where there are no rollups.
    pub(crate) table: Option<Arc<dyn TableSnapshot>>,
    /// Visible rows of the table.
    pub(crate) row_count: u64,
    /// All of them, each with what reading it in place of all rows comes to: groups of partials, and rows for which there is none.
    pub(crate) rollups: Vec<(NamedRollup, u64)>,
}

impl TableRollups {
    /// Rows that are read, at most, beside groups: segments have bounds of their times.
    fn rest_rows(&self, rest: &[RestOfRows]) -> u64 {
        let Some(table) = &self.table else { return 0 };
        let rows = rest.iter().filter_map(|rest| {
            let time = table.schema().columns.get(rest.place)?;
            let condition = rest.condition(&time.data_type);
            let column = time.id;
            table.row_count_max(ColumnPredicate { column, condition }).ok()
        });
        rows.sum()
    }
}

/// What was decided for an aggregation over a table that has rollups.
pub(crate) struct RollupChoice {
    /// The one that answers, by name.
    pub(crate) used: Option<(String, RollupUse)>,
    /// What reading it in place of all rows comes to, and all rows.
    pub(super) work: (u64, u64),
    /// Others, with the reason.
    pub(crate) unused: Vec<(String, String)>,
}

/// Decides; `None` where there is nothing to decide.
pub(crate) fn choose(
    aggregate: &Aggregate,
    statement: &Arc<StatementContext>,
    rollups: impl Fn(TableId) -> TableRollups,
) -> Result<Option<RollupChoice>> {
    let Some(scan) = Source::scan(&aggregate.input) else {
        return Ok(None);
    };
    let of_table = rollups(scan.table);
    let row_count = of_table.row_count;
    if of_table.rollups.is_empty() || aggregate.group_limit.is_some() {
        return Ok(None);
    }
    let Some(source) = Source::of(&aggregate.input, statement.time_zone.iana_name()) else {
        return Ok(None);
    };
    let prepared: Vec<PreparedCall> = prepared(aggregate.aggregates.iter().map(|(_, call)| call), statement)?;
    let (mut found, mut unused) = (Vec::new(), Vec::new());
    for (named, work) in of_table.rollups.iter().cloned() {
        let matching = Matching {
            rollup: &named.rollup,
            source: &source,
            statement,
        };
        match matching.find(aggregate, &prepared) {
            Ok(rollup) => {
                let work = work + of_table.rest_rows(&rollup.rest);
                found.push((named.name, rollup, work));
            }
            Err(reason) => unused.push((named.name, reason)),
        }
    }
    // Where it cannot tell which groups count, segments are read that a condition cuts.
    found.sort_by_key(|(_, rollup, work)| (rollup.whole_filters.len(), *work, rollup.rollup.keys.len()));
    let mut found = found.into_iter();
    let Some((best, used, work)) = found.next() else {
        return Ok(Some(RollupChoice {
            used: None,
            work: (row_count, row_count),
            unused,
        }));
    };
    unused.extend(found.map(|(name, ..)| (name, format!("{best} has fewer rows to read"))));
    Ok(Some(RollupChoice {
        used: Some((best, used)),
        work: (work, row_count),
        unused,
    }))
}
