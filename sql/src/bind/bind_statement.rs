//! The statement dispatcher.

use super::bind_with_statement::changes_rows;
use super::collect::{Clause, Context};
use super::name::{parts, simple, table_name};
use super::scope::Scope;
use super::{Binder, not_supported};
use crate::catalog::{RelationInfo, RelationKind, TableName};
use crate::error::{Error, Result, SqlState};
use crate::parse::syntax::{DeclareSyntax, Syntax};
use crate::plan::{DeclareCursor, Explain, Statement, Truncate};
use sqlparser::ast;
use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use std::sync::Arc;

impl Binder<'_> {
    /// Binds a statement of any kind.
    pub(super) fn bind_statement(&mut self, syntax: &Syntax) -> Result<Statement> {
        match syntax {
            Syntax::Bound(statement) => Ok(statement.clone()),
            Syntax::Standard(statement) => self.bind_standard(statement),
            Syntax::InsertConstants(insert) => self.bind_insert_constants(insert),
            Syntax::Copy(copy) => self.bind_copy(copy).map(Statement::Copy),
            Syntax::Explain {
                analyze,
                verbose,
                costs,
                format,
                statement,
            } => Ok(Statement::Explain(Explain {
                analyze: *analyze,
                verbose: *verbose,
                costs: *costs,
                format: *format,
                statement: Box::new(match &**statement {
                    // The plan of a cursor is its query's.
                    Syntax::Declare(declare) => self.bind_top_query(&declare.query)?,
                    statement => self.bind_statement(statement)?,
                }),
            })),
            Syntax::CreateView { view, query } => self.bind_create_view(view, query),
            Syntax::Prepare { name, data_types, text } => Ok(Statement::Prepare {
                name: name.clone(),
                parameter_types: data_types
                    .iter()
                    .map(|data_type| self.bind_data_type(data_type))
                    .collect::<Result<_>>()?,
                text: text.clone(),
            }),
            Syntax::Execute { name, arguments } => self.bind_execute(name, arguments),
            Syntax::Declare(declare) => self.bind_declare(declare),
            Syntax::Lock { tables } => {
                for table in tables {
                    table_name(table)
                        .and_then(|name| self.relation(&name))
                        .map_err(|error| error.at(self.span(table)))?;
                }
                Ok(Statement::Lock)
            }
            Syntax::Maintain { vacuum, table } => Ok(Statement::Maintain {
                vacuum: *vacuum,
                table: match table {
                    Some(name) => Some(self.stored_table(name)?.id),
                    None => None,
                },
            }),
        }
    }

    fn bind_standard(&mut self, statement: &ast::Statement) -> Result<Statement> {
        match statement {
            ast::Statement::Query(query) => self.bind_top_query(query),
            ast::Statement::Insert(insert) => self.bind_insert(insert).map(Statement::Insert),
            ast::Statement::Update(update) => self.bind_update(update).map(Statement::Update),
            ast::Statement::Merge(merge) => self.bind_merge(merge).map(Statement::Merge),
            ast::Statement::Delete(delete) => self.bind_delete(delete).map(Statement::Delete),
            ast::Statement::Truncate(truncate) => self.bind_truncate(truncate),
            ast::Statement::CreateTable(create) => self.bind_create_table(create).map(Statement::CreateTable),
            ast::Statement::CreateIndex(create) => self.bind_create_index(create).map(Statement::CreateIndex),
            ast::Statement::CreateSchema {
                schema_name,
                if_not_exists,
                ..
            } => create_schema(schema_name, *if_not_exists),
            ast::Statement::CreateSequence {
                temporary,
                if_not_exists,
                name,
                sequence_options,
            } => self.bind_create_sequence(name, *temporary, *if_not_exists, sequence_options),
            ast::Statement::RefreshMaterializedView(refresh) => {
                table_name(&refresh.name).map(Statement::RefreshMaterializedView)
            }
            ast::Statement::Drop {
                object_type,
                if_exists,
                names,
                cascade,
                ..
            } => self.bind_drop(*object_type, *if_exists, names, *cascade),
            ast::Statement::AlterTable(alter) => self.bind_alter_table(alter).map(Statement::AlterTable),
            ast::Statement::Comment {
                object_type,
                object_name,
                comment,
                ..
            } => self.bind_comment(*object_type, object_name, comment.as_deref()),
            other => {
                let text = other.to_string();
                let words: Vec<&str> = text.split_whitespace().take(2).collect();
                Err(not_supported(words.join(" ").to_uppercase()))
            }
        }
    }

    /// A query, or a statement that changes rows behind WITH.
    fn bind_top_query(&mut self, query: &ast::Query) -> Result<Statement> {
        match &*query.body {
            _ if changes_rows(query) => self.bind_with_statement(query),
            ast::SetExpr::Select(select) if select.into.is_some() => self.bind_select_into(query, select),
            _ => self.bind_query_statement(query).map(Statement::Query),
        }
    }

    /// `SELECT .. INTO t FROM ..`: CREATE TABLE AS in other words.
    fn bind_select_into(&mut self, query: &ast::Query, select: &ast::Select) -> Result<Statement> {
        let mut rows = query.clone();
        let mut plain = select.clone();
        let into = plain.into.take();
        *rows.body = ast::SetExpr::Select(Box::new(plain));
        let Some(into) = into.filter(|into| !into.unlogged) else {
            return Err(not_supported("SELECT INTO UNLOGGED"));
        };
        let [target] = into.targets.as_slice() else {
            return Err(not_supported("SELECT INTO several targets"));
        };
        let parts = match target {
            ast::Expr::Identifier(name) => vec![name.clone()],
            ast::Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => return Err(not_supported("SELECT INTO anything but a table")),
        };
        let create = CreateTableBuilder::new(ast::ObjectName::from(parts))
            .temporary(into.temporary)
            .query(Some(Box::new(rows)))
            .build();
        self.bind_create_table(&create).map(Statement::CreateTable)
    }

    fn bind_declare(&mut self, declare: &DeclareSyntax) -> Result<Statement> {
        if declare.name.is_empty() {
            return Err(Error::new(
                SqlState::INVALID_CURSOR_NAME,
                "invalid cursor name: must not be empty",
            ));
        }
        if matches!(
            *declare.query.body,
            ast::SetExpr::Insert(_) | ast::SetExpr::Update(_) | ast::SetExpr::Delete(_)
        ) {
            return Err(not_supported("a cursor that changes rows"));
        }
        if changes_rows(&declare.query) {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "DECLARE CURSOR must not contain data-modifying statements in WITH",
            ));
        }
        if !declare.query.locks.is_empty() && (declare.is_holdable || declare.is_scrollable) {
            let (form, kind) = match declare.is_holdable {
                true => ("CURSOR WITH HOLD", "Holdable"),
                false => ("SCROLL CURSOR", "Scrollable"),
            };
            return Err(not_supported(format!("DECLARE {form} ... FOR UPDATE"))
                .with_detail(format!("{kind} cursors must be READ ONLY.")));
        }
        Ok(Statement::DeclareCursor(DeclareCursor {
            name: declare.name.clone(),
            is_binary: declare.is_binary,
            is_scrollable: declare.is_scrollable,
            is_holdable: declare.is_holdable,
            query: self.bind_query_statement(&declare.query)?,
        }))
    }

    fn bind_execute(&mut self, name: &str, arguments: &[ast::Expr]) -> Result<Statement> {
        let scope = Scope::default();
        let arguments = arguments
            .iter()
            .map(|argument| {
                let mut context = Context::plain(&scope, Clause::Execute);
                self.bind_expression(argument, &mut context)
            })
            .collect::<Result<_>>()?;
        Ok(Statement::Execute {
            name: name.to_owned(),
            arguments,
        })
    }

    fn bind_truncate(&mut self, truncate: &ast::Truncate) -> Result<Statement> {
        if truncate.partitions.is_some() {
            return Err(not_supported("TRUNCATE .. PARTITION"));
        }
        let mut tables = Vec::with_capacity(truncate.table_names.len());
        for target in &truncate.table_names {
            tables.push(self.stored_table(&target.name)?.id);
        }
        let restart_identity = truncate.identity == Some(ast::TruncateIdentityOption::Restart);
        Ok(Statement::Truncate(Truncate {
            tables,
            restart_identity,
        }))
    }

    /// The table of a name, whose rows statements may change.
    ///
    /// # Errors
    /// 42P01, or 42809 for a view or a system table.
    pub(super) fn stored_table(&self, name: &ast::ObjectName) -> Result<Arc<RelationInfo>> {
        table_name(name)
            .and_then(|table| self.stored_table_named(&table))
            .map_err(|error| error.at(self.span(name)))
    }

    /// As [`Self::stored_table`], of a folded name.
    pub(super) fn stored_table_named(&self, name: &TableName) -> Result<Arc<RelationInfo>> {
        let relation = self.relation(name)?;
        match &relation.kind {
            RelationKind::Table => Ok(relation),
            RelationKind::View { materialized: true, .. } => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("cannot change materialized view \"{}\"", relation.name),
            )),
            RelationKind::View { .. } => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("\"{}\" is a view, not a table", relation.name),
            )),
            RelationKind::Sequence => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("cannot change sequence \"{}\"", relation.name),
            )),
            RelationKind::System => Err(Error::new(
                SqlState::INSUFFICIENT_PRIVILEGE,
                format!("\"{}\" is a system table and cannot be changed", relation.name),
            )),
        }
    }
}

fn create_schema(name: &ast::SchemaName, if_not_exists: bool) -> Result<Statement> {
    let name = match name {
        ast::SchemaName::Simple(name) => {
            let mut parts = parts(name)?;
            parts.pop().ok_or_else(|| not_supported("a schema without name"))?
        }
        ast::SchemaName::NamedAuthorization(name, _) => simple(name)?,
        ast::SchemaName::UnnamedAuthorization(_) => return Err(not_supported("CREATE SCHEMA AUTHORIZATION")),
    };
    Ok(Statement::CreateSchema { name, if_not_exists })
}
