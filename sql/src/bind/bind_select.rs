//! SELECT: clauses are bound in the order of their meaning, then stacked:
//! FROM, WHERE, GROUP BY and aggregates, HAVING, window functions, set-returning functions, outputs, DISTINCT, ORDER BY.

use super::bind_group_by::{DecidedColumns, above_grouping};
use super::bind_order_by::{OutputReference, QueryOrder, output_reference};
use super::bind_query::BoundQuery;
use super::collect::{Clause, CollectedTableFunction, CollectedWindow, Collector, Context, Grouping};
use super::name::fold;
use super::scope::Scope;
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::limits::COLUMNS_MAX;
use crate::parse::extensions::sample::is_sample;
use crate::plan::{
    Aggregate, Apply, ColumnDef, ColumnSet, Distinct, Expr, JoinKind, Plan, Sort, SortKey, TableFunction, Window,
};
use sqlparser::ast::{self, SelectItem};

/// An item of the select list, `*` expanded.
pub(super) enum Item<'a> {
    /// As written.
    Expression {
        syntax: &'a ast::Expr,
        name: String,
        /// Whether the name was given to it.
        has_alias: bool,
    },
    /// A column that `*` stands for.
    Column { column: ColumnDef, name: String },
}

impl Item<'_> {
    /// The output column's name.
    pub(super) fn name(&self) -> &str {
        match self {
            Item::Expression { name, .. } | Item::Column { name, .. } => name,
        }
    }

    /// Whether both are written the same.
    pub(super) fn same_syntax(&self, other: Option<&Item<'_>>) -> bool {
        match (self, other) {
            (Item::Expression { syntax, .. }, Some(Item::Expression { syntax: other, .. })) => syntax == other,
            (Item::Column { column, .. }, Some(Item::Column { column: other, .. })) => column.id == other.id,
            _ => false,
        }
    }
}

/// A select list with what its items are bound by.
pub(super) struct SelectList<'l, 'a> {
    pub(super) items: &'l [Item<'a>],
    pub(super) scope: &'l Scope<'l>,
    pub(super) named_windows: &'l [(String, ast::WindowSpec)],
}

impl SelectList<'_, '_> {
    /// For binding the items once more, aside.
    pub(super) fn collector(&self) -> Collector {
        Collector {
            named_windows: self.named_windows.to_vec(),
            ..Collector::default()
        }
    }
}

/// An output column before it has an identity.
struct Output {
    name: String,
    expression: Expr,
}

/// The expressions of a select, all over the same rows.
struct Parts {
    outputs: Vec<Output>,
    having: Option<Expr>,
    qualify: Option<Expr>,
    distinct: DistinctKind,
    order_by: Vec<SortKey>,
}

enum DistinctKind {
    None,
    All,
    On(Vec<Expr>),
}

