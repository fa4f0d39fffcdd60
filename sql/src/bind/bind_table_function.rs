//! Functions in FROM: one, or several side by side (`ROWS FROM`), with the columns that a function returning `record` is to have.

use super::bind_changes::is_table_changes;
use super::bind_check_rollup::is_check_rollup;
use super::bind_explain_change::is_explain_change;
use super::bind_from::{FromItem, shown};
use super::bind_windows::is_windows;
use super::collect::{Clause, Context};
use super::expression::{Argument, argument_list, arrange, no_function};
use super::name::{fold, parts};
use super::overload::Failure;
use super::scope::Scope;
use super::{Binder, not_supported};
use crate::catalog::FunctionKind;
use crate::error::{Error, Result, SqlState};
use crate::parse::extensions::rows_from;
use crate::plan::{ColumnDef, Expr, FunctionCall, Plan, TableFunction};
use crate::span::Span;
use crate::types::LogicalType;
use sqlparser::ast;

/// A call of a function in FROM.
struct FromCall {
    call: FunctionCall,
    kind: FunctionKind,
    /// As written.
    name: String,
}

impl Binder<'_> {
    /// `name(arguments)` or `ROWS FROM (arguments)`.
    pub(super) fn bind_function_item(
        &mut self,
        name: &ast::ObjectName,
        arguments: &[ast::FunctionArg],
        with_ordinality: bool,
        alias: Option<&ast::TableAlias>,
        parent: Option<&Scope<'_>>,
    ) -> Result<FromItem> {
        if is_check_rollup(name) {
            return self.bind_check_rollup(name, arguments, alias);
        }
        if is_table_changes(name) {
            return self.bind_table_changes(name, arguments, alias);
        }
        if is_windows(name) {
            return self.bind_windows(name, arguments, alias);
        }
        if is_explain_change(name) {
            return self.bind_explain_change(name, arguments, alias);
        }
        let scope = Scope::inside(parent);
        let list = argument_list(arguments)?;
        if rows_from::is_mark(name) {
            let functions: Vec<&ast::Expr> = list.iter().map(|argument| argument.value).collect();
            return self.bind_rows_from(&functions, with_ordinality, alias, &scope);
        }
        let definitions = self.column_definitions(alias)?;
        if with_ordinality && definitions.is_some() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "WITH ORDINALITY cannot be used with a column definition list",
            )
            .at(self.span(name)));
        }
        let call = self.bind_from_call(name, &list, definitions, &scope)?;
        self.function_item(vec![call], with_ordinality, alias)
            .map_err(|error| error.at(self.span(name)))
    }

    /// `UNNEST(arrays)`
    pub(super) fn unnest(
        &mut self,
        arrays: Vec<Expr>,
        with_ordinality: bool,
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let call = self.resolve_item(None, "unnest", arrays, None, None)?;
        self.function_item(vec![call], with_ordinality, alias)
    }

    /// `ROWS FROM (f(..), g(..))`
    fn bind_rows_from(
        &mut self,
        functions: &[&ast::Expr],
        with_ordinality: bool,
        alias: Option<&ast::TableAlias>,
        scope: &Scope<'_>,
    ) -> Result<FromItem> {
        if self.column_definitions(alias)?.is_some() {
            return Err(not_supported("a column definition list behind ROWS FROM"));
        }
        let mut calls = Vec::with_capacity(functions.len());
        for function in functions {
            let ast::Expr::Function(ast::Function {
                name,
                args: ast::FunctionArguments::List(list),
                ..
            }) = function
            else {
                return Err(not_supported(format!("{function} in ROWS FROM")).at(self.span(*function)));
            };
            let call = self.bind_from_call(name, &argument_list(&list.args)?, None, scope)?;
            if call.kind != FunctionKind::Table {
                return Err(
                    not_supported(format!("{}, which gives one value, in ROWS FROM", call.name))
                        .at(self.span(*function)),
                );
            }
            calls.push(call);
        }
        self.function_item(calls, with_ordinality, alias)
    }

    fn bind_from_call(
        &mut self,
        name: &ast::ObjectName,
        arguments: &[Argument<'_>],
        definitions: Option<Vec<(String, LogicalType)>>,
        scope: &Scope<'_>,
    ) -> Result<FromCall> {
        let mut context = Context::plain(scope, Clause::From);
        let names: Vec<_> = arguments.iter().map(|argument| argument.name).collect();
        let values: Vec<_> = arguments.iter().map(|argument| argument.value).collect();
        self.check_argument_names(&names)?;
        let bound = self.bind_all(&values, &mut context)?;
        let folded = parts(name)?;
        let (schema, function) = match folded.as_slice() {
            [name] => (None, name.as_str()),
            [schema, name] | [_, schema, name] => (Some(schema.as_str()), name.as_str()),
            _ => return Err(Error::new(SqlState::SYNTAX_ERROR, "improper function name")),
        };
        let span = self.span(name);
        let bound = match self.catalog.function(schema, function) {
            Some(info) => arrange(&info, &names, bound, span)?,
            None => bound,
        };
        self.resolve_item(schema, function, bound, definitions, span)
            .map_err(|error| error.at(span))
    }

    fn resolve_item(
        &mut self,
        schema: Option<&str>,
        name: &str,
        arguments: Vec<Expr>,
        definitions: Option<Vec<(String, LogicalType)>>,
        span: Option<Span>,
    ) -> Result<FromCall> {
        let types: Vec<LogicalType> = arguments.iter().map(Expr::data_type).collect();
        let info = self
            .catalog
            .function(schema, name)
            .ok_or_else(|| no_function(name, &types, Failure::None).at(span))?;
        let kind = info.kind;
        if !matches!(kind, FunctionKind::Table | FunctionKind::Scalar) {
            return Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("function {name} cannot be used in FROM"),
            ));
        }
        let mut call = self.resolved_call(info, arguments, &[], span)?;
        let message = match (is_record(&call), definitions) {
            (true, Some(fields)) => {
                call.data_type = LogicalType::Record(fields);
                None
            }
            (true, None) => Some("a column definition list is required for functions returning \"record\""),
            (false, Some(_)) => Some("a column definition list is only allowed for functions returning \"record\""),
            (false, None) => None,
        };
        match message {
            Some(message) => Err(Error::new(SqlState::SYNTAX_ERROR, message)),
            None => Ok(FromCall {
                call,
                kind,
                name: name.to_owned(),
            }),
        }
    }

    /// The columns of `AS alias(column type, ..)`; `None` where no type is written.
    fn column_definitions(&self, alias: Option<&ast::TableAlias>) -> Result<Option<Vec<(String, LogicalType)>>> {
        let columns = alias.map_or(&[] as &[_], |alias| &alias.columns);
        if columns.iter().all(|column| column.data_type.is_none()) {
            return Ok(None);
        }
        let definitions = columns.iter().map(|column| {
            let Some(data_type) = &column.data_type else {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "every column of a column definition list needs a type",
                ));
            };
            Ok((fold(&column.name), self.bind_data_type(data_type)?))
        });
        definitions.collect::<Result<_>>().map(Some)
    }

    /// Calls as an item of FROM.
    fn function_item(
        &mut self,
        calls: Vec<FromCall>,
        with_ordinality: bool,
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let name = calls.first().map_or(String::new(), |first| first.name.clone());
        let is_scalar = calls.first().is_some_and(|first| first.kind == FunctionKind::Scalar);
        let calls: Vec<FunctionCall> = calls.into_iter().map(|from| from.call).collect();
        let (plan, mut columns) = match is_scalar {
            false => self.table_function_plan(calls, with_ordinality),
            true if with_ordinality => {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    format!("function {name} cannot be used in FROM"),
                ));
            }
            true => self.single_row(&name, calls),
        };
        let values = columns.len() - usize::from(with_ordinality);
        if let (Some(alias), 1, Some(first)) = (alias, values, columns.first_mut())
            && first.name == name
        {
            // The alias of a function with a single column names the column too.
            first.name = fold(&alias.name);
        }
        self.aliased(plan, shown(&columns), None, name, alias)
    }

    /// A scalar function in FROM is one row of one column.
    fn single_row(&mut self, name: &str, calls: Vec<FunctionCall>) -> (Plan, Vec<ColumnDef>) {
        let expressions = calls.into_iter().map(|call| {
            let expression = Expr::Call(call);
            (self.column_for(name, &expression), expression)
        });
        let expressions: Vec<(ColumnDef, Expr)> = expressions.collect();
        let columns = expressions.iter().map(|(column, _)| column.clone()).collect();
        (Plan::one_row().projected(expressions), columns)
    }

    fn table_function_plan(&mut self, calls: Vec<FunctionCall>, with_ordinality: bool) -> (Plan, Vec<ColumnDef>) {
        let mut columns = Vec::new();
        let mut column_counts = Vec::with_capacity(calls.len());
        for call in &calls {
            let named = self.table_function_columns(call);
            column_counts.push(named.len());
            let made = named
                .into_iter()
                .map(|(name, data_type)| self.column(name, data_type, true));
            columns.extend(made);
        }
        if with_ordinality {
            columns.push(self.column("ordinality", LogicalType::BigInt, false));
        }
        let plan = Plan::TableFunction(TableFunction {
            calls,
            columns: columns.clone(),
            column_counts,
            with_ordinality,
        });
        (plan, columns)
    }
}

/// Whether a function leaves its columns to the query.
pub(super) fn is_record(call: &FunctionCall) -> bool {
    let is_open = matches!(&call.data_type, LogicalType::Record(fields) if fields.is_empty());
    is_open && call.function.kind == FunctionKind::Table && call.function.table_columns.is_none()
}
