//! `FROM stoa.explain_change('query', from [, until])`: why an aggregation answers differently at two versions. For each group that was
//! changed a row with what was, one for each cause with what it did, and one with what is: for sums and counts the rows between add up to
//! the difference, exactly.
//!
//! The query is bound several times. From one version to the other its tables change one after the other, in the order of FROM: what the
//! `n`th one did is the query over its changes, with the tables before it as they are and those behind it as they were. Where a table's
//! rows go into the aggregation one by one, these are the query of the rows that came, less that of the rows that went, both by the commits'
//! causes; elsewhere (the nullable side of a join, a subquery) what it did is the difference of two answers. Nothing is computed here.

use super::bind_changes::Span;
use super::bind_cte::BoundWith;
use super::bind_from::{FromItem, shown};
use super::explanation::{Assembly, Effect, Kind, Output};
use super::name::parts;
use super::{Binder, not_supported};
use crate::catalog::RelationInfo;
use crate::error::{Error, Result};
use crate::plan::{Aggregate, AggregateCall, ColumnDef, Expr, FunctionCall, JoinKind, Plan, Project, RowChange};
use crate::types::LogicalType;
use sqlparser::ast;
use std::sync::Arc;

/// Whether a function in FROM is this one.
pub(super) fn is_explain_change(name: &ast::ObjectName) -> bool {
    parts(name).is_ok_and(|parts| parts == ["stoa", "explain_change"])
}

/// Where the tables of an explained query stand; they are counted as they are bound.
#[derive(Clone, Copy, PartialEq)]
enum Stand {
    /// So many of them are as of the later version.
    Whole(usize),
    /// Likewise, and of the next one there is only what changed.
    Changes(usize, RowChange),
}

/// How the tables of an explained query are read.
pub(super) struct Reading {
    span: Span,
    stand: Stand,
    /// Those that were bound.
    tables: Vec<Arc<RelationInfo>>,
    /// Why rows changed, of the one of which there is only what changed.
    causes: Option<[ColumnDef; 2]>,
}

/// The query, bound once.
struct Explained {
    /// Its groups: keys `k0`, outputs `c0`, and of changes their cause and how many rows there were.
    plan: Plan,
    key_count: usize,
    outputs: Vec<Output>,
    tables: Vec<Arc<RelationInfo>>,
}