impl Binder<'_> {
    /// One SELECT with the ORDER BY behind it; output columns may have type unknown.
    pub(super) fn bind_select(
        &mut self,
        select: &ast::Select,
        order_by: QueryOrder<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<BoundQuery> {
        refuse_foreign_clauses(select)?;
        let from = self.bind_from(&select.from, parent)?;
        let scope = Scope { parent, ..from.scope };
        let mut plan = self.bind_using_sample(from.plan, &select.cluster_by)?;
        let items = self.expand_items(&select.projection, &scope)?;
        let mut collector = Collector {
            named_windows: self.bind_named_windows(&select.named_window)?,
            ..Collector::default()
        };
        let list = SelectList {
            items: &items,
            scope: &scope,
            named_windows: &collector.named_windows,
        };
        if let Some(condition) = &select.selection {
            let condition = self.bind_with_aliases(&list, Clause::Where, |binder, context| {
                binder.bind_condition(condition, context)
            })?;
            let mut predicates = Vec::new();
            condition.split_and(&mut predicates);
            plan = plan.filtered(predicates);
        }
        let grouping = self.bind_group_by(&select.group_by, &list)?;
        let is_grouped = grouping.is_some();
        let keys = grouping.iter().flat_map(|grouping| &grouping.keys);
        plan = plan.filtered(self.whole_windows(keys.map(|(_, key)| key)));
        collector.grouping = grouping.unwrap_or_default();
        let parts = self.bind_parts(select, order_by, &items, &scope, &mut collector)?;
        let is_aggregate = is_grouped || !collector.aggregates.is_empty() || parts.having.is_some();
        let (plan, parts) = self.stack(plan, parts, collector, is_aggregate, &scope)?;
        self.output(plan, parts)
    }

    fn bind_parts(
        &mut self,
        select: &ast::Select,
        order_by: QueryOrder<'_>,
        items: &[Item<'_>],
        scope: &Scope<'_>,
        collector: &mut Collector,
    ) -> Result<Parts> {
        let mut outputs = Vec::with_capacity(items.len());
        for item in items {
            let expression = self.bind_item(item, scope, collector)?;
            outputs.push(Output {
                name: item.name().to_owned(),
                expression,
            });
        }
        let having = match &select.having {
            None => None,
            Some(condition) => {
                let mut context = Context::collecting(scope, Clause::Having, collector);
                Some(self.bind_condition(condition, &mut context)?)
            }
        };
        let qualify = match &select.qualify {
            None => None,
            Some(condition) => {
                let mut context = Context::collecting(scope, Clause::Qualify, collector);
                let condition = self.bind_condition(condition, &mut context)?;
                if collector.windows.is_empty() {
                    return Err(Error::new(
                        SqlState::WINDOWING_ERROR,
                        "QUALIFY needs a window function, in its condition or in the select list",
                    )
                    .with_hint("Without one, WHERE or HAVING say the same."));
                }
                Some(condition)
            }
        };
        let distinct = match &select.distinct {
            None | Some(ast::Distinct::All) => DistinctKind::None,
            Some(ast::Distinct::Distinct) => DistinctKind::All,
            Some(ast::Distinct::On(keys)) => {
                let mut bound = Vec::with_capacity(keys.len());
                for key in keys {
                    bound.push(self.bind_output_key(key, "SELECT DISTINCT ON", &outputs, scope, collector)?);
                }
                DistinctKind::On(bound)
            }
        };
        let sort_keys = match order_by {
            QueryOrder::Keys(keys) => {
                let mut bound = Vec::with_capacity(keys.len());
                for key in keys {
                    let expression = self.bind_output_key(&key.expr, "ORDER BY", &outputs, scope, collector)?;
                    bound.push(self.sort_key(key, expression)?);
                }
                bound
            }
            QueryOrder::All(options) => outputs
                .iter()
                .map(|output| self.sort_key_of(options, output.expression.clone()))
                .collect::<Result<_>>()?,
        };
        Ok(Parts {
            outputs,
            having,
            qualify,
            distinct,
            order_by: sort_keys,
        })
    }

    /// An item of the select list; those behind it may use its alias.
    pub(super) fn bind_item(&mut self, item: &Item<'_>, scope: &Scope<'_>, collector: &mut Collector) -> Result<Expr> {
        match item {
            Item::Column { column, .. } => Ok(Expr::Column(column.clone())),
            Item::Expression {
                syntax,
                name,
                has_alias,
            } => {
                let mut context = Context::collecting(scope, Clause::Select, collector);
                let expression = self.bind_expression(syntax, &mut context)?;
                if *has_alias {
                    collector.aliases.push((name.clone(), expression.clone()));
                }
                Ok(expression)
            }
        }
    }

    /// Binds something below the grouping; where a column is missing, with the aliases of items that are below it too, as DuckDB and
    /// Snowflake have them.
    pub(super) fn bind_with_aliases<T>(
        &mut self,
        list: &SelectList<'_, '_>,
        clause: Clause,
        bind: impl Fn(&mut Self, &mut Context<'_>) -> Result<T>,
    ) -> Result<T> {
        let error = match bind(self, &mut Context::plain(list.scope, clause)) {
            Err(error) if error.state == SqlState::UNDEFINED_COLUMN => error,
            bound => return bound,
        };
        let has_alias = |item: &Item<'_>| matches!(item, Item::Expression { has_alias: true, .. });
        if !list.items.iter().any(has_alias) {
            return Err(error);
        }
        let mut collector = list.collector();
        for item in list.items {
            if self.bind_item(item, list.scope, &mut collector).is_err() {
                return Err(error);
            }
        }
        let above = collector.columns();
        collector
            .aliases
            .retain(|(_, expression)| expression.columns().is_disjoint(&above));
        match bind(self, &mut Context::collecting(list.scope, clause, &mut collector)) {
            Err(again) if again.state == SqlState::UNDEFINED_COLUMN => Err(error),
            bound => bound,
        }
    }

    /// A key of ORDER BY or DISTINCT ON: an ordinal, an output's name, or an expression.
    fn bind_output_key(
        &mut self,
        key: &ast::Expr,
        clause: &str,
        outputs: &[Output],
        scope: &Scope<'_>,
        collector: &mut Collector,
    ) -> Result<Expr> {
        let at = |binder: &Self, error: Error| error.at(binder.span(key));
        match output_reference(key, outputs.len(), clause).map_err(|error| at(self, error))? {
            OutputReference::Ordinal(index) => {
                if let Some(output) = outputs.get(index) {
                    return Ok(output.expression.clone());
                }
            }
            OutputReference::Name(name) => {
                let mut named = outputs.iter().filter(|output| output.name == name);
                if let Some(first) = named.next() {
                    if named.any(|other| other.expression != first.expression) {
                        let error = Error::new(SqlState::AMBIGUOUS_COLUMN, format!("{clause} \"{name}\" is ambiguous"));
                        return Err(at(self, error));
                    }
                    return Ok(first.expression.clone());
                }
            }
            OutputReference::None => {}
        }
        let mut context = Context::collecting(scope, Clause::OrderBy, collector);
        self.bind_decided(key, &mut context)
    }

    /// Puts aggregation, HAVING, windows and set-returning functions on the plan and rewrites the parts to what is above.
    fn stack(
        &mut self,
        mut plan: Plan,
        mut parts: Parts,
        collector: Collector,
        is_aggregate: bool,
        scope: &Scope<'_>,
    ) -> Result<(Plan, Parts)> {
        let Collector {
            aggregates,
            mut windows,
            mut table_functions,
            grouping,
            ..
        } = collector;
        if is_aggregate {
            let Grouping {
                mut keys,
                sets,
                set_index,
            } = grouping;
            let inputs = input_columns(scope);
            let mut decided = DecidedColumns {
                columns: match sets {
                    None => self.decided_by(&keys),
                    Some(_) => ColumnSet::default(),
                },
                used: Vec::new(),
            };
            let mut above = |expression: Expr| above_grouping(expression, &keys, &inputs, &mut decided);
            parts = parts.map(&mut above)?;
            windows = windows
                .into_iter()
                .map(|window| map_window(window, &mut above))
                .collect::<Result<_>>()?;
            for function in &mut table_functions {
                function.call = function.call.clone().try_map_arguments(&mut above)?;
            }
            let more = decided.used.into_iter();
            keys.extend(more.map(|column| (column.clone(), Expr::Column(column))));
            plan = Plan::Aggregate(Aggregate {
                input: Box::new(plan),
                keys,
                aggregates,
                grouping_sets: sets,
                grouping_set_index: set_index,
                group_limit: None,
                best_groups: None,
                states: None,
            });
            if let Some(having) = parts.having.take() {
                let mut predicates = Vec::new();
                having.split_and(&mut predicates);
                plan = plan.filtered(predicates);
            }
        }
        plan = stack_windows(plan, windows);
        if let Some(qualify) = parts.qualify.take() {
            let mut predicates = Vec::new();
            qualify.split_and(&mut predicates);
            plan = plan.filtered(predicates);
        }
        plan = stack_table_functions(plan, table_functions);
        Ok((plan, parts))
    }

    /// Outputs, DISTINCT and ORDER BY.
    fn output(&mut self, plan: Plan, parts: Parts) -> Result<BoundQuery> {
        let Parts {
            outputs,
            distinct,
            order_by,
            ..
        } = parts;
        if outputs.len() > COLUMNS_MAX {
            return Err(Error::new(
                SqlState("54011"),
                format!("target lists can have at most {COLUMNS_MAX} entries"),
            ));
        }
        let names: Vec<String> = outputs.iter().map(|output| output.name.clone()).collect();
        // A column of a query around this one keeps its identity for itself.
        let own = plan.output_ids();
        let mut used = ColumnSet::default();
        let mut expressions: Vec<(ColumnDef, Expr)> = Vec::with_capacity(outputs.len());
        for Output { name, expression } in outputs {
            let column = match &expression {
                Expr::Column(column) if own.contains(&column.id) && used.insert(column.id) => {
                    ColumnDef { name, ..column.clone() }
                }
                other => self.column_for(name, other),
            };
            expressions.push((column, expression));
        }
        let shown: Vec<ColumnDef> = expressions.iter().map(|(column, _)| column.clone()).collect();
        let must_be_shown = matches!(distinct, DistinctKind::All);
        let mut keys = Vec::with_capacity(order_by.len());
        for key in order_by {
            let expression = self.output_column(&mut expressions, key.expression, must_be_shown, &own)?;
            keys.push(SortKey { expression, ..key });
        }
        let mut on = Vec::new();
        if let DistinctKind::On(distinct_on) = &distinct {
            for expression in distinct_on {
                on.push(self.output_column(&mut expressions, expression.clone(), false, &own)?);
            }
            check_distinct_on(&on, &keys)?;
        }
        let mut plan = plan.projected(expressions);
        if matches!(distinct, DistinctKind::All) {
            plan = Plan::Distinct(Distinct {
                input: Box::new(plan),
                on: Vec::new(),
            });
        }
        if !keys.is_empty() {
            plan = Plan::Sort(Sort {
                input: Box::new(plan),
                keys,
                limit: None,
            });
        }
        if !on.is_empty() {
            plan = Plan::Distinct(Distinct {
                input: Box::new(plan),
                on,
            });
        }
        Ok(BoundQuery {
            plan: plan.with_columns(&shown),
            names,
        })
    }

    /// The output that an expression is, or a further column that is not shown.
    fn output_column(
        &mut self,
        expressions: &mut Vec<(ColumnDef, Expr)>,
        expression: Expr,
        must_be_shown: bool,
        own: &ColumnSet,
    ) -> Result<Expr> {
        let known = expressions.iter().find(|(_, known)| *known == expression);
        if let Some((column, _)) = known {
            return Ok(Expr::Column(column.clone()));
        }
        if must_be_shown {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
            ));
        }
        let column = match &expression {
            Expr::Column(column) if own.contains(&column.id) => column.clone(),
            other => self.column_for("sort_key", other),
        };
        expressions.push((column.clone(), expression));
        Ok(Expr::Column(column))
    }
}

