//! Stable text of plans and expressions, for EXPLAIN and tests: a tree as Postgres prints it. Column identities are not
//! shown, so that the text does not depend on the order in which they were given out.

use super::{
    Aggregate, AggregateCall, Apply, Expr, FrameBound, FrameExclusion, FrameUnits, FunctionCall, Join, JoinKind, Plan,
    Quantifier, RowChange, ScanChanges, SetOperationKind, SortKey, WindowCall, WindowFrame,
};
use crate::literal::Literal;
use crate::types::LogicalType;
use std::fmt;

struct List<'e, T>(&'e [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            item.fmt(formatter)?;
        }
        Ok(())
    }
}

fn joined<T: fmt::Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    items
        .into_iter()
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join(separator)
}

/// A literal as SQL would write it, without its type.
impl fmt::Display for Literal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => formatter.write_str("NULL"),
            Literal::Boolean(value) => write!(formatter, "{value}"),
            Literal::Integer(value) => write!(formatter, "{value}"),
            Literal::Float(value) => write!(formatter, "{value:?}"),
            Literal::Numeric(value) => write!(formatter, "{value}"),
            Literal::Text(value) => write!(formatter, "'{}'", value.replace('\'', "''")),
            Literal::Bytes(value) => {
                formatter.write_str("'\\x")?;
                for byte in value {
                    write!(formatter, "{byte:02x}")?;
                }
                formatter.write_str("'")
            }
            Literal::Date(days) => formatter.write_str(&date_text(i64::from(*days))),
            Literal::Time(microseconds) => write!(formatter, "'{}'", time_text(*microseconds)),
            Literal::Timestamp(microseconds) => {
                const DAY: i64 = 86_400_000_000;
                let date = date_text(microseconds.div_euclid(DAY));
                let time = time_text(microseconds.rem_euclid(DAY));
                write!(formatter, "{} {time}'", date.trim_end_matches('\''))
            }
            Literal::Interval {
                months,
                days,
                microseconds,
            } => write!(formatter, "'{months} mons {days} days {}'", time_text(*microseconds)),
            Literal::Uuid(bytes) => {
                formatter.write_str("'")?;
                for (index, byte) in bytes.iter().enumerate() {
                    if matches!(index, 4 | 6 | 8 | 10) {
                        formatter.write_str("-")?;
                    }
                    write!(formatter, "{byte:02x}")?;
                }
                formatter.write_str("'")
            }
            Literal::Array(elements) => write!(formatter, "{{{}}}", List(elements)),
            Literal::Record(fields) => write!(formatter, "({})", List(fields)),
        }
    }
}

/// `'2024-01-31'` of days since 1970-01-01 (proleptic Gregorian).
fn date_text(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("'{year:04}-{month:02}-{day:02}'")
}

fn time_text(microseconds: i64) -> String {
    let sign = if microseconds < 0 { "-" } else { "" };
    let total = microseconds.unsigned_abs();
    let (seconds, fraction) = (total / 1_000_000, total % 1_000_000);
    let clock = format!(
        "{sign}{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    if fraction == 0 {
        return clock;
    }
    format!("{clock}.{fraction:06}").trim_end_matches('0').to_owned()
}

fn numeric_text(value: i128, scale: u8) -> String {
    let digits = value.unsigned_abs().to_string();
    let scale = usize::from(scale);
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{fraction}")
}

/// `(block,place)`
fn tid_text(address: i64) -> String {
    format!("({},{})", address >> 16, address & 0xffff)
}

fn is_operator(name: &str) -> bool {
    name.chars().all(|character| "+-*/<>=~!@#%^&|`?".contains(character))
}

