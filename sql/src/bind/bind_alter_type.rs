//! ALTER COLUMN .. TYPE: all rows of the table anew, with the columns' values converted.

use super::bind_from::FromItem;
use super::bind_insert::shown_columns;
use super::coerce::Level;
use super::collect::{Clause, Context};
use super::name::fold;
use super::scope::{LeftOut, Scope, ScopeRelation};
use super::{Binder, not_supported};
use crate::catalog::{ColumnInfo, RelationInfo};
use crate::error::{Error, Result, SqlState};
use crate::plan::{AlterTableAction, Expr, Plan, ROW_ID_COLUMN};
use crate::types::LogicalType;
use sqlparser::ast::{self, AlterColumnOperation, AlterTableOperation};

/// A column that gets another type.
struct TypeChange {
    column: usize,
    data_type: LogicalType,
    value: Expr,
}

impl Binder<'_> {
    /// The actions and the new rows, if the statement changes types; see [`crate::plan::AlterTable::rewrite`].
    ///
    /// # Errors
    /// 42804 where the values have no cast by themselves; 0A000 beside other actions.
    pub(super) fn bind_type_changes(
        &mut self,
        alter: &ast::AlterTable,
        relation: &RelationInfo,
    ) -> Result<Option<(Vec<AlterTableAction>, Plan)>> {
        let type_changes = alter.operations.iter().filter_map(|operation| match operation {
            AlterTableOperation::AlterColumn {
                column_name,
                op: AlterColumnOperation::SetDataType { data_type, using, .. },
            } => Some((column_name, data_type, using.as_ref())),
            _ => None,
        });
        let type_changes: Vec<_> = type_changes.collect();
        if type_changes.is_empty() {
            return Ok(None);
        }
        if type_changes.len() < alter.operations.len() {
            return Err(not_supported("ALTER COLUMN .. TYPE beside other actions")
                .with_hint("Write two statements, in one transaction if need be."));
        }
        let (mut scan, columns) = self.scan(relation, None);
        let row_id = self.column("row_id", LogicalType::BigInt, false);
        scan.columns.push((ROW_ID_COLUMN, row_id.clone()));
        let item = FromItem::of_relation(
            Plan::Scan(scan),
            ScopeRelation {
                schema: Some(relation.schema.clone()),
                name: relation.name.clone(),
                columns: columns.clone(),
                left_out: LeftOut::Never,
            },
        );
        let mut changes = Vec::with_capacity(type_changes.len());
        for (name, data_type, using) in type_changes {
            changes.push(self.bind_type_change(name, data_type, using, relation, &item.scope)?);
        }
        let mut expressions = vec![(row_id.clone(), Expr::Column(row_id))];
        for (index, info) in shown_columns(relation) {
            let change = changes.iter().rfind(|change| change.column == index);
            match (change, columns.get(index)) {
                (Some(change), _) => {
                    let value = change.value.clone();
                    expressions.push((self.column_for(info.name.clone(), &value), value));
                }
                (None, Some(column)) => expressions.push((column.column.clone(), Expr::Column(column.column.clone()))),
                (None, None) => return Err(not_supported("a column without a place in its table")),
            }
        }
        let actions = changes.into_iter().filter_map(|change| {
            Some(AlterTableAction::SetType {
                column: relation.columns.get(change.column)?.name.clone(),
                data_type: change.data_type,
            })
        });
        Ok(Some((actions.collect(), item.plan.projected(expressions))))
    }

    fn bind_type_change(
        &mut self,
        name: &ast::Ident,
        data_type: &ast::DataType,
        using: Option<&ast::Expr>,
        relation: &RelationInfo,
        scope: &Scope<'_>,
    ) -> Result<TypeChange> {
        let place = self.span(name);
        let column = self
            .column_index(relation, &fold(name))
            .map_err(|error| error.at(place))?;
        let Some(info) = relation.columns.get(column) else {
            return Err(not_supported("a column without a place in its table"));
        };
        let data_type = self.bind_data_type(data_type)?;
        if info.identity.is_some() && !data_type.is_integer() {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "identity column type must be smallint, integer, or bigint",
            ));
        }
        let mut context = Context::plain(scope, Clause::Update);
        let value = match using {
            Some(using) => self.bind_expression(using, &mut context)?,
            None => self.bind_expression(&ast::Expr::Identifier(name.clone()), &mut context)?,
        };
        if value.has_subquery() {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot use subquery in transform expression",
            )
            .at(place));
        }
        let value = self
            .coerce(value, &data_type, Level::Assignment, None)
            .map_err(|error| match (error.state, using) {
                (SqlState::DATATYPE_MISMATCH | SqlState::CANNOT_COERCE, Some(_)) => Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!(
                        "result of USING clause for column \"{}\" cannot be cast automatically to type {data_type}",
                        info.name
                    ),
                )
                .with_hint("You might need to add an explicit cast."),
                (SqlState::DATATYPE_MISMATCH | SqlState::CANNOT_COERCE, None) => Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!(
                        "column \"{}\" cannot be cast automatically to type {data_type}",
                        info.name
                    ),
                )
                .with_hint(format!(
                    "You might need to specify \"USING {}::{data_type}\".",
                    info.name
                )),
                _ => error,
            })?;
        self.check_default(info, &data_type)?;
        Ok(TypeChange {
            column,
            data_type,
            value,
        })
    }

    /// Whether a column's default is one of its new type, too.
    fn check_default(&mut self, info: &ColumnInfo, data_type: &LogicalType) -> Result<()> {
        let Some(default) = &info.default else {
            return Ok(());
        };
        let default = self.bind_default(default, info)?;
        let changed = self.coerce(default, data_type, Level::Assignment, None);
        changed.map(|_| ()).map_err(|_| {
            Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!(
                    "default for column \"{}\" cannot be cast automatically to type {data_type}",
                    info.name
                ),
            )
        })
    }
}
