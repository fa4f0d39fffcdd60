//! CREATE TABLE, also AS; CREATE VIEW.

use super::bind_constraint::{ColumnConstraint, ColumnConstraintKind, Constraints};
use super::bind_cte::renamed;
use super::bind_from::refuse_system_name;
use super::bind_sequence::serial_type;
use super::bind_with_statement::changes_rows;
use super::name::{TEMPORARY_SCHEMA, fold, new_name, parts};
use super::{Binder, not_supported};
use crate::catalog::{ColumnInfo, TableName};
use crate::error::{Error, Result, SqlState};
use crate::limits::COLUMNS_MAX;
use crate::plan::{
    ColumnDefinition, CreateTable, CreateView, OnCommit, Query, SequenceOptions, Statement, ViewReference,
};
use crate::span::Span;
use crate::types::{LogicalType, TypeKind};
use sqlparser::ast::{self, ColumnOption, CreateTableOptions, SqlOption};

impl Binder<'_> {
    /// `CREATE TABLE ..`
    pub(super) fn bind_create_table(&mut self, create: &ast::CreateTable) -> Result<CreateTable> {
        refuse_foreign_clauses(create)?;
        let name = new_name(&create.name, create.temporary)?;
        let options = table_options(&create.table_options)?;
        let on_commit = on_commit(create, &name)?;
        let mut table = CreateTable {
            name,
            if_not_exists: create.if_not_exists,
            columns: Vec::with_capacity(create.columns.len()),
            constraints: Vec::new(),
            options,
            source: None,
            on_commit,
        };
        if let Some(query) = &create.query {
            self.columns_of_query(query, create, &mut table)?;
            self.add_period_columns(&mut table)?;
            return Ok(table);
        }
        let mut of_columns = Vec::with_capacity(create.columns.len());
        for column in &create.columns {
            let (definition, constraints) = self.bind_column_definition(column, &table.name.name)?;
            if table.columns.iter().any(|known| known.name == definition.name) {
                return Err(duplicate_column(&definition.name).at(self.span(&column.name)));
            }
            table.columns.push(definition);
            of_columns.push(constraints);
        }
        self.add_period_columns(&mut table)?;
        check_column_count(table.columns.len())?;
        let mut constraints = Constraints {
            table: &table.name.name,
            found: Vec::new(),
            taken: Vec::new(),
        };
        for (place, of_column) in of_columns.iter().enumerate() {
            self.add_column_constraints(place, of_column, &mut table.columns, &mut constraints)?;
        }
        for constraint in &create.constraints {
            self.add_table_constraint(constraint, &mut table.columns, &mut constraints)?;
        }
        table.constraints = constraints.found;
        Ok(table)
    }

    /// The columns of CREATE TABLE AS, and its rows.
    fn columns_of_query(
        &mut self,
        query: &ast::Query,
        create: &ast::CreateTable,
        table: &mut CreateTable,
    ) -> Result<()> {
        let Query { plan, mut names } = self.bind_query_statement(query)?;
        if create.columns.len() > names.len() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "too many column names were specified",
            ));
        }
        for (name, column) in names.iter_mut().zip(&create.columns) {
            *name = fold(&column.name);
        }
        check_column_count(names.len())?;
        for (name, column) in names.iter().zip(plan.output()) {
            if table.columns.iter().any(|known| known.name == *name) {
                return Err(duplicate_column(name));
            }
            check_storable(name, &column.data_type)?;
            refuse_system_name(name)?;
            table.columns.push(ColumnDefinition {
                name: name.clone(),
                data_type: column.data_type,
                nullable: true,
                default: None,
                sequence: None,
                identity: None,
            });
        }
        let without_rows = create.with_data.as_ref().is_some_and(|with_data| !with_data.data);
        if !without_rows {
            table.source = Some(Query { plan, names });
        }
        Ok(())
    }

    /// A column, and its constraints.
    pub(super) fn bind_column_definition<'a>(
        &mut self,
        column: &'a ast::ColumnDef,
        table: &str,
    ) -> Result<(ColumnDefinition, Vec<ColumnConstraint<'a>>)> {
        let name = fold(&column.name);
        let serial = serial_type(&column.data_type);
        let data_type = match &serial {
            Some(data_type) => data_type.clone(),
            None => self
                .bind_data_type(&column.data_type)
                .map_err(|error| error.at(self.span(&column.name)))?,
        };
        let checked = check_storable(&name, &data_type).and_then(|()| refuse_system_name(&name));
        checked.map_err(|error| error.at(self.span(&column.name)))?;
        let mut definition = ColumnDefinition {
            name,
            nullable: serial.is_none(),
            default: None,
            sequence: serial.is_some().then(|| SequenceOptions {
                data_type: Some(data_type.clone()),
                ..SequenceOptions::default()
            }),
            identity: None,
            data_type,
        };
        let mut constraints = Vec::new();
        for option in &column.options {
            let mut constrained = |kind| {
                constraints.push(ColumnConstraint {
                    name: option.name.as_ref(),
                    kind,
                });
            };
            match &option.option {
                ColumnOption::Null => {}
                ColumnOption::NotNull => definition.nullable = false,
                ColumnOption::Default(_) if definition.sequence.is_some() => {
                    return Err(Error::new(
                        SqlState::SYNTAX_ERROR,
                        format!(
                            "multiple default values specified for column \"{}\" of table \"{table}\"",
                            definition.name
                        ),
                    )
                    .at(self.span(&column.name)));
                }
                ColumnOption::Default(expression) => {
                    definition.default = self.checked_default(expression, &definition)?;
                }
                ColumnOption::PrimaryKey(_) => constrained(ColumnConstraintKind::PrimaryKey),
                ColumnOption::Unique(_) => constrained(ColumnConstraintKind::Unique),
                ColumnOption::Check(check) => constrained(ColumnConstraintKind::Check(&check.expr)),
                ColumnOption::Collation(collation) => {
                    let names = parts(collation)?;
                    if !matches!(names.last().map(String::as_str), Some("C" | "c" | "default" | "POSIX")) {
                        return Err(not_supported(format!("collation {collation}")));
                    }
                }
                ColumnOption::ForeignKey(_) => return Err(refused("a foreign key", &definition.name)),
                ColumnOption::Generated {
                    generated_as,
                    sequence_options,
                    generation_expr: None,
                    ..
                } => self
                    .bind_identity(generated_as, sequence_options.as_deref(), &mut definition)
                    .map_err(|error| error.at(self.span(&column.name)))?,
                ColumnOption::Generated { .. } | ColumnOption::Identity(_) => {
                    return Err(refused("a generated value", &definition.name));
                }
                other => return Err(not_supported(format!("column option {other}"))),
            }
        }
        Ok((definition, constraints))
    }

    /// A default's text, if it binds to the column's type; NULL is no default.
    pub(super) fn checked_default(
        &mut self,
        expression: &ast::Expr,
        column: &ColumnDefinition,
    ) -> Result<Option<String>> {
        let text = expression.to_string();
        let info = ColumnInfo {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            nullable: column.nullable,
            default: None,
            identity: None,
            hidden: false,
        };
        let bound = self
            .bind_default(&text, &info)
            .map_err(|error| error.at(self.span(expression)))?;
        if bound.has_subquery() {
            return Err(not_supported("a subquery in DEFAULT").at(self.span(expression)));
        }
        Ok((!bound.is_null_literal()).then_some(text))
    }

    /// `CREATE [OR REPLACE] VIEW name [(columns)] AS query`; `query_text` is the query as written.
    pub(super) fn bind_create_view(&mut self, view: &ast::CreateView, query_text: &str) -> Result<Statement> {
        if view.materialized && (view.or_replace || view.temporary) {
            let word = if view.or_replace { "OR REPLACE" } else { "TEMPORARY" };
            return Err(not_supported(format!("CREATE {word} MATERIALIZED VIEW")));
        }
        if view.materialized && view.options != CreateTableOptions::None {
            return Err(not_supported("an option of a materialized view"));
        }
        if view.if_not_exists && !view.materialized {
            return Err(not_supported("CREATE VIEW IF NOT EXISTS"));
        }
        if changes_rows(&view.query) {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "views must not contain data-modifying statements in WITH",
            ));
        }
        let bound = self.bind_query(&view.query, None)?;
        let references = self.references_in(query_text);
        if !self.parameters.is_empty() {
            return Err(Error::new(
                SqlState::UNDEFINED_PARAMETER,
                "a view's query cannot have parameters",
            ));
        }
        let columns = bound.plan.output();
        if view.columns.len() > columns.len() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "CREATE VIEW specifies more column names than columns",
            ));
        }
        let mut names = bound.names;
        for (name, column) in names.iter_mut().zip(&view.columns) {
            *name = fold(&column.name);
        }
        let mut seen: Vec<&String> = Vec::with_capacity(names.len());
        for (name, column) in names.iter().zip(&columns) {
            check_storable(name, &column.data_type)?;
            if seen.contains(&name) {
                return Err(duplicate_column(name));
            }
            seen.push(name);
        }
        Ok(Statement::CreateView(CreateView {
            name: new_name(&view.name, view.temporary)?,
            or_replace: view.or_replace,
            materialized: view.materialized,
            if_not_exists: view.if_not_exists,
            columns: renamed(columns, names)
                .into_iter()
                .map(|column| (column.name, column.data_type))
                .collect(),
            query: query_text.to_owned(),
            references,
        }))
    }

    /// The relations that the statement names, with their places in the query's text, the last part of the statement's.
    fn references_in(&mut self, query_text: &str) -> Vec<ViewReference> {
        let offset = self
            .text
            .rfind(query_text)
            .and_then(|offset| u32::try_from(offset).ok());
        let mut references = std::mem::take(&mut self.references);
        for reference in &mut references {
            reference.span = match (reference.span, offset) {
                (Some(span), Some(offset)) => span.start.checked_sub(offset).map(|start| Span {
                    start,
                    end: span.end.saturating_sub(offset),
                }),
                _ => None,
            };
        }
        references
    }
}

