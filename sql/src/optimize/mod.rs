//! Bound plan to executable plan: an ordered list of passes, each a name and a pure function.
//!
//! The runner keeps no time (there is no clock here; the catalog may, in `observe_pass`), leaves out what is disabled by
//! name, and in debug builds verifies the plan after each pass, so that a broken rewrite is found where it happened.

mod bound_truncated_times;
mod choose_build_sides;
mod combine_sort_limit;
mod context;
mod cost;
mod drop_dependent_keys;
mod eliminate_common_subexpressions;
mod estimate;
mod estimate_values;
mod factor_common_conjuncts;
mod firsts_as_extremes;
mod fold_constants;
mod join_graph;
mod order_conjuncts;
mod order_jsonb;
mod prune_columns;
mod push_down_filters;
mod push_down_semi_joins;
mod reorder_joins;
mod set_operations_as_joins;
mod share_shifted_sums;
mod share_subplans;
mod simplify_comparisons;
mod simplify_expressions;
mod unnest_domain;
mod unnest_expressions;
mod unnest_subqueries;

use crate::bind::Bound;
use crate::catalog::Catalog;
use crate::error::{Error, Result, SqlState};
use crate::plan::{CopyDirection, Expr, Plan, Query, Returning, Statement, verify, verify_executable};
use context::Context;
pub use cost::Estimate;
pub(crate) use cost::estimate;
use std::sync::Arc;

/// A rewrite of plans.
struct Pass {
    /// By which it is disabled and reported.
    name: &'static str,
    /// Plans cannot be executed without it.
    required: bool,
    /// The rewrite. An error is the user's: something that Stoa does not support.
    run: fn(Plan, &Context<'_>) -> Result<Plan>,
}

const FOLD_CONSTANTS: &str = "fold_constants";

/// In order. Expressions first, so that subqueries are recognized in their plain forms; filters go down before the join
/// order is chosen by what is left; equal parts are shared and columns pruned when nothing moves any more.
const PASSES: &[Pass] = &[
    pass(FOLD_CONSTANTS, fold_constants::run),
    pass("simplify_expressions", simplify_expressions::run),
    pass("factor_common_conjuncts", factor_common_conjuncts::run),
    Pass {
        name: "unnest_subqueries",
        required: true,
        run: unnest_subqueries::run,
    },
    pass("drop_dependent_keys", drop_dependent_keys::run),
    pass("firsts_as_extremes", firsts_as_extremes::run),
    pass("share_shifted_sums", share_shifted_sums::run),
    pass("push_down_filters", push_down_filters::run),
    pass("bound_truncated_times", bound_truncated_times::run),
    Pass {
        name: "set_operations_as_joins",
        required: true,
        run: set_operations_as_joins::run,
    },
    pass("push_down_semi_joins", push_down_semi_joins::run),
    pass("reorder_joins", reorder_joins::run),
    pass("choose_build_sides", choose_build_sides::run),
    pass("share_subplans", share_subplans::run),
    pass("prune_columns", prune_columns::run),
    pass("order_conjuncts", order_conjuncts::run),
    pass("eliminate_common_subexpressions", eliminate_common_subexpressions::run),
    pass("combine_sort_limit", combine_sort_limit::run),
    Pass {
        name: "order_jsonb",
        required: true,
        run: order_jsonb::run,
    },
];

const fn pass(name: &'static str, run: fn(Plan, &Context<'_>) -> Result<Plan>) -> Pass {
    Pass {
        name,
        required: false,
        run,
    }
}

/// The names of all passes, in the order in which they run.
pub fn pass_names() -> Vec<&'static str> {
    PASSES.iter().map(|pass| pass.name).collect()
}

/// Optimizes every plan of a statement.
pub(crate) fn optimize(bound: Bound, catalog: &dyn Catalog, disabled: &[String]) -> Result<Statement> {
    let context = Context::new(catalog, bound.next_column, bound.next_cte);
    optimize_statement(bound.statement, &context, disabled)
}

