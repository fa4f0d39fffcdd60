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
    /// Of the one of which there is only what changed.
    cause: Option<ColumnDef>,
}

/// What an output column of the query is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// The same for all rows of a group.
    Key,
    /// A sum or count.
    Additive,
    /// Anything else: what rows did to it cannot be told one by one.
    Other,
}

/// An output column of the query.
struct Output {
    name: String,
    kind: Kind,
    data_type: LogicalType,
}

/// The query, bound once.
struct Explained {
    /// Its groups: keys `k0`, outputs `c0`, and of changes their cause and how many rows there were.
    plan: Plan,
    key_count: usize,
    outputs: Vec<Output>,
    tables: Vec<Arc<RelationInfo>>,
}

/// What a table did to the answer.
enum Effect {
    /// By the causes of rows that came and went.
    ByRows { added: Plan, removed: Plan },
    /// As the difference of two answers.
    ByAnswers { before: Plan, after: Plan },
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
                    reading.cause = Some(rows.cause);
                }
                return self.aliased(rows.plan, rows.columns, schema, name, alias);
            }
            Stand::Changes(count, _) | Stand::Whole(count) => count,
        };
        let as_of = match place < changed {
            true => span.until,
            false => Some(span.after),
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
        let Some(cause) = reading.cause else { return Ok(None) };
        if !expose(&mut aggregate.input, &cause) {
            return Ok(None);
        }
        let Some(count) = self.catalog.function(None, "count") else {
            return Err(not_supported("counting"));
        };
        let rows = self.column("rows", LogicalType::BigInt, false);
        let by = self.column("cause", LogicalType::Text, true);
        let of_groups = self.named_keys(&aggregate);
        aggregate.keys.push((by.clone(), Expr::Column(cause)));
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
        };
        aggregate.aggregates.push((rows.clone(), count));
        let more = [by, rows].map(|column| (column.clone(), Expr::Column(column)));
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
            cause: None,
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

/// The parts of an explanation put together, as text: its sources are `before` and `after`, and for each table what it added and took away.
struct Assembly<'a> {
    key_count: usize,
    outputs: &'a [Output],
    tables: &'a [Arc<RelationInfo>],
}

/// What commits are for, as parts of an explanation.
const PARTS: [(&str, &str); 8] = [
    ("insert", "inserted"),
    ("copy", "inserted"),
    ("load", "inserted"),
    ("upsert", "upserted"),
    ("update", "updated"),
    ("merge", "merged"),
    ("delete", "deleted"),
    ("truncate", "deleted"),
];

