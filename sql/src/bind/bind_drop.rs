//! DROP TABLE, VIEW, MATERIALIZED VIEW, SCHEMA, SEQUENCE, INDEX. Whether they exist is found out when the statement runs.

use super::name::{simple, table_name};
use super::{Binder, not_supported};
use crate::catalog::TableName;
use crate::error::Result;
use crate::plan::{DropRelation, ObjectKind, Statement};
use sqlparser::ast::{self, ObjectType};

impl Binder<'_> {
    /// `DROP kind [IF EXISTS] names [CASCADE]`
    pub(super) fn bind_drop(
        &self,
        object_type: ObjectType,
        if_exists: bool,
        names: &[ast::ObjectName],
        cascade: bool,
    ) -> Result<Statement> {
        let kind = match object_type {
            ObjectType::Table => ObjectKind::Table,
            ObjectType::View => ObjectKind::View,
            ObjectType::MaterializedView => ObjectKind::MaterializedView,
            ObjectType::Schema => ObjectKind::Schema,
            ObjectType::Sequence => ObjectKind::Sequence,
            ObjectType::Index => ObjectKind::Index,
            other => return Err(not_supported(format!("DROP {other}"))),
        };
        let names = names
            .iter()
            .map(|name| match kind {
                ObjectKind::Schema => Ok(TableName {
                    schema: None,
                    name: simple(name)?,
                }),
                _ => table_name(name),
            })
            .collect::<Result<_>>()?;
        Ok(Statement::Drop(DropRelation {
            kind,
            names,
            if_exists,
            cascade,
        }))
    }
}
