//! Adds columns to a few rows that were found without them: they are read from storage by the rows' identities. Reads nothing before
//! the rows are known, and changes neither them nor their order.

use crate::error::{Error, Result};
use crate::operators::gather::interleaved;
use crate::operators::stored_lists::StoredLists;
use crate::pipeline::{Cancel, Stream, Transform};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use std::collections::HashMap;
use std::sync::Arc;
use stoa_storage::commit::RowId;
use stoa_storage::scan::{AddressCondition, ScanColumn, ScanItem, ScanRequest};
use stoa_storage::store::TableSnapshot;
use stoa_storage::vector::{Batch, flatten};

/// Where an output column comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FetchedColumn {
    /// The input's column at this place.
    Known(usize),
    /// The column at this place of those that are read.
    Read(usize),
}

/// The transform.
pub(crate) struct FetchTransform(Arc<Fetch>);

/// What it needs.
pub(crate) struct Fetch {
    /// The rows' table, as it was when they were found.
    pub(crate) table: Arc<dyn TableSnapshot>,
    pub(crate) columns: Vec<ScanColumn>,
    /// The arrays among them.
    pub(crate) lists: StoredLists,
    /// Where the input has the rows' packed identities.
    pub(crate) row_id: usize,
    pub(crate) output: Vec<FetchedColumn>,
    pub(crate) cancel: Arc<Cancel>,
}

impl FetchTransform {
    pub(crate) fn new(fetch: Fetch) -> Self {
        FetchTransform(Arc::new(fetch))
    }
}

impl Transform for FetchTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(FetchStream {
            input,
            fetch: self.0.clone(),
        }))
    }
}

struct FetchStream {
    input: Box<dyn Stream>,
    fetch: Arc<Fetch>,
}

impl Stream for FetchStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(batch) = self.input.next()? else {
            return Ok(None);
        };
        self.fetch.completed(batch.compact()).map(Some)
    }
}

impl Fetch {
    fn completed(&self, batch: Batch) -> Result<Batch> {
        let row_ids = flatten(&batch.columns[self.row_id]);
        let row_ids = row_ids.as_primitive::<Int64Type>().values();
        let (read, places) = self.read(row_ids)?;
        let places = row_ids.iter().map(|row| places.get(row).copied());
        let places = places
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Error::Internal("a row was found and is not there".into()))?;
        let columns = self.output.iter().map(|column| match column {
            FetchedColumn::Known(place) => Ok(batch.columns[*place].clone()),
            FetchedColumn::Read(place) => {
                let parts: Vec<ArrayRef> = read.iter().map(|batch| batch.columns[*place].clone()).collect();
                interleaved(&parts, &places)
            }
        });
        Ok(Batch::new(columns.collect::<Result<_>>()?, batch.row_count))
    }

    /// Plain columns of these rows, and the batch and the place there of each.
    fn read(&self, row_ids: &[i64]) -> Result<(Vec<Batch>, HashMap<i64, (usize, usize)>)> {
        let mut rows: Vec<RowId> = row_ids.iter().map(|row| RowId::unpack(*row)).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut columns = self.columns.clone();
        columns.push(ScanColumn::RowId);
        let scan = self.table.scan(ScanRequest {
            columns,
            addresses: vec![AddressCondition::Rows(rows.into())],
            cancel: Some(self.cancel.flag()),
            ..ScanRequest::default()
        })?;
        let (mut batches, mut places) = (Vec::new(), HashMap::new());
        let mut reader = scan.reader();
        while let Some(item) = reader.next().map_err(|error| self.cancel.told(error.into()))? {
            let ScanItem::Rows(batch) = item else {
                return Err(Error::Internal("summaries that nobody asked for".into()));
            };
            let mut batch = self.lists.decoded(batch.compact())?;
            batch.columns.iter_mut().for_each(|column| *column = flatten(column));
            let found = batch.columns.pop();
            let found = found.as_ref().and_then(|column| column.as_primitive_opt::<Int64Type>());
            for (place, row) in found.iter().flat_map(|found| found.values()).enumerate() {
                places.insert(*row, (batches.len(), place));
            }
            batches.push(batch);
        }
        Ok((batches, places))
    }
}
