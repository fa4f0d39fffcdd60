//! Join.

use super::plan_sort::{column_types, scanned_column};
use super::{Piece, Planner};
use crate::error::{Error, Result, SqlState};
use crate::expression::Layout;
use crate::operators::hash_join::{
    BuildSink, BuildTasks, BuildTasksSink, Join as JoinOperator, JoinKeys, Kind, LeftSide, MarkedSource,
    ProbeTransform, Publication, Residual, Specification,
};
use crate::operators::key::{KeyEncoder, KeyField};
use crate::pipeline::Branch;
use crate::types::array_type;
use std::sync::Arc;
use stoa_sql::plan::{ColumnDef, ColumnId, ColumnSet, Expr, Join, JoinKind, Plan};

impl Planner {
    pub(super) fn plan_join(&mut self, join: &Join, node: usize) -> Result<Piece> {
        let kind = kind_of(&join.kind);
        check_null_aware(join)?;
        // The right side first, whatever the nodes' numbers say: what it learns of its keys is known when scans of the left side
        // begin.
        let left_node = self.next_node;
        self.next_node += node_count(&join.left);
        let right = self.plan(&join.right)?;
        let next_node = std::mem::replace(&mut self.next_node, left_node);

        let wanted = self.wanted.get(&node).cloned();
        let is_wanted = |id: ColumnId| wanted.as_ref().is_none_or(|wanted| wanted.contains(&id));
        let stored = stored_places(join, kind, &right.layout, &is_wanted);
        let stored_columns = chosen(right.layout.columns(), &stored);
        let operator = JoinOperator::new(Specification {
            kind,
            keys: self.join_keys(join, &right.layout)?,
            has_residual: !join.residual.is_empty(),
            stored,
            stored_types: column_types(&stored_columns),
            publications: self.publications(join, kind)?,
            batch_rows: self.context.batch_rows,
            workers: self.context.threads,
            memory: self.context.memory.clone(),
            cancel: self.context.cancel.clone(),
            profile: self.context.profile.as_ref().map(|profile| profile.node(node)),
        });
        self.sink(right, Arc::new(BuildSink(operator.clone())));
        let tasks = Piece::source(BuildTasks(operator.clone()), Vec::new());
        self.sink(tasks, Arc::new(BuildTasksSink(operator.clone())));

        let left = self.plan(&join.left)?;
        self.next_node = next_node;
        let output = match kind.only_marks() {
            true => Vec::new(),
            false => places(left.layout.columns(), &is_wanted),
        };
        let right_output = match kind.asks_existence() {
            true => Vec::new(),
            false => places(&stored_columns, &is_wanted),
        };
        let left_columns = chosen(left.layout.columns(), &output);
        let right_columns = chosen(&stored_columns, &right_output);
        let left_side = Arc::new(LeftSide {
            keys: self.key_columns(join.keys.iter().map(|key| &key.left), &left.layout)?,
            residual: self.residual(join, &left.layout, &stored_columns)?,
            output,
            output_types: column_types(&left_columns),
            right_output,
        });
        let columns = output_columns(&join.kind, &left_columns, right_columns);
        let mut piece = left.through(
            ProbeTransform {
                join: operator.clone(),
                left: left_side.clone(),
            },
            columns,
        );
        if kind.hands_out_right().is_some() {
            piece.branches.push(Branch {
                source: Arc::new(MarkedSource::new(operator, left_side)),
                transforms: Vec::new(),
            });
        }
        Ok(piece)
    }

    fn join_keys(&self, join: &Join, right: &Layout) -> Result<Option<JoinKeys>> {
        if join.keys.is_empty() {
            return Ok(None);
        }
        let fields = join.keys.iter().map(|key| {
            let data_type = array_type(&key.right.data_type());
            if array_type(&key.left.data_type()) != data_type {
                return Err(Error::Internal(format!(
                    "a join of {} with {}",
                    key.left.data_type(),
                    key.right.data_type()
                )));
            }
            Ok(match key.null_matches {
                true => KeyField::equality(data_type),
                false => KeyField::without_nulls(data_type),
            })
        });
        Ok(Some(JoinKeys {
            encoder: KeyEncoder::new(fields.collect::<Result<_>>()?)?,
            right: self.key_columns(join.keys.iter().map(|key| &key.right), right)?,
        }))
    }

    /// The further conditions, over only the columns that they name.
    fn residual(&self, join: &Join, left: &Layout, stored: &[ColumnDef]) -> Result<Option<Residual>> {
        if join.residual.is_empty() {
            return Ok(None);
        }
        let named = named_columns(&join.residual);
        let is_named = |id: ColumnId| named.contains(&id);
        let (left_places, right_places) = (places(left.columns(), &is_named), places(stored, &is_named));
        let mut columns = chosen(left.columns(), &left_places);
        columns.extend(chosen(stored, &right_places));
        let layout = Layout::new(columns);
        Ok(Some(Residual {
            conditions: self.compile_all(&join.residual, &layout)?,
            left: left_places,
            right: right_places,
        }))
    }

