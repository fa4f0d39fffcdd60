//! Random histories of a table, told in SQL: rows come, late ones too, and are changed, replaced and deleted, through transactions,
//! truncation, sealing, merging, new columns and restarts. Every version is read again as of then and compared with a model
//! that knows nothing of Stoa. `STOA_HISTORIES=10000` asks for more of them, `STOA_HISTORIES_SEED` for others; each is replayed by
//! its own seed.

mod history;
mod model;
mod session;

use history::History;
use std::sync::atomic::{AtomicU64, Ordering};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_version_is_what_it_was() {
    let first = number("STOA_HISTORIES_SEED").unwrap_or(1);
    let count = number("STOA_HISTORIES").unwrap_or(500);
    let (next, checked) = (AtomicU64::new(first), AtomicU64::new(0));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return;
            }
            match std::panic::catch_unwind(|| History::new(seed).run()) {
                Ok(versions) => checked.fetch_add(versions, Ordering::Relaxed),
                Err(panic) => {
                    println!("replay with STOA_HISTORIES=1 STOA_HISTORIES_SEED={seed}");
                    std::panic::resume_unwind(panic);
                }
            };
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let checked = checked.into_inner();
    println!("{count} histories, {checked} versions read");
    assert!(checked > count * 5, "{checked} versions of {count} histories");
}