impl Parts {
    fn map(self, map: &mut dyn FnMut(Expr) -> Result<Expr>) -> Result<Parts> {
        Ok(Parts {
            outputs: self
                .outputs
                .into_iter()
                .map(|output| {
                    Ok(Output {
                        name: output.name,
                        expression: map(output.expression)?,
                    })
                })
                .collect::<Result<_>>()?,
            having: self.having.map(&mut *map).transpose()?,
            qualify: self.qualify.map(&mut *map).transpose()?,
            distinct: match self.distinct {
                DistinctKind::On(keys) => DistinctKind::On(keys.into_iter().map(&mut *map).collect::<Result<_>>()?),
                other => other,
            },
            order_by: self
                .order_by
                .into_iter()
                .map(|key| {
                    Ok(SortKey {
                        expression: map(key.expression)?,
                        ..key
                    })
                })
                .collect::<Result<_>>()?,
        })
    }
}

fn map_window(window: CollectedWindow, map: &mut dyn FnMut(Expr) -> Result<Expr>) -> Result<CollectedWindow> {
    // As a node of its own, so that the walker knows its expressions.
    let node = Plan::Window(Window {
        input: Box::new(Plan::nothing()),
        calls: vec![(window.column.clone(), window.call.clone())],
        partition_by: window.partition_by.clone(),
        order_by: window.order_by.clone(),
    });
    let Plan::Window(mut node) = node.try_map_expressions(map)? else {
        return Ok(window);
    };
    Ok(match node.calls.pop() {
        Some((column, call)) => CollectedWindow {
            column,
            call,
            partition_by: node.partition_by,
            order_by: node.order_by,
        },
        None => window,
    })
}

