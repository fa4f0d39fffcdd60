//! Inner joins in another order: `(a x b) x c` -> whatever makes the smallest intermediate results, the smaller side of each
//! join on the right, where the hash table is built.
//!
//! Sound because inner joins are associative and commutative; each condition is applied at the first join that has all its
//! columns. Up to [`EXHAUSTIVE_JOIN_RELATIONS_MAX`] relations all bushy orders without needless cross products are compared
//! (dynamic programming over sets of relations); beyond, the pair with the smallest result is joined first.

use super::context::Context;
use super::estimate::Statistics;
use super::join_graph::{Equalities, flatten, implied};
use crate::error::Result;
use crate::limits::EXHAUSTIVE_JOIN_RELATIONS_MAX;
use crate::plan::{ColumnSet, CompareOp, Expr, Join, JoinKey, JoinKind, Plan};
use std::collections::HashMap;

/// Reorders every tree of inner joins.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    if !plan.has_join(&|join| join.kind == JoinKind::Inner) {
        return Ok(plan);
    }
    let mut statistics = Statistics::default();
    statistics.collect(&plan, context);
    Ok(reorder(plan, &statistics, context))
}

fn reorder(plan: Plan, statistics: &Statistics, context: &Context<'_>) -> Plan {
    let is_inner = matches!(&plan, Plan::Join(join) if join.kind == JoinKind::Inner);
    if !is_inner {
        return plan.map_inputs(&mut |input| reorder(input, statistics, context));
    }
    let output = plan.output();
    let mut relations = Vec::new();
    let mut conditions = Vec::new();
    flatten(plan, &mut relations, &mut conditions);
    let relations: Vec<Plan> = relations
        .into_iter()
        .map(|relation| reorder(relation, statistics, context))
        .collect();
    let graph = Graph::new(relations, conditions, statistics, context);
    let tree = match graph.relations.len() <= EXHAUSTIVE_JOIN_RELATIONS_MAX {
        true => graph.search_all(),
        false => graph.search_greedily(),
    };
    graph.build(&tree).with_columns(&output)
}

/// A set of relations, one bit each.
type Set = u64;

struct Edge {
    /// The relations the condition names.
    relations: Set,
    condition: Expr,
    /// It can be a join's key.
    is_equality: bool,
    /// The class of equal columns that it is about.
    class: Option<usize>,
    selectivity: f64,
}

/// What a join of two sets of relations has to go by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Connection {
    Nothing,
    /// A condition that every pair of rows is tested with.
    Condition,
    /// Equal values.
    Key,
}

struct Graph<'g> {
    relations: Vec<Plan>,
    rows: Vec<f64>,
    edges: Vec<Edge>,
    statistics: &'g Statistics,
}

/// A join order.
#[derive(Clone)]
struct Tree {
    set: Set,
    rows: f64,
    cost: f64,
    shape: Shape,
}

#[derive(Clone)]
enum Shape {
    Relation(usize),
    Join(Box<Tree>, Box<Tree>),
}

/// A row put into a hash table, in rows handed on.
pub(super) const BUILD_COST: f64 = 4.0;

/// A row looked up, likewise: dear as soon as the table does not fit the processor's caches.
pub(super) fn probe_cost(build_rows: f64) -> f64 {
    match build_rows {
        ..16e3 => 0.5,
        ..1e6 => 1.5,
        _ => 3.0,
    }
}

/// Two rows compared without a key.
pub(super) const PAIR_COST: f64 = 0.5;

/// Rows of a cross product between relations that a condition elsewhere connects.
const CROSS_ROWS_MAX: f64 = 100.0;

impl<'g> Graph<'g> {
    fn new(relations: Vec<Plan>, conditions: Vec<Expr>, statistics: &'g Statistics, context: &Context<'_>) -> Self {
        let rows: Vec<f64> = relations
            .iter()
            .map(|relation| statistics.rows(relation, context))
            .collect();
        let columns: Vec<ColumnSet> = relations.iter().map(Plan::output_ids).collect();
        let mut graph = Graph {
            relations,
            rows,
            edges: Vec::new(),
            statistics,
        };
        let conditions = with_equalities(conditions);
        let equalities = Equalities::new(&conditions);
        for condition in conditions {
            let relations = relations_of(&condition, &columns);
            let selectivity = graph.selectivity(&condition, relations);
            let is_equality = is_key(&condition, &columns);
            let class = equalities.class_of(&condition).filter(|_| is_equality);
            graph.edges.push(Edge {
                relations,
                condition,
                is_equality,
                class,
                selectivity,
            });
        }
        graph
    }

