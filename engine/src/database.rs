//! The facade: a data directory opened as a database. Holds what all connections share: store, workers, memory, statements.

pub(crate) mod advisory_locks;
mod exported_snapshots;
mod load;
mod scan_counts;
pub(crate) mod sequences;
mod timer;

use crate::activity::Activity;
use crate::catalog::CatalogState;
use crate::config::Config;
use crate::connection::{Connection, ConnectionOptions, Sessions};
use crate::error::{CancelReason, Error, Result};
use crate::pipeline::{MemoryBudget, Workers};
use crate::rollup::PartialsOfRows;
pub(crate) use advisory_locks::AdvisoryLocks;
pub(crate) use exported_snapshots::{Exported, ExportedSnapshots};
pub use load::TableLoad;
use parking_lot::Mutex;
pub(crate) use scan_counts::ScanCounts;
pub(crate) use sequences::Sequences;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use stoa_storage::commit::CommitVersion;
use stoa_storage::store::{CheckReport, Snapshot, Store, StoreOptions};
pub(crate) use timer::{Deadline, Timer};

/// Definitions of so many versions are kept ready.
const CATALOGS_KEPT: usize = 8;

/// What all connections of a database share.
pub(crate) struct Shared {
    /// The rows.
    pub(crate) store: Arc<dyn Store>,
    /// The threads that run queries.
    pub(crate) workers: Workers,
    /// The memory of all statements together.
    pub(crate) memory: Arc<MemoryBudget>,
    /// Running and recent statements.
    pub(crate) activity: Arc<Activity>,
    /// Who is connected.
    pub(crate) sessions: Arc<Sessions>,
    /// What sessions take turns by.
    pub(crate) advisory_locks: Arc<AdvisoryLocks>,
    /// What transactions let others read.
    pub(crate) exported_snapshots: Arc<ExportedSnapshots>,
    /// How often tables were scanned.
    pub(crate) scans: Arc<ScanCounts>,
    /// Where sequences stand.
    pub(crate) sequences: Arc<Sequences>,
    /// Ends statements that take too long.
    pub(crate) timer: Timer,
    /// How it was opened.
    pub(crate) config: Config,
    /// When it was opened: microseconds since 1970 UTC.
    pub(crate) start_time: i64,
    catalogs: Mutex<Vec<(CommitVersion, Arc<CatalogState>)>>,
    next_oid: AtomicU32,
    is_closed: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Shared({})", self.config.data_folder.display())
    }
}

impl Shared {
    /// The definitions of a committed snapshot.
    ///
    /// # Errors
    /// A definition that does not read back.
    pub(crate) fn catalog_of(&self, snapshot: &dyn Snapshot) -> Result<Arc<CatalogState>> {
        let version = snapshot.definition_version();
        if let Some((_, catalog)) = self.catalogs.lock().iter().find(|(known, _)| *known == version) {
            return Ok(catalog.clone());
        }
        let catalog = Arc::new(CatalogState::read(snapshot)?);
        let mut catalogs = self.catalogs.lock();
        catalogs.insert(0, (version, catalog.clone()));
        catalogs.truncate(CATALOGS_KEPT);
        Ok(catalog)
    }

    /// So many numbers for objects of the catalog, of which this is the first. They are given outside of transactions: who defines
    /// something does not wait for others who do.
    pub(crate) fn new_oids(&self, catalog: &CatalogState, count: u32) -> u32 {
        let next = |current: u32| current.max(catalog.next_oid());
        let given = self
            .next_oid
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |current| {
                Some(next(current).saturating_add(count))
            });
        next(given.unwrap_or_else(|current| current))
    }

    /// Microseconds since 1970 UTC.
    pub(crate) fn now(&self) -> i64 {
        stoa_storage::clock::Clock::now(&stoa_storage::clock::SystemClock)
    }

    /// Refuses work once the database is closed.
    pub(crate) fn check_open(&self) -> Result<()> {
        match self.is_closed.load(Ordering::Acquire) {
            true => Err(Error::Cancelled(CancelReason::Shutdown)),
            false => Ok(()),
        }
    }
}

/// An open database.
#[derive(Debug)]
pub struct Database {
    shared: Arc<Shared>,
}

impl Database {
    /// Opens a data directory, making it where there is none; nobody else can open it meanwhile.
    ///
    /// # Errors
    /// What storage says: the directory is locked, damaged, written by a newer version, or cannot be read.
    pub fn open(config: Config) -> Result<Arc<Database>> {
        let options = StoreOptions {
            partial_maker: Some(Arc::new(PartialsOfRows)),
            ..config.store.clone()
        };
        let store = stoa_storage::store::open(&config.data_folder, options)?;
        Database::over(store, config)
    }

    /// A database over a store that is open.
    fn over(store: Arc<dyn Store>, config: Config) -> Result<Arc<Database>> {
        let no_threads = |error: std::io::Error| Error::Internal(format!("could not start threads: {error}"));
        let shared = Shared {
            sequences: Arc::new(Sequences::new(store.clone())),
            memory: MemoryBudget::new(config.memory_limit_bytes, store.temporary_files().clone()),
            store,
            workers: Workers::start(config.threads).map_err(no_threads)?,
            activity: Arc::default(),
            sessions: Arc::default(),
            advisory_locks: Arc::default(),
            exported_snapshots: Arc::default(),
            scans: Arc::default(),
            timer: Timer::start().map_err(no_threads)?,
            config,
            start_time: stoa_storage::clock::Clock::now(&stoa_storage::clock::SystemClock),
            catalogs: Mutex::default(),
            next_oid: AtomicU32::new(0),
            is_closed: AtomicBool::new(false),
        };
        let shared = Arc::new(shared);
        crate::connection::temporary::drop_left_over(&shared)?;
        Ok(Arc::new(Database { shared }))
    }

    /// A new session.
    pub fn connect(&self, options: ConnectionOptions) -> Connection {
        Connection::new(self.shared.clone(), options)
    }

    /// Ends all statements and closes the store; with `flush`, what is in memory is sealed first. Later statements fail.
    ///
    /// # Errors
    /// What storage says; the directory is released nevertheless.
    pub fn close(&self, flush: bool) -> Result<()> {
        if self.shared.is_closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.shared.activity.cancel_all(CancelReason::Shutdown);
        let settled = self.shared.sequences.settle();
        self.shared.store.close(flush)?;
        settled?;
        Ok(())
    }

    /// Verifies every checksum and reference; `progress` hears bytes done and bytes in all.
    ///
    /// # Errors
    /// Where something could not even be looked at.
    pub fn check(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckReport> {
        Ok(self.shared.store.check(progress)?)
    }

    /// What the rows take on disk: segments, without the log.
    pub fn disk_bytes(&self) -> u64 {
        let snapshot = self.shared.store.snapshot();
        let tables = snapshot.tables();
        let tables = tables.iter().filter_map(|table| snapshot.table(table.id));
        tables.map(|table| table.file_bytes()).sum()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = self.close(false) {
            tracing::warn!("closing the database failed: {error}");
        }
    }
}