impl Binder<'_> {
    /// The item: the columns of the query with, behind its keys, the part, the table that did it, and how many rows of it.
    pub(super) fn bind_explain_change(
        &mut self,
        name: &ast::ObjectName,
        arguments: &[ast::FunctionArg],
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let usage = "SELECT * FROM stoa.explain_change($$SELECT day, sum(revenue) FROM sales GROUP BY day$$, 120, 140)";
        let at = self.span(name);
        let (text, span) = self
            .text_and_versions("explain_change", arguments, usage)
            .map_err(|error| error.at(at))?;
        if self.explained.is_some() {
            return Err(not_supported("stoa.explain_change within a query whose change is explained").at(at));
        }
        let query = crate::parse::parse_query(&text).map_err(|error| in_query(error).at(at))?;
        let ctes = std::mem::take(&mut self.ctes);
        let spans_valid = std::mem::replace(&mut self.spans_valid, false);
        let bound = self.explanation(&query, &span);
        self.explained = None;
        self.spans_valid = spans_valid;
        self.ctes = ctes;
        let (plan, names) = bound.map_err(|error| in_query(error).at(at))?;
        let columns = super::bind_cte::renamed(plan.output(), names);
        self.aliased(plan, shown(&columns), None, "explain_change".to_owned(), alias)
    }

    /// A table of a query that is explained.
    pub(super) fn bind_explained_table(
        &mut self,
        relation: &Arc<RelationInfo>,
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let Some(reading) = &mut self.explained else {
            return Err(not_supported("a table that is explained outside an explanation"));
        };
        let place = reading.tables.len();
        reading.tables.push(relation.clone());
        let (span, stand) = (reading.span.clone(), reading.stand);
        let (schema, name) = (Some(relation.schema.clone()), relation.name.clone());
        let changed = match stand {
            Stand::Changes(at, change) if at == place => {
                let rows = self.changed_rows(relation, change, &span)?;
                if let Some(reading) = &mut self.explained {
                    reading.causes = Some(rows.causes);
                }
                return self.aliased(rows.plan, rows.columns, schema, name, alias);
            }
            Stand::Changes(count, _) | Stand::Whole(count) => count,
        };
        let as_of = match place < changed {
            true => span.until,
            false => span.after,
        };
        let (mut scan, mut columns) = self.scan(relation, as_of);
        self.add_system_columns(relation, &mut scan, &mut columns);
        self.aliased(Plan::Scan(scan), columns, schema, name, alias)
    }

    /// The whole explanation and the names of its columns.
    fn explanation(&mut self, query: &ast::Query, span: &Span) -> Result<(Plan, Vec<String>)> {
        let before = self.standing(query, span, Stand::Whole(0))?;
        let tables = before.tables.clone();
        if tables.is_empty() {
            return Err(not_supported("an explanation of a query that reads no table"));
        }
        let after = self.standing(query, span, Stand::Whole(tables.len()))?;
        let mut effects = Vec::with_capacity(tables.len());
        for place in 0..tables.len() {
            effects.push(self.effect(query, span, place)?);
        }
        let assembly = Assembly {
            key_count: before.key_count,
            outputs: &before.outputs,
            tables: &tables,
        };
        let (text, names) = (assembly.text(&effects), assembly.names());
        let mut entries = vec![("before".to_owned(), before.plan), ("after".to_owned(), after.plan)];
        for (place, effect) in effects.into_iter().enumerate() {
            let (positive, negative) = match effect {
                Effect::ByRows { added, removed } => (added, removed),
                Effect::ByAnswers { before, after } => (after, before),
            };
            entries.push((format!("plus {place}"), positive));
            entries.push((format!("minus {place}"), negative));
        }
        self.explained = None;
        let mut withs = Vec::with_capacity(entries.len());
        for (name, plan) in entries {
            let with = BoundWith::of_plan(self.cte_id(), name, plan);
            self.ctes.push(with.binding());
            withs.push(with);
        }
        let assembly = crate::parse::parse_query(&text)?;
        let mut plan = self.bind_query(&assembly, None)?.plan;
        for with in withs.into_iter().rev() {
            plan = with.around(plan);
        }
        Ok((plan, names))
    }

    fn effect(&mut self, query: &ast::Query, span: &Span, place: usize) -> Result<Effect> {
        let added = self.changes_of(query, span, place, RowChange::Added)?;
        let removed = self.changes_of(query, span, place, RowChange::Removed)?;
        Ok(match (added, removed) {
            (Some(added), Some(removed)) => Effect::ByRows { added, removed },
            _ => Effect::ByAnswers {
                before: self.standing(query, span, Stand::Whole(place))?.plan,
                after: self.standing(query, span, Stand::Whole(place + 1))?.plan,
            },
        })
    }

    /// The query with its tables at some versions.
    fn standing(&mut self, query: &ast::Query, span: &Span, stand: Stand) -> Result<Explained> {
        let (outputs, aggregate, reading) = self.aggregation(query, span, stand)?;
        let kinds = outputs.iter().map(|(column, expression)| Output {
            name: column.name.clone(),
            kind: kind(expression, &aggregate),
            data_type: column.data_type.clone(),
        });
        Ok(Explained {
            outputs: kinds.collect(),
            key_count: aggregate.keys.len(),
            plan: {
                let keys = self.named_keys(&aggregate).into_iter();
                let expressions = keys.chain(named_outputs(outputs)).collect();
                Plan::Aggregate(aggregate).projected(expressions)
            },
            tables: reading.tables,
        })
    }

    /// The query over the changes of a table; `None` where they do not go into the aggregation one by one.
    fn changes_of(&mut self, query: &ast::Query, span: &Span, place: usize, change: RowChange) -> Result<Option<Plan>> {
        let (outputs, mut aggregate, reading) = self.aggregation(query, span, Stand::Changes(place, change))?;
        let Some(causes) = reading.causes else { return Ok(None) };
        if !expose(&mut aggregate.input, &causes) {
            return Ok(None);
        }
        let Some(count) = self.catalog.function(None, "count") else {
            return Err(not_supported("counting"));
        };
        let rows = self.column("rows", LogicalType::BigInt, false);
        let by = [
            self.column("cause", LogicalType::Text, true),
            self.column("arrival", LogicalType::SmallInt, true),
        ];
        let of_groups = self.named_keys(&aggregate);
        aggregate
            .keys
            .extend(by.clone().into_iter().zip(causes.map(Expr::Column)));
        let call = FunctionCall {
            function: count,
            arguments: Vec::new(),
            data_type: LogicalType::BigInt,
            span: None,
        };
        let count = AggregateCall {
            call,
            distinct: false,
            filter: None,
            order_by: Vec::new(),
            states: None,
        };
        aggregate.aggregates.push((rows.clone(), count));
        let more = by.into_iter().chain([rows]);
        let more = more.map(|column| (column.clone(), Expr::Column(column)));
        let expressions = of_groups.into_iter().chain(named_outputs(outputs)).chain(more);
        Ok(Some(Plan::Aggregate(aggregate).projected(expressions.collect())))
    }

    fn named_keys(&mut self, aggregate: &Aggregate) -> Vec<(ColumnDef, Expr)> {
        let keys = aggregate.keys.iter().enumerate();
        keys.map(|(place, (key, _))| {
            let expression = Expr::Column(key.clone());
            (self.column_for(format!("k{place}"), &expression), expression)
        })
        .collect()
    }

    /// The query as outputs over an aggregation.
    fn aggregation(
        &mut self,
        query: &ast::Query,
        span: &Span,
        stand: Stand,
    ) -> Result<(Vec<(ColumnDef, Expr)>, Aggregate, Reading)> {
        self.explained = Some(Reading {
            span: span.clone(),
            stand,
            tables: Vec::new(),
            causes: None,
        });
        let bound = self.bind_query(query, None);
        let reading = self.explained.take();
        let bound = bound?;
        let Some(reading) = reading else {
            return Err(not_supported("an explanation within an explanation"));
        };
        let (mut outputs, aggregate) = taken_apart(bound.plan)?;
        for ((column, _), name) in outputs.iter_mut().zip(bound.names) {
            column.name = name;
        }
        Ok((outputs, aggregate, reading))
    }
}

