//! `*` and `table.*` in a select list, with what DuckDB, Snowflake and BigQuery let stand behind them: `EXCLUDE (a, b)`,
//! `REPLACE (expression AS a)`, `RENAME (a AS b)`.

use super::bind_select::{Item, output_name};
use super::name::{fold, parts};
use super::scope::{Scope, ScopeColumn, missing_from};
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::plan::ColumnId;
use sqlparser::ast::{
    ExcludeSelectItem, Ident, ObjectName, RenameSelectItem, SelectItem, SelectItemQualifiedWildcardKind,
    WildcardAdditionalOptions,
};

impl Binder<'_> {
    /// The select list with `*` written out.
    pub(super) fn expand_items<'a>(&mut self, items: &'a [SelectItem], scope: &Scope<'_>) -> Result<Vec<Item<'a>>> {
        let mut expanded = Vec::with_capacity(items.len());
        for item in items {
            match item {
                SelectItem::UnnamedExpr(syntax) => expanded.push(Item::Expression {
                    syntax,
                    name: output_name(syntax).unwrap_or_else(|| "?column?".to_owned()),
                    has_alias: false,
                }),
                SelectItem::ExprWithAlias { expr, alias } => expanded.push(Item::Expression {
                    syntax: expr,
                    name: fold(alias),
                    has_alias: true,
                }),
                SelectItem::Wildcard(options) => {
                    if scope.relations.is_empty() {
                        return Err(Error::new(
                            SqlState::SYNTAX_ERROR,
                            "SELECT * with no tables specified is not valid",
                        )
                        .at(self.parser_span(options.wildcard_token.0.span)));
                    }
                    expanded.extend(self.star(&scope.visible, options, scope)?);
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    let folded = parts(name)?;
                    let (schema, relation) = match folded.as_slice() {
                        [relation] => (None, relation),
                        [schema, relation] | [_, schema, relation] => (Some(schema.as_str()), relation),
                        _ => return Err(not_supported("a name of so many parts")),
                    };
                    let found = scope
                        .relation(schema, relation)?
                        .ok_or_else(|| missing_from(relation).at(self.span(name)))?;
                    expanded.extend(self.star(&found.columns, options, scope)?);
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _) => {
                    return Err(not_supported("(row).*"));
                }
                SelectItem::ExprWithAliases { .. } => return Err(not_supported("several aliases of one expression")),
            }
        }
        Ok(expanded)
    }

    /// The columns that a star stands for.
    fn star<'a>(
        &self,
        columns: &[ScopeColumn],
        options: &'a WildcardAdditionalOptions,
        scope: &Scope<'_>,
    ) -> Result<Vec<Item<'a>>> {
        if options.opt_ilike.is_some() || options.opt_except.is_some() {
            return Err(not_supported("ILIKE and EXCEPT behind *").with_hint("Write EXCLUDE (..)."));
        }
        let shown: Vec<&ScopeColumn> = columns.iter().filter(|column| !column.hidden).collect();
        let left_out = self.left_out(&shown, options.opt_exclude.as_ref(), scope)?;
        let mut items = Vec::with_capacity(shown.len());
        let replaced = Named::of(options.opt_replace.iter().flat_map(|replace| {
            let items = replace.items.iter();
            items.map(|item| (&item.column_name, &item.expr))
        }));
        let renamed = Named::of(renames(options.opt_rename.as_ref()).map(|item| (&item.ident, &item.alias)));
        self.check_names(&replaced, "REPLACE", &shown, &left_out)?;
        self.check_names(&renamed, "RENAME", &shown, &left_out)?;
        for column in shown {
            if left_out.contains(&column.column.id) {
                continue;
            }
            let name = renamed.get(&column.name).map_or_else(|| column.name.clone(), fold);
            items.push(match replaced.get(&column.name) {
                Some(syntax) => Item::Expression {
                    syntax,
                    name,
                    has_alias: false,
                },
                None => Item::Column {
                    column: column.column.clone(),
                    name,
                },
            });
        }
        Ok(items)
    }

    /// The columns that EXCLUDE names.
    fn left_out(
        &self,
        shown: &[&ScopeColumn],
        exclude: Option<&ExcludeSelectItem>,
        scope: &Scope<'_>,
    ) -> Result<Vec<ColumnId>> {
        let names: &[ObjectName] = match exclude {
            None => return Ok(Vec::new()),
            Some(ExcludeSelectItem::Single(name)) => std::slice::from_ref(name),
            Some(ExcludeSelectItem::Multiple(names)) => names,
        };
        let mut left_out: Vec<ColumnId> = Vec::new();
        for name in names {
            let folded = parts(name)?;
            let found: Vec<ColumnId> = match folded.as_slice() {
                [column] => shown
                    .iter()
                    .filter(|shown| shown.name == *column)
                    .map(|shown| shown.column.id)
                    .collect(),
                [relation, column] => vec![scope.qualified(None, relation, column)?.id],
                _ => return Err(not_supported("a name of so many parts in EXCLUDE").at(self.span(name))),
            };
            if found.is_empty() {
                return Err(no_column(&folded.join("."), "EXCLUDE").at(self.span(name)));
            }
            if found.iter().any(|id| left_out.contains(id)) {
                return Err(twice(&folded.join("."), "EXCLUDE").at(self.span(name)));
            }
            left_out.extend(found);
        }
        Ok(left_out)
    }

    fn check_names<T>(
        &self,
        named: &Named<'_, T>,
        clause: &str,
        shown: &[&ScopeColumn],
        left_out: &[ColumnId],
    ) -> Result<()> {
        for (place, (name, identifier, _)) in named.entries.iter().enumerate() {
            let mut found = shown.iter().filter(|column| column.name == *name);
            let error = match found.next() {
                None => no_column(name, clause),
                Some(column) if left_out.contains(&column.column.id) => Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("column \"{name}\" is in both EXCLUDE and {clause} of *"),
                ),
                Some(_) if named.entries.iter().take(place).any(|(before, ..)| before == name) => twice(name, clause),
                Some(_) => continue,
            };
            return Err(error.at(self.span(*identifier)));
        }
        Ok(())
    }
}

/// What a clause behind `*` says of columns by name.
struct Named<'a, T> {
    entries: Vec<(String, &'a Ident, &'a T)>,
}

impl<'a, T> Named<'a, T> {
    fn of(entries: impl Iterator<Item = (&'a Ident, &'a T)>) -> Self {
        Named {
            entries: entries
                .map(|(identifier, value)| (fold(identifier), identifier, value))
                .collect(),
        }
    }

    fn get(&self, name: &str) -> Option<&'a T> {
        self.entries
            .iter()
            .find(|(known, ..)| known == name)
            .map(|(.., value)| *value)
    }
}

fn renames(rename: Option<&RenameSelectItem>) -> impl Iterator<Item = &sqlparser::ast::IdentWithAlias> {
    let list = match rename {
        None => &[][..],
        Some(RenameSelectItem::Single(item)) => std::slice::from_ref(item),
        Some(RenameSelectItem::Multiple(items)) => items,
    };
    list.iter()
}

fn no_column(name: &str, clause: &str) -> Error {
    Error::new(
        SqlState::UNDEFINED_COLUMN,
        format!("column \"{name}\" in {clause} is not among the columns that * stands for"),
    )
}

fn twice(name: &str, clause: &str) -> Error {
    Error::new(
        SqlState::SYNTAX_ERROR,
        format!("column \"{name}\" occurs twice in {clause} of *"),
    )
}