impl fmt::Display for FunctionCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.function.name;
        match self.arguments.as_slice() {
            [left, right] if is_operator(name) => write!(formatter, "({left} {name} {right})"),
            [only] if is_operator(name) => write!(formatter, "({name} {only})"),
            arguments => write!(formatter, "{name}({})", List(arguments)),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Column(column) => formatter.write_str(&column.name),
            Expr::Literal(Literal::Numeric(value), LogicalType::Numeric { scale, .. }) => {
                formatter.write_str(&numeric_text(*value, *scale))
            }
            Expr::Literal(Literal::Integer(address), LogicalType::Tid) => {
                write!(formatter, "'{}'::tid", tid_text(*address))
            }
            Expr::Literal(Literal::Array(elements), data_type @ LogicalType::Array(element))
                if **element == LogicalType::Tid =>
            {
                let text = |element: &Literal| match element {
                    Literal::Integer(address) => format!("\"{}\"", tid_text(*address)),
                    other => other.to_string(),
                };
                write!(
                    formatter,
                    "'{{{}}}'::{data_type}",
                    joined(elements.iter().map(text), ",")
                )
            }
            Expr::Literal(literal @ (Literal::Text(_) | Literal::Array(_)), data_type)
                if !matches!(data_type, LogicalType::Text | LogicalType::Unknown) =>
            {
                write!(formatter, "{literal}::{data_type}")
            }
            Expr::Literal(literal, _) => write!(formatter, "{literal}"),
            Expr::Parameter { index, .. } => write!(formatter, "${index}"),
            Expr::Call(call) => write!(formatter, "{call}"),
            Expr::Compare { op, left, right } => write!(formatter, "({left} {} {right})", op.symbol()),
            Expr::And(list) => write!(formatter, "({})", joined(list, " AND ")),
            Expr::Or(list) => write!(formatter, "({})", joined(list, " OR ")),
            Expr::Not(input) => match &**input {
                Expr::IsNull(inner) => write!(formatter, "({inner} IS NOT NULL)"),
                other => write!(formatter, "(NOT {other})"),
            },
            Expr::IsNull(input) => write!(formatter, "({input} IS NULL)"),
            Expr::Cast { input, target, .. } => write!(formatter, "({input})::{target}"),
            Expr::Case {
                branches, otherwise, ..
            } => {
                formatter.write_str("CASE")?;
                for branch in branches {
                    write!(formatter, " WHEN {} THEN {}", branch.condition, branch.result)?;
                }
                if let Some(otherwise) = otherwise {
                    write!(formatter, " ELSE {otherwise}")?;
                }
                formatter.write_str(" END")
            }
            Expr::Coalesce(list) => write!(formatter, "coalesce({})", List(list)),
            Expr::InList { input, list } => write!(formatter, "({input} IN ({}))", List(list)),
            Expr::QuantifiedArray {
                input,
                op,
                quantifier,
                array,
            } => write!(
                formatter,
                "({input} {} {} ({array}))",
                op.symbol(),
                quantifier_text(*quantifier)
            ),
            Expr::Array { elements, .. } => write!(formatter, "ARRAY[{}]", List(elements)),
            Expr::ScalarSubquery(_) => formatter.write_str("(SubPlan)"),
            Expr::ArraySubquery(_) => formatter.write_str("ARRAY(SubPlan)"),
            Expr::Exists(_) => formatter.write_str("EXISTS(SubPlan)"),
            Expr::QuantifiedSubquery {
                inputs, op, quantifier, ..
            } => write!(
                formatter,
                "({} {} {} (SubPlan))",
                List(inputs),
                op.symbol(),
                quantifier_text(*quantifier)
            ),
        }
    }
}

fn quantifier_text(quantifier: Quantifier) -> &'static str {
    match quantifier {
        Quantifier::Any => "ANY",
        Quantifier::All => "ALL",
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.expression)?;
        formatter.write_str(match (self.descending, self.nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        })
    }
}

impl fmt::Display for AggregateCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let arguments = if self.call.arguments.is_empty() {
            "*".to_owned()
        } else {
            joined(&self.call.arguments, ", ")
        };
        let partial = if self.states.is_some() { "PARTIAL " } else { "" };
        write!(formatter, "{}({partial}{distinct}{arguments}", self.call.function.name)?;
        if !self.order_by.is_empty() {
            write!(formatter, " ORDER BY {}", List(&self.order_by))?;
        }
        formatter.write_str(")")?;
        if let Some(filter) = &self.filter {
            write!(formatter, " FILTER (WHERE {filter})")?;
        }
        Ok(())
    }
}

impl fmt::Display for WindowFrame {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = match self.units {
            FrameUnits::Rows => "ROWS",
            FrameUnits::Range => "RANGE",
            FrameUnits::Groups => "GROUPS",
        };
        let bound = |bound: &FrameBound| match bound {
            FrameBound::UnboundedPreceding => "UNBOUNDED PRECEDING".to_owned(),
            FrameBound::Preceding(offset) => format!("{offset} PRECEDING"),
            FrameBound::CurrentRow => "CURRENT ROW".to_owned(),
            FrameBound::Following(offset) => format!("{offset} FOLLOWING"),
            FrameBound::UnboundedFollowing => "UNBOUNDED FOLLOWING".to_owned(),
        };
        write!(
            formatter,
            "{units} BETWEEN {} AND {}",
            bound(&self.start),
            bound(&self.end)
        )?;
        formatter.write_str(match self.exclusion {
            FrameExclusion::NoOthers => "",
            FrameExclusion::CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclusion::Group => " EXCLUDE GROUP",
            FrameExclusion::Ties => " EXCLUDE TIES",
        })
    }
}

impl WindowFrame {
    /// `RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`, which applies where none is written.
    pub fn is_default(&self) -> bool {
        self.units == FrameUnits::Range
            && self.start == FrameBound::UnboundedPreceding
            && self.end == FrameBound::CurrentRow
            && self.exclusion == FrameExclusion::NoOthers
    }
}

