//! WITH: each entry is bound once; whether it is then computed once or put in place of its uses follows Postgres: used once
//! and without side conditions it is put in place, unless MATERIALIZED says otherwise.

use super::bind_query::BoundQuery;
use super::bind_with_statement::refuse_change;
use super::coerce::Level;
use super::common_type::common_type;
use super::name::fold;
use super::scope::Scope;
use super::{Binder, CteBinding, not_supported};
use crate::catalog::Volatility;
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, CteId, CteScan, Expr, Plan, Recursive, With};
use crate::types::LogicalType;
use sqlparser::ast;

/// A bound entry of WITH that is computed once, waiting for the query around which it goes.
#[derive(Clone)]
pub(super) struct BoundWith {
    id: CteId,
    name: String,
    definition: Plan,
    recursive: Option<Recursive>,
    columns: Vec<ColumnDef>,
    /// Put in place when used once.
    may_inline: bool,
}

impl BoundWith {
    /// A plan under a name.
    pub(super) fn of_plan(id: CteId, name: String, definition: Plan) -> Self {
        BoundWith {
            id,
            name,
            columns: definition.output(),
            definition,
            recursive: None,
            may_inline: true,
        }
    }

    /// What its name stands for.
    pub(super) fn binding(&self) -> CteBinding {
        CteBinding {
            name: self.name.clone(),
            columns: self.columns.clone(),
            id: self.id,
            returns_nothing: false,
        }
    }

    /// By which scans name it.
    pub(super) fn id(&self) -> CteId {
        self.id
    }

    /// Whether computing it anew might give something else.
    pub(super) fn is_computed_once(&self) -> bool {
        self.recursive.is_none() && is_volatile(&self.definition)
    }

    /// Its name, its plan, and the columns of that under their names.
    pub(super) fn into_parts(self) -> (String, Plan, Vec<ColumnDef>) {
        (self.name, self.definition, self.columns)
    }

    /// The query with this entry around it; the entry falls away where it is not used.
    pub(super) fn around(self, body: Plan) -> Plan {
        let uses = count_scans(&body, self.id);
        if uses == 0 {
            return body;
        }
        if uses == 1 && self.may_inline {
            let mut definition = Some(self.definition);
            return inline(body, self.id, &mut definition);
        }
        Plan::With(With {
            id: self.id,
            name: self.name,
            definition: Box::new(self.definition),
            recursive: self.recursive,
            columns: self.columns,
            body: Box::new(body),
        })
    }
}

/// Scans of a CTE, those in subquery expressions included.
fn count_scans(plan: &Plan, id: CteId) -> usize {
    let here = usize::from(matches!(plan, Plan::CteScan(scan) if scan.id == id));
    let mut below = 0;
    plan.for_each_expression(&mut |expression| below += count_in_expression(expression, id));
    here + below
        + plan
            .inputs()
            .into_iter()
            .map(|input| count_scans(input, id))
            .sum::<usize>()
}

fn count_in_expression(expression: &Expr, id: CteId) -> usize {
    let mut count = expression.subquery().map_or(0, |plan| count_scans(plan, id));
    expression.for_each_operand(&mut |operand| count += count_in_expression(operand, id));
    count
}

/// Puts the definition in place of its only scan.
fn inline(plan: Plan, id: CteId, definition: &mut Option<Plan>) -> Plan {
    if let Plan::CteScan(scan) = &plan
        && scan.id == id
        && let Some(definition) = definition.take()
    {
        let inner = definition.output();
        let expressions = scan
            .columns
            .iter()
            .filter_map(|(index, column)| Some((column.clone(), Expr::Column(inner.get(*index)?.clone()))))
            .collect();
        return definition.projected(expressions);
    }
    let plan = plan.map_inputs(&mut |input| inline(input, id, definition));
    if definition.is_none() {
        return plan;
    }
    plan.map_expressions(&mut |expression| inline_in_expression(expression, id, definition))
}

fn inline_in_expression(expression: Expr, id: CteId, definition: &mut Option<Plan>) -> Expr {
    if count_in_expression(&expression, id) == 0 {
        return expression;
    }
    let mapped = expression
        .try_map_operands::<std::convert::Infallible>(&mut |operand| Ok(inline_in_expression(operand, id, definition)));
    let mapped = match mapped {
        Ok(mapped) => mapped,
        Err(never) => match never {},
    };
    let mapped = mapped.try_map_subquery::<std::convert::Infallible>(&mut |plan| Ok(inline(plan, id, definition)));
    match mapped {
        Ok(mapped) => mapped,
        Err(never) => match never {},
    }
}