    fn selectivity(&self, condition: &Expr, relations: Set) -> f64 {
        match condition {
            Expr::Compare {
                op: CompareOp::Equal,
                left,
                right,
            } if relations.count_ones() == 2 => {
                let mut rows = self
                    .rows
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| relations & bit(*index) != 0)
                    .map(|(_, rows)| *rows);
                let (first, second) = (rows.next().unwrap_or(1.0), rows.next().unwrap_or(1.0));
                self.statistics
                    .join_selectivity(std::iter::once((&**left, &**right)), first, second)
            }
            other => self.statistics.selectivity(other) / self.applied_selectivity(other, relations),
        }
    }

    /// The share of rows that an OR leaves by what it says of single relations, which these have been filtered by.
    fn applied_selectivity(&self, condition: &Expr, relations: Set) -> f64 {
        let concerned = self.relations.iter().enumerate();
        let concerned = concerned.filter(|(index, _)| relations & bit(*index) != 0);
        let parts = concerned.filter_map(|(_, relation)| implied(condition, &relation.output_ids()));
        let share = parts.fold(1.0, |share, part| share * self.statistics.selectivity(&part));
        share.max(self.statistics.selectivity(condition))
    }

    fn leaf(&self, index: usize) -> Tree {
        Tree {
            set: bit(index),
            rows: self.rows.get(index).copied().unwrap_or(1.0),
            cost: 0.0,
            shape: Shape::Relation(index),
        }
    }

    /// What a join of two sets has to go by.
    fn connection(&self, left: Set, right: Set) -> Connection {
        let mut connection = Connection::Nothing;
        for edge in &self.edges {
            let is_between =
                edge.relations & left != 0 && edge.relations & right != 0 && edge.relations & !(left | right) == 0;
            if is_between {
                if edge.is_equality {
                    return Connection::Key;
                }
                connection = Connection::Condition;
            }
        }
        connection
    }

    /// The rows of a set do not depend on the order in which it was joined.
    fn set_rows(&self, set: Set) -> f64 {
        // Relations that equalities connect so far, with their rows; and those whose columns of a class of equal ones are equal by now.
        let alone = self.rows.iter().enumerate().filter(|(index, _)| set & bit(*index) != 0);
        let mut connected: Vec<(Set, f64)> = alone.map(|(index, rows)| (bit(index), *rows)).collect();
        let mut equal: Vec<(usize, Set)> = Vec::new();
        for (pair, edges) in self.pairs(set) {
            let follows = |edge: &Edge| {
                edge.class.is_some_and(|class| {
                    let mut equal = equal.iter();
                    equal.any(|(known, relations)| *known == class && pair & !relations == 0)
                })
            };
            let selectivity = self.pair_selectivity(pair, edges.iter().copied().filter(|edge| !follows(edge)));
            // A pair that closes a cycle filters less than its estimate says.
            let is_cycle = connected.iter().any(|(component, _)| pair & !component == 0);
            let mut merged = (pair, if is_cycle { selectivity.sqrt() } else { selectivity });
            connected.retain(|(component, rows)| {
                let touches = component & pair != 0;
                if touches {
                    merged = (merged.0 | component, merged.1 * rows);
                }
                !touches
            });
            connected.push(merged);
            for class in edges.iter().filter_map(|edge| edge.class) {
                let mut relations = pair;
                equal.retain(|(known, others)| {
                    let touches = *known == class && others & pair != 0;
                    if touches {
                        relations |= others;
                    }
                    !touches
                });
                equal.push((class, relations));
            }
        }
        // However few rows are expected, there may be one: what nothing equal connects to it multiplies it.
        let rows: f64 = connected.into_iter().map(|(_, rows)| rows.max(1.0)).product();
        let others = self
            .edges
            .iter()
            .filter(|edge| !edge.is_equality && edge.relations & !set == 0);
        others.fold(rows, |rows, edge| rows * edge.selectivity).max(1.0)
    }

    /// Pairs of a set's relations that equalities connect, and these, the most selective first.
    fn pairs(&self, set: Set) -> Vec<(Set, Vec<&Edge>)> {
        let mut pairs: Vec<(Set, Vec<&Edge>)> = Vec::new();
        let within = self
            .edges
            .iter()
            .filter(|edge| edge.is_equality && edge.relations & !set == 0);
        for edge in within {
            match pairs.iter_mut().find(|(pair, _)| *pair == edge.relations) {
                Some((_, edges)) => edges.push(edge),
                None => pairs.push((edge.relations, vec![edge])),
            }
        }
        let selectivity = |(pair, edges): &(Set, Vec<&Edge>)| self.pair_selectivity(*pair, edges.iter().copied());
        pairs.sort_by(|left, right| {
            let by_selectivity = selectivity(left).total_cmp(&selectivity(right));
            by_selectivity.then(left.0.cmp(&right.0))
        });
        pairs
    }

    /// What some equalities between two relations filter. The most selective ones count, two at most, and together they are no more
    /// selective than a key of the smaller relation.
    fn pair_selectivity<'e>(&self, pair: Set, edges: impl Iterator<Item = &'e Edge>) -> f64 {
        let mut list: Vec<f64> = edges.map(|edge| edge.selectivity).collect();
        list.sort_by(f64::total_cmp);
        match list.as_slice() {
            [] => 1.0,
            [only] => *only,
            [first, second, ..] => {
                let rows = self.rows.iter().enumerate();
                let rows = rows.filter(|(index, _)| pair & bit(*index) != 0);
                let smaller = rows.fold(f64::INFINITY, |least, (_, rows)| least.min(*rows));
                (first * second.sqrt()).max(1.0 / smaller.max(1.0))
            }
        }
    }

    fn join(&self, left: &Tree, right: &Tree, rows: f64, connection: Connection) -> Tree {
        let (probe, build) = if left.rows >= right.rows {
            (left, right)
        } else {
            (right, left)
        };
        let pairs = match connection {
            Connection::Key => 0.0,
            Connection::Condition | Connection::Nothing => probe.rows * build.rows,
        };
        let work = probe.rows * probe_cost(build.rows) + build.rows * BUILD_COST + pairs * PAIR_COST;
        Tree {
            set: left.set | right.set,
            rows,
            cost: left.cost + right.cost + rows + work,
            shape: Shape::Join(Box::new(probe.clone()), Box::new(build.clone())),
        }
    }

    fn search_all(&self) -> Tree {
        let mut found = [CROSS_ROWS_MAX, f64::INFINITY]
            .into_iter()
            .filter_map(|limit| self.search(limit));
        found.next().unwrap_or_else(|| self.search_greedily())
    }

    /// The cheapest tree whose cross products have at most so many rows.
    fn search(&self, cross_rows_max: f64) -> Option<Tree> {
        let count = self.relations.len();
        let full: Set = (1 << count) - 1;
        let mut best: HashMap<Set, Tree> = (0..count).map(|index| (bit(index), self.leaf(index))).collect();
        for set in 1..=full {
            if set.count_ones() < 2 {
                continue;
            }
            let rows = self.set_rows(set);
            let chosen = self.cheapest_split(set, rows, &best, true);
            let crossed = || {
                self.cheapest_split(set, rows, &best, false)
                    .filter(|tree| tree.rows <= cross_rows_max)
            };
            if let Some(tree) = chosen.or_else(crossed) {
                best.insert(set, tree);
            }
        }
        best.remove(&full)
    }

    /// The cheapest join of two parts of a set, of parts that a condition connects or of any.
    fn cheapest_split(&self, set: Set, rows: f64, best: &HashMap<Set, Tree>, connected_only: bool) -> Option<Tree> {
        let mut chosen: Option<Tree> = None;
        let mut part = (set - 1) & set;
        while part > 0 {
            let other = set & !part;
            // Each split once.
            if part > other
                && let (Some(left), Some(right)) = (best.get(&part), best.get(&other))
                && let connection = self.connection(part, other)
                && (!connected_only || connection != Connection::Nothing)
            {
                let tree = self.join(left, right, rows, connection);
                if chosen.as_ref().is_none_or(|chosen| tree.cost < chosen.cost) {
                    chosen = Some(tree);
                }
            }
            part = (part - 1) & set;
        }
        chosen
    }

    fn search_greedily(&self) -> Tree {
        let mut trees: Vec<Tree> = (0..self.relations.len()).map(|index| self.leaf(index)).collect();
        while trees.len() > 1 {
            let mut best: Option<(usize, usize, bool, Tree)> = None;
            for (left_index, left) in trees.iter().enumerate() {
                for (right_index, right) in trees.iter().enumerate().skip(left_index + 1) {
                    let connection = self.connection(left.set, right.set);
                    let connected = connection != Connection::Nothing;
                    if best.as_ref().is_some_and(|(_, _, better, _)| *better && !connected) {
                        continue;
                    }
                    let rows = match connected {
                        true => self.set_rows(left.set | right.set),
                        false => left.rows * right.rows,
                    };
                    let tree = self.join(left, right, rows, connection);
                    let is_better = best.as_ref().is_none_or(|(_, _, was_connected, best)| {
                        let is_cheaper = tree.rows == best.rows && tree.cost < best.cost;
                        (connected && !was_connected) || tree.rows < best.rows || is_cheaper
                    });
                    if is_better {
                        best = Some((left_index, right_index, connected, tree));
                    }
                }
            }
            let Some((left, right, _, tree)) = best else {
                break;
            };
            trees.swap_remove(right);
            trees.swap_remove(left);
            trees.push(tree);
        }
        trees.pop().unwrap_or_else(|| self.leaf(0))
    }

    fn build(&self, tree: &Tree) -> Plan {
        let mut used = vec![false; self.edges.len()];
        let plan = self.build_node(tree, &mut used);
        let rest = self
            .edges
            .iter()
            .zip(used)
            .filter(|(_, used)| !used)
            .map(|(edge, _)| edge.condition.clone())
            .collect();
        plan.filtered(rest)
    }

    fn build_node(&self, tree: &Tree, used: &mut [bool]) -> Plan {
        match &tree.shape {
            Shape::Relation(index) => self.relations.get(*index).cloned().unwrap_or_else(Plan::nothing),
            Shape::Join(probe, build) => {
                let left = self.build_node(probe, used);
                let right = self.build_node(build, used);
                let mut conditions = Vec::new();
                for (edge, used) in self.edges.iter().zip(used) {
                    let here = edge.relations & !tree.set == 0 && edge.relations != 0;
                    if here && !*used {
                        *used = true;
                        conditions.push(edge.condition.clone());
                    }
                }
                joined_once(left, right, conditions)
            }
        }
    }
}

