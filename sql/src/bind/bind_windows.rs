//! What is final of a table of events: `SET stoa.window_mode = 'final'` hides what others may still come beside, and
//! `FROM stoa.windows('events', '1 hour')` tells of each window whether it is complete and how often it was changed since. What is
//! complete is the engine's business (`event_watermark`, `event_final_until`).

use super::Binder;
use super::bind_changes::Span;
use super::bind_cte::BoundWith;
use super::bind_from::{FromItem, shown};
use super::coerce::Level;
use super::name::{named_relation, parts};
use super::scope::ScopeColumn;
use crate::catalog::{RelationInfo, RelationKind};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{COMMIT_VERSION_COLUMN, ColumnDef, ColumnId, CompareOp, Expr, Plan, RowChange};
use crate::types::LogicalType;
use sqlparser::ast;
use std::sync::Arc;

const WINDOW_MODE_SETTING: &str = "stoa.window_mode";

/// Functions that give the beginning of a window, or another clock's reading: a later time never gives an earlier one.
const WINDOW_FUNCTIONS: [&str; 4] = ["date_trunc", "time_bucket", "date_bin", "timezone"];

/// Whether a function in FROM is `stoa.windows`.
pub(super) fn is_windows(name: &ast::ObjectName) -> bool {
    parts(name).is_ok_and(|parts| parts == ["stoa", "windows"])
}

/// The time of an event, and what is before is final.
pub(super) struct FinalEvents {
    column: ColumnId,
    until: Expr,
}

