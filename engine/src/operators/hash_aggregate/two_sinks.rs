//! The sinks of an aggregation in two steps whose groups are few: what is not over distinct arguments is added up beside the first step rather
//! than in each of its many groups, and joins the second step as states.

use super::call::AggregateInput;
use super::groups::{GroupStates, HandedOut};
use super::shared_groups::SharedGroups;
use super::sink::AggregateSink;
use crate::error::Result;
use crate::pipeline::{Demand, Sink, SinkPart};
use std::sync::Arc;
use stoa_storage::vector::{Batch, flatten};

/// Hands the same rows to two aggregations.
pub(crate) struct TwoSinks(pub(crate) [Arc<AggregateSink>; 2]);

struct TwoParts([Box<dyn SinkPart>; 2]);

impl Sink for TwoSinks {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        let [first, second] = &self.0;
        Ok(Box::new(TwoParts([first.open()?, second.open()?])))
    }

    fn finish(&self) -> Result<()> {
        self.0.iter().try_for_each(|sink| sink.finish())
    }
}

impl SinkPart for TwoParts {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let [first, second] = &mut self.0;
        let demands = [first.consume(batch.clone())?, second.consume(batch)?];
        Ok(match demands {
            [Demand::Enough, Demand::Enough] => Demand::Enough,
            _ => Demand::More,
        })
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.0.into_iter().try_for_each(|part| part.finish())
    }
}

/// Takes keys and states for another sink's aggregates whose [input](AggregateInput::Elsewhere) these are.
pub(crate) struct StatesSink(Arc<SharedGroups>);

impl StatesSink {
    pub(crate) fn new(sink: &AggregateSink) -> Self {
        StatesSink(sink.shared.clone())
    }
}

impl Sink for StatesSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(StatesPart(self.0.clone())))
    }
}

struct StatesPart(Arc<SharedGroups>);

impl SinkPart for StatesPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let specification = &self.0.specification;
        let batch = batch.compact();
        let mut columns = batch.columns.iter().map(flatten).collect::<Vec<_>>().into_iter();
        let keys = columns.by_ref().take(specification.key_types.len()).collect();
        let counts = GroupStates::new(specification)?.state_counts();
        let states = specification
            .calls
            .iter()
            .zip(counts)
            .map(|(call, count)| match call.input {
                AggregateInput::Elsewhere => Ok(columns.by_ref().take(count).collect()),
                _ => call.accumulator()?.states(batch.row_count),
            });
        self.0.merge_states(HandedOut {
            keys,
            states: states.collect::<Result<_>>()?,
            group_count: batch.row_count,
        })?;
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