/// A join whose keys do not repeat what earlier keys and the inputs' own equalities already say.
fn joined_once(left: Plan, right: Plan, conditions: Vec<Expr>) -> Plan {
    let Plan::Join(mut join) = Plan::joined(left, right, JoinKind::Inner, conditions) else {
        return Plan::nothing();
    };
    let mut known = equalities_within(&join.left);
    known.extend(equalities_within(&join.right));
    let keys = std::mem::take(&mut join.keys);
    for key in keys {
        let classes = Equalities::new(&known);
        let is_known = match (&key.left, &key.right) {
            (Expr::Column(left), Expr::Column(right)) => {
                classes.equal_to(left.id).iter().any(|other| other.id == right.id)
            }
            _ => false,
        };
        if !is_known {
            known.push(key.clone().into_condition());
            join.keys.push(key);
        }
    }
    Plan::Join(join)
}

/// The key equalities of the inner joins of a tree.
fn equalities_within(plan: &Plan) -> Vec<Expr> {
    match plan {
        Plan::Join(Join {
            left,
            right,
            kind: JoinKind::Inner,
            keys,
            ..
        }) => {
            let mut equalities = equalities_within(left);
            equalities.extend(equalities_within(right));
            equalities.extend(
                keys.iter()
                    .filter(|key| !key.null_matches)
                    .cloned()
                    .map(JoinKey::into_condition),
            );
            equalities
        }
        Plan::Filter(filter) => equalities_within(&filter.input),
        _ => Vec::new(),
    }
}