/// Names and values of WITH (..), names in lower case.
pub(super) fn table_options(options: &CreateTableOptions) -> Result<Vec<(String, String)>> {
    match options {
        CreateTableOptions::None => Ok(Vec::new()),
        CreateTableOptions::With(options) => option_list(options),
        _ => Err(not_supported("table options outside WITH (..)")),
    }
}

/// As [`table_options`], of a list.
pub(super) fn option_list(options: &[SqlOption]) -> Result<Vec<(String, String)>> {
    options
        .iter()
        .map(|option| match option {
            SqlOption::KeyValue { key, value } => Ok((parts(key)?.join(".").to_lowercase(), option_value(value)?)),
            SqlOption::Ident(name) => Ok((parts(name)?.join(".").to_lowercase(), "true".to_owned())),
            other => Err(not_supported(format!("table option {other}"))),
        })
        .collect()
}

fn option_value(value: &ast::Expr) -> Result<String> {
    match value {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::SingleQuotedString(text) | ast::Value::EscapedStringLiteral(text) => Ok(text.clone()),
            ast::Value::DollarQuotedString(text) => Ok(text.value.clone()),
            other => Ok(other.to_string()),
        },
        ast::Expr::Identifier(identifier) => Ok(fold(identifier)),
        ast::Expr::UnaryOp {
            op: ast::UnaryOperator::Minus,
            expr,
        } => Ok(format!("-{}", option_value(expr)?)),
        other => Err(not_supported(format!("table option value {other}"))),
    }
}