impl fmt::Display for WindowCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.call)?;
        if let Some(filter) = &self.filter {
            write!(formatter, " FILTER (WHERE {filter})")?;
        }
        if self.ignore_nulls {
            formatter.write_str(" IGNORE NULLS")?;
        }
        if !self.frame.is_default() {
            write!(formatter, " {}", self.frame)?;
        }
        Ok(())
    }
}

impl Plan {
    /// The node's first line in EXPLAIN.
    pub fn title(&self) -> String {
        title(self)
    }

    /// What the node does, one line each.
    pub fn details(&self) -> Vec<String> {
        details(self)
    }
}

/// The tree, one node per line, with its particulars indented below it.
impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_node(self, 0, &mut text);
        formatter.write_str(text.trim_end())
    }
}

fn write_node(plan: &Plan, depth: usize, text: &mut String) {
    let indent = if depth == 0 {
        String::new()
    } else {
        "      ".repeat(depth - 1) + "  ->  "
    };
    text.push_str(&indent);
    text.push_str(&title(plan));
    text.push('\n');
    for detail in details(plan) {
        text.push_str(&"      ".repeat(depth));
        text.push_str("  ");
        text.push_str(&detail);
        text.push('\n');
    }
    let mut subqueries = Vec::new();
    plan.for_each_expression(&mut |expression| collect_subqueries(expression, &mut subqueries));
    for subquery in subqueries {
        text.push_str(&"      ".repeat(depth));
        text.push_str("  SubPlan\n");
        write_node(subquery, depth + 1, text);
    }
    for input in plan.inputs() {
        write_node(input, depth + 1, text);
    }
}

fn collect_subqueries<'e>(expression: &'e Expr, subqueries: &mut Vec<&'e Plan>) {
    subqueries.extend(expression.subquery());
    expression.for_each_operand(&mut |operand| collect_subqueries(operand, subqueries));
}

fn kind_text(kind: &JoinKind) -> &'static str {
    match kind {
        JoinKind::Inner => "Inner",
        JoinKind::Left => "Left",
        JoinKind::Right => "Right",
        JoinKind::Full => "Full",
        JoinKind::Semi => "Semi",
        JoinKind::Anti => "Anti",
        JoinKind::RightSemi => "Right Semi",
        JoinKind::RightAnti => "Right Anti",
        JoinKind::NullAwareAnti => "Null-Aware Anti",
        JoinKind::Mark { null_aware: false, .. } => "Mark",
        JoinKind::Mark { null_aware: true, .. } => "Null-Aware Mark",
        JoinKind::Single => "Single",
    }
}

/// The node's first line.
fn title(plan: &Plan) -> String {
    match plan {
        Plan::Scan(scan) => format!("Scan on {}", scan.name),
        Plan::Values(values) if values.columns.is_empty() => format!("Result ({} rows)", values.rows.len()),
        Plan::Values(values) => format!("Values ({} rows)", values.rows.len()),
        Plan::TableFunction(function) => format!("Function Scan on {}", List(&function.calls)),
        Plan::Filter(_) => "Filter".to_owned(),
        Plan::Project(_) => "Project".to_owned(),
        Plan::Aggregate(aggregate) if aggregate.states.is_some() => "Partial Group Aggregate".to_owned(),
        Plan::Aggregate(aggregate) if aggregate.grouping_sets.is_some() => "Grouping Sets".to_owned(),
        Plan::Aggregate(aggregate) if aggregate.keys.is_empty() => "Aggregate".to_owned(),
        Plan::Aggregate(_) => "Group Aggregate".to_owned(),
        Plan::Join(join) if join.keys.is_empty() && join.residual.is_empty() && join.kind == JoinKind::Inner => {
            "Cross Join".to_owned()
        }
        Plan::Join(join) => format!("{} Join", kind_text(&join.kind)),
        Plan::AsOfJoin(join) => format!("{} AsOf Join", kind_text(&join.kind())),
        Plan::Apply(apply) => format!("{} Apply", kind_text(&apply.kind)),
        Plan::Sort(sort) => match sort.limit {
            Some(limit) => format!("Top-N Sort (limit {limit})"),
            None => "Sort".to_owned(),
        },
        Plan::Limit(_) => "Limit".to_owned(),
        Plan::Distinct(_) => "Distinct".to_owned(),
        Plan::Window(_) => "Window".to_owned(),
        Plan::SetOperation(operation) => {
            let name = match operation.kind {
                SetOperationKind::Union => "Union",
                SetOperationKind::Intersect => "Intersect",
                SetOperationKind::Except => "Except",
            };
            format!("{name}{}", if operation.all { " All" } else { "" })
        }
        Plan::With(with) if with.recursive.is_some() => format!("With Recursive {}", with.name),
        Plan::With(with) => format!("With {}", with.name),
        Plan::CteScan(scan) => format!("CTE Scan on {}", scan.name),
    }
}

