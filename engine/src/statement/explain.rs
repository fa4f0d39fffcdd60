//! EXPLAIN: the plan as text or JSON, with what the optimizer expects of each node; with ANALYZE also what running it did, node by
//! node. Whatever an explained statement would change happens then, as in Postgres.

use super::query::Planned;
use super::set::text_rows;
use super::{Effect, Run, constants, is_write, name_of};
use crate::catalog::compile::CompilerCatalog;
use crate::connection::{Outcome, RowsTag, StatementWrites};
use crate::error::{Error, Result, SqlState};
use crate::physical::Tables;
use crate::pipeline::{Demand, Profile, Sink, SinkPart};
use crate::rollup::{decided, with_rollups_below_joins};
use crate::rows::ResultColumn;
use crate::types::LogicalType;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use stoa_sql::Estimate;
use stoa_sql::plan::{CopyDirection, Explain, ExplainFormat, Plan, Statement};
use stoa_storage::vector::Batch;

/// The column of EXPLAIN's rows.
pub(crate) fn columns(format: ExplainFormat) -> Arc<[ResultColumn]> {
    Arc::from([ResultColumn {
        origin: None,
        name: "QUERY PLAN".to_owned(),
        data_type: match format {
            ExplainFormat::Text => LogicalType::Text,
            ExplainFormat::Json => LogicalType::Json,
        },
    }])
}

/// See the module.
pub(super) fn execute(run: &Run<'_>, explain: &Explain) -> Result<Effect> {
    let Some(plan) = plan_of(&explain.statement) else {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            match &*explain.statement {
                Statement::With(_) => "EXPLAIN of WITH that changes rows is not supported".to_owned(),
                statement => format!("EXPLAIN of {} is not supported", name_of(statement)),
            },
        ));
    };
    let mut writes = StatementWrites::default();
    let mut facts = Vec::new();
    let mut profile = None;
    if explain.analyze {
        let measured = Arc::new(Profile::default());
        let mut planning = run.compile_time;
        let mut running = Instant::now();
        if is_write(&explain.statement) {
            // The figures are those of the statement as a whole.
            let effect = super::execute(run, &explain.statement)?;
            writes = effect.writes;
            if let Outcome::Command { tag } = &effect.outcome {
                facts.push(("Command", Value::from(tag.as_str())));
            }
        } else {
            let planned = Planned::new(run, plan, Some(measured.clone()))?;
            planning += running.elapsed();
            running = Instant::now();
            planned.run_into(run, Arc::new(Discard))?;
            profile = Some(measured);
        }
        facts.push(("Planning Time", json!(milliseconds(planning))));
        facts.push(("Execution Time", json!(milliseconds(running.elapsed()))));
        let memory = run.entry.running().memory.peak_bytes();
        facts.push(("Peak Memory", json!(memory)));
        let spilled = run.entry.running().memory.spilled_bytes();
        if spilled > 0 {
            facts.push(("Written to Disk", json!(spilled)));
        }
    }
    let rewritten = run_plan(run, plan)?;
    let plan = rewritten.as_ref().unwrap_or(plan);
    let figures = Figures {
        rollups: rollup_facts(run, plan)?,
        estimates: match explain.costs {
            true => stoa_sql::estimate(plan, &CompilerCatalog::new(&run.view)),
            false => Vec::new(),
        },
        profile: profile.as_deref(),
    };
    let operation = is_write(&explain.statement).then(|| name_of(&explain.statement));
    let text = match explain.format {
        ExplainFormat::Text => text_lines(plan, operation, &figures, &facts),
        ExplainFormat::Json => vec![json_text(plan, operation, &figures, facts)],
    };
    let rows = text_rows(columns(explain.format), vec![text]);
    Ok(Effect {
        writes,
        ..Effect::outcome(Outcome::Rows(rows, RowsTag::Tag("EXPLAIN".into())))
    })
}

/// What is run in place of a plan, where that is not the plan itself.
fn run_plan(run: &Run<'_>, plan: &Plan) -> Result<Option<Plan>> {
    if !run.view.settings.resolved().use_rollups {
        return Ok(None);
    }
    let closed = constants::closed(plan, run.parameters, &run.view)?;
    with_rollups_below_joins(&closed, &run.view.statement, &|table| run.view.rollups(table))
}