impl Binder<'_> {
    /// Binds the entries of WITH and makes their names known; the caller forgets them after the query.
    pub(super) fn bind_with(&mut self, with: &ast::With, parent: Option<&Scope<'_>>) -> Result<Vec<BoundWith>> {
        let first = self.ctes.len();
        let mut bound = Vec::with_capacity(with.cte_tables.len());
        for cte in &with.cte_tables {
            let name = fold(&cte.alias.name);
            if self.ctes.iter().skip(first).any(|known| known.name == name) {
                return Err(Error::new(
                    SqlState::DUPLICATE_ALIAS,
                    format!("WITH query name \"{name}\" specified more than once"),
                )
                .at(self.span(&cte.alias.name)));
            }
            refuse_change(&cte.query).map_err(|error| error.at(self.span(&cte.alias.name)))?;
            let entry = match with.recursive && mentions(&cte.query, &name) {
                true => self.bind_recursive(cte, &name, parent)?,
                false => self.bind_plain(cte, &name, parent)?,
            };
            self.ctes.push(entry.binding());
            bound.push(entry);
        }
        Ok(bound)
    }

    /// An entry of the WITH of a statement.
    pub(super) fn bind_entry(&mut self, cte: &ast::Cte, name: &str, recursive: bool) -> Result<BoundWith> {
        match recursive && mentions(&cte.query, name) {
            true => self.bind_recursive(cte, name, None),
            false => self.bind_plain(cte, name, None),
        }
    }

    fn bind_plain(&mut self, cte: &ast::Cte, name: &str, parent: Option<&Scope<'_>>) -> Result<BoundWith> {
        let BoundQuery { plan, names } = self.bind_query(&cte.query, parent)?;
        let names = self.column_aliases(name, names, &cte.alias.columns)?;
        let columns = renamed(plan.output(), names);
        let may_inline = match cte.materialized {
            Some(ast::CteAsMaterialized::Materialized) => false,
            Some(ast::CteAsMaterialized::NotMaterialized) => true,
            None => !is_volatile(&plan),
        };
        Ok(BoundWith {
            id: self.cte_id(),
            name: name.to_owned(),
            definition: plan,
            recursive: None,
            columns,
            may_inline,
        })
    }

    /// `name AS (non-recursive UNION [ALL] recursive)`
    fn bind_recursive(&mut self, cte: &ast::Cte, name: &str, parent: Option<&Scope<'_>>) -> Result<BoundWith> {
        let query = &cte.query;
        let ast::SetExpr::SetOperation {
            left,
            op: ast::SetOperator::Union,
            set_quantifier,
            right,
        } = &*query.body
        else {
            return Err(Error::new(
                SqlState("42P19"),
                format!(
                    "recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] recursive-term"
                ),
            )
            .at(self.span(&cte.alias.name)));
        };
        if query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some() {
            return Err(not_supported("ORDER BY and LIMIT in a recursive query").at(self.span(&cte.alias.name)));
        }
        let known = self.ctes.len();
        let withs = match &query.with {
            Some(with) => self.bind_with(with, parent)?,
            None => Vec::new(),
        };
        if !withs.is_empty() {
            return Err(not_supported("WITH inside a recursive query").at(self.span(&cte.alias.name)));
        }
        let BoundQuery { plan, names } = self.bind_set_expression(left, parent)?;
        let types: Vec<LogicalType> = plan
            .output()
            .into_iter()
            .map(|column| match column.data_type {
                LogicalType::Unknown => LogicalType::Text,
                known => known,
            })
            .collect();
        let definition = self.coerce_columns(plan, &types, Level::Implicit)?;
        let names = self.column_aliases(name, names, &cte.alias.columns)?;
        let mut columns = renamed(definition.output(), names);
        for column in &mut columns {
            column.nullable = true;
        }
        let id = self.cte_id();
        self.ctes.push(CteBinding {
            name: name.to_owned(),
            columns: columns.clone(),
            id,
            returns_nothing: false,
        });
        let term = self.bind_set_expression(right, parent);
        self.ctes.truncate(known);
        let term = term?.plan;
        let term = self.recursive_term(name, term, &types)?;
        Ok(BoundWith {
            id,
            name: name.to_owned(),
            definition,
            recursive: Some(Recursive {
                term: Box::new(term),
                all: *set_quantifier == ast::SetQuantifier::All,
            }),
            columns,
            may_inline: false,
        })
    }

    /// The recursive term with the columns' types, which the non-recursive term alone decides.
    fn recursive_term(&mut self, name: &str, term: Plan, types: &[LogicalType]) -> Result<Plan> {
        let columns = term.output();
        if columns.len() != types.len() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "each UNION query must have the same number of columns",
            ));
        }
        for (position, (column, data_type)) in columns.iter().zip(types).enumerate() {
            let common = common_type(&column.data_type, data_type);
            let fits = common.as_ref().is_some_and(|common| common.kind() == data_type.kind());
            if !fits {
                return Err(Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!(
                        "recursive query \"{name}\" column {} has type {data_type} in non-recursive term but type {} overall",
                        position + 1,
                        common.unwrap_or_else(|| column.data_type.clone()),
                    ),
                )
                .with_hint("Cast the output of the non-recursive term to the correct type."));
            }
        }
        self.coerce_columns(term, types, Level::Assignment)
    }

    /// The columns' names after an alias list.
    pub(super) fn column_aliases(
        &self,
        relation: &str,
        mut names: Vec<String>,
        aliases: &[ast::TableAliasColumnDef],
    ) -> Result<Vec<String>> {
        if aliases.len() > names.len() {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                format!(
                    "table \"{relation}\" has {} columns available but {} columns specified",
                    names.len(),
                    aliases.len()
                ),
            ));
        }
        for (name, alias) in names.iter_mut().zip(aliases) {
            *name = fold(&alias.name);
        }
        Ok(names)
    }

    /// The rows of a common table expression, if the name is one.
    ///
    /// # Errors
    /// 0A000 for a statement that returns nothing.
    pub(super) fn bind_cte_reference(&mut self, name: &str) -> Result<Option<(Plan, Vec<ColumnDef>)>> {
        let Some(binding) = self.ctes.iter().rev().find(|cte| cte.name == name).cloned() else {
            return Ok(None);
        };
        if binding.returns_nothing {
            let message = format!("WITH query \"{name}\" does not have a RETURNING clause");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message));
        }
        let id = binding.id;
        let columns: Vec<ColumnDef> = binding
            .columns
            .iter()
            .map(|column| self.column(column.name.clone(), column.data_type.clone(), column.nullable))
            .collect();
        let plan = Plan::CteScan(CteScan {
            id,
            name: binding.name,
            columns: columns.iter().cloned().enumerate().collect(),
        });
        Ok(Some((plan, columns)))
    }
}

