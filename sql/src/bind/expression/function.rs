//! Function calls: which function, which overload, which role.

use super::named_arguments::{argument_list, arrange, no_function_named};
use super::operator::CallError;
use crate::bind::bind_table_function::is_record;
use crate::bind::coerce::Level;
use crate::bind::collect::{Clause, CollectedTableFunction, Context};
use crate::bind::name::parts;
use crate::bind::overload::{Failure, resolve};
use crate::bind::{Binder, not_supported};
use crate::catalog::{FunctionInfo, FunctionKind};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{ColumnDef, Expr, FunctionCall};
use crate::span::Span;
use crate::types::{LogicalType, NUMERIC_PRECISION_MAX};
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, FunctionArguments};
use std::sync::Arc;

/// A call's arguments as written.
pub(in crate::bind) struct Arguments<'a> {
    pub(in crate::bind) list: Vec<&'a ast::Expr>,
    /// The names that they are given by.
    pub(in crate::bind) names: Vec<Option<&'a ast::Ident>>,
    /// `count(*)`
    pub(in crate::bind) star: bool,
    pub(in crate::bind) distinct: bool,
    pub(in crate::bind) order_by: &'a [ast::OrderByExpr],
}

/// Reads the argument list of a call.
pub(in crate::bind) fn arguments(function: &ast::Function) -> Result<Arguments<'_>> {
    let mut arguments = Arguments {
        list: Vec::new(),
        names: Vec::new(),
        star: false,
        distinct: false,
        order_by: &[],
    };
    let list = match &function.args {
        FunctionArguments::None => return Ok(arguments),
        FunctionArguments::Subquery(_) => return Err(not_supported("a query as a function's arguments")),
        FunctionArguments::List(list) => list,
    };
    arguments.distinct = list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct);
    for clause in &list.clauses {
        match clause {
            ast::FunctionArgumentClause::OrderBy(keys) => arguments.order_by = keys,
            ast::FunctionArgumentClause::IgnoreOrRespectNulls(_) => {}
            other => return Err(not_supported(format!("{other} in a function call"))),
        }
    }
    if let [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] = list.args.as_slice() {
        arguments.star = true;
        return Ok(arguments);
    }
    for argument in argument_list(&list.args)? {
        arguments.list.push(argument.value);
        arguments.names.push(argument.name);
    }
    Ok(arguments)
}

/// That no function of that name takes these arguments.
pub(in crate::bind) fn no_function(name: &str, types: &[LogicalType], failure: Failure) -> Error {
    let types: Vec<String> = types.iter().map(LogicalType::to_string).collect();
    no_function_shown(name, &types.join(", "), failure)
}

/// The same, with the arguments as they are to be shown.
pub(super) fn no_function_shown(name: &str, arguments: &str, failure: Failure) -> Error {
    let call = format!("{name}({arguments})");
    match failure {
        Failure::None => Error::new(SqlState::UNDEFINED_FUNCTION, format!("function {call} does not exist")).with_hint(
            "No function matches the given name and argument types. You might need to add explicit type casts.",
        ),
        Failure::Ambiguous => Error::new(SqlState::AMBIGUOUS_FUNCTION, format!("function {call} is not unique"))
            .with_hint("Could not choose a best candidate function. You might need to add explicit type casts."),
    }
}

/// A vector of the catalog as the array that functions and operators take it for.
pub(in crate::bind) fn as_array(value: Expr) -> Expr {
    let data_type = value.data_type();
    match data_type.element() {
        Some(element) if data_type.is_vector() => Expr::Cast {
            target: LogicalType::Array(Box::new(element.clone())),
            input: Box::new(value),
            explicit: false,
            span: None,
        },
        _ => value,
    }
}

/// The type of `round(x, 2)` and `trunc(x, 2)` of a numeric: as many digits behind the point as the constant says.
fn constant_scale(name: &str, arguments: &[Expr]) -> Option<LogicalType> {
    let ("round" | "trunc", [input, Expr::Literal(Literal::Integer(places), _)]) = (name, arguments) else {
        return None;
    };
    let LogicalType::Numeric { precision, scale } = input.data_type() else {
        return None;
    };
    // One digit more before the point: 9.9 becomes 10.
    let whole = precision.checked_sub(scale)?.checked_add(1)?;
    let room = NUMERIC_PRECISION_MAX.saturating_sub(whole).max(scale);
    let places = u8::try_from(*places.max(&0)).unwrap_or(u8::MAX).min(room);
    Some(LogicalType::Numeric {
        precision: (whole + places).min(NUMERIC_PRECISION_MAX),
        scale: places,
    })
}