/// The plan of a statement that has one.
fn plan_of(statement: &Statement) -> Option<&Plan> {
    match statement {
        Statement::Query(query) => Some(&query.plan),
        Statement::Insert(insert) => Some(&insert.source),
        Statement::Update(update) => Some(&update.source),
        Statement::Merge(merge) => Some(&merge.source),
        Statement::Delete(delete) => Some(&delete.source),
        Statement::CreateTable(table) => table.source.as_ref().map(|query| &*query.plan),
        Statement::Copy(copy) => match &copy.direction {
            CopyDirection::To { query, .. } => Some(&query.plan),
            CopyDirection::From { .. } => None,
        },
        _ => None,
    }
}

fn milliseconds(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// Rows are counted and forgotten.
struct Discard;

impl Sink for Discard {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(Discard))
    }
}

impl SinkPart for Discard {
    fn consume(&mut self, _: Batch) -> Result<Demand> {
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// What a node did: rows, milliseconds, and what it says besides.
type Did = (u64, f64, Vec<(String, String)>);

/// What is known of nodes beside the plan. They are numbered as they are printed: before their inputs, those in order.
struct Figures<'p> {
    /// What is expected of each; empty where nobody asked.
    estimates: Vec<Estimate>,
    profile: Option<&'p Profile>,
    /// By node: which rollup answers, and why others do not.
    rollups: HashMap<usize, Vec<(String, String)>>,
}

/// What is decided about rollups, node by node.
fn rollup_facts(run: &Run<'_>, plan: &Plan) -> Result<HashMap<usize, Vec<(String, String)>>> {
    fn walk(
        run: &Run<'_>,
        plan: &Plan,
        number: &mut usize,
        facts: &mut HashMap<usize, Vec<(String, String)>>,
    ) -> Result<()> {
        let here = *number;
        *number += 1;
        if let Plan::Aggregate(aggregate) = plan
            && let Some(choice) = decided(aggregate, &run.view.statement, &|table| run.view.rollups(table))?
        {
            let used = choice.used.map(|(name, _)| ("Rollup".to_owned(), name));
            let unused = choice.unused.into_iter();
            let unused = unused.map(|(name, reason)| ("Rollup Not Used".to_owned(), format!("{name}: {reason}")));
            facts.insert(here, used.into_iter().chain(unused).collect());
        }
        plan.inputs()
            .into_iter()
            .try_for_each(|input| walk(run, input, number, facts))
    }
    let mut facts = HashMap::new();
    if run.view.settings.resolved().use_rollups {
        let plan = constants::closed(plan, run.parameters, &run.view)?;
        walk(run, &plan, &mut 0, &mut facts)?;
    }
    Ok(facts)
}

impl Figures<'_> {
    fn of_rollups(&self, number: usize) -> &[(String, String)] {
        self.rollups.get(&number).map(Vec::as_slice).unwrap_or_default()
    }

    fn did(&self, number: usize) -> Option<Did> {
        let node = self.profile?.node(number);
        let milliseconds = node.nanoseconds.load(Ordering::Relaxed) as f64 / 1e6;
        Some((node.rows.load(Ordering::Relaxed), milliseconds, node.facts()))
    }

    fn expected(&self, number: usize) -> Option<Estimate> {
        self.estimates.get(number).copied()
    }

    /// Of a statement that changes what its plan gives, and gives nothing itself.
    fn of_operation(&self) -> Option<Estimate> {
        self.expected(0).map(|source| Estimate {
            startup_cost: source.total_cost,
            rows: 0.0,
            width: 0,
            ..source
        })
    }
}

fn costs_text(estimate: Option<Estimate>) -> String {
    estimate.map_or_else(String::new, |estimate| {
        format!(
            "  (cost={:.2}..{:.2} rows={:.0} width={})",
            estimate.startup_cost, estimate.total_cost, estimate.rows, estimate.width
        )
    })
}

fn insert_costs(node: &mut Map<String, Value>, estimate: Option<Estimate>) {
    let Some(estimate) = estimate else { return };
    let hundredths = |cost: f64| json!((cost * 100.0).round() / 100.0);
    node.insert("Startup Cost".into(), hundredths(estimate.startup_cost));
    node.insert("Total Cost".into(), hundredths(estimate.total_cost));
    node.insert("Plan Rows".into(), json!(estimate.rows.round() as u64));
    node.insert("Plan Width".into(), json!(estimate.width));
}

