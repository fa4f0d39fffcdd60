//! The quickstart against a stand-in that keeps tables as row counts.

use super::*;
use crate::progress::Progress;
use crate::target::{Answer, Loading};
use arrow_array::RecordBatch;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

type Tables = Arc<Mutex<BTreeMap<String, u64>>>;

#[derive(Default)]
struct StandIn {
    tables: Tables,
    statements: Arc<Mutex<Vec<String>>>,
}

struct StandInSession(Tables, Arc<Mutex<Vec<String>>>);

struct StandInLoading(Tables, String, Mutex<u64>);

impl Target for StandIn {
    fn session(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(StandInSession(self.tables.clone(), self.statements.clone())))
    }

    fn begin_load(&self, table: &str) -> Result<Box<dyn Loading>> {
        assert!(
            self.tables.lock().contains_key(table),
            "{table} is loaded before it is made"
        );
        Ok(Box::new(StandInLoading(
            self.tables.clone(),
            table.to_owned(),
            Mutex::new(0),
        )))
    }

    fn disk_bytes(&self) -> u64 {
        0
    }

    fn version(&self) -> String {
        "stand-in".to_owned()
    }
}

impl Loading for StandInLoading {
    fn append(&self, batch: RecordBatch) -> Result<()> {
        *self.2.lock() += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        *self.0.lock().get_mut(&self.1).unwrap() += self.2.into_inner();
        Ok(())
    }
}

impl Session for StandInSession {
    fn ask(&mut self, statement: &str) -> Result<Answer> {
        self.1.lock().push(statement.to_owned());
        let mut tables = self.0.lock();
        if let Some(rest) = statement.strip_prefix("CREATE TABLE ") {
            tables.insert(rest.split(' ').next().unwrap().to_owned(), 0);
            return Ok(Answer::default());
        }
        let value = match statement.rsplit_once("table_name = '") {
            Some((_, name)) => u64::from(tables.contains_key(name.trim_end_matches('\''))),
            None => statement
                .strip_prefix("SELECT count(*) FROM ")
                .and_then(|name| tables.get(name))
                .copied()
                .unwrap_or(0),
        };
        Ok(Answer {
            columns: vec!["value".to_owned()],
            numeric: vec![true],
            rows: vec![vec![value.to_string()]],
            row_count: 1,
            seconds: 0.001,
        })
    }
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Progress for Lines {
    fn begin(&self, _what: &str, _rows: u64) {}
    fn advance(&self, _rows: u64) {}
    fn finish(&self, _outcome: &str) {}
    fn line(&self, text: &str) {
        self.0.lock().push(text.to_owned());
    }
}

#[test]
fn everything_is_made_once_and_used_again() {
    let target = StandIn::default();
    let lines = Lines::default();
    let loads = prepare(&target, 2_000, 2, &lines).unwrap();
    assert_eq!(loads.len(), 6);
    let tables = target.tables.lock().clone();
    assert_eq!(
        (
            tables["sales"],
            tables["products"],
            tables["locations"],
            tables["dates"]
        ),
        (4_000, 100_000, 10, 1_096)
    );
    assert!((1_500..2_500).contains(&tables["events"]), "{}", tables["events"]);
    assert!(prepare(&target, 2_000, 2, &lines).unwrap().is_empty());
    assert_eq!(*target.tables.lock(), tables);
    assert!(lines.0.lock().contains(&"sales is there with 4,000 rows".to_owned()));
}

#[test]
fn every_question_is_printed_with_answer_and_time() {
    let lines = Lines::default();
    let times = ask_questions(&StandIn::default(), &lines).unwrap();
    assert_eq!(times.len(), 8);
    let lines = lines.0.lock().join("\n");
    assert!(lines.contains("2. Which products are trending right now"), "{lines}");
    assert!(lines.contains("(1 rows, 1.00 ms)"), "{lines}");
}