/// That something is wrong with the query in the text.
fn in_query(mut error: Error) -> Error {
    error.span = None;
    match error.detail {
        Some(_) => error,
        None => error.with_detail("In the query whose change is to be explained."),
    }
}

/// A plan as outputs over an aggregation; ORDER BY falls away.
fn taken_apart(plan: Plan) -> Result<(Vec<(ColumnDef, Expr)>, Aggregate)> {
    match plan {
        Plan::Sort(sort) if sort.limit.is_none() => taken_apart(*sort.input),
        Plan::Project(Project { input, expressions }) => match *input {
            Plan::Aggregate(aggregate) if aggregate.grouping_sets.is_none() => Ok((expressions, aggregate)),
            Plan::Aggregate(_) => Err(unexplained("GROUPING SETS")),
            Plan::Filter(filter) if matches!(*filter.input, Plan::Aggregate(_)) => Err(unexplained("HAVING")),
            below @ (Plan::Sort(_) | Plan::Project(_)) => {
                let (inner, aggregate) = taken_apart(below)?;
                let outputs = expressions.into_iter().map(|(column, expression)| {
                    let composed = expression.transform_up(&mut |part| match part {
                        Expr::Column(column) => match inner.iter().find(|(known, _)| known.id == column.id) {
                            Some((_, definition)) => definition.clone(),
                            None => Expr::Column(column),
                        },
                        part => part,
                    });
                    (column, composed)
                });
                Ok((outputs.collect(), aggregate))
            }
            Plan::Window(_) => Err(unexplained("window functions")),
            _ => Err(unexplained("no aggregate")),
        },
        Plan::Distinct(_) => Err(unexplained("DISTINCT")),
        Plan::Limit(_) | Plan::Sort(_) => Err(unexplained("LIMIT")),
        Plan::SetOperation(_) => Err(unexplained("UNION, INTERSECT or EXCEPT")),
        Plan::With(_) => Err(unexplained("a WITH query that is computed once")),
        _ => Err(unexplained("no aggregate")),
    }
}

