//! VALUES as a query: columns get one type each.

use super::Binder;
use super::bind_query::BoundQuery;
use super::collect::{Clause, Context};
use super::common_type::common_type_of;
use super::scope::Scope;
use crate::error::{Error, Result, SqlState};
use crate::plan::{Expr, Plan, Values};
use crate::types::LogicalType;
use sqlparser::ast;

impl Binder<'_> {
    /// `VALUES (..), (..)`
    pub(super) fn bind_values(&mut self, values: &ast::Values, parent: Option<&Scope<'_>>) -> Result<BoundQuery> {
        let scope = Scope::inside(parent);
        let width = values.rows.first().map_or(0, |row| row.content.len());
        let mut rows = Vec::with_capacity(values.rows.len());
        for row in &values.rows {
            if row.content.len() != width {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "VALUES lists must all be the same length",
                ));
            }
            let mut context = Context::plain(&scope, Clause::Values);
            let bound: Vec<Expr> = row
                .content
                .iter()
                .map(|value| self.bind_expression(value, &mut context))
                .collect::<Result<_>>()?;
            rows.push(bound);
        }
        let types = (0..width)
            .map(|index| column_type(&rows, index))
            .collect::<Result<Vec<_>>>()?;
        let mut columns = Vec::with_capacity(width);
        for (index, data_type) in types.iter().enumerate() {
            for row in &mut rows {
                if let Some(value) = row.get_mut(index) {
                    let expression = std::mem::replace(value, Expr::TRUE);
                    *value = match data_type {
                        LogicalType::Unknown => expression,
                        known => self.coerce_operand(expression, known, None)?,
                    };
                }
            }
            let nullable = rows.iter().any(|row| row.get(index).is_none_or(Expr::nullable));
            columns.push(self.column(format!("column{}", index + 1), data_type.clone(), nullable));
        }
        let names = columns.iter().map(|column| column.name.clone()).collect();
        Ok(BoundQuery {
            plan: Plan::Values(Values { columns, rows }),
            names,
        })
    }
}

fn column_type(rows: &[Vec<Expr>], index: usize) -> Result<LogicalType> {
    let types: Vec<LogicalType> = rows
        .iter()
        .filter_map(|row| row.get(index).map(Expr::data_type))
        .collect();
    common_type_of(&types).map_err(|(left, right)| {
        Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!("VALUES types {left} and {right} cannot be matched"),
        )
    })
}
