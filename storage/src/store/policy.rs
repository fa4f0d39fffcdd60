//! Which segments are worth writing anew: a pure function of what a table has. Small segments of a partition are merged, in steps of
//! about four so that a row is rewritten a few times at most however small the pieces are that come in; segments with many
//! deleted rows are written without them. Segments of different partitions are never merged, nor those whose rows are all deleted, which
//! only readers of the past want, with others.

use crate::commit::PartId;
use crate::limits::SEGMENT_ROWS_MAX;
use crate::schema::PartitionKey;
use std::collections::BTreeMap;

/// Segments of about one size that are merged together.
const MERGED_MIN: usize = 4;
/// Rows of the smallest size class.
const CLASS_ROWS_MIN: u32 = 1 << 10;
/// Bytes of the files of one job: what it reads is held in memory.
const JOB_BYTES_MAX: u64 = 256 << 20;
/// Values of one job, likewise.
const JOB_VALUES_MAX: usize = 64 << 20;

/// A segment as the policy sees it.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) id: PartId,
    pub(crate) partition: PartitionKey,
    pub(crate) row_count: u32,
    pub(crate) visible_rows: u64,
    /// Rows that some version has which can still be read.
    pub(crate) kept_rows: u64,
    pub(crate) file_bytes: u64,
}

impl Candidate {
    /// No row is visible.
    fn is_past(&self) -> bool {
        self.visible_rows == 0
    }
}

/// Segments to be written anew together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Job {
    pub(crate) segments: Vec<PartId>,
}

/// What is merged at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Segments of fewer rows are small.
    rows_small: usize,
    /// Rows of a job.
    rows_max: u64,
}

impl Limits {
    /// For a table of so many columns whose segments should have so many rows.
    pub(crate) fn new(rows_min: usize, column_count: usize) -> Self {
        let rows_max = (JOB_VALUES_MAX / column_count.max(1)).clamp(CLASS_ROWS_MIN as usize, SEGMENT_ROWS_MAX);
        Limits {
            // Two small ones fit one job.
            rows_small: rows_min.min(rows_max / 2),
            rows_max: rows_max as u64,
        }
    }
}

/// The jobs that are due, small ones first within a partition. `eager` merges whatever can be; each job leaves fewer segments or
/// fewer deleted rows behind, so that repeating this comes to an end.
pub(crate) fn jobs(candidates: &[Candidate], limits: Limits, eager: bool) -> Vec<Job> {
    let mut groups: BTreeMap<(PartitionKey, bool), Vec<&Candidate>> = BTreeMap::new();
    let mut jobs = Vec::new();
    for candidate in candidates {
        let is_small = (candidate.row_count as usize) < limits.rows_small && candidate.file_bytes < JOB_BYTES_MAX / 2;
        if is_small {
            let group = (candidate.partition, candidate.is_past());
            groups.entry(group).or_default().push(candidate);
        } else if has_many_deleted(candidate) {
            jobs.push(Job {
                segments: vec![candidate.id],
            });
        }
    }
    for small in groups.into_values() {
        jobs.extend(merges(small, limits, eager));
    }
    jobs
}

/// A quarter of its rows or more are in the way: of readers of the newest version, or of all where none of its rows are theirs.
fn has_many_deleted(candidate: &Candidate) -> bool {
    let wanted = match candidate.is_past() {
        true => candidate.kept_rows,
        false => candidate.visible_rows,
    };
    wanted * 4 <= u64::from(candidate.row_count) * 3
}

fn size_class(candidate: &Candidate) -> u32 {
    (candidate.row_count / CLASS_ROWS_MIN).max(1).ilog2() / 2
}

