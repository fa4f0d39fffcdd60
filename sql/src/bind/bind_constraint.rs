//! Constraints of a table, as columns and tables have them, and the conditions of CHECK over a table's row.

use super::collect::{Clause, Context};
use super::name::fold;
use super::scope::{LeftOut, Scope, ScopeColumn, ScopeRelation};
use super::{Binder, not_supported};
use crate::catalog::{Catalog, ColumnInfo, RelationInfo};
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, ColumnDefinition, ConstraintDefinition, ConstraintKind, Expr};
use crate::types::LogicalType;
use sqlparser::ast::{self, TableConstraint};

/// A constraint as a column has it.
pub(super) struct ColumnConstraint<'a> {
    pub(super) name: Option<&'a ast::Ident>,
    pub(super) kind: ColumnConstraintKind<'a>,
}

pub(super) enum ColumnConstraintKind<'a> {
    PrimaryKey,
    Unique,
    Check(&'a ast::Expr),
}

/// The constraints of a table in the making.
pub(super) struct Constraints<'t> {
    pub(super) table: &'t str,
    pub(super) found: Vec<ConstraintDefinition>,
    /// Names that are taken already.
    pub(super) taken: Vec<String>,
}

impl Constraints<'_> {
    fn add(&mut self, given: Option<&ast::Ident>, made: String, kind: ConstraintKind) -> Result<()> {
        let is_taken = |name: &String, constraints: &Self| {
            constraints.taken.contains(name) || constraints.found.iter().any(|known| known.name == *name)
        };
        let name = match given {
            Some(name) => {
                let name = fold(name);
                if is_taken(&name, self) {
                    let message = match kind {
                        ConstraintKind::Check(_) if self.taken.is_empty() => {
                            format!("check constraint \"{name}\" already exists")
                        }
                        _ => format!("constraint \"{name}\" for relation \"{}\" already exists", self.table),
                    };
                    return Err(Error::new(SqlState("42710"), message));
                }
                name
            }
            None => {
                let numbered = (1..).map(|number: u32| format!("{made}{number}"));
                std::iter::once(made.clone())
                    .chain(numbered)
                    .find(|name| !is_taken(name, self))
                    .unwrap_or(made)
            }
        };
        self.found.push(ConstraintDefinition { name, kind });
        Ok(())
    }

    fn add_key(
        &mut self,
        name: Option<&ast::Ident>,
        is_primary: bool,
        places: Vec<usize>,
        columns: &mut [ColumnDefinition],
    ) -> Result<()> {
        if !is_primary {
            let names: Vec<&str> = places
                .iter()
                .filter_map(|place| columns.get(*place))
                .map(|column| column.name.as_str())
                .collect();
            let made = format!("{}_{}_key", self.table, names.join("_"));
            return self.add(name, made, ConstraintKind::Unique(places));
        }
        let is_primary = |known: &ConstraintDefinition| matches!(known.kind, ConstraintKind::PrimaryKey(_));
        if self.found.iter().any(is_primary) {
            return Err(several_keys(self.table));
        }
        for place in &places {
            if let Some(column) = columns.get_mut(*place) {
                column.nullable = false;
            }
        }
        let made = format!("{}_pkey", self.table);
        self.add(name, made, ConstraintKind::PrimaryKey(places))
    }
}

pub(super) fn several_keys(table: &str) -> Error {
    Error::new(
        SqlState::INVALID_TABLE_DEFINITION,
        format!("multiple primary keys for table \"{table}\" are not allowed"),
    )
}

