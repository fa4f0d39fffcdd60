//! What COPY FROM needs beside its bytes: which columns of the table the data has, and what the others get.

use super::{Run, constants};
use crate::catalog::relation::Relation;
use crate::error::{Error, Result};
use crate::expression::{Expression, Layout};
use crate::ingest::TargetColumn;
use crate::types::array_type;
use arrow_array::{ArrayRef, new_null_array};
use stoa_sql::plan::Expr;
use stoa_storage::vector::Batch;

/// The columns of a table that the data has, in the data's order.
///
/// # Errors
/// A column that the table lacks: a bug.
pub(crate) fn target(relation: &Relation, columns: &[usize]) -> Result<Vec<TargetColumn>> {
    let target = columns.iter().map(|place| {
        let column = relation.info.columns.get(*place);
        let column = column.ok_or_else(|| Error::Internal("COPY names a column that the table lacks".into()))?;
        Ok(TargetColumn {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            nullable: column.nullable,
        })
    });
    target.collect()
}

/// Turns the data's columns into all of the table's.
pub(crate) struct Completion {
    columns: Vec<Filling>,
}

/// Where a column of the table comes from.
enum Filling {
    /// The data's column at this place.
    Data(usize),
    /// Computed anew for every row.
    Default(Expression),
    /// NULL.
    Null(arrow_schema::DataType),
}

impl Completion {
    /// For a table, the data's columns and the defaults of others.
    ///
    /// # Errors
    /// A default that does not compile.
    pub(crate) fn new(
        run: &Run<'_>,
        relation: &Relation,
        columns: &[usize],
        defaults: &[(usize, Expr)],
    ) -> Result<Self> {
        let fillings = relation.info.columns.iter().enumerate().map(|(place, column)| {
            if let Some(at) = columns.iter().position(|data| *data == place) {
                return Ok(Filling::Data(at));
            }
            let Some((_, default)) = defaults.iter().find(|(at, _)| *at == place) else {
                return Ok(Filling::Null(array_type(&column.data_type)));
            };
            let closed = constants::close_expression(default.clone(), run.parameters, &run.view)?;
            let compiled = Expression::compile(&closed, &Layout::default(), &run.view.statement)?;
            Ok(Filling::Default(compiled))
        });
        Ok(Completion {
            columns: fillings.collect::<Result<_>>()?,
        })
    }

    /// Rows of all the table's columns.
    ///
    /// # Errors
    /// A default that fails.
    pub(crate) fn complete(&self, data: Vec<ArrayRef>, row_count: usize) -> Result<Batch> {
        let nothing = Batch::new(Vec::new(), row_count);
        let columns = self.columns.iter().map(|filling| match filling {
            Filling::Data(at) => data
                .get(*at)
                .cloned()
                .ok_or_else(|| Error::Internal("COPY data lacks a column".into())),
            Filling::Default(default) => default.evaluate_plain(&nothing),
            Filling::Null(data_type) => Ok(new_null_array(data_type, row_count)),
        });
        Ok(Batch::new(columns.collect::<Result<_>>()?, row_count))
    }
}