fn optimize_statement(statement: Statement, context: &Context<'_>, disabled: &[String]) -> Result<Statement> {
    let run = |plan: Plan| run_passes(plan, context, disabled);
    Ok(match statement {
        Statement::Query(query) => Statement::Query(optimize_query(query, context, disabled)?),
        Statement::Insert(mut insert) => {
            insert.source = run(insert.source)?;
            refuse_subqueries(insert.returning.as_ref())?;
            Statement::Insert(insert)
        }
        Statement::Update(mut update) => {
            update.source = run(update.source)?;
            refuse_subqueries(update.returning.as_ref())?;
            Statement::Update(update)
        }
        Statement::Merge(mut merge) => {
            merge.source = run(merge.source)?;
            Statement::Merge(merge)
        }
        Statement::Delete(mut delete) => {
            delete.source = run(delete.source)?;
            refuse_subqueries(delete.returning.as_ref())?;
            Statement::Delete(delete)
        }
        Statement::With(mut with) => {
            for entry in &mut with.entries {
                let statement = std::mem::replace(&mut entry.statement, Statement::Empty);
                entry.statement = optimize_statement(statement, context, disabled)?;
                context.give(entry.id);
            }
            with.body = Box::new(optimize_statement(*with.body, context, disabled)?);
            Statement::With(with)
        }
        Statement::CreateTable(mut table) => {
            table.source = table
                .source
                .map(|query| optimize_query(query, context, disabled))
                .transpose()?;
            Statement::CreateTable(table)
        }
        Statement::Copy(mut copy) => {
            copy.direction = match copy.direction {
                CopyDirection::To { query, target } => CopyDirection::To {
                    query: optimize_query(query, context, disabled)?,
                    target,
                },
                from @ CopyDirection::From { .. } => from,
            };
            Statement::Copy(copy)
        }
        Statement::Explain(mut explain) => {
            explain.statement = Box::new(optimize_statement(*explain.statement, context, disabled)?);
            Statement::Explain(explain)
        }
        Statement::AlterTable(mut alter) => {
            alter.rewrite = alter.rewrite.map(run).transpose()?;
            Statement::AlterTable(alter)
        }
        Statement::DeclareCursor(mut declare) => {
            declare.query = optimize_query(declare.query, context, disabled)?;
            Statement::DeclareCursor(declare)
        }
        Statement::Execute { name, arguments } => {
            if arguments.iter().any(Expr::has_subquery) {
                return Err(not_supported("a subquery as an argument of EXECUTE"));
            }
            Statement::Execute { name, arguments }
        }
        other => other,
    })
}

fn optimize_query(query: Query, context: &Context<'_>, disabled: &[String]) -> Result<Query> {
    let plan = Arc::unwrap_or_clone(query.plan);
    Ok(Query {
        plan: Arc::new(run_passes(plan, context, disabled)?),
        names: query.names,
    })
}

fn run_passes(plan: Plan, context: &Context<'_>, disabled: &[String]) -> Result<Plan> {
    check("bind", &plan, context)?;
    let output = plan.output();
    let all_disabled = disabled.iter().any(|name| name == "all");
    let only_folds = is_constant_rows(&plan);
    let mut plan = plan;
    for pass in PASSES.iter().filter(|pass| !only_folds || pass.name == FOLD_CONSTANTS) {
        let is_disabled = all_disabled || disabled.iter().any(|name| name == pass.name);
        if is_disabled && !pass.required {
            continue;
        }
        // Whatever a pass does inside, the columns handed to the client stay as they were.
        plan = (pass.run)(plan, context)?.with_columns(&output);
        check(pass.name, &plan, context)?;
        context.catalog.observe_pass(pass.name, &plan);
    }
    if cfg!(debug_assertions) {
        verify_executable(&plan).map_err(|problem| broken("optimize", &problem))?;
    }
    Ok(plan)
}

/// Whether these are rows that stand in the statement itself, as those of most inserts: there is nothing to find out about them.
fn is_constant_rows(plan: &Plan) -> bool {
    match plan {
        Plan::Values(values) => !values.rows.iter().flatten().any(Expr::has_subquery),
        Plan::Project(project) => {
            let mut expressions = project.expressions.iter();
            !expressions.any(|(_, expression)| expression.has_subquery()) && is_constant_rows(&project.input)
        }
        _ => false,
    }
}

fn check(name: &str, plan: &Plan, context: &Context<'_>) -> Result<()> {
    if cfg!(debug_assertions) {
        verify(plan, &context.given()).map_err(|problem| broken(name, &problem))?;
    }
    Ok(())
}

fn broken(name: &str, problem: &str) -> Error {
    Error::new(
        SqlState::INTERNAL_ERROR,
        format!("the plan is wrong after {name}: {problem}"),
    )
}

fn refuse_subqueries(returning: Option<&Returning>) -> Result<()> {
    let has_subquery = returning.is_some_and(|returning| {
        returning
            .expressions
            .iter()
            .any(|(_, expression)| expression.has_subquery())
    });
    match has_subquery {
        true => Err(not_supported("a subquery in RETURNING")),
        false => Ok(()),
    }
}

fn not_supported(feature: &str) -> Error {
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("{feature} is not supported"))
}
