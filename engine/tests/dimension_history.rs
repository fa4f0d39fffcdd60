//! Tables with `history = 'scd2'` beside a model that paints values on a line of time: after every statement the periods of a key are
//! apart, and at every moment the table says what the model says. With many writers at once, too, where there is no model.

mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use stoa_engine::connection::{Connection, Outcome};
use stoa_sql::plan::{CopyFormat, CopyOptions};
use world::{World, ask, check, refused};

const DAY_US: i64 = 86_400_000_000;
const KEYS: u64 = 4;

/// A generator of Marsaglia's, as good as is needed here.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % bound
    }
}

/// What one key has from each moment on: a value, and the number of the version that says so.
#[derive(Clone)]
struct Line {
    cells: BTreeMap<i64, Option<(u64, u64)>>,
    next_version: u64,
}

impl Line {
    fn new() -> Self {
        Line {
            cells: BTreeMap::from([(i64::MIN, None)]),
            next_version: 1,
        }
    }

    fn at(&self, time: i64) -> Option<(u64, u64)> {
        *self.cells.range(..=time).next_back().unwrap().1
    }

    /// The first moment behind a time at which something else is said.
    fn end_at(&self, time: i64) -> i64 {
        let here = self.at(time).map(|(_, version)| version);
        let mut later = self.cells.range(time + 1..);
        let other = later.find(|(_, said)| said.map(|(_, version)| version) != here);
        other.map_or(i64::MAX, |(start, _)| *start)
    }

    /// Whether that changed anything.
    fn put(&mut self, from: i64, to: Option<i64>, value: Option<u64>) -> bool {
        let end = self.end_at(from);
        let to = to.unwrap_or(end);
        if value.is_some() && self.at(from).map(|(value, _)| value) == value && to <= end {
            return false;
        }
        self.divide(from);
        self.divide(to);
        let version = self.next_version;
        self.next_version += 2;
        let behind = self.cells.get(&to).copied().flatten();
        for (_, said) in self.cells.range_mut(from..to) {
            *said = value.map(|value| (value, version));
        }
        // What is left behind of a version begins anew.
        if let Some((_, former)) = behind {
            for (_, said) in self.cells.range_mut(to..) {
                match said {
                    Some((_, number)) if *number == former => *number = version + 1,
                    _ => break,
                }
            }
        }
        true
    }

    fn divide(&mut self, time: i64) {
        if time < i64::MAX {
            let said = self.at(time);
            self.cells.insert(time, said);
        }
    }

    /// From a moment on, as UPDATE and DELETE do: in every version that is or will be valid.
    fn change_from(&mut self, now: i64, value: Option<u64>) -> u64 {
        let mut changed = 0;
        let mut time = now;
        loop {
            let end = self.end_at(time);
            if self.at(time).is_some() {
                changed += u64::from(self.put(time, Some(end), value));
            }
            if end == i64::MAX {
                return changed;
            }
            time = end;
        }
    }
}

struct Row {
    key: u64,
    value: u64,
    from: i64,
    to: Option<i64>,
}

fn timestamp(us: i64) -> String {
    format!("timestamptz '1970-01-01 00:00:00+00' + interval '{us} microseconds'")
}

/// Rows of one statement, no two of the same key and time.
fn random_rows(random: &mut Random, now: i64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for _ in 0..=random.below(4) {
        let from = match random.below(5) {
            0 => now,
            _ => (now / DAY_US - 12 + random.below(16) as i64) * DAY_US,
        };
        let row = Row {
            key: random.below(KEYS),
            value: random.below(3),
            from,
            to: (random.below(4) == 0).then(|| from + (1 + random.below(5) as i64) * DAY_US),
        };
        if rows.iter().all(|other| (other.key, other.from) != (row.key, row.from)) {
            rows.push(row);
        }
    }
    rows
}

fn insert(rows: &[Row]) -> String {
    let values = rows.iter().map(|row| {
        let to = row.to.map_or_else(|| "NULL".to_owned(), timestamp);
        format!("({}, {}, {}, {to})", row.key, row.value, timestamp(row.from))
    });
    let values = values.collect::<Vec<_>>().join(", ");
    format!("INSERT INTO dimension (id, value, valid_from, valid_to) VALUES {values}")
}