/// Window functions over the same window share a node.
/// Set-returning functions go side by side; those whose arguments are others' results, above them.
fn stack_table_functions(mut plan: Plan, mut functions: Vec<CollectedTableFunction>) -> Plan {
    while !functions.is_empty() {
        let waiting: ColumnSet = functions
            .iter()
            .flat_map(|function| function.columns.iter().map(|column| column.id))
            .collect();
        let (ready, later): (Vec<_>, Vec<_>) = functions.into_iter().partition(|function| {
            let mut arguments = function.call.arguments.iter();
            arguments.all(|argument| argument.columns().is_disjoint(&waiting))
        });
        let column_counts = ready.iter().map(|function| function.columns.len()).collect();
        let columns = ready.iter().flat_map(|function| function.columns.clone()).collect();
        plan = Plan::Apply(Apply {
            left: Box::new(plan),
            right: Box::new(Plan::TableFunction(TableFunction {
                calls: ready.into_iter().map(|function| function.call).collect(),
                columns,
                column_counts,
                with_ordinality: false,
            })),
            kind: JoinKind::Inner,
            predicates: Vec::new(),
        });
        functions = later;
    }
    plan
}

fn stack_windows(mut plan: Plan, windows: Vec<CollectedWindow>) -> Plan {
    let mut nodes: Vec<Window> = Vec::new();
    for window in windows {
        let same = nodes
            .iter_mut()
            .find(|node| node.partition_by == window.partition_by && node.order_by == window.order_by);
        match same {
            Some(node) => node.calls.push((window.column, window.call)),
            None => nodes.push(Window {
                input: Box::new(Plan::nothing()),
                calls: vec![(window.column, window.call)],
                partition_by: window.partition_by,
                order_by: window.order_by,
            }),
        }
    }
    for mut node in nodes {
        node.input = Box::new(plan);
        plan = Plan::Window(node);
    }
    plan
}