impl Assembly<'_> {
    /// The columns: the query's keys, the part, the table and how many rows of it, and the query's other columns.
    fn names(&self) -> Vec<String> {
        let of = |is_key: bool| {
            let outputs = self.outputs.iter();
            let outputs = outputs.filter(move |output| (output.kind == Kind::Key) == is_key);
            outputs.map(|output| output.name.clone())
        };
        let own = ["part", "relation", "rows_added", "rows_removed"].map(str::to_owned);
        of(true).chain(own).chain(of(false)).collect()
    }

    /// The outputs, keys or others, as a list in which each is what is said of it.
    fn list(&self, is_key: bool, said: impl Fn(usize, &Output) -> String) -> String {
        let outputs = self.outputs.iter().enumerate();
        let outputs = outputs.filter(|(_, output)| (output.kind == Kind::Key) == is_key);
        outputs.fold(String::new(), |list, (place, output)| {
            list + ", " + &said(place, output)
        })
    }

    fn keys(&self) -> String {
        (0..self.key_count).fold(String::new(), |list, place| format!("{list}, k{place}"))
    }

    fn text(&self, effects: &[Effect]) -> String {
        let (keys, plain) = (self.keys(), |place: usize, _: &Output| format!("c{place}"));
        let (of_groups, values) = (self.list(true, plain), self.list(false, plain));
        let whole = |rank: usize, part: &str| {
            format!(
                "SELECT {rank} AS rank, '{part}' AS part, NULL::text AS relation, NULL::bigint AS rows_added, \
                 NULL::bigint AS rows_removed{keys}{of_groups}{values} FROM {part}"
            )
        };
        let mut entries = vec![whole(0, "before"), whole(self.tables.len() + 1, "after")];
        for (place, effect) in effects.iter().enumerate() {
            entries.push(match effect {
                Effect::ByRows { .. } => self.by_rows(place),
                Effect::ByAnswers { .. } => self.by_answers(place),
            });
        }
        let (entries, last) = (entries.join(" UNION ALL "), self.tables.len() + 1);
        let partition = match keys.strip_prefix(", ") {
            Some(keys) => format!("PARTITION BY {keys}"),
            None => String::new(),
        };
        let first = of_groups
            .strip_prefix(", ")
            .map(|keys| format!("{keys}, "))
            .unwrap_or_default();
        format!(
            "SELECT {first}part, relation, rows_added, rows_removed{values} FROM (SELECT *, \
             count(*) FILTER (WHERE rank BETWEEN 1 AND {}) OVER ({partition}) AS parts FROM ({entries}) AS entry) AS entry \
             WHERE parts > 0 ORDER BY {}rank, part",
            last - 1,
            keys.strip_prefix(", ")
                .map(|keys| format!("{keys}, "))
                .unwrap_or_default()
        )
    }

    /// The parts of a table whose rows tell them: by the causes of commits for the first table, all in one for the others.
    fn by_rows(&self, place: usize) -> String {
        let part = match self.is_fact(place) {
            true => {
                let cases = PARTS.iter().fold(String::new(), |cases, (cause, part)| {
                    format!("{cases} WHEN '{cause}' THEN '{part}'")
                });
                format!("CASE coalesce(cause, 'unknown'){cases} ELSE coalesce(cause, 'unknown') END")
            }
            false => self.whole_part(place),
        };
        let one_side = |source: &str, sign: &str, added: &str, removed: &str| {
            let values = self.list(false, |place, output| match output.kind {
                Kind::Additive => format!("{sign}c{place} AS c{place}"),
                _ => format!("NULL AS c{place}"),
            });
            format!(
                "SELECT {part} AS part, {added} AS rows_added, {removed} AS rows_removed{}{}{values} FROM \"{source} {place}\"",
                self.keys(),
                self.list(true, |place, _| format!("c{place}")),
            )
        };
        let rows = [one_side("plus", "", "rows", "0"), one_side("minus", "-", "0", "rows")];
        self.summed(
            place,
            &rows.join(" UNION ALL "),
            "sum(rows_added)::bigint",
            "sum(rows_removed)::bigint",
        )
    }

    /// The part of a table of which only answers tell: those rows of either answer that the other has not.
    fn by_answers(&self, place: usize) -> String {
        let one_side = |this: &str, other: &str, sign: &str| {
            let plain = self.list(true, |place, _| format!("c{place}"));
            let all = self.list(false, |place, _| format!("c{place}"));
            let columns = format!("{}{plain}{all}", self.keys());
            let columns = columns.trim_start_matches(", ");
            let values = self.list(false, |place, output| match output.kind {
                Kind::Additive => format!("{sign}c{place} AS c{place}"),
                _ => format!("NULL AS c{place}"),
            });
            format!(
                "SELECT {} AS part{}{plain}{values} FROM (SELECT {columns} FROM \"{this} {place}\" EXCEPT ALL \
                 SELECT {columns} FROM \"{other} {place}\") AS answer",
                self.whole_part(place),
                self.keys()
            )
        };
        let rows = [one_side("plus", "minus", ""), one_side("minus", "plus", "-")];
        self.summed(place, &rows.join(" UNION ALL "), "NULL::bigint", "NULL::bigint")
    }

    /// Both sides of a table added up.
    fn summed(&self, place: usize, rows: &str, rows_added: &str, rows_removed: &str) -> String {
        let (keys, of_groups) = (self.keys(), self.list(true, |place, _| format!("c{place}")));
        let values = self.list(false, |place, output| match output.kind {
            Kind::Additive => format!("sum(c{place})::{} AS c{place}", output.data_type),
            _ => format!("NULL AS c{place}"),
        });
        let relation = self.tables.get(place).map(|table| table.name.replace('\'', "''"));
        format!(
            "SELECT {} AS rank, part, '{}'::text AS relation, {rows_added} AS rows_added, {rows_removed} AS \
             rows_removed{keys}{of_groups}{values} FROM ({rows}) AS side GROUP BY part{keys}{of_groups}",
            place + 1,
            relation.unwrap_or_default()
        )
    }

    /// The part of all changes of a table together.
    fn whole_part(&self, place: usize) -> String {
        match self.is_fact(place) {
            true => "'changed'".to_owned(),
            false => "'dimension changed'".to_owned(),
        }
    }

    /// Whether the explanation is about a table, not about what it is joined with.
    fn is_fact(&self, place: usize) -> bool {
        let (first, this) = (self.tables.first(), self.tables.get(place));
        first.map(|table| table.id) == this.map(|table| table.id)
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

/// Puts a column that a table below brings into a plan's output; gives back whether each row of the table is there at most once, and
/// by itself.
fn expose(plan: &mut Plan, column: &ColumnDef) -> bool {
    match plan {
        Plan::Project(project) if project.expressions.iter().any(|(known, _)| known.id == column.id) => true,
        Plan::Filter(filter) => expose(&mut filter.input, column),
        Plan::Sort(sort) if sort.limit.is_none() => expose(&mut sort.input, column),
        Plan::Project(project) => {
            let is_there = expose(&mut project.input, column);
            if is_there {
                project.expressions.push((column.clone(), Expr::Column(column.clone())));
            }
            is_there
        }
        Plan::Join(join) => match join.kind {
            JoinKind::Inner => expose(&mut join.left, column) || expose(&mut join.right, column),
            JoinKind::Left | JoinKind::Semi | JoinKind::Anti | JoinKind::Single | JoinKind::Mark { .. } => {
                expose(&mut join.left, column)
            }
            JoinKind::Right | JoinKind::RightSemi | JoinKind::RightAnti => expose(&mut join.right, column),
            JoinKind::Full | JoinKind::NullAwareAnti => false,
        },
        _ => false,
    }
}

fn named_outputs(outputs: Vec<(ColumnDef, Expr)>) -> impl Iterator<Item = (ColumnDef, Expr)> {
    let outputs = outputs.into_iter().enumerate();
    outputs.map(|(place, (column, expression))| {
        let name = format!("c{place}");
        (ColumnDef { name, ..column }, expression)
    })
}
