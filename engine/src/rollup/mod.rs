//! Rollups: aggregates of a table's rows that storage keeps beside each segment, one partial per rollup, in the commit or edit that
//! brings the segment. A query whose aggregation they cover takes partials in place of rows wherever a segment has one of exactly its
//! visible rows, and rows everywhere else: it never has to know whether a rollup is complete or fresh, and its answer is the same.
//!
//! [`Rollup`] is what a definition comes to; [`PartialsOfRows`] makes partials by it; [`uses`] decides which one answers a query, and says
//! why others do not, and [`with_rollups_below_joins`] puts rows into groups before they are joined. Nothing here reads or writes files.

mod below_joins;
mod canonical;
mod cut;
mod definition;
mod exact;
mod fixed;
mod grain;
mod matching;
mod one_table;
mod partials;
mod shape;
mod states;
mod uses;

pub(crate) use below_joins::{decided, with_rollups_below_joins};
pub(crate) use cut::RestOfRows;
pub(crate) use definition::RollupDefinition;
pub(crate) use fixed::{Reason, unfixed_plan};
pub(crate) use matching::RollupUse;
pub(crate) use partials::PartialsOfRows;
pub(crate) use shape::Rollup;
pub(crate) use uses::{NamedRollup, TableRollups, choose};
