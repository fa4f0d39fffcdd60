//! Distinct: an aggregation without aggregates or, with ON, the first rows of a sort. Only where the input has another order that decides
//! which row is the first are all keys kept in memory.

use super::{Piece, Planner};
use crate::error::Result;
use crate::operators::distinct::{DistinctOnTransform, NeighboursTransform};
use crate::operators::key::{KeyColumns, KeyEncoder, KeyField};
use crate::types::array_type;
use stoa_sql::plan::{Distinct, Expr, Plan, SortKey};

/// How equal keys lie in an input.
enum Neighbourhood {
    /// Side by side.
    Given,
    /// So once the rows are sorted by these keys, which keeps the order that they have.
    Sorted(Vec<SortKey>),
    /// Anywhere, in an order that matters.
    None,
}

impl Planner {
    pub(super) fn plan_distinct(&mut self, distinct: &Distinct) -> Result<Piece> {
        let mut piece = self.plan(&distinct.input)?;
        if distinct.on.is_empty() {
            return self.distinct_rows(piece);
        }
        let columns = piece.layout.columns().to_vec();
        let types: Vec<_> = distinct.on.iter().map(|key| array_type(&key.data_type())).collect();
        match neighbourhood(&distinct.input, &distinct.on) {
            Neighbourhood::None => {
                let KeyColumns(keys) = self.key_columns(&distinct.on, &piece.layout)?;
                let transform = DistinctOnTransform::new(keys, &types, &self.context.memory)?;
                return Ok(piece.through(transform, columns));
            }
            Neighbourhood::Sorted(keys) => piece = self.sorted(piece, &keys, None)?,
            Neighbourhood::Given => {}
        }
        let encoder = KeyEncoder::new(types.into_iter().map(KeyField::equality).collect())?;
        let keys = self.key_columns(&distinct.on, &piece.layout)?;
        let transform = NeighboursTransform::new(keys, encoder, self.context.cancel.clone());
        Ok(piece.through(transform, columns))
    }
}

fn neighbourhood(input: &Plan, on: &[Expr]) -> Neighbourhood {
    let Some(keys) = order(input) else {
        return Neighbourhood::Sorted(missing(on, &[]));
    };
    let leading = keys.iter().take_while(|key| on.contains(&key.expression)).count();
    let missing = missing(on, &keys[..leading]);
    match (missing.is_empty(), leading == keys.len()) {
        (true, _) => Neighbourhood::Given,
        (false, true) => Neighbourhood::Sorted(keys.iter().cloned().chain(missing).collect()),
        (false, false) => Neighbourhood::None,
    }
}

/// Sort keys for what of the expressions no key is about.
fn missing(on: &[Expr], keys: &[SortKey]) -> Vec<SortKey> {
    let is_missing = |expression: &&Expr| keys.iter().all(|key| key.expression != **expression);
    let key = |expression: &Expr| SortKey {
        expression: expression.clone(),
        descending: false,
        nulls_first: false,
    };
    on.iter().filter(is_missing).map(key).collect()
}

/// The order in which a plan gives its rows, if it has one.
fn order(plan: &Plan) -> Option<&[SortKey]> {
    match plan {
        Plan::Sort(sort) => Some(&sort.keys),
        Plan::Project(project) => order(&project.input),
        Plan::Filter(filter) => order(&filter.input),
        Plan::Limit(limit) => order(&limit.input),
        Plan::Distinct(distinct) if !distinct.on.is_empty() => order(&distinct.input),
        _ => None,
    }
}