/// A statement, and how many rows the model says that it changes.
fn step(random: &mut Random, lines: &mut [Line], now: i64) -> (String, u64) {
    let key = random.below(KEYS);
    let value = random.below(3);
    let line = &mut lines[key as usize];
    match random.below(9) {
        0 => {
            let changed = line.change_from(now, Some(value));
            (
                format!("UPDATE dimension SET value = {value} WHERE id = {key}"),
                changed,
            )
        }
        1 => (
            format!("DELETE FROM dimension WHERE id = {key}"),
            line.change_from(now, None),
        ),
        2 => {
            let text = format!(
                "INSERT INTO dimension (id, value) VALUES ({key}, {value}) ON CONFLICT (id) DO UPDATE SET value = excluded.value"
            );
            // What is valid now ends when it would have ended.
            (text, u64::from(line.put(now, None, Some(value))))
        }
        3 => {
            let text = format!(
                "MERGE INTO dimension d USING (VALUES ({key}, {value})) AS s (id, value) ON d.id = s.id
                 WHEN MATCHED AND s.value = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET value = s.value
                 WHEN NOT MATCHED THEN INSERT (id, value) VALUES (s.id, s.value)"
            );
            let is_there = line.at(now).is_some() || line.end_at(now) < i64::MAX;
            let changed = match is_there {
                true => line.change_from(now, (value > 0).then_some(value)),
                false => u64::from(line.put(now, None, Some(value))),
            };
            (text, changed)
        }
        _ => {
            let mut rows = random_rows(random, now);
            let text = insert(&rows);
            rows.sort_by_key(|row| row.from);
            let put = rows
                .iter()
                .filter(|row| lines[row.key as usize].put(row.from, row.to, Some(row.value)));
            let changed = put.count() as u64;
            (text, changed)
        }
    }
}

/// Versions of the table by key: from, to and value.
fn versions(session: &mut Connection) -> Vec<Vec<(i64, i64, u64)>> {
    let text = "SELECT id, (extract(epoch FROM valid_from) * 1000000)::bigint,
                (extract(epoch FROM valid_to) * 1000000)::bigint, value FROM dimension ORDER BY id, valid_from";
    let mut found = vec![Vec::new(); KEYS as usize];
    for line in ask(session, text).unwrap().lines() {
        let fields: Vec<&str> = line.split('|').collect();
        let to = fields[2].parse().unwrap_or(i64::MAX);
        let key: usize = fields[0].parse().unwrap();
        found[key].push((fields[1].parse().unwrap(), to, fields[3].parse().unwrap()));
    }
    found
}

fn compare(found: &[(i64, i64, u64)], line: &Line, what: &str) {
    for (from, to, _) in found {
        assert!(from < to, "{what}: {found:?}");
    }
    for pair in found.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{what}: {found:?}");
    }
    let ends = found
        .iter()
        .flat_map(|(from, to, _)| [*from, *to])
        .filter(|time| *time < i64::MAX);
    for time in line.cells.keys().copied().chain(ends) {
        let valid = found.iter().find(|(from, to, _)| (*from..*to).contains(&time));
        let said = line.at(time).map(|(value, _)| value);
        assert_eq!(
            valid.map(|(_, _, value)| *value),
            said,
            "{what} at {time}: {found:?} {:?}",
            line.cells
        );
    }
}

#[test]
fn random_changes_say_what_a_model_says() {
    for seed in 1..=3 {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ seed << 32);
        let mut world = World::new();
        let mut session = world.connect();
        check(
            &mut session,
            "CREATE TABLE dimension (id bigint, value integer) WITH (history = 'scd2', key = 'id', order_by = 'id')",
            "CREATE TABLE",
        );
        let mut lines = vec![Line::new(); KEYS as usize];
        for number in 0..100 {
            let before = lines.clone();
            ask(&mut session, "BEGIN").unwrap();
            let mut texts = String::new();
            for _ in 0..=random.below(3) / 2 {
                let now = ask(&mut session, "SELECT (extract(epoch FROM now()) * 1000000)::bigint").unwrap();
                let (text, changed) = step(&mut random, &mut lines, now.parse().unwrap());
                let tag = ask(&mut session, &text).unwrap();
                texts += &text;
                assert_eq!(
                    tag.rsplit(' ').next().unwrap(),
                    changed.to_string(),
                    "{seed} {number}: {text}"
                );
                for (found, line) in versions(&mut session).iter().zip(&lines) {
                    compare(found, line, &format!("{seed} {number}, uncommitted: {texts}"));
                }
            }
            let end = match random.below(8) {
                0 => "ROLLBACK",
                _ => "COMMIT",
            };
            if end == "ROLLBACK" {
                lines = before;
            }
            check(&mut session, end, end);
            if random.below(12) == 0 {
                ask(&mut session, "CHECKPOINT; VACUUM dimension").unwrap();
            }
            if random.below(60) == 0 {
                drop(session);
                world = world.reopened();
                session = world.connect();
            }
            for (found, line) in versions(&mut session).iter().zip(&lines) {
                compare(found, line, &format!("{seed} {number}: {texts} {end}"));
            }
        }
    }
}

