//! Row values: `ROW(a, b)`, `(a, b)`, whole rows of relations, their fields, and whether they are NULL.

use super::compare::row_fields;
use crate::bind::collect::Context;
use crate::bind::scope::{LeftOut, ScopeRelation};
use crate::bind::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{CaseBranch, Expr, FunctionCall};
use crate::types::LogicalType;
use sqlparser::ast;

/// The function that makes a row of its arguments.
const ROW: &str = "row";

/// The function that takes a field of a row by its place, from 1.
const FIELD: &str = "record_field";

impl Binder<'_> {
    /// `ROW(a, b)` or `(a, b)`, whose fields are called f1, f2 ..
    pub(in crate::bind) fn bind_row(&mut self, fields: &[&ast::Expr], context: &mut Context<'_>) -> Result<Expr> {
        let mut named = Vec::with_capacity(fields.len());
        for (place, field) in (1..).zip(fields) {
            named.push((format!("f{place}"), self.bind_decided(field, context)?));
        }
        self.row(named)
    }

    pub(super) fn row(&self, fields: Vec<(String, Expr)>) -> Result<Expr> {
        if fields.is_empty() {
            return Err(not_supported("a row without fields"));
        }
        let types = fields.iter().map(|(name, value)| (name.clone(), value.data_type()));
        let data_type = LogicalType::Record(types.collect());
        self.record_call(ROW, fields.into_iter().map(|(_, value)| value).collect(), data_type)
    }

    /// Calls whose types depend on more than their arguments' types.
    fn record_call(&self, name: &str, arguments: Vec<Expr>, data_type: LogicalType) -> Result<Expr> {
        let Some(function) = self.catalog.function(None, name) else {
            return Err(not_supported("a row value outside comparisons and IN"));
        };
        Ok(Expr::Call(FunctionCall {
            function,
            arguments,
            data_type,
            span: None,
        }))
    }

    /// A relation's name as a value; NULL where an outer join has no row of it.
    pub(in crate::bind) fn whole_row(&self, relation: &ScopeRelation) -> Result<Expr> {
        let shown = relation.columns.iter().filter(|column| !column.hidden);
        let fields = shown.map(|column| (column.name.clone(), Expr::Column(column.column.clone())));
        let row = self.row(fields.collect())?;
        match &relation.left_out {
            LeftOut::Never => Ok(row),
            LeftOut::WhereNull(column) => Ok(Expr::Case {
                data_type: row.data_type(),
                branches: vec![CaseBranch {
                    condition: Expr::Column(column.clone()).is_not_null(),
                    result: row,
                }],
                otherwise: None,
            }),
            LeftOut::Unknown => Err(not_supported(format!(
                "the whole row of \"{}\", which an outer join may leave out, as a value",
                relation.name
            ))
            .with_hint("Write ROW(..) of its columns.")),
        }
    }

    /// `(row).field`
    pub(in crate::bind) fn field_of(&self, record: Expr, field: &str) -> Result<Expr> {
        let LogicalType::Record(fields) = record.data_type() else {
            return Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!(
                    "column notation .{field} applied to type {}, which is not a composite type",
                    record.data_type()
                ),
            ));
        };
        match fields.iter().position(|(name, _)| name == field) {
            Some(place) => self.field_at(&record, place),
            None => Err(Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("could not identify column \"{field}\" in record data type"),
            )),
        }
    }

    fn field_at(&self, record: &Expr, place: usize) -> Result<Expr> {
        if let Expr::Call(call) = record
            && call.function.name == ROW
            && let Some(value) = call.arguments.get(place)
        {
            return Ok(value.clone());
        }
        let LogicalType::Record(fields) = record.data_type() else {
            return Err(not_supported("a field of a value that is no row"));
        };
        let data_type = fields
            .into_iter()
            .nth(place)
            .map_or(LogicalType::Text, |(_, data_type)| data_type);
        let number = Literal::Integer(i64::try_from(place + 1).unwrap_or(i64::MAX));
        let number = Expr::Literal(number, LogicalType::Integer);
        self.record_call(FIELD, vec![record.clone(), number], data_type)
    }

    /// `x IS [NOT] NULL`: a row is NULL where all its fields are, and NOT NULL where none is.
    pub(in crate::bind) fn bind_is_null(
        &mut self,
        operand: &ast::Expr,
        negated: bool,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let fields = match row_fields(operand) {
            Some(fields) => self.bind_all(&fields, context)?,
            None => {
                let operand = self.bind_decided(operand, context)?;
                match operand.data_type() {
                    LogicalType::Record(fields) if !fields.is_empty() => (0..fields.len())
                        .map(|place| self.field_at(&operand, place))
                        .collect::<Result<_>>()?,
                    _ => vec![operand],
                }
            }
        };
        let tests = fields.into_iter().map(|field| match negated {
            true => field.is_not_null(),
            false => Expr::IsNull(Box::new(field)),
        });
        Ok(Expr::and(tests.collect()))
    }
}
