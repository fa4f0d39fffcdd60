//! Table `hits`: page views of many web sites in July 2013, made up in the shape of ClickBench's table of that name: 105 columns, few
//! values often and many rarely. Rows lie by counter (a site) and day; a visit's hits lie together. Of the rows, 13 % have a search
//! phrase; there are 17.6 % as many users and 18 % as many URLs, of about 80 bytes, as rows. What the 43 queries ask for occurs.

use super::random::{Random, Weighted, mix};
use super::{Table, hits_columns};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

/// Rows of a chunk. Part of what decides the data: another number gives other rows.
pub const CHUNK_ROWS: u64 = 1 << 16;

/// The site and the user that queries name.
const QUERIED_COUNTER: u64 = 62;
const QUERIED_USER: i64 = 435_090_932_899_640_449;
/// So many share that user's id, lest there be no visit.
const QUERIED_USERS: u64 = 4;
/// The days are 2013-07-02 to 2013-07-31, as days since 1970.
const FIRST_DAY: i32 = 15_888;
const DAYS: u64 = 30;
/// Sites that so many rows have each on average, but for the most that there are.
const COUNTER_ROWS: u64 = 1_500;
const COUNTERS_MIN: u64 = 16;
const COUNTERS_MAX: u64 = 6_506;
/// Shares of the largest sites and of the queried one, in percent; the others follow Zipf's law.
const LARGEST_PERCENT: [f64; 5] = [8.5, 7.1, 5.8, 2.0, 1.9];
const QUERIED_PERCENT: f64 = 0.74;
/// Hits of a visit on average, and users that there could be for a row: together, 17.6 % of them come.
const VISIT_HITS: f64 = 3.0;
const USERS_PER_ROW: f64 = 0.235;
/// Visits of the few busiest users.
const BUSY_USERS: usize = 1_000;
const BUSY_SHARE: f64 = 0.04;
const SECONDS_OF_DAY: u64 = 86_400;
const STREAM: u64 = 0x6869_7473;

/// One page view on its way into columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Random bits of the row, of the visit, of the user for ever, and of the site for ever.
    pub(super) row: u64,
    pub(super) visit: u64,
    pub(super) user: u64,
    pub(super) site: u64,
    pub(super) user_id: i64,
    pub(super) counter_id: i32,
    pub(super) day: i32,
    pub(super) second: i32,
    /// Which page of the site; 0 is its front page.
    pub(super) page: u64,
    /// Which search led here; short phrases have small numbers.
    pub(super) phrase: Option<u64>,
}

/// Generator of `hits`.
pub struct Hits {
    rows: u64,
    seed: u64,
    users: u64,
    busy: Weighted,
    counter_ids: Vec<u64>,
    /// Rows up to the end of each counter.
    counter_ends: Vec<u64>,
}

impl Hits {
    /// Exactly so many rows.
    pub fn new(rows: u64, seed: u64) -> Self {
        // Ids ascend, as rows do; the largest sites lie anywhere among them.
        let counters = (rows / COUNTER_ROWS).clamp(COUNTERS_MIN, COUNTERS_MAX) as usize;
        let counter_ids = (0..counters as u64).map(|site| QUERIED_COUNTER + site * 37).collect();
        let mut percents = vec![0.0; counters];
        percents[0] = QUERIED_PERCENT;
        let small: f64 = (1..counters).map(|rank| (rank as f64 + 10.0).powf(-0.9)).sum();
        let rest = 100.0 - QUERIED_PERCENT - LARGEST_PERCENT.iter().sum::<f64>();
        for rank in 1..counters {
            // A prime above all counts of sites: every place is taken once.
            let place = 1 + (rank * 7_919) % (counters - 1);
            let large = LARGEST_PERCENT.get(rank - 1).copied().unwrap_or(0.0);
            percents[place] = large + rest * (rank as f64 + 10.0).powf(-0.9) / small;
        }
        let mut reached = 0.0;
        let mut counter_ends: Vec<u64> = percents
            .iter()
            .map(|percent| {
                reached += percent;
                (reached / 100.0 * rows as f64).round().min(rows as f64) as u64
            })
            .collect();
        counter_ends[counters - 1] = rows;
        Hits {
            rows,
            seed,
            users: ((rows as f64 * USERS_PER_ROW) as u64).max(1),
            busy: Weighted::zipf(BUSY_USERS, 0.8, |rank| rank),
            counter_ids,
            counter_ends,
        }
    }