/// The conditions and the equalities that follow from `a = b` and `b = c`, so that any two of them can be joined.
fn with_equalities(mut conditions: Vec<Expr>) -> Vec<Expr> {
    let equalities = Equalities::new(&conditions);
    for class in equalities.classes() {
        for (index, left) in class.iter().enumerate() {
            for right in class.iter().skip(index + 1) {
                let forward = Expr::compare(
                    CompareOp::Equal,
                    Expr::Column(left.clone()),
                    Expr::Column(right.clone()),
                );
                let is_known = conditions.iter().any(|known| match known {
                    Expr::Compare {
                        op: CompareOp::Equal,
                        left: first,
                        right: second,
                    } => match (&**first, &**second) {
                        (Expr::Column(first), Expr::Column(second)) => {
                            (first.id == left.id && second.id == right.id)
                                || (first.id == right.id && second.id == left.id)
                        }
                        _ => false,
                    },
                    _ => false,
                });
                if !is_known {
                    conditions.push(forward);
                }
            }
        }
    }
    conditions
}

/// The relations whose columns an expression names.
fn relations_of(expression: &Expr, columns: &[ColumnSet]) -> Set {
    let used = expression.columns();
    let relations = columns.iter().enumerate();
    relations
        .filter(|(_, columns)| !columns.is_disjoint(&used))
        .fold(0, |set, (index, _)| set | bit(index))
}

/// Whether a condition says that something of one relation equals something of another.
fn is_key(condition: &Expr, columns: &[ColumnSet]) -> bool {
    let Expr::Compare {
        op: CompareOp::Equal,
        left,
        right,
    } = condition
    else {
        return false;
    };
    let (left, right) = (relations_of(left, columns), relations_of(right, columns));
    left.count_ones() == 1 && right.count_ones() == 1 && left != right
}

fn bit(index: usize) -> Set {
    1u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0)
}
