//! GROUP BY: keys, ordinals, output names, grouping sets; and what may be said above the grouping.

use super::bind_order_by::{OutputReference, output_reference};
use super::bind_select::{Item, SelectList};
use super::collect::{Clause, Grouping};
use super::scope::ScopeColumn;
use super::{Binder, not_supported};
use crate::catalog::RelationInfo;
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, ColumnId, ColumnSet, Expr};
use sqlparser::ast::{self, GroupByExpr};

/// More sets than this are not planned.
const GROUPING_SETS_MAX: usize = 4096;

/// Columns of a scan that are never NULL and whose values no two rows share, and the columns that they decide.
#[derive(Debug)]
pub(super) struct RowKey {
    key: Vec<ColumnId>,
    columns: Vec<ColumnId>,
}

impl Binder<'_> {
    /// Remembers which columns of a scan decide the others.
    pub(super) fn note_row_keys(&mut self, relation: &RelationInfo, columns: &[ScopeColumn]) {
        let id = |place: &usize| {
            let column = columns.get(*place).map(|column| &column.column);
            column.filter(|column| !column.nullable).map(|column| column.id)
        };
        for key in &relation.keys {
            if let Some(key) = key.columns.iter().map(id).collect() {
                let columns = columns.iter().map(|column| column.column.id).collect();
                self.row_keys.push(RowKey { key, columns });
            }
        }
    }

    /// The columns that may be said above a grouping by these keys because a table's key is among them.
    pub(super) fn decided_by(&self, keys: &[(ColumnDef, Expr)]) -> ColumnSet {
        let grouped: ColumnSet = keys
            .iter()
            .filter_map(|(_, key)| match key {
                Expr::Column(column) => Some(column.id),
                _ => None,
            })
            .collect();
        let is_decided = |row: &&RowKey| row.key.iter().all(|column| grouped.contains(column));
        let decided = self.row_keys.iter().filter(is_decided);
        decided.flat_map(|row| row.columns.iter().copied()).collect()
    }

    /// The keys and sets of GROUP BY; `None` where there is no such clause.
    pub(super) fn bind_group_by(
        &mut self,
        group_by: &GroupByExpr,
        list: &SelectList<'_, '_>,
    ) -> Result<Option<Grouping>> {
        let expressions = match group_by {
            GroupByExpr::Expressions(expressions, modifiers) if modifiers.is_empty() => expressions,
            GroupByExpr::Expressions(..) => return Err(not_supported("GROUP BY .. WITH")),
            GroupByExpr::All(modifiers) if modifiers.is_empty() => {
                return self.bind_group_by_all(list).map(Some);
            }
            GroupByExpr::All(_) => return Err(not_supported("GROUP BY ALL with grouping sets")),
        };
        if expressions.is_empty() {
            return Ok(None);
        }
        let mut grouping = Grouping::default();
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        let mut has_sets = false;
        for expression in expressions {
            let element = self.bind_grouping_element(expression, list, &mut grouping)?;
            has_sets |= element.len() != 1;
            if sets.len() * element.len() > GROUPING_SETS_MAX {
                return Err(Error::new(
                    SqlState::STATEMENT_TOO_COMPLEX,
                    format!("too many grouping sets present (maximum {GROUPING_SETS_MAX})"),
                ));
            }
            sets = sets
                .iter()
                .flat_map(|set| element.iter().map(move |more| union(set, more)))
                .collect();
        }
        let all_keys = sets.first().is_some_and(|set| set.len() == grouping.keys.len());
        if has_sets || !all_keys {
            // A key that a set leaves out is NULL there, so it is a column of its own.
            let keys = std::mem::take(&mut grouping.keys);
            for (column, expression) in keys {
                let column = self.column(column.name, column.data_type, true);
                grouping.keys.push((column, expression));
            }
            grouping.sets = Some(sets);
        }
        Ok(Some(grouping))
    }

    /// `GROUP BY ALL`: by every item of the select list without aggregates and window functions. Constants are no keys.
    fn bind_group_by_all(&mut self, list: &SelectList<'_, '_>) -> Result<Grouping> {
        let mut collector = list.collector();
        let mut grouping = Grouping::default();
        for item in list.items {
            let bound = self.bind_item(item, list.scope, &mut collector)?;
            if !collector.table_functions.is_empty() {
                return Err(not_supported("a set-returning function in GROUP BY"));
            }
            let key = self.decide_unknown(bound)?;
            let is_key = key.columns().is_disjoint(&collector.columns()) && !matches!(key, Expr::Literal(..));
            if !is_key || grouping.keys.iter().any(|(_, known)| *known == key) {
                continue;
            }
            let column = self.key_column(item.name(), &key, list);
            grouping.keys.push((column, key));
        }
        Ok(grouping)
    }

    /// The grouping sets one element stands for.
    fn bind_grouping_element(
        &mut self,
        expression: &ast::Expr,
        select: &SelectList<'_, '_>,
        grouping: &mut Grouping,
    ) -> Result<Vec<Vec<usize>>> {
        match expression {
            ast::Expr::GroupingSets(lists) => {
                let mut sets = Vec::new();
                for list in lists {
                    match list.as_slice() {
                        [nested @ (ast::Expr::Rollup(_) | ast::Expr::Cube(_) | ast::Expr::GroupingSets(_))] => {
                            sets.extend(self.bind_grouping_element(nested, select, grouping)?);
                        }
                        list => sets.push(self.bind_key_list(list, select, grouping)?),
                    }
                }
                Ok(sets)
            }
            ast::Expr::Rollup(lists) => {
                let parts = self.bind_key_lists(lists, select, grouping)?;
                Ok((0..=parts.len())
                    .rev()
                    .map(|count| parts.iter().take(count).fold(Vec::new(), |set, part| union(&set, part)))
                    .collect())
            }
            ast::Expr::Cube(lists) => {
                let parts = self.bind_key_lists(lists, select, grouping)?;
                if parts.len() > 12 {
                    return Err(Error::new(
                        SqlState::STATEMENT_TOO_COMPLEX,
                        "CUBE is limited to 12 elements",
                    ));
                }
                let count = 1usize << parts.len();
                Ok((0..count)
                    .rev()
                    .map(|mask| {
                        let chosen = parts
                            .iter()
                            .enumerate()
                            .filter(|(index, _)| mask >> (parts.len() - 1 - index) & 1 == 1);
                        chosen.fold(Vec::new(), |set, (_, part)| union(&set, part))
                    })
                    .collect())
            }
            ast::Expr::Tuple(list) => Ok(vec![self.bind_key_list(list, select, grouping)?]),
            _ => Ok(vec![vec![self.bind_group_key(expression, select, grouping)?]]),
        }
    }

    fn bind_key_lists(
        &mut self,
        lists: &[Vec<ast::Expr>],
        select: &SelectList<'_, '_>,
        grouping: &mut Grouping,
    ) -> Result<Vec<Vec<usize>>> {
        lists
            .iter()
            .map(|list| self.bind_key_list(list, select, grouping))
            .collect()
    }

    fn bind_key_list(
        &mut self,
        list: &[ast::Expr],
        select: &SelectList<'_, '_>,
        grouping: &mut Grouping,
    ) -> Result<Vec<usize>> {
        let mut set = Vec::new();
        for expression in list {
            match expression {
                ast::Expr::Tuple(inner) => {
                    let inner = self.bind_key_list(inner, select, grouping)?;
                    set = union(&set, &inner);
                }
                _ => {
                    let key = self.bind_group_key(expression, select, grouping)?;
                    set = union(&set, &[key]);
                }
            }
        }
        Ok(set)
    }

    /// A key's index; a key that occurs twice is one key.
    fn bind_group_key(
        &mut self,
        expression: &ast::Expr,
        select: &SelectList<'_, '_>,
        grouping: &mut Grouping,
    ) -> Result<usize> {
        let reference = output_reference(expression, select.items.len(), "GROUP BY")
            .map_err(|error| error.at(self.span(expression)))?;
        let item = match reference {
            OutputReference::Ordinal(index) => select.items.get(index),
            // An input column of that name comes before an output column.
            OutputReference::Name(name) if select.scope.find_here(&name)?.is_none() => {
                let mut named = select.items.iter().filter(|item| item.name() == name);
                let first = named.next();
                if first.is_some() && named.any(|other| !other.same_syntax(first)) {
                    return Err(
                        Error::new(SqlState::AMBIGUOUS_COLUMN, format!("GROUP BY \"{name}\" is ambiguous"))
                            .at(self.span(expression)),
                    );
                }
                first
            }
            _ => None,
        };
        let syntax = match item {
            Some(Item::Expression { syntax, .. }) => syntax,
            _ => expression,
        };
        let key = match item {
            Some(Item::Column { column, .. }) => Expr::Column(column.clone()),
            _ => self.bind_with_aliases(select, Clause::GroupBy, |binder, context| {
                binder.bind_decided(syntax, context)
            })?,
        };
        if let Some(known) = grouping.keys.iter().position(|(_, known)| *known == key) {
            return Ok(known);
        }
        let column = self.key_column(item.map_or("group_key", Item::name), &key, select);
        grouping.keys.push((column, key));
        Ok(grouping.keys.len() - 1)
    }

    /// What a key is above the grouping: itself where it is a column, but not one of a query around this one.
    fn key_column(&mut self, name: &str, key: &Expr, select: &SelectList<'_, '_>) -> ColumnDef {
        match key {
            Expr::Column(column) if select.scope.has_here(column.id) => column.clone(),
            other => self.column_for(name, other),
        }
    }
}

