//! Where sequences stand. Numbers are handed out outside of transactions, as in Postgres: none comes twice, and a rollback gives
//! none back. Storage keeps a number ahead of those handed out, so that most calls write nothing; after a crash the numbers between
//! are skipped.
//!
//! Invariant: a number is handed out only after the store has durably noted that it, or one behind it, may have been.

use crate::catalog::sequence::SequenceDefinition;
use crate::error::{Error, Result, SqlState};
use crate::limits::SEQUENCE_NUMBERS_AHEAD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use stoa_storage::commit::{Change, Changes};
use stoa_storage::store::Store;

/// A sequence's last number, and whether it has been handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// The number.
    pub(crate) last: i64,
    /// It has been handed out; otherwise it is the next.
    pub(crate) is_called: bool,
}

/// All sequences that were asked since the database was opened, by the object that keeps their state.
pub(crate) struct Sequences {
    store: Arc<dyn Store>,
    open: Mutex<HashMap<String, Arc<Mutex<Open>>>>,
}

struct Open {
    position: Position,
    /// What storage says.
    stored: Position,
}

impl Sequences {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Sequences {
            store,
            open: Mutex::default(),
        }
    }

    fn open(&self, sequence: &SequenceDefinition) -> Result<Arc<Mutex<Open>>> {
        let mut open = self.open.lock();
        if let Some(found) = open.get(&sequence.state_object) {
            return Ok(found.clone());
        }
        let position = match self.store.snapshot().object(&sequence.state_object) {
            Some(bytes) => read_position(&bytes)?,
            None => Position {
                last: sequence.start,
                is_called: false,
            },
        };
        let opened = Arc::new(Mutex::new(Open {
            position,
            stored: position,
        }));
        open.insert(sequence.state_object.clone(), opened.clone());
        Ok(opened)
    }

    /// Where a sequence stands.
    ///
    /// # Errors
    /// State that does not read back.
    pub(crate) fn position(&self, sequence: &SequenceDefinition) -> Result<Position> {
        Ok(self.open(sequence)?.lock().position)
    }

    /// The next numbers.
    ///
    /// # Errors
    /// 2200H behind the last number; what storage says.
    pub(crate) fn take(&self, sequence: &SequenceDefinition, name: &str, count: usize) -> Result<Vec<i64>> {
        let open = self.open(sequence)?;
        let mut open = open.lock();
        let mut position = open.position;
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            position = next(sequence, position).ok_or_else(|| exhausted(sequence, name))?;
            numbers.push(position.last);
        }
        if !is_ahead(sequence, &open, &numbers) {
            let ahead = self.ahead(sequence, position);
            self.store_position(sequence, ahead)?;
            open.stored = ahead;
        }
        open.position = position;
        Ok(numbers)
    }

    /// The number that storage is told: a few steps further on, as far as there are any.
    fn ahead(&self, sequence: &SequenceDefinition, position: Position) -> Position {
        let mut ahead = position;
        for _ in 0..SEQUENCE_NUMBERS_AHEAD {
            match ahead.last.checked_add(sequence.increment) {
                Some(last) if (sequence.minimum..=sequence.maximum).contains(&last) => ahead.last = last,
                _ => break,
            }
        }
        ahead
    }

    /// Sets where a sequence stands.
    ///
    /// # Errors
    /// What storage says.
    pub(crate) fn set(&self, sequence: &SequenceDefinition, position: Position) -> Result<()> {
        let open = self.open(sequence)?;
        let mut open = open.lock();
        self.store_position(sequence, position)?;
        open.position = position;
        open.stored = position;
        Ok(())
    }

    fn store_position(&self, sequence: &SequenceDefinition, position: Position) -> Result<()> {
        self.write(&sequence.state_object, position)
    }

    fn write(&self, object: &str, position: Position) -> Result<()> {
        let bytes = json!({"version": 1, "last": position.last, "is_called": position.is_called}).to_string();
        let changes = Changes {
            changes: vec![Change::PutObject(
                object.to_owned(),
                Some(Arc::from(bytes.into_bytes())),
            )],
            cause: "sequence".into(),
        };
        self.store.commit(changes, self.store.snapshot().version())?;
        Ok(())
    }

    /// Tells storage where all sequences stand, so that nothing is skipped.
    ///
    /// # Errors
    /// What storage says.
    pub(crate) fn settle(&self) -> Result<()> {
        for (object, open) in self.open.lock().iter() {
            let open = open.lock();
            if open.position != open.stored && self.store.snapshot().object(object).is_some() {
                self.write(object, open.position)?;
            }
        }
        Ok(())
    }
}