fn text_lines(plan: &Plan, operation: Option<&str>, figures: &Figures<'_>, facts: &[(&str, Value)]) -> Vec<String> {
    let mut lines = Vec::new();
    let depth = usize::from(operation.is_some());
    lines.extend(operation.map(|name| format!("{name}{}", costs_text(figures.of_operation()))));
    let mut number = 0;
    text_node(plan, depth, &mut number, figures, &mut lines);
    for (name, value) in facts {
        lines.push(match (*name, value) {
            ("Planning Time" | "Execution Time", value) => format!("{name}: {value} ms"),
            ("Peak Memory" | "Written to Disk", value) => format!("{name}: {value} bytes"),
            (_, Value::String(text)) => format!("{name}: {text}"),
            (_, value) => format!("{name}: {value}"),
        });
    }
    lines
}

fn text_node(plan: &Plan, depth: usize, number: &mut usize, figures: &Figures<'_>, lines: &mut Vec<String>) {
    let arrow = match depth {
        0 => String::new(),
        depth => "      ".repeat(depth - 1) + "  ->  ",
    };
    let indent = "      ".repeat(depth) + "  ";
    let did = figures.did(*number);
    let costs = costs_text(figures.expected(*number));
    let of_rollups = figures.of_rollups(*number);
    *number += 1;
    let gap = if costs.is_empty() { "  " } else { " " };
    let actual = did
        .as_ref()
        .map(|(rows, milliseconds, _)| format!("{gap}(actual rows={rows} time={milliseconds:.3} ms)"));
    lines.push(one_line(&format!(
        "{arrow}{}{costs}{}",
        plan.title(),
        actual.unwrap_or_default()
    )));
    lines.extend(
        plan.details()
            .iter()
            .map(|detail| one_line(&format!("{indent}{detail}"))),
    );
    for (name, value) in of_rollups {
        lines.push(one_line(&format!("{indent}{name}: {value}")));
    }
    for (name, value) in did.map(|(_, _, facts)| facts).unwrap_or_default() {
        lines.push(one_line(&format!("{indent}{name}: {value}")));
    }
    for input in plan.inputs() {
        text_node(input, depth + 1, number, figures, lines);
    }
}

/// Constants may hold line ends.
fn one_line(text: &str) -> String {
    text.replace('\n', "\\n")
}

fn json_text(plan: &Plan, operation: Option<&str>, figures: &Figures<'_>, facts: Vec<(&str, Value)>) -> String {
    let mut number = 0;
    let mut tree = json_node(plan, &mut number, figures);
    if let Some(operation) = operation {
        let mut node = Map::new();
        node.insert("Node Type".into(), Value::from(operation));
        insert_costs(&mut node, figures.of_operation());
        node.insert("Plans".into(), Value::Array(vec![tree]));
        tree = Value::Object(node);
    }
    let mut top = Map::new();
    top.insert("Plan".into(), tree);
    top.extend(facts.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let document = Value::Array(vec![Value::Object(top)]);
    serde_json::to_string_pretty(&document).unwrap_or_else(|_| document.to_string())
}

fn json_node(plan: &Plan, number: &mut usize, figures: &Figures<'_>) -> Value {
    let did = figures.did(*number);
    let expected = figures.expected(*number);
    let of_rollups = figures.of_rollups(*number);
    *number += 1;
    let mut node = Map::new();
    node.insert("Node Type".into(), Value::from(plan.title()));
    insert_costs(&mut node, expected);
    for detail in plan.details() {
        if let Some((name, text)) = detail.split_once(": ") {
            node.insert(name.to_owned(), Value::from(text));
        }
    }
    let of_rollups = |fact: &str| -> Vec<Value> {
        let facts = of_rollups.iter().filter(|(name, _)| name == fact);
        facts.map(|(_, value)| Value::from(value.as_str())).collect()
    };
    if let Some(used) = of_rollups("Rollup").pop() {
        node.insert("Rollup".into(), used);
    }
    let unused = of_rollups("Rollup Not Used");
    if !unused.is_empty() {
        node.insert("Rollups Not Used".into(), Value::Array(unused));
    }
    if let Some((rows, milliseconds, facts)) = did {
        node.insert("Actual Rows".into(), json!(rows));
        node.insert("Actual Total Time".into(), json!((milliseconds * 1e3).round() / 1e3));
        for (name, value) in facts {
            let value = value
                .parse::<i64>()
                .map_or_else(|_| Value::from(value.as_str()), Value::from);
            node.insert(name, value);
        }
    }
    let inputs: Vec<Value> = plan
        .inputs()
        .into_iter()
        .map(|input| json_node(input, number, figures))
        .collect();
    if !inputs.is_empty() {
        node.insert("Plans".into(), Value::Array(inputs));
    }
    Value::Object(node)
}
