//! A state with changes on top that are not committed: what a transaction reads of its own writes. Nothing is logged, and nobody
//! else sees it.

use super::apply::Application;
use super::logged::LoggedChange;
use super::prepare::prepare_changes;
use super::{Change, PartId};
use crate::disk::Disk;
use crate::error::Result;
use crate::store::state::DatabaseState;
use std::sync::Arc;

/// The state after the changes, still at the base's version, and the part that each insert's rows are in, in order.
pub(crate) fn overlay(
    disk: &Arc<dyn Disk>,
    base: &DatabaseState,
    changes: Vec<Change>,
    mut new_part_id: impl FnMut() -> PartId,
) -> Result<(DatabaseState, Vec<PartId>)> {
    let mut parts = Vec::new();
    let mut application = Application::new(disk, base.clone(), base.version);
    for mut change in prepare_changes(changes, base)? {
        if let LoggedChange::Insert { part, rows, .. } = &mut change {
            // Parts of their own: those of the base stay shared with everybody.
            *part = new_part_id();
            rows.bytes = rows.row_count * 8 * rows.columns.len();
            parts.push(*part);
        }
        application.change(&change)?;
    }
    Ok((application.state, parts))
}
