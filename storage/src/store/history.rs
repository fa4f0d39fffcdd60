//! The latest commits, and the states of versions that stay readable for a time.

use super::CommitInfo;
use super::state::DatabaseState;
use crate::commit::CommitVersion;
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// Commits remembered.
pub(crate) const COMMITS_KEPT_MAX: usize = 16_384;

/// What is remembered of the past.
pub(crate) struct History {
    history_ms: u64,
    past: Mutex<Past>,
}

struct Past {
    /// Oldest first.
    commits: VecDeque<CommitInfo>,
    /// Oldest first; the newest is the published state. With the time at which a newer one replaced it, 0 for the newest.
    states: VecDeque<(Arc<DatabaseState>, i64)>,
}

impl History {
    pub(crate) fn new(history_ms: u64, commits: VecDeque<CommitInfo>) -> Self {
        let states = VecDeque::new();
        History {
            history_ms,
            past: Mutex::new(Past { commits, states }),
        }
    }

    /// The state that a start found.
    pub(crate) fn begin(&self, state: &Arc<DatabaseState>) {
        self.past.lock().states.push_back((state.clone(), 0));
    }

    /// What was published, in order: commits, and edits that made the same version anew.
    pub(crate) fn record(&self, made: impl Iterator<Item = (Arc<DatabaseState>, Option<CommitInfo>)>, now: i64) {
        let mut past = self.past.lock();
        for (state, info) in made {
            let Some(info) = info else {
                if let Some((newest, _)) = past.states.back_mut() {
                    *newest = state;
                }
                continue;
            };
            if past.commits.len() == COMMITS_KEPT_MAX {
                past.commits.pop_front();
            }
            past.commits.push_back(info);
            if let Some((_, replaced)) = past.states.back_mut() {
                *replaced = now;
            }
            past.states.push_back((state, 0));
        }
        self.forget(&mut past, now);
    }

    /// Lets go of states that are older than history is kept.
    pub(crate) fn trim(&self, now: i64) {
        self.forget(&mut self.past.lock(), now);
    }

    fn forget(&self, past: &mut Past, now: i64) {
        let kept_from = now.saturating_sub(i64::try_from(self.history_ms.saturating_mul(1000)).unwrap_or(i64::MAX));
        let gone = |(_, replaced): &(Arc<DatabaseState>, i64)| *replaced < kept_from || self.history_ms == 0;
        while past.states.len() > 1 && past.states.front().is_some_and(gone) {
            past.states.pop_front();
        }
    }

    /// The newest kept state at or before a version.
    pub(crate) fn state_at(&self, version: CommitVersion) -> Result<Arc<DatabaseState>> {
        let past = self.past.lock();
        let after = past.states.partition_point(|(state, _)| state.version <= version);
        match after.checked_sub(1) {
            Some(at) => Ok(past.states[at].0.clone()),
            None => Err(Error::HistoryGone {
                oldest: past.states.front().map_or(0, |(state, _)| state.version.0),
            }),
        }
    }

    /// The latest commits, newest first.
    pub(crate) fn commits(&self, count_max: usize) -> Vec<CommitInfo> {
        self.past.lock().commits.iter().rev().take(count_max).cloned().collect()
    }

    /// The last version committed at or before a time.
    pub(crate) fn version_at(&self, time: i64) -> Option<CommitVersion> {
        let past = self.past.lock();
        let after = past.commits.partition_point(|commit| commit.time <= time);
        after.checked_sub(1).map(|at| past.commits[at].version)
    }
}