const WRITERS: u64 = 5;
const STEPS: u64 = 60;

/// What one of many writers does; in a transaction it tries again where another one was faster.
fn write(session: &mut Connection, random: &mut Random, value: u64) {
    let key = random.below(3);
    let text = match random.below(6) {
        0 => format!("UPDATE dimension SET value = {value} WHERE id = {key}"),
        1 => format!("DELETE FROM dimension WHERE id = {key}"),
        2 => format!(
            "INSERT INTO dimension VALUES ({key}, {value}, date_trunc('second', now()) - interval '{} seconds')",
            random.below(20)
        ),
        3 => format!(
            "INSERT INTO dimension VALUES ({key}, {value}) ON CONFLICT (id) DO UPDATE SET value = excluded.value"
        ),
        _ => format!(
            "INSERT INTO dimension (id, value) VALUES ({key}, {value}), ({}, {value})",
            key + 1
        ),
    };
    if random.below(3) > 0 {
        ask(session, &text).unwrap();
        return;
    }
    loop {
        let done = ask(session, "BEGIN")
            .and_then(|_| ask(session, &text))
            .and_then(|_| ask(session, "COMMIT"));
        match done {
            Ok(_) => return,
            Err(error) => assert_eq!(error.state().0, "40001", "{error}"),
        }
        ask(session, "ROLLBACK").unwrap();
    }
}

#[test]
fn versions_never_overlap_however_many_write() {
    let world = World::new();
    let mut session = world.connect();
    check(
        &mut session,
        "CREATE TABLE dimension (id bigint, value bigint) WITH (history = 'scd2', key = 'id')",
        "CREATE TABLE",
    );
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mut session = world.connect();
                scope.spawn(move || {
                    let mut random = Random(0x2545_f491_4f6c_dd1d ^ writer << 32);
                    for step in 0..STEPS {
                        write(&mut session, &mut random, writer * STEPS + step);
                    }
                })
            })
            .collect();
        let (mut session, is_done) = (world.connect(), &is_done);
        scope.spawn(move || {
            while !is_done.load(Ordering::Relaxed) {
                ask(&mut session, "CHECKPOINT; VACUUM dimension").unwrap();
            }
        });
        let ended: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        is_done.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok), "a writer failed");
    });
    let overlaps = "SELECT count(*) FROM dimension a JOIN dimension b ON a.id = b.id AND a.ctid <> b.ctid
                    AND a.valid_from < coalesce(b.valid_to, 'infinity') AND b.valid_from < coalesce(a.valid_to, 'infinity')";
    check(&mut session, overlaps, "0");
    check(
        &mut session,
        "SELECT count(*) FROM dimension WHERE valid_to <= valid_from",
        "0",
    );
    check(&mut session, "SELECT count(*) > 20 FROM dimension", "t");
    drop(session);
    let world = world.reopened();
    let mut session = world.connect();
    check(&mut session, overlaps, "0");
    check(
        &mut session,
        "INSERT INTO dimension SELECT * FROM dimension",
        "INSERT 0 0",
    );
}

