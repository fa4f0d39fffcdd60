//! Which of a table's rollups answers an aggregation, and why the others do not.

use super::canonical::Source;
use super::matching::{Matching, RollupUse};
use super::shape::Rollup;
use crate::error::Result;
use crate::functions::StatementContext;
use crate::physical::{PreparedCall, prepared};
use std::sync::Arc;
use stoa_sql::catalog::TableId;
use stoa_sql::plan::Aggregate;

/// A rollup of a table with the name of its view.
#[derive(Clone, Debug)]
pub(crate) struct NamedRollup {
    pub(crate) name: String,
    pub(crate) rollup: Arc<Rollup>,
}

/// What was decided for an aggregation over a table that has rollups.
pub(crate) struct RollupChoice {
    /// The one that answers, by name.
    pub(crate) used: Option<(String, RollupUse)>,
    /// Others, with the reason.
    pub(crate) unused: Vec<(String, String)>,
}

/// Decides; `None` where there is nothing to decide.
pub(crate) fn choose(
    aggregate: &Aggregate,
    statement: &Arc<StatementContext>,
    rollups: impl Fn(TableId) -> Vec<NamedRollup>,
) -> Result<Option<RollupChoice>> {
    let Some(source) = Source::of(&aggregate.input, statement.time_zone.iana_name()) else {
        return Ok(None);
    };
    let mut rollups = rollups(source.scan.table);
    if rollups.is_empty() || aggregate.group_limit.is_some() {
        return Ok(None);
    }
    // Fewer keys make smaller partials.
    rollups.sort_by_key(|named| named.rollup.keys.len());
    let prepared: Vec<PreparedCall> = prepared(aggregate.aggregates.iter().map(|(_, call)| call), statement)?;
    let mut choice = RollupChoice {
        used: None,
        unused: Vec::new(),
    };
    for named in rollups {
        let matching = Matching {
            rollup: &named.rollup,
            source: &source,
            statement,
        };
        match (matching.find(aggregate, &prepared), &choice.used) {
            (Ok(found), None) => choice.used = Some((named.name, found)),
            (Ok(_), Some((used, _))) => {
                let reason = format!("{used} has fewer keys");
                choice.unused.push((named.name, reason));
            }
            (Err(reason), _) => choice.unused.push((named.name, reason)),
        }
    }
    Ok(Some(choice))
}