    /// Lets scans of the left side, which are yet to be planned, hear of the right side's keys.
    fn publications(&mut self, join: &Join, kind: Kind) -> Result<Vec<Publication>> {
        let mut publications = Vec::new();
        if !kind.drops_unmatched_left() {
            return Ok(publications);
        }
        for (number, key) in join.keys.iter().enumerate() {
            let Expr::Column(column) = &key.left else { continue };
            if key.null_matches {
                continue;
            }
            let Some((scan, place, scanned)) = scanned_column(&join.left, column.id) else {
                continue;
            };
            let is_indexed = self.has_index(scan, place);
            if let Some(target) = self.dynamic_target(scanned.id, &column.data_type) {
                let data_type = array_type(&key.right.data_type());
                let publication = Publication::new(number, data_type, target.condition)?;
                publications.push(match is_indexed {
                    true => publication.for_index(),
                    false => publication,
                });
            }
        }
        Ok(publications)
    }
}

fn kind_of(kind: &JoinKind) -> Kind {
    match kind {
        JoinKind::Inner => Kind::Inner,
        JoinKind::Left => Kind::Left,
        JoinKind::Right => Kind::Right,
        JoinKind::Full => Kind::Full,
        JoinKind::Semi => Kind::Semi,
        JoinKind::Anti => Kind::Anti,
        JoinKind::RightSemi => Kind::RightSemi,
        JoinKind::RightAnti => Kind::RightAnti,
        JoinKind::NullAwareAnti => Kind::NullAwareAnti,
        JoinKind::Mark { null_aware, .. } => Kind::Mark {
            null_aware: *null_aware,
        },
        JoinKind::Single => Kind::Single,
    }
}

/// NOT IN's logic is that of one column; the optimizer writes others out.
fn check_null_aware(join: &Join) -> Result<()> {
    let is_null_aware = matches!(
        join.kind,
        JoinKind::NullAwareAnti | JoinKind::Mark { null_aware: true, .. }
    );
    if is_null_aware && (join.keys.len() != 1 || join.keys[0].null_matches || !join.residual.is_empty()) {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "NOT IN with several columns or further conditions is not supported here",
        ));
    }
    Ok(())
}

fn named_columns(expressions: &[Expr]) -> ColumnSet {
    let mut columns = ColumnSet::default();
    expressions
        .iter()
        .for_each(|expression| expression.collect_columns(&mut columns));
    columns
}

/// The right side's columns that are kept: for the output, or for further conditions.
fn stored_places(join: &Join, kind: Kind, right: &Layout, is_wanted: &dyn Fn(ColumnId) -> bool) -> Vec<usize> {
    let named = named_columns(&join.residual);
    let is_stored = |id: ColumnId| named.contains(&id) || !kind.asks_existence() && is_wanted(id);
    places(right.columns(), &is_stored)
}

/// Where the columns are for which something holds.
fn places(columns: &[ColumnDef], holds: &dyn Fn(ColumnId) -> bool) -> Vec<usize> {
    let columns = columns.iter().enumerate();
    columns
        .filter(|(_, column)| holds(column.id))
        .map(|(place, _)| place)
        .collect()
}

/// The columns at some places.
fn chosen(columns: &[ColumnDef], places: &[usize]) -> Vec<ColumnDef> {
    places.iter().map(|place| columns[*place].clone()).collect()
}

fn output_columns(kind: &JoinKind, left: &[ColumnDef], right: Vec<ColumnDef>) -> Vec<ColumnDef> {
    let (left_nullable, right_nullable) = match kind {
        JoinKind::Left | JoinKind::Single => (false, true),
        JoinKind::Right => (true, false),
        JoinKind::Full => (true, true),
        _ => (false, false),
    };
    let outer = |column: ColumnDef, nullable: bool| ColumnDef {
        nullable: column.nullable || nullable,
        ..column
    };
    let left = left.iter().cloned().map(|column| outer(column, left_nullable));
    match kind {
        JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti => left.collect(),
        JoinKind::Mark { column, .. } => left.chain([column.clone()]).collect(),
        _ => left
            .chain(right.into_iter().map(|column| outer(column, right_nullable)))
            .collect(),
    }
}

/// How many numbers a plan's nodes take.
pub(super) fn node_count(plan: &Plan) -> usize {
    1 + plan.inputs().into_iter().map(node_count).sum::<usize>()
}