impl Binder<'_> {
    /// The constraints that one column has.
    pub(super) fn add_column_constraints(
        &mut self,
        place: usize,
        constraints: &[ColumnConstraint<'_>],
        columns: &mut [ColumnDefinition],
        to: &mut Constraints<'_>,
    ) -> Result<()> {
        for constraint in constraints {
            match constraint.kind {
                ColumnConstraintKind::PrimaryKey => to.add_key(constraint.name, true, vec![place], columns)?,
                ColumnConstraintKind::Unique => to.add_key(constraint.name, false, vec![place], columns)?,
                ColumnConstraintKind::Check(condition) => {
                    let column = columns.get(place).map(|column| column.name.clone());
                    self.add_check(constraint.name, condition, column, columns, to)?;
                }
            }
        }
        Ok(())
    }

    /// A constraint of the table.
    pub(super) fn add_table_constraint(
        &mut self,
        constraint: &TableConstraint,
        columns: &mut [ColumnDefinition],
        to: &mut Constraints<'_>,
    ) -> Result<()> {
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                refuse_deferred(key.characteristics.as_ref())?;
                let places = self.key_places(&key.columns, columns, "primary key")?;
                to.add_key(key.name.as_ref(), true, places, columns)
            }
            TableConstraint::Unique(key) => {
                refuse_deferred(key.characteristics.as_ref())?;
                if matches!(key.nulls_distinct, ast::NullsDistinctOption::NotDistinct) {
                    return Err(not_supported("UNIQUE NULLS NOT DISTINCT"));
                }
                let places = self.key_places(&key.columns, columns, "unique")?;
                to.add_key(key.name.as_ref(), false, places, columns)
            }
            TableConstraint::Check(check) => {
                if check.enforced == Some(false) {
                    return Err(not_supported("CHECK .. NOT ENFORCED"));
                }
                self.add_check(check.name.as_ref(), &check.expr, None, columns, to)
            }
            TableConstraint::ForeignKey(_) => Err(not_supported("a foreign key")),
            _ => Err(not_supported("this table constraint")),
        }
    }

    fn key_places(&self, key: &[ast::IndexColumn], columns: &[ColumnDefinition], what: &str) -> Result<Vec<usize>> {
        let mut places = Vec::with_capacity(key.len());
        for part in key {
            let ast::Expr::Identifier(identifier) = &part.column.expr else {
                return Err(not_supported("an expression in a key"));
            };
            let name = fold(identifier);
            let place = columns.iter().position(|column| column.name == name);
            let place = place.ok_or_else(|| {
                Error::new(
                    SqlState::UNDEFINED_COLUMN,
                    format!("column \"{name}\" named in key does not exist"),
                )
                .at(self.span(identifier))
            })?;
            if places.contains(&place) {
                return Err(Error::new(
                    SqlState::DUPLICATE_COLUMN,
                    format!("column \"{name}\" appears twice in {what} constraint"),
                )
                .at(self.span(identifier)));
            }
            places.push(place);
        }
        Ok(places)
    }

    fn add_check(
        &mut self,
        name: Option<&ast::Ident>,
        condition: &ast::Expr,
        column: Option<String>,
        columns: &[ColumnDefinition],
        to: &mut Constraints<'_>,
    ) -> Result<()> {
        let row: Vec<ColumnDef> = columns
            .iter()
            .map(|column| self.column(column.name.clone(), column.data_type.clone(), column.nullable))
            .collect();
        let bound = self.bind_check(condition, to.table, &row)?;
        let used_ids = bound.columns();
        let mut used: Vec<&str> = row
            .iter()
            .filter(|column| used_ids.contains(&column.id))
            .map(|column| column.name.as_str())
            .collect();
        let of_one = match (column.as_deref(), used.pop(), used.is_empty()) {
            (Some(column), _, _) | (None, Some(column), true) => format!("_{column}"),
            _ => String::new(),
        };
        let made = format!("{}{of_one}_check", to.table);
        to.add(name, made, ConstraintKind::Check(condition.to_string()))
    }

    /// A condition over a table's row.
    fn bind_check(&mut self, condition: &ast::Expr, table: &str, row: &[ColumnDef]) -> Result<Expr> {
        let columns = row.iter().map(|column| ScopeColumn {
            name: column.name.clone(),
            column: column.clone(),
            hidden: false,
        });
        let relation = ScopeRelation {
            schema: None,
            name: table.to_owned(),
            columns: columns.collect(),
            left_out: LeftOut::Never,
        };
        let scope = Scope::of_relation(None, relation);
        let mut context = Context::plain(&scope, Clause::Check);
        let bound = self.bind_condition(condition, &mut context)?;
        if bound.has_subquery() {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot use subquery in check constraint",
            )
            .at(self.span(condition)));
        }
        Ok(bound)
    }
}

/// The condition of a CHECK as it was kept, over columns of its table in their order.
pub(crate) fn bind_kept_check(
    text: &str,
    relation: &RelationInfo,
    catalog: &dyn Catalog,
) -> Result<(Vec<ColumnDef>, Expr)> {
    let syntax = crate::parse::parse_expression(text)?;
    let mut binder = Binder::new(text, catalog, Vec::new());
    binder.spans_valid = false;
    let row: Vec<ColumnDef> = relation
        .columns
        .iter()
        .map(|column| binder.column(column.name.clone(), column.data_type.clone(), column.nullable))
        .collect();
    let bound = binder.bind_check(&syntax, &relation.name, &row)?;
    debug_assert_eq!(bound.data_type(), LogicalType::Boolean);
    Ok((row, bound))
}

/// A column's default as it was kept.
pub(crate) fn bind_kept_default(column: &ColumnInfo, catalog: &dyn Catalog) -> Result<Expr> {
    let mut binder = Binder::new("", catalog, Vec::new());
    binder.default_value(column)
}

fn refuse_deferred(characteristics: Option<&ast::ConstraintCharacteristics>) -> Result<()> {
    match characteristics {
        Some(given) if given.deferrable == Some(true) || given.initially.is_some() => {
            Err(not_supported("a deferrable constraint"))
        }
        _ => Ok(()),
    }
}