fn line(details: &mut Vec<String>, label: &str, text: String) {
    if !text.is_empty() {
        details.push(format!("{label}: {text}"));
    }
}

/// What the node does, one line each.
fn details(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    match plan {
        Plan::Scan(scan) => {
            line(
                &mut lines,
                "Columns",
                joined(scan.columns.iter().map(|(_, column)| &column.name), ", "),
            );
            line(&mut lines, "Filter", joined(&scan.filters, " AND "));
            if let Some(as_of) = &scan.as_of {
                line(&mut lines, "As Of", as_of.to_string());
            }
            if let Some(ScanChanges { change, after }) = &scan.changes {
                let label = match change {
                    RowChange::Added => "Added After",
                    RowChange::Removed => "Removed After",
                };
                let after = after.as_ref().map_or_else(|| "all".to_owned(), Expr::to_string);
                line(&mut lines, label, after);
            }
            if let Some(limit) = scan.limit {
                line(&mut lines, "Limit", limit.to_string());
            }
        }
        Plan::Filter(filter) => line(&mut lines, "Condition", joined(&filter.predicates, " AND ")),
        Plan::Project(project) => {
            let outputs = project.expressions.iter().map(|(column, expression)| match expression {
                Expr::Column(input) if input.name == column.name => column.name.clone(),
                _ => format!("{expression} AS {}", column.name),
            });
            line(&mut lines, "Output", joined(outputs, ", "));
        }
        Plan::Aggregate(aggregate) => aggregate_details(aggregate, &mut lines),
        Plan::Join(join) => join_details(join, &mut lines),
        Plan::AsOfJoin(join) => {
            let keys = join.keys.iter().map(|key| format!("({} = {})", key.left, key.right));
            line(&mut lines, "Keys", joined(keys, " AND "));
            let time = Expr::compare(join.op, join.left_time.clone(), join.right_time.clone());
            line(&mut lines, "Nearest", time.to_string());
        }
        Plan::Apply(Apply { predicates, .. }) => line(&mut lines, "Condition", joined(predicates, " AND ")),
        Plan::Sort(sort) => line(&mut lines, "Sort Key", joined(&sort.keys, ", ")),
        Plan::Limit(limit) => {
            let text = |expression: &Option<Expr>| expression.as_ref().map(Expr::to_string).unwrap_or_default();
            line(&mut lines, "Limit", text(&limit.limit));
            line(&mut lines, "Offset", text(&limit.offset));
        }
        Plan::Distinct(distinct) => line(&mut lines, "On", joined(&distinct.on, ", ")),
        Plan::Window(window) => {
            line(
                &mut lines,
                "Functions",
                joined(window.calls.iter().map(|(_, call)| call), ", "),
            );
            line(&mut lines, "Partition By", joined(&window.partition_by, ", "));
            line(&mut lines, "Order By", joined(&window.order_by, ", "));
        }
        Plan::Values(_) | Plan::TableFunction(_) | Plan::SetOperation(_) | Plan::With(_) | Plan::CteScan(_) => {}
    }
    lines
}

fn aggregate_details(aggregate: &Aggregate, lines: &mut Vec<String>) {
    line(
        lines,
        "Group Key",
        joined(aggregate.keys.iter().map(|(_, key)| key), ", "),
    );
    if let Some(sets) = &aggregate.grouping_sets {
        let set = |set: &Vec<usize>| {
            let keys = set.iter().filter_map(|index| aggregate.keys.get(*index));
            format!("({})", joined(keys.map(|(_, key)| key), ", "))
        };
        line(lines, "Sets", joined(sets.iter().map(set), ", "));
    }
    line(
        lines,
        "Aggregates",
        joined(aggregate.aggregates.iter().map(|(_, call)| call), ", "),
    );
    if let Some(groups) = aggregate.group_limit {
        line(lines, "Groups Wanted", format!("any {groups}"));
    }
    if let Some(best) = aggregate.best_groups
        && let Some((column, _)) = aggregate.aggregates.iter().find(|(column, _)| column.id == best.column)
    {
        let order = if best.descending { " DESC" } else { "" };
        let ties = if best.keeps_ties { ", with ties" } else { "" };
        line(
            lines,
            "Groups Wanted",
            format!("first {} by {}{order}{ties}", best.groups_max, column.name),
        );
    }
}

fn join_details(join: &Join, lines: &mut Vec<String>) {
    let keys = join.keys.iter().map(|key| {
        let op = if key.null_matches { "IS NOT DISTINCT FROM" } else { "=" };
        format!("({} {op} {})", key.left, key.right)
    });
    line(lines, "Keys", joined(keys, " AND "));
    line(lines, "Condition", joined(&join.residual, " AND "));
}
