//! The latest commits, and when those before them were made. What rows an older version had is not known here, but by parts and
//! segments.

use super::CommitInfo;
use crate::commit::CommitVersion;
use parking_lot::Mutex;
use std::collections::VecDeque;

/// Commits remembered.
pub(crate) const COMMITS_KEPT_MAX: usize = 16_384;
/// Commits before those of which the time is remembered: five weeks with one a minute.
const MOMENTS_KEPT_MAX: usize = 50_400;
const MINUTE_MICROSECONDS: i64 = 60_000_000;

/// When a version was made.
pub(crate) type Moment = (CommitVersion, i64);

/// What is remembered of the past.
pub(crate) struct History {
    past: Mutex<Past>,
}

/// Commits as they go out of mind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// The last commit of each minute, of those before `commits`; oldest first.
    pub(crate) moments: VecDeque<Moment>,
    /// The latest ones; oldest first.
    pub(crate) commits: VecDeque<CommitInfo>,
}

impl Past {
    /// Remembers the next commit.
    pub(crate) fn push(&mut self, commit: CommitInfo) {
        self.commits.push_back(commit);
        self.shorten(COMMITS_KEPT_MAX);
    }

    /// Leaves so many commits; of those before only when they were made.
    pub(crate) fn shorten(&mut self, commits_max: usize) {
        while self.commits.len() > commits_max
            && let Some(commit) = self.commits.pop_front()
        {
            let minute = |time: i64| time.div_euclid(MINUTE_MICROSECONDS);
            match self.moments.back_mut() {
                Some((version, time)) if minute(*time) == minute(commit.time) => {
                    (*version, *time) = (commit.version, commit.time);
                }
                _ => self.moments.push_back((commit.version, commit.time)),
            }
            if self.moments.len() > MOMENTS_KEPT_MAX {
                self.moments.pop_front();
            }
        }
    }

    fn version_at(&self, time: i64) -> Option<CommitVersion> {
        let after = self.commits.partition_point(|commit| commit.time <= time);
        if let Some(at) = after.checked_sub(1) {
            return Some(self.commits[at].version);
        }
        let after = self.moments.partition_point(|(_, made)| *made <= time);
        after.checked_sub(1).map(|at| self.moments[at].0)
    }
}

impl History {
    pub(crate) fn new(past: Past) -> Self {
        History { past: Mutex::new(past) }
    }

    /// What was published, in order.
    pub(crate) fn record(&self, commits: impl Iterator<Item = CommitInfo>) {
        let mut past = self.past.lock();
        commits.for_each(|commit| past.push(commit));
    }

    /// What a manifest of a version remembers, with so many commits.
    pub(crate) fn until(&self, version: CommitVersion, commits_max: usize) -> Past {
        let mut past = self.past.lock().clone();
        while past.commits.back().is_some_and(|commit| commit.version > version) {
            past.commits.pop_back();
        }
        past.shorten(commits_max);
        past
    }

    /// The latest commits, newest first.
    pub(crate) fn commits(&self, count_max: usize) -> Vec<CommitInfo> {
        self.past.lock().commits.iter().rev().take(count_max).cloned().collect()
    }

    /// See [`super::Store::version_at`].
    pub(crate) fn version_at(&self, time: i64) -> Option<CommitVersion> {
        self.past.lock().version_at(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(version: u64, seconds: i64) -> CommitInfo {
        CommitInfo {
            version: CommitVersion(version),
            time: seconds * 1_000_000,
            cause: "test".into(),
            rows_inserted: 0,
            rows_deleted: 0,
        }
    }

    #[test]
    fn times_of_commits_outlive_them_by_the_minute() {
        let history = History::new(Past::default());
        history.record((1..=100).map(|number| commit(number, number as i64 * 7)));
        let at = |history: &History, seconds: i64| history.version_at(seconds * 1_000_000).map(|version| version.0);
        assert_eq!(
            [at(&history, 6), at(&history, 7), at(&history, 699), at(&history, 9_999)],
            [None, Some(1), Some(99), Some(100)]
        );
        let kept = History::new(history.until(CommitVersion(90), 10));
        assert_eq!(kept.commits(100).len(), 10);
        assert_eq!(
            [at(&kept, 9_999), at(&kept, 600), at(&kept, 566)],
            [Some(90), Some(85), Some(80)]
        );
        // 56 seconds is the eighth commit, the last of the first minute.
        assert_eq!([at(&kept, 55), at(&kept, 56), at(&kept, 118)], [None, Some(8), Some(8)]);
        assert_eq!(at(&kept, 119), Some(17));
    }
}