impl Binder<'_> {
    /// A call in an expression.
    pub(in crate::bind) fn bind_function(
        &mut self,
        function: &ast::Function,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let name_parts = parts(&function.name)?;
        let (schema, name) = match name_parts.as_slice() {
            [name] => (None, name.as_str()),
            [schema, name] | [_, schema, name] => (Some(schema.as_str()), name.as_str()),
            _ => return Err(Error::new(SqlState::SYNTAX_ERROR, "improper function name")),
        };
        if matches!(function.args, FunctionArguments::None)
            && let Some(value) = self.bind_value_function(name)?
        {
            return Ok(value);
        }
        if let (None, "array", FunctionArguments::Subquery(query)) = (schema, name, &function.args) {
            return self.bind_array_subquery(query, context);
        }
        let arguments = arguments(function)?;
        self.check_argument_names(&arguments.names)?;
        let has_names = arguments.names.iter().any(Option::is_some);
        if !has_names && schema.is_none_or(|schema| schema == "pg_catalog") {
            match name {
                "coalesce" => {
                    let list = self.bind_all(&arguments.list, context)?;
                    return self.bind_coalesce(list);
                }
                "nullif" => {
                    let list = self.bind_all(&arguments.list, context)?;
                    return self.bind_nullif(list);
                }
                "grouping" => return self.bind_grouping(&arguments.list, context),
                "row" => return self.bind_row(&arguments.list, context),
                "current_timestamp" | "localtimestamp" | "current_time" | "localtime" => {
                    if let Some(value) = self.bind_value_function(name)? {
                        return Ok(value);
                    }
                }
                _ => {}
            }
        }
        let Some(info) = self.catalog.function(schema, name) else {
            if has_names {
                let bound = self.bind_all(&arguments.list, context)?;
                return Err(no_function_named(name, &arguments.names, &bound).at(self.span(&function.name)));
            }
            if let (None, Some(form)) = (schema, self.standard_form(function, name)?) {
                return self.bind_function(&form, context);
            }
            return self.bind_cast_call(&name_parts, &arguments, context);
        };
        let span = self.span(&function.name);
        if has_names && matches!(info.kind, FunctionKind::Aggregate | FunctionKind::Window) {
            return Err(not_supported(format!("named arguments of {name}")).at(span));
        }
        if let Some(place) = self.bind_hypothetical_set(function, name, &arguments, span, context)? {
            return Ok(place);
        }
        match info.kind {
            _ if function.over.is_some() => self.bind_window_call(function, info, &arguments, span, context),
            FunctionKind::Aggregate => self.bind_aggregate_call(function, info, &arguments, span, context),
            FunctionKind::Window => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("window function {name} requires an OVER clause"),
            )
            .at(span)),
            FunctionKind::Scalar | FunctionKind::Table => {
                if function.filter.is_some() || arguments.distinct || !arguments.order_by.is_empty() {
                    return Err(Error::new(
                        SqlState::WRONG_OBJECT_TYPE,
                        format!("DISTINCT, ORDER BY and FILTER specified, but {name} is not an aggregate function"),
                    )
                    .at(span));
                }
                if arguments.star {
                    return Err(Error::new(
                        SqlState::WRONG_OBJECT_TYPE,
                        format!("{name}(*) specified, but {name} is not an aggregate function"),
                    )
                    .at(span));
                }
                let bound = self.bind_all(&arguments.list, context)?;
                let bound = arrange(&info, &arguments.names, bound, span)?;
                let spans: Vec<_> = match has_names {
                    true => Vec::new(),
                    false => arguments.list.iter().map(|argument| self.span(*argument)).collect(),
                };
                let kind = info.kind;
                let call = self.resolved_call(info, bound, &spans, span)?;
                if kind == FunctionKind::Scalar {
                    return Ok(Expr::Call(call));
                }
                let columns = self.collect_table_function(call, context)?;
                match <[ColumnDef; 1]>::try_from(columns) {
                    Ok([column]) => Ok(Expr::Column(column)),
                    Err(columns) => {
                        let fields = columns.into_iter();
                        self.row(
                            fields
                                .map(|column| (column.name.clone(), Expr::Column(column)))
                                .collect(),
                        )
                    }
                }
            }
        }
    }

    /// Puts a set-returning function of the select list beside its input and gives its columns.
    fn collect_table_function(&mut self, call: FunctionCall, context: &mut Context<'_>) -> Result<Vec<ColumnDef>> {
        let Some(collector) = context.collector.as_mut().filter(|_| context.clause == Clause::Select) else {
            return Err(not_supported(format!(
                "a set-returning function in {}",
                context.clause.name()
            )));
        };
        if is_record(&call) {
            return Err(not_supported("a function returning record in a select list")
                .with_hint("Put it in FROM with a column definition list."));
        }
        if let Some(known) = collector.table_functions.iter().find(|known| known.call == call) {
            return Ok(known.columns.clone());
        }
        let columns: Vec<ColumnDef> = self
            .table_function_columns(&call)
            .into_iter()
            .map(|(name, data_type)| self.column(name, data_type, true))
            .collect();
        collector.table_functions.push(CollectedTableFunction {
            columns: columns.clone(),
            call,
        });
        Ok(columns)
    }

    /// Names and types of a table function's columns.
    pub(in crate::bind) fn table_function_columns(&self, call: &FunctionCall) -> Vec<(String, LogicalType)> {
        let types: Vec<LogicalType> = call.arguments.iter().map(Expr::data_type).collect();
        match (call.function.table_columns, &call.data_type) {
            (Some(columns), _) => columns(&types)
                .into_iter()
                .map(|(name, data_type)| match name.is_empty() {
                    true => (call.function.name.to_owned(), data_type),
                    false => (name, data_type),
                })
                .collect(),
            (None, LogicalType::Record(fields)) => fields.clone(),
            (None, data_type) => vec![(call.function.name.to_owned(), data_type.clone())],
        }
    }

    /// `(function(..)).field` of a set-returning function.
    pub(in crate::bind) fn bind_field(
        &mut self,
        root: &ast::Expr,
        field: &str,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let mut root = root;
        while let ast::Expr::Nested(inner) = root {
            root = inner;
        }
        let ast::Expr::Function(function) = root else {
            let record = self.bind_expression(root, context)?;
            return self.field_of(record, field);
        };
        let name_parts = parts(&function.name)?;
        let schema = name_parts.len().checked_sub(2).and_then(|index| name_parts.get(index));
        let name = name_parts.last().map_or("", String::as_str);
        let Some(info) = self
            .catalog
            .function(schema.map(String::as_str), name)
            .filter(|info| info.kind == FunctionKind::Table)
        else {
            let record = self.bind_expression(root, context)?;
            return self.field_of(record, field);
        };
        let arguments = arguments(function)?;
        self.check_argument_names(&arguments.names)?;
        let bound = self.bind_all(&arguments.list, context)?;
        let span = self.span(&function.name);
        let bound = arrange(&info, &arguments.names, bound, span)?;
        let call = self.resolved_call(info, bound, &[], span)?;
        let columns = self.collect_table_function(call, context)?;
        columns
            .into_iter()
            .find(|column| column.name == field)
            .map(Expr::Column)
            .ok_or_else(|| {
                Error::new(
                    SqlState::UNDEFINED_COLUMN,
                    format!("column \"{field}\" not found in the result of {name}"),
                )
            })
    }

    /// `text(x)`, `int4(x)`: a type's name as a function casts.
    fn bind_cast_call(
        &mut self,
        name_parts: &[String],
        arguments: &Arguments<'_>,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let bound = self.bind_all(&arguments.list, context)?;
        let types: Vec<LogicalType> = bound.iter().map(Expr::data_type).collect();
        let name = name_parts.join(".");
        let data_type = ast::DataType::Custom(
            ast::ObjectName::from(name_parts.iter().map(ast::Ident::new).collect::<Vec<_>>()),
            Vec::new(),
        );
        let Ok([argument]) = <[Expr; 1]>::try_from(bound) else {
            return Err(no_function(&name, &types, Failure::None));
        };
        match self.bind_data_type(&data_type) {
            Ok(data_type) => self.coerce(argument, &data_type, Level::Explicit, None),
            Err(_) => Err(no_function(&name, &types, Failure::None)),
        }
    }

    /// A call with its overload resolved and its arguments coerced.
    pub(in crate::bind) fn call(
        &mut self,
        function: Arc<FunctionInfo>,
        arguments: Vec<Expr>,
        spans: &[Option<Span>],
        span: Option<Span>,
    ) -> Result<FunctionCall, CallError> {
        let arguments: Vec<Expr> = arguments
            .into_iter()
            // Drivers stand for the answer of a function by a parameter of type void.
            .filter(|argument| argument.data_type() != LogicalType::Void || !matches!(argument, Expr::Parameter { .. }))
            .map(as_array)
            .collect();
        let types: Vec<LogicalType> = arguments.iter().map(Expr::data_type).collect();
        let resolved = resolve(&function, &types).map_err(CallError::Failure)?;
        let mut coerced = Vec::with_capacity(arguments.len());
        for (index, (argument, target)) in arguments.into_iter().zip(&resolved.arguments).enumerate() {
            let place = spans.get(index).copied().flatten();
            coerced.push(self.coerce_operand(argument, target, place)?);
        }
        let data_type = constant_scale(function.name, &coerced).unwrap_or(resolved.returns);
        Ok(FunctionCall {
            function,
            arguments: coerced,
            data_type,
            span,
        })
    }

    /// As [`Self::call`], with a failure worded for a function.
    pub(in crate::bind) fn resolved_call(
        &mut self,
        function: Arc<FunctionInfo>,
        arguments: Vec<Expr>,
        spans: &[Option<Span>],
        span: Option<Span>,
    ) -> Result<FunctionCall> {
        let types: Vec<LogicalType> = arguments.iter().map(Expr::data_type).collect();
        let name = function.name;
        self.call(function, arguments, spans, span)
            .map_err(|error| match error {
                CallError::Failure(failure) => no_function(name, &types, failure).at(span),
                CallError::Other(error) => error,
            })
    }

    /// A call of a scalar function that syntax asks for.
    pub(in crate::bind) fn named_call(&mut self, name: &str, arguments: Vec<Expr>) -> Result<Expr> {
        let Some(function) = self.catalog.function(None, name) else {
            let types: Vec<LogicalType> = arguments.iter().map(Expr::data_type).collect();
            return Err(no_function(name, &types, Failure::None));
        };
        self.resolved_call(function, arguments, &[], None).map(Expr::Call)
    }
}