fn check_column_count(count: usize) -> Result<()> {
    match count > COLUMNS_MAX {
        true => Err(Error::new(
            SqlState("54011"),
            format!("tables can have at most {COLUMNS_MAX} columns"),
        )),
        false => Ok(()),
    }
}

/// Types that only values of queries have.
fn check_storable(name: &str, data_type: &LogicalType) -> Result<()> {
    let is_pseudo = match data_type {
        LogicalType::Array(element) => matches!(element.kind(), TypeKind::Record | TypeKind::Void),
        other => matches!(other.kind(), TypeKind::Record | TypeKind::Void | TypeKind::Unknown),
    };
    match is_pseudo {
        true => Err(Error::new(
            SqlState::INVALID_TABLE_DEFINITION,
            format!("column \"{name}\" has pseudo-type {data_type}"),
        )),
        false => Ok(()),
    }
}

fn duplicate_column(name: &str) -> Error {
    Error::new(
        SqlState::DUPLICATE_COLUMN,
        format!("column \"{name}\" specified more than once"),
    )
}

fn refused(what: &str, column: &str) -> Error {
    not_supported(format!("{what} on column \"{column}\""))
}

/// What the end of a transaction does to the table.
///
/// # Errors
/// 42P16 where it is not temporary.
fn on_commit(create: &ast::CreateTable, name: &TableName) -> Result<Option<OnCommit>> {
    let Some(on_commit) = &create.on_commit else {
        return Ok(None);
    };
    let is_temporary = name
        .schema
        .as_deref()
        .is_some_and(|schema| schema.starts_with(TEMPORARY_SCHEMA));
    if !is_temporary {
        return Err(Error::new(
            SqlState::INVALID_TABLE_DEFINITION,
            "ON COMMIT can only be used on temporary tables",
        ));
    }
    Ok(match on_commit {
        ast::OnCommit::PreserveRows => None,
        ast::OnCommit::DeleteRows => Some(OnCommit::DeleteRows),
        ast::OnCommit::Drop => Some(OnCommit::Drop),
    })
}

fn refuse_foreign_clauses(create: &ast::CreateTable) -> Result<()> {
    let clauses = [
        (create.or_replace, "CREATE OR REPLACE TABLE"),
        (create.unlogged, "CREATE UNLOGGED TABLE"),
        (create.external, "CREATE EXTERNAL TABLE"),
        (create.like.is_some(), "CREATE TABLE .. LIKE"),
        (create.clone.is_some(), "CREATE TABLE .. CLONE"),
        (create.inherits.is_some(), "INHERITS"),
        (create.partition_of.is_some(), "PARTITION OF"),
    ];
    if let Some((_, clause)) = clauses.into_iter().find(|(present, _)| *present) {
        return Err(not_supported(clause));
    }
    if create.partition_by.is_some() || create.order_by.is_some() {
        return Err(not_supported("PARTITION BY and ORDER BY behind CREATE TABLE")
            .with_hint("Write WITH (partition_by = '..', order_by = '..')."));
    }
    Ok(())
}
