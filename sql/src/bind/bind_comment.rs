//! COMMENT ON TABLE, VIEW, MATERIALIZED VIEW and COLUMN. What it names must be there.

use super::name::{parts, table_name};
use super::{Binder, not_supported};
use crate::catalog::{RelationInfo, RelationKind, TableName};
use crate::error::{Error, Result, SqlState};
use crate::plan::{Comment, Statement};
use sqlparser::ast::{self, CommentObject};
use std::sync::Arc;

impl Binder<'_> {
    /// `COMMENT ON kind name IS text`
    pub(super) fn bind_comment(
        &self,
        object: CommentObject,
        name: &ast::ObjectName,
        text: Option<&str>,
    ) -> Result<Statement> {
        let (relation, column) = match object {
            CommentObject::Table | CommentObject::View | CommentObject::MaterializedView => {
                (self.commented(&table_name(name)?, object), None)
            }
            CommentObject::Column => {
                let (table, column) = column_name(name)?;
                (self.commented(&table, object), Some(column))
            }
            other => return Err(not_supported(format!("COMMENT ON {other}"))),
        };
        let relation = relation.map_err(|error| error.at(self.span(name)))?;
        let column = match column {
            Some(column) => Some(
                self.column_index(&relation, &column)
                    .map_err(|error| error.at(self.span(name)))?,
            ),
            None => None,
        };
        Ok(Statement::Comment(Comment {
            relation: relation.id,
            column,
            // As in Postgres, an empty comment is none.
            text: text.filter(|text| !text.is_empty()).map(str::to_owned),
        }))
    }

    /// The relation that gets a comment.
    fn commented(&self, name: &TableName, object: CommentObject) -> Result<Arc<RelationInfo>> {
        let relation = self.relation(name)?;
        let wanted = match (&relation.kind, object) {
            (RelationKind::System, _) => {
                return Err(Error::new(
                    SqlState::INSUFFICIENT_PRIVILEGE,
                    format!("\"{}\" is a system table and cannot be changed", relation.name),
                ));
            }
            (RelationKind::View { .. }, CommentObject::Table) => "table",
            (RelationKind::Table, CommentObject::View) => "view",
            (RelationKind::View { materialized: true, .. }, CommentObject::View) => "view",
            (
                RelationKind::View {
                    materialized: false, ..
                }
                | RelationKind::Table,
                CommentObject::MaterializedView,
            ) => "materialized view",
            _ => return Ok(relation),
        };
        Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("\"{}\" is not a {wanted}", relation.name),
        ))
    }
}

/// `table.column`, taken apart.
fn column_name(name: &ast::ObjectName) -> Result<(TableName, String)> {
    let mut names = parts(name)?;
    let column = names.pop();
    let (Some(column), Some(table)) = (column, names.pop()) else {
        return Err(Error::new(SqlState::SYNTAX_ERROR, "column name must be qualified"));
    };
    let schema = names.pop();
    Ok((TableName { schema, name: table }, column))
}