    /// Which user makes a visit. Busy ones are numbered after all others.
    fn pick_user(&self, random: &mut Random) -> u64 {
        if random.chance(BUSY_SHARE) {
            self.users + self.busy.pick(random) as u64
        } else {
            random.below(self.users)
        }
    }

    /// A page of a site with so many rows: the front page, one of its common pages, or one that is hardly seen twice.
    fn pick_page(site_rows: u64, random: &mut Random) -> u64 {
        match random.unit() {
            part if part < 0.12 => 0,
            part if part < 0.88 => {
                let unit = random.unit();
                1 + (unit * unit * unit * site_rows as f64 * 0.06) as u64
            }
            _ => 1 << 32 | random.below(1 << 32),
        }
    }

    /// The search that led to a hit, if one did: a common one of one word or two, or one that nobody else enters.
    fn pick_phrase(&self, random: &mut Random) -> Option<u64> {
        if !random.chance(0.1317) {
            return None;
        }
        if random.chance(0.36) {
            return Some(1 << 30 | random.below(1 << 30));
        }
        let unit = random.unit();
        Some((unit * unit * unit * unit * self.rows as f64 / 40.0) as u64)
    }

    /// Appends the hits of a visit to the counter at `place`, which has so many rows, on a day.
    fn visit(&self, place: usize, site_rows: u64, day: i32, count: u64, random: &mut Random, hits: &mut Vec<Hit>) {
        let user_number = self.pick_user(random);
        let user = mix(self.seed ^ mix(user_number ^ 0x7573_6572));
        let visit = random.bits();
        let mut second = random.below(SECONDS_OF_DAY) as i32;
        for _ in 0..count {
            hits.push(Hit {
                row: random.bits(),
                visit,
                user,
                site: mix(self.seed ^ mix(self.counter_ids[place] ^ 0x7369_7465)),
                user_id: if user_number < QUERIED_USERS {
                    QUERIED_USER
                } else {
                    (user >> 1) as i64
                },
                counter_id: self.counter_ids[place] as i32,
                day,
                second,
                page: Self::pick_page(site_rows, random),
                phrase: self.pick_phrase(random),
            });
            second = (second + random.below(90) as i32).min(SECONDS_OF_DAY as i32 - 1);
        }
    }

    /// All hits of a chunk.
    fn hits(&self, index: usize) -> Vec<Hit> {
        let begin = (index as u64 * CHUNK_ROWS).min(self.rows);
        let end = (begin + CHUNK_ROWS).min(self.rows);
        let mut random = Random::new(self.seed, STREAM, index as u64);
        let mut hits = Vec::with_capacity((end - begin) as usize);
        let mut row = begin;
        while row < end {
            let place = self.counter_ends.partition_point(|&counter_end| counter_end <= row);
            let first = if place == 0 { 0 } else { self.counter_ends[place - 1] };
            let site_rows = self.counter_ends[place] - first;
            let day = (row - first) * DAYS / site_rows;
            let day_end = first + ((day + 1) * site_rows).div_ceil(DAYS);
            let mut count = 1;
            while random.chance(1.0 - 1.0 / VISIT_HITS) {
                count += 1;
            }
            let count = count.min(day_end.min(end) - row);
            self.visit(place, site_rows, FIRST_DAY + day as i32, count, &mut random, &mut hits);
            row += count;
        }
        hits
    }
}

impl Table for Hits {
    fn name(&self) -> &'static str {
        "hits"
    }

    fn schema(&self) -> SchemaRef {
        hits_columns::schema()
    }

    fn chunk_count(&self) -> usize {
        self.rows.div_ceil(CHUNK_ROWS).max(1) as usize
    }

    fn chunk(&self, index: usize) -> RecordBatch {
        hits_columns::record_batch(&self.hits(index))
    }

    fn row_count_estimate(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
#[path = "hits_test.rs"]
mod tests;