fn merges(mut small: Vec<&Candidate>, limits: Limits, eager: bool) -> Vec<Job> {
    small.sort_by_key(|candidate| (candidate.row_count, candidate.id));
    let merged = match eager {
        true => small.len(),
        // The least class up to which there are enough.
        false => (MERGED_MIN..=small.len())
            .find(|count| match small.get(*count) {
                Some(next) => size_class(next) > size_class(small[count - 1]),
                None => true,
            })
            .unwrap_or(0),
    };
    let mut jobs = Vec::new();
    let mut next: Vec<&Candidate> = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    let mut close = |next: &mut Vec<&Candidate>| {
        if next.len() > 1 || next.first().is_some_and(|only| has_many_deleted(only)) {
            jobs.push(Job {
                segments: next.iter().map(|candidate| candidate.id).collect(),
            });
        }
        next.clear();
    };
    for candidate in &small[..merged] {
        if rows + candidate.kept_rows > limits.rows_max || bytes + candidate.file_bytes > JOB_BYTES_MAX {
            close(&mut next);
            (rows, bytes) = (0, 0);
        }
        rows += candidate.kept_rows;
        bytes += candidate.file_bytes;
        next.push(candidate);
    }
    close(&mut next);
    for left in &small[merged..] {
        close(&mut vec![*left]);
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        rows_small: 1 << 19,
        rows_max: SEGMENT_ROWS_MAX as u64,
    };

    fn candidate(id: u64, partition: i32, row_count: u32, visible_rows: u64) -> Candidate {
        Candidate {
            id: PartId(id),
            partition: PartitionKey(Some(partition)),
            row_count,
            visible_rows,
            kept_rows: visible_rows,
            file_bytes: u64::from(row_count) * 8,
        }
    }

    fn ids(jobs: &[Job]) -> Vec<Vec<u64>> {
        let ids = |job: &Job| job.segments.iter().map(|part| part.0).collect();
        jobs.iter().map(ids).collect()
    }

    #[test]
    fn four_of_a_size_are_merged_and_no_partition_is_mixed() {
        let many = |count: u64, partition: i32, rows: u32| {
            (0..count).map(move |at| candidate(partition as u64 * 100 + at, partition, rows, u64::from(rows)))
        };
        let three: Vec<_> = many(3, 1, 500).chain(many(3, 2, 500)).collect();
        assert!(jobs(&three, LIMITS, false).is_empty());
        assert_eq!(ids(&jobs(&three, LIMITS, true)), [[100, 101, 102], [200, 201, 202]]);
        let four: Vec<_> = many(4, 1, 500).chain(many(3, 2, 500)).collect();
        assert_eq!(ids(&jobs(&four, LIMITS, false)), [[100, 101, 102, 103]]);
        let mut uneven: Vec<_> = many(3, 1, 500).collect();
        uneven.push(candidate(9, 1, 400_000, 400_000));
        assert_eq!(ids(&jobs(&uneven, LIMITS, false)), [[100, 101, 102, 9]]);
        uneven.extend(many(4, 1, 500).map(|candidate| Candidate {
            id: PartId(candidate.id.0 + 50),
            ..candidate
        }));
        assert_eq!(
            ids(&jobs(&uneven, LIMITS, false))[0].len(),
            7,
            "the large one is left alone"
        );
    }

    #[test]
    fn large_segments_are_rewritten_only_for_their_deleted_rows() {
        let large = 1 << 20;
        let full = candidate(1, 1, large, u64::from(large));
        let holed = candidate(2, 1, large, u64::from(large) / 2);
        assert_eq!(ids(&jobs(&[full.clone(), full, holed], LIMITS, true)), [[2]]);
        assert_eq!(ids(&jobs(&[candidate(3, 1, 100, 10)], LIMITS, false)), [[3]]);
    }

    #[test]
    fn what_only_readers_of_the_past_want_is_kept_apart() {
        let past = |id: u64, kept_rows: u64| Candidate {
            visible_rows: 0,
            kept_rows,
            ..candidate(id, 1, 1000, 0)
        };
        let segments = [
            past(1, 1000),
            candidate(2, 1, 1000, 1000),
            past(3, 900),
            candidate(4, 1, 1000, 1000),
        ];
        assert_eq!(ids(&jobs(&segments, LIMITS, true)), [[2, 4], [1, 3]]);
        assert!(jobs(&[past(1, 1000)], LIMITS, true).is_empty(), "all of it is wanted");
        assert_eq!(ids(&jobs(&[past(1, 500)], LIMITS, false)), [[1]]);
        assert_eq!(ids(&jobs(&[past(1, 0)], LIMITS, false)), [[1]]);
    }

    #[test]
    fn eager_merging_comes_to_an_end() {
        let mut sizes: Vec<u32> = (1..60).map(|size| size * size * 100).collect();
        for _ in 0..50 {
            let candidates = sizes.iter().enumerate();
            let candidates: Vec<_> = candidates
                .map(|(id, rows)| candidate(id as u64, 1, *rows, u64::from(*rows)))
                .collect();
            let due = jobs(&candidates, LIMITS, true);
            let Some(job) = due.first() else {
                assert!(sizes.iter().filter(|size| **size < 1 << 19).count() <= 1);
                return;
            };
            let rows: u32 = job.segments.iter().map(|part| sizes[part.0 as usize]).sum();
            assert!(rows as usize <= SEGMENT_ROWS_MAX && job.segments.len() > 1);
            let kept = sizes
                .iter()
                .enumerate()
                .filter(|(id, _)| !job.segments.contains(&PartId(*id as u64)));
            sizes = kept.map(|(_, size)| *size).chain([rows]).collect();
        }
        panic!("merging goes on for ever");
    }
}
