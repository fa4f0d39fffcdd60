//! Groups that a rollup's partials hand in: where a scan gives a partial in place of a segment's rows, its groups are grouped once more,
//! by the query's keys, and go to the others.

use super::groups::GroupStates;
use super::shared_groups::SharedGroups;
use super::sink::{AggregateSink, GroupingLimits};
use super::source::AggregateSource;
use super::specification::AggregateSpecification;
use crate::error::Result;
use crate::expression::Expression;
use crate::operators::filter::narrowed;
use crate::operators::group_table::KeyFacts;
use crate::operators::scan::GroupReceiver;
use crate::pipeline::{Cancel, MemoryBudget, Sink, Source};
use arrow_array::{Array, ArrayRef};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stoa_storage::vector::{Batch, flatten};

/// Bytes of groups that one worker holds before it hands them on; whoever takes them accounts for theirs.
const HELD_BYTES_MAX: usize = 4 << 20;

/// See the module.
pub(crate) struct GroupsOfPartials {
    shared: Arc<SharedGroups>,
    /// The groups of a partial that count.
    conditions: Vec<Expression>,
    specification: Arc<AggregateSpecification>,
    /// As many as workers have been at it at once.
    held: Mutex<Vec<GroupStates>>,
    taken: AtomicUsize,
}

impl GroupsOfPartials {
    pub(super) fn new(
        shared: &Arc<SharedGroups>,
        conditions: Vec<Expression>,
        specification: AggregateSpecification,
    ) -> Self {
        GroupsOfPartials {
            shared: shared.clone(),
            conditions,
            specification: Arc::new(specification),
            held: Mutex::default(),
            taken: AtomicUsize::new(0),
        }
    }

    /// Groups of partials that were taken in.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Leaves everything to the others.
    pub(super) fn finish(&self) -> Result<()> {
        for groups in std::mem::take(&mut *self.held.lock()) {
            self.shared.merge_states(groups.hand_out()?)?;
        }
        Ok(())
    }
}

impl GroupReceiver for GroupsOfPartials {
    fn receive(&self, partial: Batch) -> Result<()> {
        let partial = narrowed(partial, &self.conditions)?;
        if partial.selected_count() == 0 {
            return Ok(());
        }
        self.taken.fetch_add(partial.selected_count(), Ordering::Relaxed);
        let held = self.held.lock().pop();
        let mut groups = match held {
            Some(groups) => groups,
            None => GroupStates::new(&self.specification)?,
        };
        take_in(&self.specification, &mut groups, &partial)?;
        match groups.memory_bytes() > HELD_BYTES_MAX {
            true => self.shared.merge_states(groups.hand_out()?),
            false => {
                self.held.lock().push(groups);
                Ok(())
            }
        }
    }
}

fn take_in(specification: &AggregateSpecification, groups: &mut GroupStates, batch: &Batch) -> Result<()> {
    let rows = specification.evaluate(batch)?;
    for number in 0..specification.sets.len() {
        let keys: Vec<ArrayRef> = specification.set_keys(number, &rows.keys, rows.row_count)?;
        groups.update(&keys, KeyFacts::default(), &rows)?;
    }
    Ok(())
}

/// The groups of all rows: keys, then answers or states, as one batch.
///
/// # Errors
/// Whatever the rows or the aggregates say.
pub(crate) fn aggregated(
    specification: AggregateSpecification,
    memory: &Arc<MemoryBudget>,
    rows: &mut dyn Iterator<Item = Result<Batch>>,
) -> Result<Batch> {
    let cancel = Arc::new(Cancel::new(None));
    let sink = AggregateSink::with_limits(specification, memory.clone(), cancel, GroupingLimits::default(), None);
    let mut part = sink.open()?;
    for batch in rows {
        let batch = batch?;
        if batch.selected_count() > 0 {
            part.consume(batch)?;
        }
    }
    part.finish()?;
    sink.finish()?;
    let mut groups = AggregateSource::new(&sink, usize::MAX).open()?;
    let mut parts = Vec::new();
    while let Some(batch) = groups.next()? {
        parts.push(batch.compact());
    }
    let Some(first) = parts.first() else {
        let (columns, row_count) = GroupStates::new(&sink.shared.specification)?.finish()?;
        return Ok(Batch::new(columns, row_count));
    };
    let columns = (0..first.columns.len()).map(|place| {
        let parts: Vec<ArrayRef> = parts.iter().map(|part| flatten(&part.columns[place])).collect();
        let parts: Vec<&dyn Array> = parts.iter().map(|part| &**part).collect();
        Ok(arrow_select::concat::concat(&parts)?)
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    Ok(Batch::new(columns, parts.iter().map(|part| part.row_count).sum()))
}