/// The columns of this level with the names error messages give them.
pub(super) fn input_columns(scope: &Scope<'_>) -> Vec<(String, ColumnDef)> {
    let mut columns: Vec<(String, ColumnDef)> = scope
        .relations
        .iter()
        .flat_map(|relation| {
            relation.columns.iter().map(|column| {
                let name = match relation.name.is_empty() {
                    true => column.name.clone(),
                    false => format!("{}.{}", relation.name, column.name),
                };
                (name, column.column.clone())
            })
        })
        .collect();
    columns.extend(
        scope
            .visible
            .iter()
            .map(|column| (column.name.clone(), column.column.clone())),
    );
    columns
}

/// DISTINCT ON keys must be the first keys of ORDER BY, in any order; a key that is named again says nothing new.
fn check_distinct_on(on: &[Expr], keys: &[SortKey]) -> Result<()> {
    let first_other = keys.iter().position(|key| !on.contains(&key.expression));
    let leading = keys.get(..first_other.unwrap_or(keys.len())).unwrap_or(keys);
    let covered = on
        .iter()
        .all(|expression| leading.iter().any(|key| key.expression == *expression));
    if first_other.is_some() && !covered {
        return Err(Error::new(
            SqlState::INVALID_COLUMN_REFERENCE,
            "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
        ));
    }
    Ok(())
}

fn refuse_foreign_clauses(select: &ast::Select) -> Result<()> {
    let clauses = [
        (select.top.is_some(), "TOP"),
        (select.into.is_some(), "SELECT INTO"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!is_sample(&select.cluster_by), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (select.value_table_mode.is_some(), "SELECT AS STRUCT"),
        (select.exclude.is_some(), "EXCLUDE"),
    ];
    match clauses.into_iter().find(|(present, _)| *present) {
        Some((_, clause)) => Err(not_supported(clause)),
        None => Ok(()),
    }
}

/// The name Postgres gives an output column without alias; `None` for `?column?`.
pub(super) fn output_name(expression: &ast::Expr) -> Option<String> {
    chosen_name(expression).map(|(name, _)| name)
}

/// Where a name comes from: one that stands for want of a better gives way to what is around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strength {
    /// Of a type, or of CASE.
    Weak,
    /// Of a column or function.
    Strong,
}

fn chosen_name(expression: &ast::Expr) -> Option<(String, Strength)> {
    use ast::Expr as Syntax;
    let weak = |name: Option<String>| name.map(|name| (name, Strength::Weak));
    let strong = |inner: &ast::Expr| chosen_name(inner).filter(|(_, strength)| *strength == Strength::Strong);
    match expression {
        Syntax::Nested(inner) | Syntax::Collate { expr: inner, .. } => chosen_name(inner),
        Syntax::Cast { expr, data_type, .. } => {
            strong(expr).or_else(|| weak(type_name(data_type)).or_else(|| chosen_name(expr)))
        }
        Syntax::CompoundFieldAccess { root, access_chain } => {
            let field = access_chain.iter().rev().find_map(|access| match access {
                ast::AccessExpr::Dot(Syntax::Identifier(field)) => Some(fold(field)),
                _ => None,
            });
            field
                .map(|field| (field, Strength::Strong))
                .or_else(|| chosen_name(root))
        }
        Syntax::TypedString(typed) => weak(type_name(&typed.data_type)),
        Syntax::Interval(_) => weak(Some("interval".to_owned())),
        Syntax::Case { else_result, .. } => {
            let result = else_result.as_deref().and_then(strong);
            result.or_else(|| weak(Some("case".to_owned())))
        }
        other => strong_name(other).map(|name| (name, Strength::Strong)),
    }
}

