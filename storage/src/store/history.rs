//! The latest commits, those before them that took rows away, and when the others were made. What rows an older version had is not known here, but by parts and
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
    moments: VecDeque<Moment>,
    /// Commits before `commits` that took rows away: why rows went is told of nowhere else. Oldest first.
    removing: VecDeque<CommitInfo>,
    /// The latest ones, without gaps; oldest first.
    commits: VecDeque<CommitInfo>,
}

impl Past {
    /// Of what a manifest has.
    pub(crate) fn of(moments: &[Moment], commits: &[CommitInfo]) -> Self {
        let is_next = |pair: &[CommitInfo]| pair[0].version.0 + 1 == pair[1].version.0;
        let first = commits
            .windows(2)
            .rposition(|pair| !is_next(pair))
            .map_or(0, |gap| gap + 1);
        let (removing, latest) = commits.split_at(first);
        Past {
            moments: moments.iter().copied().collect(),
            removing: removing.iter().cloned().collect(),
            commits: latest.iter().cloned().collect(),
        }
    }

    /// For a manifest: moments, and commits with those that took rows away before them.
    pub(crate) fn into_parts(self) -> (Vec<Moment>, Vec<CommitInfo>) {
        let commits = self.removing.into_iter().chain(self.commits);
        (self.moments.into(), commits.collect())
    }

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
            if commit.rows_deleted > 0 {
                self.removing.push_back(commit);
            }
        }
        while self.removing.len() > commits_max {
            self.removing.pop_front();
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

    /// The latest commits and those before them that took rows away, newest first.
    pub(crate) fn commits(&self, count_max: usize) -> Vec<CommitInfo> {
        let past = self.past.lock();
        let commits = past.removing.iter().chain(&past.commits);
        commits.rev().take(count_max).cloned().collect()
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
    fn commits_that_took_rows_away_are_remembered_longer() {
        let history = History::new(Past::default());
        let commits = (1..=100).map(|number| CommitInfo {
            rows_deleted: number % 10 / 9,
            ..commit(number, number as i64)
        });
        history.record(commits);
        let (moments, commits) = history.until(CommitVersion(95), 4).into_parts();
        let versions = |commits: &[CommitInfo]| commits.iter().map(|commit| commit.version.0).collect::<Vec<_>>();
        assert_eq!(versions(&commits), [59, 69, 79, 89, 92, 93, 94, 95]);
        let again = History::new(Past::of(&moments, &commits));
        assert_eq!(versions(&again.commits(5)), [95, 94, 93, 92, 89]);
        assert_eq!(again.version_at(93_000_000), Some(CommitVersion(93)));
        // Of a second before, only the minute's last commit is known.
        assert_eq!(again.version_at(90_000_000), Some(CommitVersion(59)));
        let (_, commits) = again.until(CommitVersion(95), 2).into_parts();
        assert_eq!(versions(&commits), [79, 89, 94, 95]);
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
