//! Snapshots that transactions let others read: each by a name, for as long as the transaction that exported it is open.

use crate::error::{Error, Result, SqlState};
use crate::limits::SNAPSHOTS_EXPORTED_MAX;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use stoa_storage::store::Snapshot;

/// All of a database.
#[derive(Default)]
pub(crate) struct ExportedSnapshots {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u32,
    by_name: BTreeMap<String, Arc<dyn Snapshot>>,
}

impl std::fmt::Debug for ExportedSnapshots {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ExportedSnapshots({})", self.state.lock().by_name.len())
    }
}

/// A snapshot that can be had by its name while this lives.
#[derive(Debug)]
pub(crate) struct Exported {
    snapshots: Arc<ExportedSnapshots>,
    name: String,
}

impl Exported {
    /// By which others ask for it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        self.snapshots.state.lock().by_name.remove(&self.name);
    }
}

impl ExportedSnapshots {
    /// Gives a snapshot a name.
    ///
    /// # Errors
    /// 53400 beyond [`SNAPSHOTS_EXPORTED_MAX`].
    pub(crate) fn export(self: &Arc<Self>, session: i32, snapshot: Arc<dyn Snapshot>) -> Result<Exported> {
        let mut state = self.state.lock();
        if state.by_name.len() >= SNAPSHOTS_EXPORTED_MAX {
            let message = format!("more than {SNAPSHOTS_EXPORTED_MAX} snapshots are exported");
            return Err(Error::user(SqlState("53400"), message));
        }
        state.last = state.last.wrapping_add(1);
        let name = format!("{session:08X}-{:08X}-1", state.last);
        state.by_name.insert(name.clone(), snapshot);
        Ok(Exported {
            snapshots: self.clone(),
            name,
        })
    }

    /// The snapshot of a name.
    ///
    /// # Errors
    /// 22023 where there is none.
    pub(crate) fn find(&self, name: &str) -> Result<Arc<dyn Snapshot>> {
        let found = self.state.lock().by_name.get(name).cloned();
        found.ok_or_else(|| {
            Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid snapshot identifier: \"{name}\""),
            )
        })
    }
}
