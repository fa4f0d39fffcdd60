//! COPY between a table and files of the server: several threads read morsels of all files, all rows arrive together.

use super::copy_rows::{Completion, target};
use super::insert::{receiving_sink, writes_of};
use super::query::stream;
use super::row_sink::RowSink;
use super::{Effect, Run};
use crate::connection::StatementWrites;
use crate::error::{Error, Result, SqlState};
use crate::ingest::{CopyEncoder, FileReader, ReadMorsels, SourceFile, create_below, find_below};
use parking_lot::Mutex;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use stoa_sql::catalog::TableId;
use stoa_sql::plan::{CopyOptions, Expr, Query};

/// Which columns of a table the files have, and what the others get.
pub(crate) struct FileColumns<'c> {
    pub(crate) table: TableId,
    pub(crate) columns: &'c [usize],
    pub(crate) defaults: &'c [(usize, Expr)],
}

/// COPY table FROM 'pattern'
pub(crate) fn copy_from(run: &Run<'_>, to: &FileColumns<'_>, pattern: &str, options: &CopyOptions) -> Result<Effect> {
    let relation = run.table(to.table)?;
    let targets = target(&relation, to.columns)?;
    let completion = Completion::new(run, &relation, to.columns, to.defaults)?;
    let folder = run.view.shared.config.import_folder.as_deref();
    let files = find_below(folder, pattern)?;
    let readers = files.iter().map(|path| {
        let source = match folder {
            Some(folder) => SourceFile::open_below(folder, path)?,
            None => SourceFile::open(path)?,
        };
        FileReader::open(source, relation.name(), &targets, options, &run.view.format)
    });
    let readers = readers.collect::<Result<Vec<_>>>()?;
    let sink = receiving_sink(run, &relation)?;
    let cancel = &run.entry.running().cancel;
    read_files(&readers, run.context(None).threads, &|columns, row_count| {
        cancel.check()?;
        sink.append(completion.complete(columns, row_count)?)
    })?;
    let (count, writes) = writes_of(run, &relation, &sink, "copy")?;
    Ok(Effect::command(format!("COPY {count}"), writes))
}

/// Takes batches from any thread.
pub(crate) type Take<'t> = dyn Fn(Vec<arrow_array::ArrayRef>, usize) -> Result<()> + Sync + 't;

/// Reads all morsels of all files on so many threads. The first error ends it.
///
/// # Errors
/// What a file or the taker says.
pub(crate) fn read_files(readers: &[FileReader], threads: usize, take: &Take<'_>) -> Result<()> {
    let morsels = readers
        .iter()
        .flat_map(|reader| (0..reader.count()).map(move |morsel| (reader, morsel)));
    let morsels = Mutex::new(morsels);
    let failed = AtomicBool::new(false);
    let work = || -> Result<()> {
        loop {
            let next = morsels.lock().next();
            let Some((reader, morsel)) = next else { return Ok(()) };
            if failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            let read = reader.read(morsel, &mut |columns, row_count| {
                if failed.load(Ordering::Relaxed) {
                    return Err(Error::Internal("another thread failed".into()));
                }
                take(columns, row_count)
            });
            if let Err(error) = read {
                // Errors that follow from another one are not worth telling.
                return match failed.swap(true, Ordering::Relaxed) {
                    false => Err(error),
                    true => Ok(()),
                };
            }
        }
    };
    let count = threads.max(1);
    std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..count).map(|_| scope.spawn(work)).collect();
        let mut result = work();
        for helper in helpers {
            let helped = helper
                .join()
                .unwrap_or_else(|_| Err(Error::Internal("a thread that read a file panicked".into())));
            result = result.and(helped);
        }
        result
    })
}

/// COPY (query) TO 'file'
pub(crate) fn copy_to(run: &Run<'_>, query: &Query, path: &str, options: &CopyOptions) -> Result<Effect> {
    let mut rows = stream(run, &query.plan, &query.names)?;
    let encoder = CopyEncoder::new(rows.columns(), options, &run.view.format)?;
    let folder = run.view.shared.config.import_folder.as_deref();
    let mut file = create_below(folder, path)?;
    let mut write = |bytes: &[u8]| {
        file.write_all(bytes).map_err(|error| {
            Error::user(
                SqlState::IO_ERROR,
                format!("could not write to file \"{path}\": {error}"),
            )
        })
    };
    let mut out = Vec::new();
    encoder.write_header(&mut out);
    let mut row_count = 0;
    while let Some(batch) = rows.next_batch()? {
        row_count += batch.row_count;
        encoder.write_batch(&batch.columns, batch.row_count, &mut out)?;
        write(&out)?;
        out.clear();
    }
    encoder.write_trailer(&mut out);
    write(&out)?;
    Ok(Effect::command(format!("COPY {row_count}"), StatementWrites::default()))
}

/// Rows of files into a sink that takes them as they are.
pub(crate) fn read_into(readers: &[FileReader], threads: usize, sink: &RowSink) -> Result<()> {
    read_files(readers, threads, &|columns, row_count| {
        sink.append(stoa_storage::vector::Batch::new(columns, row_count))
    })
}
