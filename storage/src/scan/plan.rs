//! From a request to morsels: what can be ruled out by statistics is left out here; the rest is handed out by one counter.

use super::memory::MemoryMorsel;
use super::reader::MorselReader;
use super::{Scan, ScanColumn, ScanReader, ScanRequest, ScanStatistics};
use crate::commit::CommitVersion;
use crate::error::{Error, Result};
use crate::limits::BATCH_ROWS;
use crate::schema::ColumnId;
use crate::store::state::TableState;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A scan's shared part.
pub(crate) struct TableScan {
    pub(crate) table: Arc<TableState>,
    pub(crate) version: CommitVersion,
    pub(crate) request: ScanRequest,
    pub(crate) batch_rows: usize,
    pub(crate) statistics: ScanStatistics,
    morsels: Vec<Morsel>,
    next: AtomicUsize,
    row_count_max: u64,
}

/// What a reader takes at once.
#[derive(Clone, Debug)]
pub(crate) enum Morsel {
    Memory(MemoryMorsel),
}

/// Begins a scan.
pub(crate) fn begin(table: Arc<TableState>, version: CommitVersion, request: ScanRequest) -> Result<Arc<dyn Scan>> {
    check(&table, &request)?;
    let batch_rows = match request.batch_rows {
        0 => BATCH_ROWS,
        rows => rows.min(BATCH_ROWS),
    };
    let morsels: Vec<Morsel> = (0..table.parts.len())
        .map(|part| Morsel::Memory(MemoryMorsel { part }))
        .collect();
    let row_count_max = table.visible_rows();
    let scan = TableScan {
        table,
        version,
        request,
        batch_rows,
        statistics: ScanStatistics::default(),
        morsels,
        next: AtomicUsize::new(0),
        row_count_max,
    };
    Ok(Arc::new(SharedScan { scan: Arc::new(scan) }))
}

/// Every column named must be there.
fn check(table: &TableState, request: &ScanRequest) -> Result<()> {
    let columns = request.columns.iter().filter_map(|column| match column {
        ScanColumn::Table(id) => Some(*id),
        _ => None,
    });
    let predicates = request.predicates.iter().map(|predicate| predicate.column);
    let row_predicates = request
        .row_predicates
        .iter()
        .flat_map(|predicate| predicate.columns().to_vec());
    let unknown = |id: &ColumnId| table.schema.column(*id).is_none();
    match columns.chain(predicates).chain(row_predicates).find(unknown) {
        Some(id) => Err(Error::Invalid {
            reason: format!("table {} has no column {}", table.schema.id.0, id.0),
        }),
        None => Ok(()),
    }
}

impl TableScan {
    /// The next morsel that nobody took.
    pub(crate) fn take(&self) -> Option<&Morsel> {
        self.morsels.get(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

struct SharedScan {
    scan: Arc<TableScan>,
}

impl Scan for SharedScan {
    fn reader(&self) -> Box<dyn ScanReader> {
        Box::new(MorselReader::new(self.scan.clone()))
    }

    fn statistics(&self) -> &ScanStatistics {
        &self.scan.statistics
    }

    fn row_count_max(&self) -> u64 {
        self.scan.row_count_max
    }

    fn version(&self) -> CommitVersion {
        self.scan.version
    }
}