fn strong_name(expression: &ast::Expr) -> Option<String> {
    use ast::Expr as Syntax;
    let fixed = |name: &str| Some(name.to_owned());
    match expression {
        Syntax::Identifier(identifier) => Some(fold(identifier)),
        Syntax::CompoundIdentifier(parts) => parts.last().map(fold),
        Syntax::Function(function) => match function.name.0.last()? {
            ast::ObjectNamePart::Identifier(identifier) => Some(fold(identifier)),
            ast::ObjectNamePart::Function(_) => None,
        },
        Syntax::BinaryOp {
            op: ast::BinaryOperator::Overlaps,
            ..
        } => fixed("overlaps"),
        Syntax::Exists { .. } => fixed("exists"),
        Syntax::Array(_) => fixed("array"),
        Syntax::Extract { .. } => fixed("extract"),
        Syntax::Substring { shorthand, .. } => fixed(if *shorthand { "substr" } else { "substring" }),
        Syntax::Position { .. } => fixed("position"),
        Syntax::Overlay { .. } => fixed("overlay"),
        Syntax::Ceil { .. } => fixed("ceil"),
        Syntax::Floor { .. } => fixed("floor"),
        Syntax::AtTimeZone { .. } => fixed("timezone"),
        Syntax::Trim { trim_where, .. } => fixed(match trim_where {
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
            _ => "btrim",
        }),
        Syntax::Subquery(query) => query_output_name(&query.body).or_else(|| fixed("?column?")),
        _ => None,
    }
}

fn query_output_name(body: &ast::SetExpr) -> Option<String> {
    match body {
        ast::SetExpr::Select(select) => match select.projection.first()? {
            SelectItem::UnnamedExpr(expression) => output_name(expression),
            SelectItem::ExprWithAlias { alias, .. } => Some(fold(alias)),
            _ => None,
        },
        ast::SetExpr::Query(query) => query_output_name(&query.body),
        ast::SetExpr::SetOperation { left, .. } => query_output_name(left),
        ast::SetExpr::Values(_) => Some("column1".to_owned()),
        _ => None,
    }
}

/// The catalog name of a type, as an output column takes it.
fn type_name(data_type: &ast::DataType) -> Option<String> {
    use ast::DataType as Type;
    let name = match data_type {
        Type::SmallInt(_) | Type::Int2(_) => "int2",
        Type::Int(_) | Type::Int4(_) | Type::Integer(_) => "int4",
        Type::BigInt(_) | Type::Int8(_) => "int8",
        Type::Real | Type::Float4 => "float4",
        Type::Float8 | Type::DoublePrecision | Type::Double(_) | Type::Float(_) => "float8",
        Type::Numeric(_) | Type::Decimal(_) | Type::Dec(_) => "numeric",
        Type::Bool | Type::Boolean => "bool",
        Type::Varchar(_) | Type::CharacterVarying(_) | Type::CharVarying(_) => "varchar",
        Type::Char(_) | Type::Character(_) => "bpchar",
        Type::Timestamp(_, ast::TimezoneInfo::WithTimeZone | ast::TimezoneInfo::Tz) => "timestamptz",
        Type::Timestamp(..) => "timestamp",
        Type::Time(..) => "time",
        Type::Interval { .. } => "interval",
        Type::Array(ast::ArrayElemTypeDef::SquareBracket(element, _)) => return type_name(element),
        Type::Custom(name, _) => {
            return match name.0.last()? {
                ast::ObjectNamePart::Identifier(identifier) => Some(fold(identifier)),
                ast::ObjectNamePart::Function(_) => None,
            };
        }
        other => return Some(other.to_string().to_lowercase()),
    };
    Some(name.to_owned())
}
