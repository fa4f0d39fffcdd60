//! CHECK constraints: conditions over a table's row, asked of every batch on its way into the table.

use crate::catalog::compile::CompilerCatalog;
use crate::catalog::persist::Rule;
use crate::catalog::relation::Relation;
use crate::catalog::view::View;
use crate::error::{Error, Result};
use crate::expression::{Expression, Layout};
use arrow_array::{Array, BooleanArray};
use stoa_storage::vector::Batch;

/// A CHECK of a table, ready to be asked.
pub(crate) struct Check {
    /// Its name.
    pub(crate) name: String,
    condition: Expression,
}

impl Check {
    /// The checks of a table.
    ///
    /// # Errors
    /// One that does not fit the table any more.
    pub(crate) fn all(view: &View, relation: &Relation) -> Result<Vec<Check>> {
        let constraints = relation.stored().map_or(&[][..], |table| &table.definition.constraints);
        let checks = constraints.iter().filter_map(|constraint| match &constraint.rule {
            Rule::Check(text) => Some(Check::new(view, relation, &constraint.name, text)),
            Rule::Key { .. } => None,
        });
        checks.collect()
    }

    /// One check.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub(crate) fn new(view: &View, relation: &Relation, name: &str, text: &str) -> Result<Check> {
        let (columns, condition) = stoa_sql::compile_check(text, &relation.info, &CompilerCatalog::new(view))?;
        let condition = Expression::compile(&condition, &Layout::new(columns), &view.statement)?;
        Ok(Check {
            name: name.to_owned(),
            condition,
        })
    }

    /// The first row for which the condition is false.
    ///
    /// # Errors
    /// What the condition fails with.
    pub(crate) fn first_violation(&self, batch: &Batch) -> Result<Option<usize>> {
        let answer = self.condition.evaluate_plain(batch)?;
        let answer = answer
            .as_any()
            .downcast_ref::<BooleanArray>()
            .ok_or_else(|| Error::Internal("a check is not boolean".into()))?;
        Ok((0..answer.len()).find(|row| answer.is_valid(*row) && !answer.value(*row)))
    }
}
