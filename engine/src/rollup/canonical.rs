//! What an aggregation takes in, as expressions over the columns of one table by their places: the form in which a rollup's definition
//! and a query are compared, whatever lies between the aggregation and the scan.

use std::collections::HashMap;
use stoa_sql::literal::Literal;
use stoa_sql::plan::{AggregateCall, ColumnDef, ColumnId, Expr, FunctionCall, Plan, Scan, SortKey};
use stoa_sql::types::LogicalType;

/// The rows below an aggregation: those of one scan, perhaps projected and filtered.
pub(crate) struct Source<'p> {
    /// The scan.
    pub(super) scan: &'p Scan,
    /// All conditions that its rows meet.
    pub(super) conditions: Vec<Condition<'p>>,
    /// What columns are above the scan.
    definitions: HashMap<ColumnId, Expr>,
    zone: Option<&'p str>,
}

/// A condition of a [`Source`].
pub(super) struct Condition<'p> {
    pub(super) expression: Expr,
    /// As the query has it.
    pub(super) written: &'p Expr,
    /// Its place among the filters of the scan, where it is one.
    pub(super) filter: Option<usize>,
}

/// A column of a table, or of a partial, by its place.
pub(super) fn column_at(place: usize, data_type: LogicalType) -> Expr {
    Expr::Column(column_def(place, data_type))
}

/// As [`column_at`], its definition.
pub(super) fn column_def(place: usize, data_type: LogicalType) -> ColumnDef {
    ColumnDef {
        id: ColumnId(place as u32),
        name: String::new(),
        data_type,
        nullable: true,
    }
}

impl<'p> Source<'p> {
    /// The scan of rows that have a source.
    pub(super) fn scan(plan: &'p Plan) -> Option<&'p Scan> {
        match plan {
            Plan::Scan(scan) => Some(scan).filter(|_| scan.limit.is_none() && !scan.rows_only),
            Plan::Project(project) => Source::scan(&project.input),
            Plan::Filter(filter) => Source::scan(&filter.input),
            _ => None,
        }
    }

    /// Of an aggregation's input, in a session of this time zone, or for any; `None` where it is more than one scan's rows.
    pub(super) fn of(plan: &'p Plan, zone: Option<&'p str>) -> Option<Self> {
        match plan {
            Plan::Scan(scan) => {
                let columns = scan.columns.iter();
                let definitions =
                    columns.map(|(place, column)| (column.id, column_at(*place, column.data_type.clone())));
                let mut source = Source {
                    scan,
                    conditions: Vec::new(),
                    definitions: definitions.collect(),
                    zone,
                };
                for (place, filter) in scan.filters.iter().enumerate() {
                    let expression = source.canonical(filter);
                    source.conditions.push(Condition {
                        expression,
                        written: filter,
                        filter: Some(place),
                    });
                }
                Some(source).filter(|_| scan.limit.is_none() && !scan.rows_only)
            }
            Plan::Project(project) => {
                let mut source = Source::of(&project.input, zone)?;
                let defined = project.expressions.iter();
                let defined: Vec<_> = defined
                    .map(|(column, expression)| (column.id, source.canonical(expression)))
                    .collect();
                source.definitions.extend(defined);
                Some(source)
            }
            Plan::Filter(filter) => {
                let mut source = Source::of(&filter.input, zone)?;
                for predicate in &filter.predicates {
                    let expression = source.canonical(predicate);
                    source.conditions.push(Condition {
                        expression,
                        written: predicate,
                        filter: None,
                    });
                }
                Some(source)
            }
            _ => None,
        }
    }

    /// An expression above the source over the table's columns. Where it stood in a text is left out, and what depends on the
    /// session's time zone names the zone.
    pub(super) fn canonical(&self, expression: &Expr) -> Expr {
        expression.clone().transform_up(&mut |part| match part {
            Expr::Column(column) => match self.definitions.get(&column.id) {
                Some(definition) => definition.clone(),
                None => Expr::Column(column),
            },
            Expr::Cast {
                input,
                target,
                explicit,
                ..
            } => Expr::Cast {
                input,
                target,
                explicit,
                span: None,
            },
            Expr::Call(call) => Expr::Call(in_zone(call, self.zone)),
            other => other,
        })
    }

    /// Likewise an aggregate.
    pub(super) fn canonical_call(&self, call: &AggregateCall) -> AggregateCall {
        let arguments = call.call.arguments.iter();
        AggregateCall {
            call: FunctionCall {
                arguments: arguments.map(|argument| self.canonical(argument)).collect(),
                ..call.call.clone()
            },
            states: call.states.clone(),
            distinct: call.distinct,
            filter: call.filter.as_ref().map(|filter| self.canonical(filter)),
            order_by: call
                .order_by
                .iter()
                .map(|key| SortKey {
                    expression: self.canonical(&key.expression),
                    ..key.clone()
                })
                .collect(),
        }
    }
}

/// `date_trunc` of an instant without a zone is that in the session's.
fn in_zone(mut call: FunctionCall, zone: Option<&str>) -> FunctionCall {
    let is_open = call.function.name == "date_trunc"
        && matches!(call.arguments.as_slice(), [_, time] if time.data_type() == LogicalType::TimestampTz);
    if let (true, Some(zone)) = (is_open, zone) {
        call.arguments
            .push(Expr::Literal(Literal::Text(zone.to_owned()), LogicalType::Text));
    }
    call
}
