//! One history: its steps, each as SQL and for the model, and what every version must answer.

use crate::explained::{Explained, Labels};
use crate::joined;
use crate::model::{Row, Rows, by_kind, by_week, listed};
use crate::rollups::{self, DEFINITIONS, Question};
use crate::session::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use stoa_tests::Random;

const STEPS: usize = 24;
const DAYS: i64 = 100;
/// Looked at whenever all versions are read.
const EXPLAINED_PAIRS: usize = 1;

/// See the module.
pub(crate) struct History {
    seed: u64,
    random: Random,
    session: Session,
    rows: Rows,
    next_id: i64,
    /// The table's own option leaves out rows whose key is there.
    deduplicates: bool,
    /// Columns that came later.
    added: Vec<u64>,
    /// Materialized views, by their place among the definitions.
    views: BTreeSet<usize>,
    /// What kinds are called, in a table of their own.
    labels: Labels,
    versions: BTreeMap<u64, (Rows, Labels)>,
    steps: Vec<String>,
    checked: Checked,
}

/// What was compared.
#[derive(Clone, Copy, Default)]
pub(crate) struct Checked {
    pub(crate) versions: u64,
    /// Pairs of versions between which a change was explained.
    pub(crate) explained: u64,
    /// Questions that partials answered, of those where that was looked at.
    pub(crate) from_rollups: u64,
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
            deduplicates: false,
            added: Vec::new(),
            views: BTreeSet::new(),
            labels: Labels::new(),
            versions: BTreeMap::new(),
            steps: Vec::new(),
            checked: Checked::default(),
        };
        let (key, mut options) = match history.random.below(2) {
            0 => (" PRIMARY KEY", Vec::new()),
            _ => ("", vec!["deduplicate_by = 'id'"]),
        };
        history.deduplicates = key.is_empty();
        if history.random.below(2) == 0 {
            options.push("partition_by = 'month(day)', order_by = 'kind, id'");
        }
        let options = match options.as_slice() {
            [] => String::new(),
            options => format!(" WITH ({})", options.join(", ")),
        };
        history.tell(&format!(
            "CREATE TABLE t (id bigint{key}, day date NOT NULL, kind text NOT NULL, amount bigint){options}"
        ));
        history.tell("CREATE TABLE labels (kind text PRIMARY KEY, label text NOT NULL)");
        history
    }

    /// Gives back what was compared.
    pub(crate) fn run(mut self) -> Checked {
        for step in 0..STEPS {
            self.step();
            if step % 8 == 7 {
                self.check();
            }
        }
        self.checked
    }

    fn below(&mut self, bound: u64) -> i64 {
        self.random.below(bound as usize) as i64
    }

    fn step(&mut self) {
        match self.random.below(28) {
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
            19 => self.delete_a_kind(),
            20 => self.delete_a_month(),
            21..=22 => self.repeat(),
            23..=24 => self.label(),
            _ => self.views(),
        }
    }

    /// A kind gets a label, or has none any more.
    fn label(&mut self) {
        let kind = format!("kind {}", self.below(4));
        let label = format!("label {}", self.below(3));
        match self.random.below(3) {
            0 => {
                self.labels.remove(&kind);
                self.tell(&format!("DELETE FROM labels WHERE kind = '{kind}'"));
            }
            _ => {
                self.labels.insert(kind.clone(), label.clone());
                self.tell(&format!(
                    "INSERT INTO labels VALUES ('{kind}', '{label}') ON CONFLICT (kind) DO UPDATE SET label = EXCLUDED.label"
                ));
            }
        }
    }

    /// Makes, refreshes or drops a view.
    fn views(&mut self) {
        let place = self.below(DEFINITIONS.len() as u64) as usize;
        match (self.views.contains(&place), self.random.below(3)) {
            (false, _) => {
                self.views.insert(place);
                self.tell(&format!("CREATE MATERIALIZED VIEW v{place} AS {}", DEFINITIONS[place]));
            }
            (true, 0) => {
                self.views.remove(&place);
                self.tell(&format!("DROP MATERIALIZED VIEW v{place}"));
            }
            (true, _) => self.tell(&format!("REFRESH MATERIALIZED VIEW v{place}")),
        }
    }

    fn delete_a_month(&mut self) {
        let month = self.below(4);
        let days = [0..31, 31..60, 60..91, 91..121][month as usize].clone();
        self.rows.retain(|_, row| !days.contains(&row.day));
        self.tell(&format!(
            "DELETE FROM t WHERE date_trunc('month', day::timestamp) = '2024-0{}-01'",
            month + 1
        ));
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
        self.versions.insert(newest, (self.rows.clone(), self.labels.clone()));
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

    /// Rows of which some are there already: those do not come.
    fn repeat(&mut self) {
        let first = self.below(self.next_id as u64 + 1);
        let ids = first..first + self.below(500) + 1;
        self.next_id = self.next_id.max(ids.end);
        let (sql, rows) = self.new_rows(ids);
        for (id, row) in rows {
            self.rows.entry(id).or_insert(row);
        }
        let conflict = if self.deduplicates {
            ""
        } else {
            " ON CONFLICT DO NOTHING"
        };
        // Some of them twice.
        let sql = format!("SELECT * FROM ({sql}) AS s, generate_series(1, 1 + (id % 7 = 0)::integer) AS g (n)");
        self.tell(&format!(
            "INSERT INTO t (id, day, kind, amount) SELECT id, day, kind, amount FROM ({sql}) AS s (id, day, kind, amount){conflict}"
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
        // A column stays as long as a view reads its table.
        match (self.random.below(2), self.added.pop()) {
            (0, Some(column)) if self.views.is_empty() => {
                self.tell(&format!("ALTER TABLE t DROP COLUMN added_{column}"))
            }
            (_, column) => {
                self.added.extend(column);
                self.added.push(number);
                self.tell(&format!(
                    "ALTER TABLE t ADD COLUMN added_{number} integer DEFAULT {number}"
                ));
            }
        }
    }

    /// Reads all versions.
    fn check(&mut self) {
        let versions = std::mem::take(&mut self.versions);
        for (place, (version, (rows, labels))) in versions.iter().enumerate() {
            // The first version has no labels yet.
            let labels = (place > 0).then_some(labels);
            self.compare(&format!(" FOR SYSTEM_TIME AS OF {version}"), rows, labels);
        }
        self.compare("", &self.rows.clone(), Some(&self.labels.clone()));
        self.checked.versions += versions.len() as u64;
        for _ in 0..EXPLAINED_PAIRS {
            self.explain(&versions);
        }
        self.versions = versions;
    }

    /// Why a question answers differently at two versions.
    fn explain(&mut self, versions: &BTreeMap<u64, (Rows, Labels)>) {
        let known: Vec<u64> = versions.keys().copied().collect();
        // The first versions have not all the tables.
        let (mut from, mut until) = (
            known[1 + self.random.below(known.len() - 1)],
            known[1 + self.random.below(known.len() - 1)],
        );
        if from > until {
            (from, until) = (until, from);
        }
        let question = [Explained::Kind, Explained::Label, Explained::AnyLabel][self.random.below(3)];
        let sql = question.sql(from, until);
        let lines = self.ask(&sql);
        let ((then, labels_then), (now, labels_now)) = (&versions[&from], &versions[&until]);
        if let Some(problem) = question.problem(&lines, (then, labels_then), (now, labels_now)) {
            panic!("{}: {sql}\n{problem}\n{}", self.story(), lines.join("\n"));
        }
        self.checked.explained += 1;
    }

    fn compare(&mut self, as_of: &str, rows: &Rows, labels: Option<&Labels>) {
        let table = format!("t{as_of}");
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
        let mut questions: Vec<Question> = questions
            .into_iter()
            .map(|(sql, answer)| Question { sql, answer })
            .collect();
        let from = self.below(DAYS as u64);
        questions.extend(rollups::questions(&table, rows, from));
        if let Some(labels) = labels {
            let tables = [table.as_str(), &format!("labels{as_of}")];
            questions.extend(joined::questions(tables, rows, labels, from));
        }
        let views = self.views.iter();
        questions.extend(views.map(|place| rollups::of_view(*place, &format!("v{place}{as_of}"), rows)));
        // A third of them of each version: there are many versions.
        let third = self.random.below(3);
        let picked = questions
            .into_iter()
            .enumerate()
            .filter(|(place, _)| place % 3 == third);
        for (_, Question { sql, answer }) in picked {
            let found = self.ask(&sql);
            assert!(
                found == answer,
                "{}: {sql}\nfound {found:?}\nexpected {answer:?}\n{}",
                self.story(),
                self.ask(&format!("EXPLAIN ANALYZE {sql}")).join("\n")
            );
            if self.random.below(16) == 0 {
                let plan = self.ask(&format!("EXPLAIN ANALYZE {sql}"));
                let groups = plan
                    .iter()
                    .filter_map(|line| line.trim().strip_prefix("Rollup Groups: "));
                let is_answered = groups.into_iter().any(|groups| groups != "0");
                self.checked.from_rollups += u64::from(is_answered);
            }
        }
    }
}