impl Binder<'_> {
    /// Only the rows of a table that are final, where the session asks for these.
    pub(super) fn final_rows(&mut self, relation: &RelationInfo, plan: Plan, columns: &[ScopeColumn]) -> Result<Plan> {
        let column = relation.event_time.and_then(|place| columns.get(place));
        let mode = self.catalog.setting(WINDOW_MODE_SETTING);
        let Some(column) = column.filter(|_| mode.is_some_and(|mode| mode == "final")) else {
            return Ok(plan);
        };
        let column = column.column.clone();
        let number = i128::from(relation.id.0);
        let table = Expr::Literal(Literal::Integer(number as i64), LogicalType::Regclass);
        let mut until = self.named_call("event_final_until", vec![table])?;
        if column.data_type != LogicalType::TimestampTz {
            let zone = Expr::Literal(Literal::Text("UTC".to_owned()), LogicalType::Text);
            until = self.named_call("timezone", vec![zone, until])?;
            until = self.coerce(until, &column.data_type, Level::Explicit, None)?;
        }
        self.final_events.push(FinalEvents {
            column: column.id,
            until: until.clone(),
        });
        Ok(plan.filtered(vec![Expr::compare(CompareOp::Less, Expr::Column(column), until)]))
    }

    /// Conditions that leave out windows of which only a part is final: keys that are buckets of an event's time must be before the
    /// bucket in which what is final ends.
    pub(super) fn whole_windows<'k>(&self, keys: impl Iterator<Item = &'k Expr>) -> Vec<Expr> {
        let bucket = |key: &Expr| {
            let columns = key.columns();
            let events = self.final_events.iter();
            let mut events = events.filter(|events| columns.contains(&events.column));
            let events = events.next().filter(|_| columns.len() == 1 && is_bucket(key))?;
            let last = key.clone().transform_up(&mut |part| match part {
                Expr::Column(column) if column.id == events.column => events.until.clone(),
                part => part,
            });
            Some(Expr::compare(CompareOp::Less, key.clone(), last))
        };
        keys.filter_map(bucket).collect()
    }

    /// The item: windows in which there are events, with their state (`open`, `provisional`, `final`, `revised`), how many commits
    /// changed them otherwise than by events that came in time, and how many events came how.
    pub(super) fn bind_windows(
        &mut self,
        name: &ast::ObjectName,
        arguments: &[ast::FunctionArg],
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let at = self.span(name);
        let (relation, width) = self.windowed_table(arguments).map_err(|error| error.at(at))?;
        let ctes = std::mem::take(&mut self.ctes);
        let spans_valid = std::mem::replace(&mut self.spans_valid, false);
        let bound = self.windows(&relation, &width);
        self.spans_valid = spans_valid;
        self.ctes = ctes;
        let (plan, names) = bound.map_err(|error| error.at(at))?;
        let columns = super::bind_cte::renamed(plan.output(), names);
        self.aliased(plan, shown(&columns), None, "windows".to_owned(), alias)
    }

    fn windowed_table(&self, arguments: &[ast::FunctionArg]) -> Result<(Arc<RelationInfo>, String)> {
        let wrong = || {
            let message = "stoa.windows takes the name of a table and the width of its windows, as constants";
            Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
                .with_hint("Write SELECT * FROM stoa.windows('events', '1 hour').")
        };
        let texts = arguments.iter().map(|argument| match argument {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Value(value))) => match &value.value {
                ast::Value::SingleQuotedString(text) => Ok(text.clone()),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        });
        let texts: Vec<String> = texts.collect::<Result<_>>()?;
        let [table, width] = texts.as_slice() else {
            return Err(wrong());
        };
        let relation = self.relation(&named_relation(table)?)?;
        if relation.kind != RelationKind::Table || relation.event_time.is_none() {
            let message = format!("\"{}\" has no windows, because its events have no time", relation.name);
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message)
                .with_hint("A table's option says when events happened: WITH (event_time = 'column')."));
        }
        Ok((relation, width.clone()))
    }

    fn windows(&mut self, relation: &RelationInfo, width: &str) -> Result<(Plan, Vec<String>)> {
        let there = self.events_there(relation)?;
        let gone = self.events_gone(relation)?;
        let mut withs = Vec::new();
        for (name, plan) in [("there", there), ("gone", gone)] {
            let with = BoundWith::of_plan(self.cte_id(), name.to_owned(), plan);
            self.ctes.push(with.binding());
            withs.push(with);
        }
        let (width, oid) = (width.replace('\'', "''"), relation.id.0);
        let text = format!(
            "SELECT start AS window_start, start + interval '{width}' AS window_end, CASE
               WHEN known.until IS NULL OR start + interval '{width}' > known.until THEN 'open'
               WHEN start + interval '{width}' > known.final THEN 'provisional'
               WHEN revisions = 0 THEN 'final' ELSE 'revised' END AS state,
               revisions, events, events_late, events_very_late, events_corrected
             FROM (SELECT time_bucket(interval '{width}', time) AS start,
                 count(DISTINCT version) FILTER (WHERE arrival >= 2) AS revisions,
                 count(*) FILTER (WHERE is_there) AS events,
                 count(*) FILTER (WHERE is_there AND arrival = 1) AS events_late,
                 count(*) FILTER (WHERE is_there AND arrival = 2) AS events_very_late,
                 count(*) FILTER (WHERE is_there AND arrival = 3) AS events_corrected
               FROM (SELECT time::timestamptz AS time, version, arrival, true AS is_there FROM there
                 UNION ALL SELECT time::timestamptz, version, 3, false FROM gone) AS event
               WHERE time IS NOT NULL GROUP BY 1) AS bucket,
               (SELECT event_watermark({oid}::oid::regclass) AS until, event_final_until({oid}::oid::regclass) AS final) AS known
             ORDER BY start"
        );
        let query = crate::parse::parse_query(&text)?;
        let bound = self.bind_query(&query, None)?;
        let mut plan = bound.plan;
        for with in withs.into_iter().rev() {
            plan = with.around(plan);
        }
        Ok((plan, bound.names))
    }

    /// The events of now: when they happened, the commit that brought them, and how they came.
    fn events_there(&mut self, relation: &RelationInfo) -> Result<Plan> {
        let as_of = self.as_of.clone();
        let (mut scan, columns) = self.scan(relation, as_of);
        let version = self.column("version", LogicalType::BigInt, false);
        let arrival = self.column("arrival", LogicalType::SmallInt, true);
        scan.columns.push((COMMIT_VERSION_COLUMN, version.clone()));
        if relation.has_arrival {
            scan.columns.push((relation.columns.len(), arrival.clone()));
        }
        let how = match relation.has_arrival {
            true => Expr::Column(arrival.clone()),
            false => Expr::Literal(Literal::Null, LogicalType::SmallInt),
        };
        let time = self.event_instant(relation, &columns)?;
        Ok(Plan::Scan(scan).projected(vec![time, (version.clone(), Expr::Column(version)), (arrival, how)]))
    }

    /// Those that were taken away, as far back as that is known.
    fn events_gone(&mut self, relation: &RelationInfo) -> Result<Plan> {
        let span = Span {
            after: None,
            until: self.as_of.clone(),
        };
        let rows = self.changed_rows(relation, RowChange::Removed, &span)?;
        let time = self.event_instant(relation, &rows.columns)?;
        let version = rows.version();
        Ok(rows
            .plan
            .projected(vec![time, (version.clone(), Expr::Column(version))]))
    }

    /// When an event happened, as a timestamptz; a time without zone is in UTC.
    fn event_instant(&mut self, relation: &RelationInfo, columns: &[ScopeColumn]) -> Result<(ColumnDef, Expr)> {
        let column = relation.event_time.and_then(|place| columns.get(place));
        let column = column.map(|column| column.column.clone());
        let column = column.ok_or_else(|| super::not_supported("a table without times of events"))?;
        let mut time = Expr::Column(column.clone());
        if column.data_type != LogicalType::TimestampTz {
            let zone = Expr::Literal(Literal::Text("UTC".to_owned()), LogicalType::Text);
            time = self.coerce(time, &LogicalType::Timestamp, Level::Explicit, None)?;
            time = self.named_call("timezone", vec![zone, time])?;
        }
        Ok((self.column("time", LogicalType::TimestampTz, true), time))
    }
}

/// Whether an expression only ever takes the beginning of a window, of one column.
fn is_bucket(key: &Expr) -> bool {
    match key {
        Expr::Column(_) | Expr::Literal(..) => true,
        Expr::Call(call) if WINDOW_FUNCTIONS.contains(&call.function.name) => call.arguments.iter().all(is_bucket),
        Expr::Cast { input, .. } => key.data_type() == LogicalType::Date && is_bucket(input),
        _ => false,
    }
}
