//! Which aggregates a rollup can keep: those whose states of parts come to the state of the whole, whatever the parts and their order. Says
//! of others why not, and what would do.

use super::fixed::Reason;
use crate::physical::PreparedCall;
use stoa_sql::plan::AggregateCall;

/// See the module.
const EXACT: [&str; 25] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "bool_and",
    "bool_or",
    "every",
    "bit_and",
    "bit_or",
    "bit_xor",
    "approx_count_distinct",
    "variance",
    "var_samp",
    "var_pop",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "arg_min",
    "arg_max",
    "min_by",
    "max_by",
    "approx_percentile",
    "approx_quantile",
    "regr_count",
];

pub(super) const KEPT: &str = "Kept are count, sum, avg, min, max, count(DISTINCT ..), bool_and, bool_or, every, bit_and, bit_or, bit_xor, \
                               arg_min, arg_max, first and last by a column that is NOT NULL, variance, stddev, approx_percentile and approx_count_distinct, each with FILTER.";

/// Why the answer of a whole does not follow from its parts, whatever they are.
pub(super) fn inexact(call: &AggregateCall, prepared: &PreparedCall) -> Option<Reason> {
    let name = call.call.function.name;
    if EXACT.contains(&name) && prepared.order.is_none() {
        return None;
    }
    Some(match name {
        "first" | "last" | "any_value" => Reason {
            message: format!("{name} depends on the order of rows"),
            hint: "Say first(value ORDER BY time) or last(value ORDER BY time) with a time that is NOT NULL, or arg_min(value, time) and \
                   arg_max(value, time), to which rows without a time do not count: of rows with the same time the least value is taken.",
        },
        "arg_min" | "arg_max" | "min_by" | "max_by" => Reason {
            message: format!("{name} with ORDER BY depends on the order of rows"),
            hint: "Leave ORDER BY out: of rows with the same key the least value counts then.",
        },
        "corr" | "covar_pop" | "covar_samp" | "skewness" | "kurtosis" | "kurtosis_pop" => unkept_sums(name),
        name if name.starts_with("regr_") => unkept_sums(name),
        _ => Reason {
            message: format!("{name} of a whole does not follow from its parts"),
            hint: KEPT,
        },
    })
}

fn unkept_sums(name: &str) -> Reason {
    Reason {
        message: format!("{name} rounds its sums as rows come, so that the last digits depend on their order"),
        hint: "Keep count, sum(x), sum(y), sum(x * x), sum(y * y) and sum(x * y), and compute it from them when the view is read.",
    }
}
