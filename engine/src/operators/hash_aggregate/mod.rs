//! Aggregation, grouped and ungrouped: a sink that takes rows in and the source that hands out one row per group.
//!
//! 1. Every worker has groups of its own: a [`GroupTable`](crate::operators::group_table::GroupTable) and, per aggregate, the states of
//!    all its groups as columns. Rows of one group at a time (a constant or slowly changing key) are added up as slices.
//! 2. A worker whose groups outgrow the processor's cache hands them out to *partitions* by the hash of their keys. Partitions are
//!    shared; each has a table of its own, small enough for the cache, behind a lock. If the groups had hardly saved
//!    anything, the worker stops grouping by itself and sends rows to the partitions directly, adjacent ones
//!    with the same keys as one. What is only counted and added up by the codes of a dictionary goes there whenever the dictionary changes;
//!    as long as nothing else does, it waits and comes together by *ranges* of its texts instead.
//! 3. When all rows are in, what workers still have of their own is merged; without partitions into one table, otherwise into them.
//! 4. The source hands partitions or ranges to workers, one at a time; one for which very many rows wait is divided once more before they are taken in.
//!
//! Rows that an aggregate keeps whole (of DISTINCT, of ORDER BY) and that exceed memory in one group are sorted on disk, and the aggregate takes
//! them in order ([`kept`]).
//!
//! What of the input was answered from summaries of segments and blocks arrives as ready-made states, and so do the groups of a rollup's
//! partials.

mod adjacent;
mod best;
mod call;
mod distinct;
mod expected_groups;
mod from_partials;
mod fused;
mod groups;
mod integer_sets;
mod interned;
#[cfg(test)]
mod interned_tests;
mod kept;
mod limited;
#[cfg(test)]
mod measure;
mod neighbours;
mod numbers;
mod ordered;
mod partitions;
mod piece;
mod runs;
mod shared_groups;
mod sink;
mod source;
mod specification;
#[cfg(test)]
mod tests;
mod text_ranges;
mod two_sinks;
mod worker;

pub(crate) use best::BestGroups;
pub(crate) use call::{AggregateInput, AggregateStep, CallOrder};
pub(crate) use distinct::SETS_MAX;
pub(crate) use from_partials::aggregated;
pub(crate) use neighbours::Neighbours;
pub(crate) use numbers::integer_at;
pub(crate) use sink::AggregateSink;
#[cfg(test)]
pub(crate) use sink::GroupingLimits;
pub(crate) use source::AggregateSource;
pub(crate) use specification::AggregateSpecification;
pub(crate) use two_sinks::{StatesSink, TwoSinks};