fn unexplained(what: &str) -> Error {
    not_supported(format!("explaining the change of a query with {what}")).with_hint(
        "It explains SELECT keys, aggregates FROM .. WHERE .. GROUP BY keys; stoa.table_changes shows the rows.",
    )
}

fn kind(expression: &Expr, aggregate: &Aggregate) -> Kind {
    if let Expr::Column(column) = expression
        && let Some((_, call)) = aggregate.aggregates.iter().find(|(known, _)| known.id == column.id)
    {
        let is_additive = matches!(call.call.function.name, "sum" | "count") && !call.distinct;
        return if is_additive { Kind::Additive } else { Kind::Other };
    }
    let keys = aggregate.keys.iter().map(|(column, _)| column.id).collect();
    match expression.uses_only(&keys) {
        true => Kind::Key,
        false => Kind::Other,
    }
}

/// Puts columns that a table below brings into a plan's output; gives back whether each row of the table is there at most once, and
/// by itself.
fn expose(plan: &mut Plan, columns: &[ColumnDef; 2]) -> bool {
    match plan {
        Plan::Project(project) if project.expressions.iter().any(|(known, _)| known.id == columns[0].id) => true,
        Plan::Filter(filter) => expose(&mut filter.input, columns),
        Plan::Sort(sort) if sort.limit.is_none() => expose(&mut sort.input, columns),
        Plan::Project(project) => {
            let is_there = expose(&mut project.input, columns);
            if is_there {
                let columns = columns.iter();
                let columns = columns.map(|column| (column.clone(), Expr::Column(column.clone())));
                project.expressions.extend(columns);
            }
            is_there
        }
        Plan::Join(join) => expose_side(&join.kind, &mut join.left, &mut join.right, columns),
        Plan::Apply(apply) => expose_side(&apply.kind, &mut apply.left, &mut apply.right, columns),
        _ => false,
    }
}

/// [`expose`] for that side of a join whose rows are there by themselves.
fn expose_side(kind: &JoinKind, left: &mut Plan, right: &mut Plan, columns: &[ColumnDef; 2]) -> bool {
    match kind {
        JoinKind::Inner => expose(left, columns) || expose(right, columns),
        JoinKind::Left | JoinKind::Semi | JoinKind::Anti | JoinKind::Single | JoinKind::Mark { .. } => {
            expose(left, columns)
        }
        JoinKind::Right | JoinKind::RightSemi | JoinKind::RightAnti => expose(right, columns),
        JoinKind::Full | JoinKind::NullAwareAnti => false,
    }
}

fn named_outputs(outputs: Vec<(ColumnDef, Expr)>) -> impl Iterator<Item = (ColumnDef, Expr)> {
    let outputs = outputs.into_iter().enumerate();
    outputs.map(|(place, (column, expression))| {
        let name = format!("c{place}");
        (ColumnDef { name, ..column }, expression)
    })
}
