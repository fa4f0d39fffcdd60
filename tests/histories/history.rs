//! One history: its steps, each as SQL and for the model, and what every version must answer.

use crate::model::{Row, Rows, by_kind, by_week, listed};
use crate::session::Session;
use std::collections::BTreeMap;
use std::ops::Range;
use stoa_tests::Random;

const STEPS: usize = 24;
const DAYS: i64 = 100;

/// See the module.
pub(crate) struct History {
    seed: u64,
    random: Random,
    session: Session,
    rows: Rows,
    next_id: i64,
    /// Columns that came later.
    added: Vec<u64>,
    versions: BTreeMap<u64, Rows>,
    steps: Vec<String>,
}

impl History {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut history = History {
            seed,
            session: Session::new(1 + random.below(2)),
            random,
            rows: Rows::new(),
            next_id: 0,
            added: Vec::new(),
            versions: BTreeMap::new(),
            steps: Vec::new(),
        };
        let options = ["", " WITH (partition_by = 'month(day)', order_by = 'kind, id')"];
        let options = options[history.random.below(2)];
        history.tell(&format!(
            "CREATE TABLE t (id bigint PRIMARY KEY, day date NOT NULL, kind text NOT NULL, amount bigint){options}"
        ));
        history
    }

    /// Gives back how many versions were compared.
    pub(crate) fn run(mut self) -> u64 {
        let mut checked = 0;
        for step in 0..STEPS {
            self.step();
            if step % 8 == 7 {
                checked += self.check();
            }
        }
        checked
    }

    fn below(&mut self, bound: u64) -> i64 {
        self.random.below(bound as usize) as i64
    }

    fn step(&mut self) {
        match self.random.below(20) {
            0..=5 => self.insert(),
            6..=8 => self.update(),
            9..=10 => self.delete(),
            11 => self.delete_the_least(),
            12 => self.replace(),
            13 => self.transaction(),
            14 if self.random.below(3) == 0 => {
                self.rows.clear();
                self.tell("TRUNCATE t");
            }
            14..=15 => self.tell("CHECKPOINT"),
            16 => self.tell("VACUUM"),
            17 => self.alter(),
            18 => {
                let closes = [None, Some(false), Some(true)][self.below(3) as usize];
                self.steps.push(format!("restart {closes:?}"));
                self.session.restart(closes);
            }
            _ => self.delete_a_kind(),
        }
    }

    /// A statement that succeeds, after which the model's rows are those of the newest version.
    fn tell(&mut self, sql: &str) {
        self.steps.push(sql.to_owned());
        if let Err(error) = self.session.ask(sql) {
            panic!("{}: {error}", self.story());
        }
        let newest = &self.ask("SELECT max(version) FROM stoa.commits")[0];
        let newest: u64 = newest.parse().unwrap();
        let last = self.versions.last_key_value().map_or(0, |(version, _)| *version);
        assert!(newest <= last + 1, "{}: one commit at most", self.story());
        self.versions.insert(newest, self.rows.clone());
    }

    fn ask(&mut self, sql: &str) -> Vec<String> {
        match self.session.ask(sql) {
            Ok(lines) => lines,
            Err(error) => panic!("{}: {sql}: {error}", self.story()),
        }
    }

    fn story(&self) -> String {
        format!("seed {}, after\n  {}\n", self.seed, self.steps.join("\n  "))
    }

    /// Rows as they come: of some day, mostly a late one.
    fn new_rows(&mut self, ids: Range<i64>) -> (String, Rows) {
        let (spread, kinds) = (self.below(2) * (DAYS - 1) + 1, self.below(6) + 1);
        let (first_day, factor) = (self.below(DAYS as u64), self.below(40) - 20);
        let row = |id: i64| Row {
            day: (first_day + id * 13 % spread) % DAYS,
            kind: format!("kind {}", id % kinds),
            amount: (id % 11 != 0).then_some(id % 17 * factor),
        };
        let sql = format!(
            "SELECT id, date '2024-01-01' + (({first_day} + id * 13 % {spread}) % {DAYS})::integer, 'kind ' || id % {kinds},
             CASE WHEN id % 11 <> 0 THEN id % 17 * {factor} END FROM generate_series({}, {}) AS g (id)",
            ids.start,
            ids.end - 1
        );
        (sql, ids.map(|id| (id, row(id))).collect())
    }

    fn new_ids(&mut self) -> Range<i64> {
        let most = [3, 40, 900][self.below(3) as usize];
        let first = self.next_id;
        self.next_id += self.below(most) + 1;
        first..self.next_id
    }

    fn insert(&mut self) {
        let ids = self.new_ids();
        let (sql, rows) = self.new_rows(ids);
        self.rows.extend(rows);
        self.tell(&format!("INSERT INTO t (id, day, kind, amount) {sql}"));
    }

    /// Some of the keys that there ever were, by a condition.
    fn picked(&mut self) -> (String, impl Fn(i64) -> bool + use<>) {
        let (divisor, from) = (self.below(7) + 1, self.below(self.next_id as u64 + 1));
        let (rest, end) = (self.below(divisor as u64), from + self.below(400));
        let sql = format!("id % {divisor} = {rest} AND id BETWEEN {from} AND {end}");
        (sql, move |id| id % divisor == rest && (from..=end).contains(&id))
    }

    fn update(&mut self) {
        let (condition, is_picked) = self.picked();
        let (more, moves) = (self.below(9), self.random.below(3) == 0);
        for (_, row) in self.rows.iter_mut().filter(|(id, _)| is_picked(**id)) {
            row.amount = row.amount.map(|amount| amount + more);
            row.day += i64::from(moves);
        }
        let day = if moves { ", day = day + 1" } else { "" };
        self.tell(&format!("UPDATE t SET amount = amount + {more}{day} WHERE {condition}"));
    }

    fn delete(&mut self) {
        let (condition, is_picked) = self.picked();
        self.rows.retain(|id, _| !is_picked(*id));
        self.tell(&format!("DELETE FROM t WHERE {condition}"));
    }

    fn delete_the_least(&mut self) {
        let least = self.rows.values().filter_map(|row| row.amount).min();
        self.rows.retain(|_, row| least.is_none() || row.amount != least);
        self.tell("DELETE FROM t WHERE amount = (SELECT min(amount) FROM t)");
    }

    fn delete_a_kind(&mut self) {
        let kind = format!("kind {}", self.below(4));
        self.rows.retain(|_, row| row.kind != kind);
        self.tell(&format!("DELETE FROM t WHERE kind = '{kind}'"));
    }

    /// Rows that are there already, or were, come again.
    fn replace(&mut self) {
        let first = self.below(self.next_id as u64 + 1);
        let ids = first..first + self.below(60) + 1;
        self.next_id = self.next_id.max(ids.end);
        let (sql, rows) = self.new_rows(ids);
        for (id, row) in rows {
            let after = match self.rows.get(&id) {
                Some(known) => Row {
                    amount: row.amount,
                    ..known.clone()
                },
                None => row,
            };
            self.rows.insert(id, after);
        }
        self.tell(&format!(
            "INSERT INTO t (id, day, kind, amount) {sql} ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount"
        ));
    }

    fn transaction(&mut self) {
        let before = self.rows.clone();
        let ids = self.new_ids();
        let (insert, rows) = self.new_rows(ids);
        self.rows.extend(rows);
        let (condition, is_picked) = self.picked();
        self.rows.retain(|id, _| !is_picked(*id));
        let end = match self.random.below(3) {
            0 => {
                self.rows = before;
                "ROLLBACK"
            }
            _ => "COMMIT",
        };
        self.tell(&format!(
            "BEGIN; INSERT INTO t (id, day, kind, amount) {insert}; DELETE FROM t WHERE {condition}; {end}"
        ));
    }

    fn alter(&mut self) {
        let number = self.steps.len() as u64;
        match (self.random.below(2), self.added.pop()) {
            (0, Some(column)) => self.tell(&format!("ALTER TABLE t DROP COLUMN added_{column}")),
            (_, column) => {
                self.added.extend(column);
                self.added.push(number);
                self.tell(&format!(
                    "ALTER TABLE t ADD COLUMN added_{number} integer DEFAULT {number}"
                ));
            }
        }
    }

    /// Reads all versions; says how many.
    fn check(&mut self) -> u64 {
        let versions = std::mem::take(&mut self.versions);
        for (version, rows) in &versions {
            let table = format!("t FOR SYSTEM_TIME AS OF {version}");
            self.compare(&table, rows);
        }
        self.compare("t", &self.rows.clone());
        self.versions = versions;
        self.versions.len() as u64
    }

    fn compare(&mut self, table: &str, rows: &Rows) {
        let day = "day - date '2024-01-01'";
        let questions = [
            (
                format!("SELECT id, {day}, kind, amount FROM {table} ORDER BY id"),
                listed(rows),
            ),
            (
                format!(
                    "SELECT kind, count(*), count(amount), sum(amount), min(amount), max(amount), count(DISTINCT amount)
                     FROM {table} GROUP BY kind ORDER BY kind"
                ),
                by_kind(rows),
            ),
            (
                format!("SELECT ({day}) / 7, count(*), coalesce(sum(amount), 0) FROM {table} GROUP BY 1 ORDER BY 1"),
                by_week(rows),
            ),
            (format!("SELECT count(*) FROM {table}"), vec![rows.len().to_string()]),
        ];
        for (question, expected) in questions {
            let found = self.ask(&question);
            assert!(
                found == expected,
                "{}: {question}\nfound {found:?}\nexpected {expected:?}",
                self.story()
            );
        }
    }
}