#[test]
fn rows_become_versions_however_they_come() {
    let world = World::new();
    let mut session = world.connect();
    check(
        &mut session,
        "CREATE TABLE dimension (id bigint, value integer) WITH (history = 'scd2', key = 'id')",
        "CREATE TABLE",
    );
    let copy = |session: &mut Connection, columns: &str, lines: &str| {
        let text = format!("COPY dimension {columns} FROM STDIN (FORMAT csv)");
        let parsed = session.parse(&text).unwrap().remove(0);
        let prepared = session.prepare(&parsed, &[]).unwrap();
        let Ok(Outcome::CopyIn(mut copy)) = session.execute(&prepared, Vec::new()) else {
            panic!("a copy begins")
        };
        copy.write(lines.as_bytes())
            .and_then(|()| copy.finish())
            .map(|report| report.tag())
    };
    let lines = "1,10,2024-01-01,2024-02-01\n1,11,2024-02-01,\n2,20,2024-01-01,\n";
    assert_eq!(copy(&mut session, "", lines).unwrap(), "COPY 3");
    assert_eq!(copy(&mut session, "", lines).unwrap(), "COPY 0");
    assert_eq!(
        copy(&mut session, "(id, value)", "1,11\n2,21\n3,30\n").unwrap(),
        "COPY 2"
    );
    let error = copy(&mut session, "(id, value)", "1,12\n1,13\n").unwrap_err();
    assert_eq!(error.state().0, "21000", "{error}");
    let versions = "SELECT id, value, valid_to IS NULL FROM dimension ORDER BY id, valid_from";
    check(&mut session, versions, "1|10|f\n1|11|t\n2|20|f\n2|21|t\n3|30|t");
    // A load from outside of SQL.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dimension.csv");
    std::fs::write(
        &file,
        "id,value,valid_from,valid_to\n3,31,2024-01-01,2024-03-01\n3,30,2024-05-05,\n",
    )
    .unwrap();
    let load = world.database.begin_load("dimension").unwrap();
    let options = CopyOptions::of_file(CopyFormat::Csv);
    load.read_files(&[(file, options)], 1, &mut |_, _| {}).unwrap();
    assert_eq!(load.finish().unwrap(), 2);
    check(
        &mut session,
        "SELECT value, valid_from::date::text, valid_to IS NULL FROM dimension WHERE id = 3 AND valid_from < '2024-12-12' ORDER BY valid_from",
        "31|2024-01-01|f\n30|2024-05-05|f",
    );
}

#[test]
fn transactions_that_change_the_same_key_do_not_both_succeed() {
    const LATER: &str = "40001 could not serialize access due to concurrent update";
    let world = World::new();
    let (mut one, mut other) = (world.connect(), world.connect());
    check(
        &mut one,
        "CREATE TABLE dimension (id text, value integer) WITH (history = 'scd2', key = 'id')",
        "CREATE TABLE",
    );
    // Neither finds a version of the other's.
    for (session, from) in [(&mut one, "2024-01-01"), (&mut other, "2024-02-01")] {
        let text = format!("BEGIN; INSERT INTO dimension VALUES ('a', 1, '{from}')");
        check(session, &text, "INSERT 0 1");
    }
    check(&mut one, "COMMIT", "COMMIT");
    refused(&mut other, "COMMIT", LATER);
    // Other keys are nobody's business.
    for (session, key) in [(&mut one, "b"), (&mut other, "c")] {
        let text = format!("BEGIN; INSERT INTO dimension VALUES ('{key}', 1)");
        check(session, &text, "INSERT 0 1");
    }
    check(&mut one, "COMMIT", "COMMIT");
    check(&mut other, "COMMIT", "COMMIT");
    // A transaction whose time is before that of a version which it sees does not hide that.
    check(&mut one, "BEGIN", "BEGIN");
    check(&mut other, "UPDATE dimension SET value = 2 WHERE id = 'a'", "UPDATE 1");
    refused(&mut one, "UPDATE dimension SET value = 3 WHERE id = 'a'", LATER);
    check(
        &mut one,
        "ROLLBACK; UPDATE dimension SET value = 3 WHERE id = 'a'",
        "UPDATE 1",
    );
    check(
        &mut one,
        "SELECT string_agg(value::text, ' ' ORDER BY valid_from) FROM dimension WHERE id = 'a'",
        "1 2 3",
    );
    // Rows that came meanwhile are not versions yet.
    check(
        &mut one,
        "CREATE TABLE later (id text, valid_from timestamptz, valid_to timestamptz)",
        "CREATE TABLE",
    );
    check(
        &mut one,
        "BEGIN; ALTER TABLE later SET (history = 'scd2', key = 'id')",
        "ALTER TABLE",
    );
    check(
        &mut other,
        "INSERT INTO later VALUES ('a', now(), NULL), ('a', now(), NULL)",
        "INSERT 0 2",
    );
    refused(&mut one, "COMMIT", LATER);
}
