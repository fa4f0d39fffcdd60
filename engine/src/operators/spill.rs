//! Rows on disk: what an operator puts away when the query's memory is used up, and takes back when there is room for it. Columns
//! come back plain; who spills decides what is written together.

use crate::error::{Error, Result};
use crate::pipeline::MemoryBudget;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, RecordBatchOptions, StructArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use parking_lot::{Mutex, RwLock};
use std::io::Cursor;
use std::sync::Arc;
use stoa_storage::temporary::{BlockPlace, SealedTemporaryFile, TemporaryFile};
use stoa_storage::vector::flatten;

/// Some rows in a spill file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpilledRows {
    place: BlockPlace,
    pub(crate) row_count: usize,
    /// What they take there, and about what in memory.
    pub(crate) bytes: usize,
}

/// A file that takes rows, from several workers if need be.
pub(crate) struct SpillFile {
    file: Mutex<TemporaryFile>,
    memory: Arc<MemoryBudget>,
}

impl SpillFile {
    /// An empty one, for what exceeds this budget.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn create(memory: &Arc<MemoryBudget>) -> Result<Self> {
        Ok(SpillFile {
            file: Mutex::new(memory.temporary_files().create()?),
            memory: memory.clone(),
        })
    }

    /// Writes rows. Columns may be encoded.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn write(&self, columns: &[ArrayRef], row_count: usize) -> Result<SpilledRows> {
        let block = encode(columns, row_count)?;
        let place = self.file.lock().append(&block)?;
        self.memory.count_spilled(block.len() as u64);
        Ok(SpilledRows {
            place,
            row_count,
            bytes: block.len(),
        })
    }

    /// Ends writing.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn seal(self) -> Result<SealedSpillFile> {
        let file = self.file.into_inner().seal()?;
        Ok(SealedSpillFile { file })
    }
}

/// A spill file that is complete.
pub(crate) struct SealedSpillFile {
    file: SealedTemporaryFile,
}

impl SealedSpillFile {
    /// The columns of rows that were written.
    ///
    /// # Errors
    /// Where the bytes are not those that were written.
    pub(crate) fn read(&self, rows: &SpilledRows) -> Result<Vec<ArrayRef>> {
        let block = self.file.read(&rows.place)?;
        let mut reader = StreamReader::try_new(Cursor::new(block), None)?;
        match reader.next() {
            // Views of a few rows must not hold on to the whole block.
            Some(batch) => Ok(batch?.columns().iter().map(compacted).collect()),
            None => Err(Error::Internal("a block of a temporary file has no rows".into())),
        }
    }
}

/// A spill file that exists once somebody needs it, written by all workers and, when no more will be written, read by all.
pub(crate) struct SharedSpillFile {
    memory: Arc<MemoryBudget>,
    state: RwLock<SharedState>,
}

enum SharedState {
    Unused,
    Written(SpillFile),
    Sealed(Arc<SealedSpillFile>),
}

impl SharedSpillFile {
    /// For what exceeds this budget.
    pub(crate) fn new(memory: &Arc<MemoryBudget>) -> Self {
        SharedSpillFile {
            memory: memory.clone(),
            state: RwLock::new(SharedState::Unused),
        }
    }

    /// Whether anything was written.
    pub(crate) fn is_used(&self) -> bool {
        !matches!(*self.state.read(), SharedState::Unused)
    }

    /// As [`SpillFile::write`].
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn write(&self, columns: &[ArrayRef], row_count: usize) -> Result<SpilledRows> {
        if !self.is_used() {
            let mut state = self.state.write();
            if let SharedState::Unused = &*state {
                *state = SharedState::Written(SpillFile::create(&self.memory)?);
            }
        }
        match &*self.state.read() {
            SharedState::Written(file) => file.write(columns, row_count),
            _ => Err(Error::Internal("rows for a temporary file that is complete".into())),
        }
    }

    /// As [`SealedSpillFile::read`]; nothing can be written from then on.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn read(&self, rows: &SpilledRows) -> Result<Vec<ArrayRef>> {
        let file = self.sealed()?;
        file.read(rows)
    }

    fn sealed(&self) -> Result<Arc<SealedSpillFile>> {
        if let SharedState::Sealed(file) = &*self.state.read() {
            return Ok(file.clone());
        }
        let mut state = self.state.write();
        let sealed = match std::mem::replace(&mut *state, SharedState::Unused) {
            SharedState::Sealed(file) => file,
            SharedState::Written(file) => Arc::new(file.seal()?),
            SharedState::Unused => return Err(Error::Internal("rows of a temporary file that was never made".into())),
        };
        *state = SharedState::Sealed(sealed.clone());
        Ok(sealed)
    }
}

/// A stream of Arrow's interprocess format with one batch: it says its own types.
fn encode(columns: &[ArrayRef], row_count: usize) -> Result<Vec<u8>> {
    let columns: Vec<ArrayRef> = columns.iter().map(|column| compacted(&flatten(column))).collect();
    let fields = columns
        .iter()
        .map(|column| Field::new("", column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(row_count));
    let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &options)?;
    let mut writer = StreamWriter::try_new(Vec::with_capacity(batch.get_array_memory_size()), &schema)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

/// The column without what its views do not point to: buffers would be written, and kept, whole.
pub(crate) fn compacted(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        DataType::List(_) => {
            let (field, offsets, values, nulls) = column.as_list::<i32>().clone().into_parts();
            Arc::new(ListArray::new(field, offsets, compacted(&values), nulls))
        }
        DataType::Struct(_) => {
            let (fields, columns, nulls) = column.as_struct().clone().into_parts();
            let columns = columns.iter().map(compacted).collect();
            match fields.is_empty() {
                true => column.clone(),
                false => Arc::new(StructArray::new(fields, columns, nulls)),
            }
        }
        _ => column.clone(),
    }
}
