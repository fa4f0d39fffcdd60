//! Inner joins in another order: `(a x b) x c` -> whatever makes the smallest intermediate results, the smaller side of each
//! join on the right, where the hash table is built.
//!
//! Sound because inner joins are associative and commutative; each condition is applied at the first join that has all its
//! columns. Up to [`EXHAUSTIVE_JOIN_RELATIONS_MAX`] relations all bushy orders without needless cross products are compared
//! (dynamic programming over sets of relations); beyond, the pair with the smallest result is joined first.

use super::context::Context;
use super::estimate::Distinct;
use super::join_graph::{Equalities, flatten};
use crate::error::Result;
use crate::limits::EXHAUSTIVE_JOIN_RELATIONS_MAX;
use crate::plan::{ColumnSet, CompareOp, Expr, Join, JoinKey, JoinKind, Plan};
use std::collections::HashMap;

/// Reorders every tree of inner joins.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let mut distinct = Distinct::default();
    distinct.collect(&plan, context);
    Ok(reorder(plan, &distinct, context))
}

fn reorder(plan: Plan, distinct: &Distinct, context: &Context<'_>) -> Plan {
    let is_inner = matches!(&plan, Plan::Join(join) if join.kind == JoinKind::Inner);
    if !is_inner {
        return plan.map_inputs(&mut |input| reorder(input, distinct, context));
    }
    let output = plan.output();
    let mut relations = Vec::new();
    let mut conditions = Vec::new();
    flatten(plan, &mut relations, &mut conditions);
    let relations: Vec<Plan> = relations
        .into_iter()
        .map(|relation| reorder(relation, distinct, context))
        .collect();
    let graph = Graph::new(relations, conditions, distinct, context);
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
    selectivity: f64,
}

struct Graph<'g> {
    relations: Vec<Plan>,
    rows: Vec<f64>,
    edges: Vec<Edge>,
    distinct: &'g Distinct,
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
const BUILD_COST: f64 = 4.0;

/// A row looked up, likewise: dear as soon as the table does not fit the processor's caches.
fn probe_cost(build_rows: f64) -> f64 {
    match build_rows {
        ..16e3 => 0.5,
        ..1e6 => 1.5,
        _ => 3.0,
    }
}

/// Rows of a cross product between relations that a condition elsewhere connects.
const CROSS_ROWS_MAX: f64 = 100.0;

impl<'g> Graph<'g> {
    fn new(relations: Vec<Plan>, conditions: Vec<Expr>, distinct: &'g Distinct, context: &Context<'_>) -> Self {
        let rows: Vec<f64> = relations
            .iter()
            .map(|relation| distinct.rows(relation, context))
            .collect();
        let columns: Vec<ColumnSet> = relations.iter().map(Plan::output_ids).collect();
        let mut graph = Graph {
            relations,
            rows,
            edges: Vec::new(),
            distinct,
        };
        let conditions = with_equalities(conditions);
        for condition in conditions {
            let used = condition.columns();
            let relations = columns
                .iter()
                .enumerate()
                .filter(|(_, columns)| !columns.is_disjoint(&used))
                .fold(0, |set, (index, _)| set | bit(index));
            let selectivity = graph.selectivity(&condition, relations);
            graph.edges.push(Edge {
                relations,
                condition,
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
                self.distinct.join_selectivity(left, right, first, second)
            }
            other => self.distinct.selectivity(other),
        }
    }

    fn leaf(&self, index: usize) -> Tree {
        Tree {
            set: bit(index),
            rows: self.rows.get(index).copied().unwrap_or(1.0),
            cost: 0.0,
            shape: Shape::Relation(index),
        }
    }

    fn is_connected(&self, left: Set, right: Set) -> bool {
        self.edges.iter().any(|edge| {
            edge.relations & left != 0 && edge.relations & right != 0 && edge.relations & !(left | right) == 0
        })
    }

    /// The rows of a set do not depend on the order in which it was joined.
    fn set_rows(&self, set: Set) -> f64 {
        let product: f64 = self
            .rows
            .iter()
            .enumerate()
            .filter(|(index, _)| set & bit(*index) != 0)
            .map(|(_, rows)| *rows)
            .product();
        // Of equalities among the same columns only as many count as are needed to connect them; each pair of relations
        // counts with its most selective ones, two at most.
        let mut per_pair: HashMap<Set, Vec<f64>> = HashMap::new();
        for edge in self.edges.iter().filter(|edge| edge.relations & !set == 0) {
            per_pair.entry(edge.relations).or_default().push(edge.selectivity);
        }
        let mut connected: Vec<Set> = Vec::new();
        let mut pairs: Vec<(Set, f64)> = per_pair
            .into_iter()
            .map(|(pair, mut list)| {
                list.sort_by(f64::total_cmp);
                let first = list.first().copied().unwrap_or(1.0);
                let second = list.get(1).map_or(1.0, |second| second.sqrt());
                (pair, first * second)
            })
            .collect();
        pairs.sort_by(|left, right| left.1.total_cmp(&right.1).then(left.0.cmp(&right.0)));
        let mut rows = product;
        for (pair, selectivity) in pairs {
            // A pair that closes a cycle filters less than its estimate says.
            let within = connected.iter().any(|component| pair & !component == 0);
            rows *= if within { selectivity.sqrt() } else { selectivity };
            let mut merged = pair;
            connected.retain(|component| {
                let touches = component & pair != 0;
                if touches {
                    merged |= component;
                }
                !touches
            });
            connected.push(merged);
        }
        rows.max(1.0)
    }

    fn join(&self, left: &Tree, right: &Tree, rows: f64) -> Tree {
        let (probe, build) = if left.rows >= right.rows {
            (left, right)
        } else {
            (right, left)
        };
        Tree {
            set: left.set | right.set,
            rows,
            cost: left.cost + right.cost + rows + probe.rows * probe_cost(build.rows) + build.rows * BUILD_COST,
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
                && (!connected_only || self.is_connected(part, other))
                && let (Some(left), Some(right)) = (best.get(&part), best.get(&other))
            {
                let tree = self.join(left, right, rows);
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
                    let connected = self.is_connected(left.set, right.set);
                    if best.as_ref().is_some_and(|(_, _, better, _)| *better && !connected) {
                        continue;
                    }
                    let rows = match connected {
                        true => self.set_rows(left.set | right.set),
                        false => left.rows * right.rows,
                    };
                    let tree = self.join(left, right, rows);
                    let is_better = best.as_ref().is_none_or(|(_, _, was_connected, best)| {
                        (connected && !was_connected) || tree.rows < best.rows
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

fn bit(index: usize) -> Set {
    1u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0)
}
