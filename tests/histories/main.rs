//! Random histories of a table, told in SQL: rows come, late ones too, and are changed, replaced and deleted, through transactions,
//! truncation, sealing, merging, new columns and restarts, beside materialized views that come and go. Every version is read again as of then and compared with a model
//! that knows nothing of Stoa. `STOA_HISTORIES=10000` asks for more of them, `STOA_HISTORIES_SEED` for others; each is replayed by
//! its own seed.

mod explained;
mod history;
mod joined;
mod model;
mod rollups;
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
    let (next, versions, from_rollups) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
    let explained = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return;
            }
            match std::panic::catch_unwind(|| History::new(seed).run()) {
                Ok(checked) => {
                    versions.fetch_add(checked.versions, Ordering::Relaxed);
                    explained.fetch_add(checked.explained, Ordering::Relaxed);
                    from_rollups.fetch_add(checked.from_rollups, Ordering::Relaxed);
                }
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
    let (versions, from_rollups) = (versions.into_inner(), from_rollups.into_inner());
    let explained = explained.into_inner();
    println!(
        "{count} histories, {versions} versions read, {from_rollups} questions seen to be answered by rollups, {explained} \
         changes explained"
    );
    assert!(versions > count * 5, "{versions} versions of {count} histories");
    assert!(from_rollups > 0 || count < 20, "no rollup was ever used");
}
