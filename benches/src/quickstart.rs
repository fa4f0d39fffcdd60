//! The first thing a newcomer sees: a database of a shop's events and sales, loaded through the ordinary bulk path, and the
//! questions a company asks of it. Tables that are there and filled are used as they are.

use crate::error::{Error, Result};
use crate::generate::{SEED, Suite, Table};
use crate::load::{Load, load_table};
use crate::progress::Progress;
use crate::queries::{QUESTIONS, QUESTIONS_SCHEMA, create_table};
use crate::report;
use crate::target::{Session, Target};

/// Rows of an answer that are printed.
const SHOWN_ROWS: usize = 10;

/// Events unless asked for otherwise; sales are twice as many.
pub const EVENT_ROWS: u64 = 10_000_000;

/// Makes and loads what is not there yet: about `event_rows` events, twice as many sales, and the dimension tables.
///
/// # Errors
/// What the database says; tables loaded before stay.
pub fn prepare(target: &dyn Target, event_rows: u64, threads: usize, progress: &dyn Progress) -> Result<Vec<Load>> {
    let mut session = target.session()?;
    let mut loads = Vec::new();
    for table in Suite::Questions.tables(event_rows.saturating_mul(2), SEED) {
        match filled_rows(&mut *session, table.name())? {
            Some(rows) if rows > 0 => {
                progress.line(&format!("{} is there with {} rows", table.name(), report::count(rows)));
                continue;
            }
            Some(_) => {}
            None => create(&mut *session, &*table)?,
        }
        loads.push(load_table(target, &*table, threads, progress)?);
    }
    Ok(loads)
}

/// How many rows a table has; `None` where there is no such table.
pub(crate) fn filled_rows(session: &mut dyn Session, table: &str) -> Result<Option<u64>> {
    let there = session.ask(&format!(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name = '{table}'"
    ))?;
    if there.number()? == 0 {
        return Ok(None);
    }
    session
        .ask(&format!("SELECT count(*) FROM {table}"))?
        .number()
        .map(Some)
}

fn create(session: &mut dyn Session, table: &dyn Table) -> Result<()> {
    let missing = || Error::Wrong(format!("the schema of the questions has no table {}", table.name()));
    let statement = create_table(QUESTIONS_SCHEMA, table.name()).ok_or_else(missing)?;
    session.ask(statement.trim_end_matches(';'))?;
    Ok(())
}

/// Asks the questions and prints each with its answer and time. Returns the seconds of each.
///
/// # Errors
/// What the database says.
pub fn ask_questions(target: &dyn Target, progress: &dyn Progress) -> Result<Vec<f64>> {
    let mut session = target.session()?;
    // The generated world ends at a moment given in UTC; so are its days.
    session.ask("SET TimeZone = 'UTC'")?;
    let mut times = Vec::with_capacity(QUESTIONS.len());
    for (number, question) in (1..).zip(QUESTIONS) {
        let answer = session.ask(&question.statement())?;
        times.push(answer.seconds);
        progress.line(&format!("\n{number}. {}", question.sentence()));
        progress.line(&answer.table(SHOWN_ROWS));
        progress.line(&format!(
            "({} rows, {})",
            report::count(answer.row_count as u64),
            report::seconds(answer.seconds)
        ));
    }
    Ok(times)
}

#[cfg(test)]
#[path = "quickstart_test.rs"]
mod tests;