/// The position behind one; `None` at the end.
fn next(sequence: &SequenceDefinition, position: Position) -> Option<Position> {
    if !position.is_called {
        return Some(Position {
            is_called: true,
            ..position
        });
    }
    let following = position.last.checked_add(sequence.increment);
    let last = match following.filter(|last| (sequence.minimum..=sequence.maximum).contains(last)) {
        Some(last) => last,
        None if !sequence.cycles => return None,
        None if sequence.increment > 0 => sequence.minimum,
        None => sequence.maximum,
    };
    Some(Position { last, is_called: true })
}

/// Whether storage already says at least as much as these numbers; a sequence that began anew is told again.
fn is_ahead(sequence: &SequenceDefinition, open: &Open, numbers: &[i64]) -> bool {
    let stored = open.stored;
    let between = |number: &i64| match sequence.increment > 0 {
        true => *number > open.position.last && *number <= stored.last,
        false => *number < open.position.last && *number >= stored.last,
    };
    stored.is_called && open.position.is_called && numbers.iter().all(between)
}

fn exhausted(sequence: &SequenceDefinition, name: &str) -> Error {
    let (what, bound) = match sequence.increment > 0 {
        true => ("maximum", sequence.maximum),
        false => ("minimum", sequence.minimum),
    };
    Error::user(
        SqlState("2200H"),
        format!("nextval: reached {what} value of sequence \"{name}\" ({bound})"),
    )
}

fn read_position(bytes: &[u8]) -> Result<Position> {
    let read = || -> Option<Position> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        (value.get("version")?.as_u64()? == 1).then_some(())?;
        Some(Position {
            last: value.get("last")?.as_i64()?,
            is_called: value.get("is_called")?.as_bool()?,
        })
    };
    read().ok_or_else(|| Error::Internal("the state of a sequence does not read back".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoa_sql::plan::SequenceOptions;

    fn definition(options: &SequenceOptions) -> SequenceDefinition {
        SequenceDefinition::new(1, "value/sequence/1".into(), options).unwrap()
    }

    #[test]
    fn no_number_comes_twice_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let store = stoa_storage::store::open(folder.path(), stoa_storage::store::StoreOptions::default()).unwrap();
        let sequence = definition(&SequenceOptions::default());
        let mut last = 0;
        for count in [1, 40, 3, 1, 100] {
            // What is in memory is lost: another one reads what storage was told.
            let sequences = Sequences::new(store.clone());
            let numbers = sequences.take(&sequence, "s", count).unwrap();
            assert!(numbers[0] > last, "{} after {last}", numbers[0]);
            assert!(numbers[0] <= last + 1 + SEQUENCE_NUMBERS_AHEAD as i64);
            last = numbers[count - 1];
        }
        let sequences = Sequences::new(store.clone());
        let taken = sequences.take(&sequence, "s", 1).unwrap()[0];
        sequences.settle().unwrap();
        assert_eq!(Sequences::new(store).take(&sequence, "s", 1).unwrap(), [taken + 1]);
    }

    #[test]
    fn most_calls_write_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = stoa_storage::store::open(folder.path(), stoa_storage::store::StoreOptions::default()).unwrap();
        let sequences = Sequences::new(store.clone());
        let cycling = SequenceOptions {
            maximum: Some(Some(5)),
            cycle: Some(true),
            ..SequenceOptions::default()
        };
        let sequence = definition(&SequenceOptions::default());
        for _ in 0..66 {
            sequences.take(&sequence, "s", 1).unwrap();
        }
        assert_eq!(store.snapshot().version().0, 2);
        assert_eq!(store.snapshot().definition_version().0, 0);
        let sequence = SequenceDefinition {
            state_object: "value/sequence/2".into(),
            ..definition(&cycling)
        };
        let numbers: Vec<i64> = (0..7).map(|_| sequences.take(&sequence, "s", 1).unwrap()[0]).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 1, 2]);
    }
}
