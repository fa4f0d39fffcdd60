//! The versions of one key in the order of time: which one is valid when, and what becomes of them when another one is put among them.
//! Knows periods and numbers of rows, never their values.

/// The end of a period that has none.
pub(super) const OPEN: i64 = i64::MAX;

/// A period in microseconds since 1970 UTC: its first moment belongs to it, its last one does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// A row, and when it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) period: Period,
    pub(super) row: usize,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Ascending, without overlaps.
    versions: Vec<Version>,
}

impl Timeline {
    /// Of versions in the order of their beginnings; `None` where two are valid at the same time, or one never is.
    pub(super) fn new(versions: Vec<Version>) -> Option<Self> {
        let is_period = versions.iter().all(|version| version.period.from < version.period.to);
        let mut pairs = versions.iter().zip(versions.iter().skip(1));
        let is_apart = pairs.all(|(version, next)| version.period.to <= next.period.from);
        (is_period && is_apart).then_some(Timeline { versions })
    }

    /// In order.
    pub(super) fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The version that is valid at a time.
    pub(super) fn at(&self, time: i64) -> Option<&Version> {
        let version = self.versions.get(self.first_ending_after(time))?;
        (version.period.from <= time).then_some(version)
    }

    /// When a version ends that begins at a time and does not say: with the one that it cuts, or where the next one begins.
    pub(super) fn end_of(&self, from: i64) -> i64 {
        match self.versions.get(self.first_ending_after(from)) {
            Some(cut) if cut.period.from <= from => cut.period.to,
            Some(next) => next.period.from,
            None => OPEN,
        }
    }

    /// From now on a row is the version of a period, or none is. Of others stays what lies outside.
    pub(super) fn put(&mut self, period: Period, row: Option<usize>) {
        let first = self.first_ending_after(period.from);
        let end = self
            .versions
            .partition_point(|version| version.period.from < period.to)
            .max(first);
        let covered = self.versions.get(first..end).unwrap_or_default();
        let before = covered.first().filter(|version| version.period.from < period.from);
        let behind = covered.last().filter(|version| version.period.to > period.to);
        let before = before.map(|version| Version {
            period: Period {
                to: period.from,
                ..version.period
            },
            ..*version
        });
        let behind = behind.map(|version| Version {
            period: Period {
                from: period.to,
                ..version.period
            },
            ..*version
        });
        let put = row.map(|row| Version { period, row });
        let pieces: Vec<Version> = before.into_iter().chain(put).chain(behind).collect();
        self.versions.splice(first..end, pieces);
    }

    fn first_ending_after(&self, time: i64) -> usize {
        self.versions.partition_point(|version| version.period.to <= time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(versions: &[(i64, i64, usize)]) -> Timeline {
        let versions = versions.iter().map(|(from, to, row)| version(*from, *to, *row));
        Timeline::new(versions.collect()).unwrap()
    }

    fn version(from: i64, to: i64, row: usize) -> Version {
        let period = Period { from, to };
        Version { period, row }
    }

    fn after(before: &[(i64, i64, usize)], (from, to): (i64, i64), row: Option<usize>) -> Vec<(i64, i64, usize)> {
        let mut timeline = timeline(before);
        timeline.put(Period { from, to }, row);
        let versions = timeline.versions.iter();
        versions
            .map(|version| (version.period.from, version.period.to, version.row))
            .collect()
    }

    #[test]
    fn a_version_takes_its_period_from_others() {
        let two = [(10, 20, 1), (30, OPEN, 2)];
        assert_eq!(
            after(&two, (40, OPEN), Some(3)),
            [(10, 20, 1), (30, 40, 2), (40, OPEN, 3)]
        );
        assert_eq!(after(&two, (10, 20), Some(3)), [(10, 20, 3), (30, OPEN, 2)]);
        assert_eq!(
            after(&two, (12, 14), Some(3)),
            [(10, 12, 1), (12, 14, 3), (14, 20, 1), (30, OPEN, 2)]
        );
        assert_eq!(
            after(&two, (20, 30), Some(3)),
            [(10, 20, 1), (20, 30, 3), (30, OPEN, 2)]
        );
        assert_eq!(
            after(&two, (15, 35), Some(3)),
            [(10, 15, 1), (15, 35, 3), (35, OPEN, 2)]
        );
        assert_eq!(after(&two, (1, 5), Some(3)), [(1, 5, 3), (10, 20, 1), (30, OPEN, 2)]);
        assert_eq!(after(&two, (i64::MIN, OPEN), Some(3)), [(i64::MIN, OPEN, 3)]);
        assert_eq!(after(&two, (15, 35), None), [(10, 15, 1), (35, OPEN, 2)]);
        assert_eq!(after(&two, (22, 28), None), two);
        assert_eq!(after(&[], (1, 2), Some(3)), [(1, 2, 3)]);
    }

    #[test]
    fn a_version_ends_where_the_one_it_cuts_did_or_the_next_begins() {
        let two = timeline(&[(10, 20, 1), (30, 40, 2)]);
        let ends = [1, 10, 15, 20, 29, 30, 39, 40, 50].map(|from| two.end_of(from));
        assert_eq!(ends, [10, 20, 20, 30, 30, 40, 40, OPEN, OPEN]);
        let rows = [9, 10, 19, 20, 30, 40].map(|time| two.at(time).map(|version| version.row));
        assert_eq!(rows, [None, Some(1), Some(1), None, Some(2), None]);
    }

    #[test]
    fn versions_that_overlap_are_no_timeline() {
        assert!(Timeline::new(vec![version(1, 3, 1), version(2, 4, 2)]).is_none());
        assert!(Timeline::new(vec![version(3, 3, 1)]).is_none());
        assert!(Timeline::new(vec![version(1, 3, 1), version(3, 4, 2)]).is_some());
    }
}