/// Columns under other names.
pub(super) fn renamed(columns: Vec<ColumnDef>, names: Vec<String>) -> Vec<ColumnDef> {
    columns
        .into_iter()
        .zip(names)
        .map(|(column, name)| ColumnDef { name, ..column })
        .collect()
}

/// Whether the text of a query names a relation; a cheap over-estimate that decides how a WITH RECURSIVE entry is bound.
fn mentions(query: &ast::Query, name: &str) -> bool {
    query
        .to_string()
        .to_lowercase()
        .split(|character: char| !(character.is_alphanumeric() || character == '_' || character == '$'))
        .any(|word| word == name.to_lowercase())
        && matches!(&*query.body, ast::SetExpr::SetOperation { .. })
}

fn is_volatile(plan: &Plan) -> bool {
    let mut volatile = false;
    plan.for_each_expression(&mut |expression| {
        volatile = volatile
            || expression.any(&mut |part| {
                matches!(part, Expr::Call(call) if call.function.volatility == Volatility::Volatile)
                    || part.subquery().is_some_and(is_volatile)
            });
    });
    volatile || plan.inputs().into_iter().any(is_volatile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_inside_a_word_is_no_mention() {
        let query = crate::parse::parse_query("select 1 from tree union all select 2 from trees").expect("parses");
        assert!(mentions(&query, "tree"));
        assert!(!mentions(&query, "tre"));
    }
}
