//! What a commit demands of those that came between. Which keys recent commits brought: two commits that did not see each other must not bring the same one. Only hashes are kept; where
//! one is equal by chance the later commit is tried again, and finds nothing wrong.

use super::apply::conflict;
use super::{Change, CommitVersion};
use crate::error::Result;
use crate::limits::CLAIMED_KEYS_KEPT_MAX;
use crate::schema::{TableId, TableSchema};
use crate::store::state::{DatabaseState, TableState};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Keys that a commit brings, by hash, in order.
type Claim = (TableId, Arc<[u64]>);

/// The claims of recent commits, by table.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    tables: HashMap<TableId, TableClaims>,
}

#[derive(Debug, Default)]
struct TableClaims {
    /// Oldest first.
    recent: VecDeque<(CommitVersion, Arc<[u64]>)>,
    key_count: usize,
    /// Of commits up to this one nothing is known any more.
    forgotten: CommitVersion,
}

/// What must hold when a commit takes its turn, beside what its changes say.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    /// Keys that it brings.
    claims: Vec<Claim>,
    /// The definitions by which rows were checked.
    checked_by: Vec<Arc<TableSchema>>,
    /// Tables into which no rows came since the base.
    without_new_rows: Vec<TableId>,
    /// Tables of which no rows went since the base.
    without_deletes: Vec<TableId>,
    /// Beginnings of names of objects that nobody changed since the base.
    unchanged: Vec<String>,
}

/// Takes the conditions out of a caller's changes.
pub(crate) fn split(changes: Vec<Change>) -> (Vec<Change>, Conditions) {
    let mut conditions = Conditions::default();
    let mut others = Vec::with_capacity(changes.len());
    for change in changes {
        match change {
            Change::Claim(table, hashes) => conditions.claims.push((table, hashes)),
            Change::CheckedBy(schema) => conditions.checked_by.push(schema),
            Change::NoRowsSince(table) => conditions.without_new_rows.push(table),
            Change::NoRowsDeletedSince(table) => conditions.without_deletes.push(table),
            Change::Unchanged(prefix) => conditions.unchanged.push(prefix),
            other => others.push(other),
        }
    }
    // What this commit alters itself is a conflict where another commit does so, too.
    let is_altered = |schema: &Arc<TableSchema>| {
        others.iter().any(|change| match change {
            Change::CreateTable(altered) | Change::AlterTable(altered) => altered.id == schema.id,
            _ => false,
        })
    };
    conditions.checked_by.retain(|schema| !is_altered(schema));
    (others, conditions)
}

impl Conditions {
    /// Whether they hold at the newest state.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`]
    pub(crate) fn check(&self, claims: &Claims, newest: &DatabaseState, base: CommitVersion) -> Result<()> {
        for prefix in &self.unchanged {
            let named = newest.objects.range(prefix.clone()..);
            let mut named = named.take_while(|(name, _)| name.starts_with(prefix));
            if let Some((name, _)) = named.find(|(_, object)| object.version > base) {
                return conflict(format!("\"{name}\" was changed meanwhile"));
            }
        }
        for schema in &self.checked_by {
            let is_other =
                |now: &Arc<TableState>| now.schema.definition != schema.definition || now.schema.keys != schema.keys;
            if newest.tables.get(&schema.id).is_some_and(is_other) {
                return conflict("the table's definition was changed meanwhile");
            }
        }
        for table in &self.without_new_rows {
            if newest.tables.get(table).is_some_and(|table| table.has_rows_since(base)) {
                return conflict("rows came into the table meanwhile");
            }
        }
        for table in &self.without_deletes {
            if newest
                .tables
                .get(table)
                .is_some_and(|table| table.has_deletes_since(base))
            {
                return conflict("rows of the table went meanwhile");
            }
        }
        claims.check(&self.claims, base)
    }

    /// Remembers what the commit brings.
    pub(crate) fn remember(&self, claims: &mut Claims, version: CommitVersion) {
        claims.add(&self.claims, version);
    }
}

impl Claims {
    /// Whether a commit computed at `base` may bring these keys.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] where a commit since then brought one of them.
    fn check(&self, claims: &[Claim], base: CommitVersion) -> Result<()> {
        for (table, hashes) in claims {
            let Some(known) = self.tables.get(table) else { continue };
            let foreign = known.recent.iter().rev().take_while(|(version, _)| *version > base);
            if base < known.forgotten || foreign.map(|(_, theirs)| theirs).any(|theirs| overlap(hashes, theirs)) {
                return conflict("another commit brought the same key meanwhile");
            }
        }
        Ok(())
    }

    /// Remembers what a commit brings.
    fn add(&mut self, claims: &[Claim], version: CommitVersion) {
        for (table, hashes) in claims {
            let known = self.tables.entry(*table).or_default();
            known.key_count += hashes.len();
            known.recent.push_back((version, hashes.clone()));
            while known.key_count > CLAIMED_KEYS_KEPT_MAX
                && let Some((version, hashes)) = known.recent.pop_front()
            {
                known.key_count -= hashes.len();
                known.forgotten = version;
            }
        }
    }
}

/// Whether two ordered lists share a value.
fn overlap(left: &[u64], right: &[u64]) -> bool {
    let (few, many) = if left.len() < right.len() {
        (left, right)
    } else {
        (right, left)
    };
    few.iter().any(|hash| many.binary_search(hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commits_since_the_base_collide() {
        let mut claims = Claims::default();
        let claim = |hashes: &[u64]| vec![(TableId(1), Arc::from(hashes))];
        claims.add(&claim(&[1, 5, 9]), CommitVersion(10));
        assert!(claims.check(&claim(&[2, 5]), CommitVersion(9)).is_err());
        assert!(claims.check(&claim(&[2, 5]), CommitVersion(10)).is_ok());
        assert!(claims.check(&claim(&[2, 6]), CommitVersion(9)).is_ok());
        assert!(
            claims
                .check(&[(TableId(2), Arc::from([5u64]))], CommitVersion(9))
                .is_ok()
        );
    }

    #[test]
    fn what_is_forgotten_collides() {
        let mut claims = Claims::default();
        let many: Arc<[u64]> = (0..CLAIMED_KEYS_KEPT_MAX as u64).collect();
        claims.add(&[(TableId(1), many)], CommitVersion(3));
        claims.add(&[(TableId(1), Arc::from([1u64 << 60]))], CommitVersion(4));
        let claim = vec![(TableId(1), Arc::from([u64::MAX]))];
        assert!(claims.check(&claim, CommitVersion(2)).is_err());
        assert!(claims.check(&claim, CommitVersion(3)).is_ok());
    }
}