fn union(left: &[usize], right: &[usize]) -> Vec<usize> {
    let mut set = left.to_vec();
    set.extend(right.iter().filter(|index| !left.contains(index)));
    set
}

/// Columns that the keys decide, and those of them that are used and so become keys, too.
pub(super) struct DecidedColumns {
    pub(super) columns: ColumnSet,
    pub(super) used: Vec<ColumnDef>,
}

/// An expression as it can be said above the grouping: keys by their columns.
///
/// # Errors
/// 42803 for a column that is neither in a key nor in an aggregate.
pub(super) fn above_grouping(
    expression: Expr,
    keys: &[(ColumnDef, Expr)],
    input_columns: &[(String, ColumnDef)],
    decided: &mut DecidedColumns,
) -> Result<Expr> {
    let rewritten = expression.replace(&mut |part| {
        keys.iter()
            .find(|(_, key)| key == part && !matches!(key, Expr::Literal(..)))
            .map(|(column, _)| Expr::Column(column.clone()))
    });
    let kept: ColumnSet = keys.iter().map(|(column, _)| column.id).collect();
    let used = rewritten.columns();
    let ungrouped = input_columns
        .iter()
        .filter(|(_, column)| used.contains(&column.id) && !kept.contains(&column.id));
    for (name, column) in ungrouped {
        if !decided.columns.contains(&column.id) {
            return Err(Error::new(
                SqlState::GROUPING_ERROR,
                format!("column \"{name}\" must appear in the GROUP BY clause or be used in an aggregate function"),
            ));
        }
        if decided.used.iter().all(|known| known.id != column.id) {
            decided.used.push(column.clone());
        }
    }
    Ok(rewritten)
}
