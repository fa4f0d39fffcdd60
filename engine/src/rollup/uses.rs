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
    let rollups = rollups(source.scan.table);
    if rollups.is_empty() || aggregate.group_limit.is_some() {
        return Ok(None);
    }
    let prepared: Vec<PreparedCall> = prepared(aggregate.aggregates.iter().map(|(_, call)| call), statement)?;
    let (mut found, mut unused) = (Vec::new(), Vec::new());
    for named in rollups {
        let matching = Matching {
            rollup: &named.rollup,
            source: &source,
            statement,
        };
        match matching.find(aggregate, &prepared) {
            Ok(rollup) => found.push((named.name, rollup)),
            Err(reason) => unused.push((named.name, reason)),
        }
    }
    // Where it cannot tell which groups count, segments are read that a condition cuts; fewer keys make smaller partials.
    found.sort_by_key(|(_, rollup)| (rollup.whole_filters.len(), rollup.rollup.keys.len()));
    let mut found = found.into_iter();
    let used = found.next();
    if let Some((best, _)) = &used {
        unused.extend(found.map(|(name, _)| (name, format!("{best} has fewer rows to read"))));
    }
    Ok(Some(RollupChoice { used, unused }))
}
