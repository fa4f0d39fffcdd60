//! ALTER TABLE: a list of actions.

use super::bind_constraint::Constraints;
use super::bind_create::option_list;
use super::bind_from::refuse_system_name;
use super::bind_insert::shown_columns;
use super::name::{fold, simple, table_name};
use super::{Binder, not_supported};
use crate::catalog::{ColumnInfo, RelationInfo, RelationKind};
use crate::error::{Error, Result, SqlState};
use crate::plan::{AlterTable, AlterTableAction, ColumnDefinition};
use sqlparser::ast::{self, AlterColumnOperation, AlterTableOperation};
use std::sync::Arc;

impl Binder<'_> {
    /// `ALTER TABLE name action, ..`
    pub(super) fn bind_alter_table(&mut self, alter: &ast::AlterTable) -> Result<AlterTable> {
        let relation = match alter.operations.as_slice() {
            [AlterTableOperation::RenameTable { .. }] => self.table_or_view(&alter.name)?,
            _ => self.stored_table(&alter.name)?,
        };
        if let Some((actions, rows)) = self.bind_type_changes(alter, &relation)? {
            return Ok(AlterTable {
                table: relation.id,
                name: table_name(&alter.name)?,
                actions,
                rewrite: Some(rows),
            });
        }
        let mut actions = Vec::with_capacity(alter.operations.len());
        for operation in &alter.operations {
            self.bind_alter_action(operation, &relation, &mut actions)?;
        }
        Ok(AlterTable {
            table: relation.id,
            name: table_name(&alter.name)?,
            actions,
            rewrite: None,
        })
    }

    /// What ALTER TABLE may rename.
    fn table_or_view(&self, name: &ast::ObjectName) -> Result<Arc<RelationInfo>> {
        match self.relation(&table_name(name)?) {
            Ok(view) if matches!(view.kind, RelationKind::View { .. }) => Ok(view),
            _ => self.stored_table(name),
        }
    }

    fn bind_alter_action(
        &mut self,
        operation: &AlterTableOperation,
        relation: &RelationInfo,
        actions: &mut Vec<AlterTableAction>,
    ) -> Result<()> {
        match operation {
            AlterTableOperation::AddColumn {
                if_not_exists,
                column_def,
                column_position: None,
                ..
            } => actions.push(self.bind_add_column(column_def, *if_not_exists, &relation.name)?),
            AlterTableOperation::DropColumn {
                column_names,
                if_exists,
                ..
            } => {
                for name in column_names {
                    let column = fold(name);
                    if !if_exists {
                        self.column_index(relation, &column)
                            .map_err(|error| error.at(self.span(name)))?;
                    }
                    actions.push(AlterTableAction::DropColumn {
                        name: column,
                        if_exists: *if_exists,
                    });
                }
            }
            AlterTableOperation::RenameColumn {
                old_column_name,
                new_column_name,
            } => {
                let from = fold(old_column_name);
                self.column_index(relation, &from)
                    .map_err(|error| error.at(self.span(old_column_name)))?;
                let to = fold(new_column_name);
                refuse_system_name(&to).map_err(|error| error.at(self.span(new_column_name)))?;
                if self.column_index(relation, &to).is_ok() {
                    return Err(Error::new(
                        SqlState::DUPLICATE_COLUMN,
                        format!("column \"{to}\" of relation \"{}\" already exists", relation.name),
                    )
                    .at(self.span(new_column_name)));
                }
                actions.push(AlterTableAction::RenameColumn { from, to });
            }
            AlterTableOperation::RenameTable {
                table_name: ast::RenameTableNameKind::To(name) | ast::RenameTableNameKind::As(name),
            } => actions.push(AlterTableAction::RenameTable { to: simple(name)? }),
            AlterTableOperation::AlterColumn { column_name, op } => {
                actions.push(self.bind_alter_column(column_name, op, relation)?);
            }
            AlterTableOperation::SetOptionsParens { options } => {
                actions.push(AlterTableAction::SetOptions(option_list(options)?));
            }
            AlterTableOperation::AddConstraint { constraint, not_valid } => {
                if *not_valid {
                    return Err(not_supported("ADD CONSTRAINT .. NOT VALID"));
                }
                self.bind_add_constraint(constraint, relation, actions)?;
            }
            AlterTableOperation::DropConstraint { if_exists, name, .. } => {
                actions.push(AlterTableAction::DropConstraint {
                    name: fold(name),
                    if_exists: *if_exists,
                });
            }
            other => {
                let text = other.to_string();
                let words: Vec<&str> = text.split_whitespace().take(2).collect();
                return Err(not_supported(format!("ALTER TABLE .. {}", words.join(" "))));
            }
        }
        Ok(())
    }

    fn bind_add_constraint(
        &mut self,
        constraint: &ast::TableConstraint,
        relation: &RelationInfo,
        actions: &mut Vec<AlterTableAction>,
    ) -> Result<()> {
        let columns = shown_columns(relation).map(|(_, column)| ColumnDefinition {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            nullable: column.nullable,
            default: None,
            sequence: None,
            identity: None,
        });
        let mut columns: Vec<ColumnDefinition> = columns.collect();
        let mut constraints = Constraints {
            table: &relation.name,
            found: Vec::new(),
            taken: relation.constraint_names.clone(),
        };
        self.add_table_constraint(constraint, &mut columns, &mut constraints)?;
        actions.extend(constraints.found.into_iter().map(AlterTableAction::AddConstraint));
        Ok(())
    }

    fn bind_add_column(
        &mut self,
        column: &ast::ColumnDef,
        if_not_exists: bool,
        table: &str,
    ) -> Result<AlterTableAction> {
        let (definition, constraints) = self.bind_column_definition(column, table)?;
        if !constraints.is_empty() {
            return Err(not_supported("ADD COLUMN with a constraint")
                .with_hint("Add the column first, then the constraint.")
                .at(self.span(&column.name)));
        }
        if definition.sequence.is_some() {
            return Err(not_supported("ADD COLUMN of a serial or identity column").at(self.span(&column.name)));
        }
        let default = match &definition.default {
            Some(text) => Some(self.bind_default(text, &column_info(&definition))?),
            None => None,
        };
        Ok(AlterTableAction::AddColumn {
            column: definition,
            default,
            if_not_exists,
        })
    }

    fn bind_alter_column(
        &mut self,
        name: &ast::Ident,
        operation: &AlterColumnOperation,
        relation: &RelationInfo,
    ) -> Result<AlterTableAction> {
        let column = fold(name);
        let index = self
            .column_index(relation, &column)
            .map_err(|error| error.at(self.span(name)))?;
        Ok(match operation {
            AlterColumnOperation::SetNotNull => AlterTableAction::SetNullable {
                column,
                nullable: false,
            },
            AlterColumnOperation::DropNotNull => AlterTableAction::SetNullable { column, nullable: true },
            AlterColumnOperation::DropDefault => AlterTableAction::SetDefault { column, default: None },
            AlterColumnOperation::SetDefault { value } => {
                let default = match relation.columns.get(index) {
                    Some(info) => {
                        let definition = ColumnDefinition {
                            name: info.name.clone(),
                            data_type: info.data_type.clone(),
                            nullable: info.nullable,
                            default: None,
                            sequence: None,
                            identity: None,
                        };
                        self.checked_default(value, &definition)?
                    }
                    None => None,
                };
                AlterTableAction::SetDefault { column, default }
            }
            _ => return Err(not_supported("this action of ALTER COLUMN").at(self.span(name))),
        })
    }
}

fn column_info(definition: &ColumnDefinition) -> ColumnInfo {
    ColumnInfo {
        name: definition.name.clone(),
        data_type: definition.data_type.clone(),
        nullable: definition.nullable,
        default: definition.default.clone(),
        identity: None,
        hidden: false,
    }
}
