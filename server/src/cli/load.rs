//! `stoa load`: files into a table. A data directory is loaded past the log, on all threads; a server gets the rows through COPY.

use super::arguments::LoadOptions;
use super::client::{Client, Event};
use super::embedded::config;
use super::progress::{Progress, Unit};
use super::url::{ServerUrl, Target};
use super::{CommandError, Result};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use stoa_engine::connection::{ConnectionOptions, CopyFormat};
use stoa_engine::database::Database;
use stoa_engine::format::FormatSettings;
use stoa_engine::ingest::{
    CopyEncoder, CopyOptions, FileReader, ReadMorsels, SourceFile, TargetColumn, format_of_path, infer_columns,
};
use stoa_engine::rows::ResultColumn;

/// A file and how it is read.
type InputFile = (PathBuf, CopyOptions);

/// Runs the command.
pub(super) fn run(options: &LoadOptions) -> Result<()> {
    let files = files(&options.files)?;
    match Target::of(&options.target)? {
        Target::Folder(folder) => load_folder(&folder, options, &files),
        Target::Server(url) => load_server(&url, options, &files),
    }
}

fn files(paths: &[PathBuf]) -> Result<Vec<InputFile>> {
    let files = paths.iter().map(|path| {
        let format = format_of_path(path)?;
        Ok((path.clone(), CopyOptions::of_file(format)))
    });
    files.collect()
}

fn load_folder(folder: &Path, options: &LoadOptions, files: &[InputFile]) -> Result<()> {
    let config = config(folder, &options.target.resources);
    let threads = config.threads;
    let database = Database::open(config)?;
    let loaded = load_into(&database, options, files, threads);
    let closed = database.close(true).map_err(CommandError::from);
    loaded.and(closed)
}

fn load_into(database: &Database, options: &LoadOptions, files: &[InputFile], threads: usize) -> Result<()> {
    let makes_table = options.create && database.begin_load(&options.table).is_err();
    if makes_table {
        execute(database, &create_statement(options, files)?)?;
    }
    let loaded = load_files(database, options, files, threads);
    if makes_table
        && loaded.is_err()
        && let Err(error) = execute(database, &format!("DROP TABLE {}", options.table))
    {
        tracing::warn!("the empty table could not be dropped again: {error:?}");
    }
    loaded
}

fn execute(database: &Database, text: &str) -> Result<()> {
    let mut connection = database.connect(ConnectionOptions {
        user: "stoa".into(),
        database: "stoa".into(),
        ..ConnectionOptions::default()
    });
    for parsed in connection.parse(text)? {
        let prepared = connection.prepare(&parsed, &[])?;
        connection.execute(&prepared, Vec::new())?;
    }
    Ok(())
}

fn load_files(database: &Database, options: &LoadOptions, files: &[InputFile], threads: usize) -> Result<()> {
    let load = database.begin_load(&options.table).map_err(|error| {
        let hint = if options.create {
            ""
        } else {
            "; --create makes it from the first file"
        };
        CommandError::failed(format!("{error}{hint}"))
    })?;
    let mut progress = Progress::begin(&format!("loading {}", options.table), Unit::Bytes, 0);
    let read = load.read_files(files, threads, &mut |done, total| progress.set(done, total));
    match read.and_then(|()| load.finish()) {
        Ok(count) => {
            progress.end(&format!("{count} rows"));
            Ok(())
        }
        Err(error) => {
            progress.abandon();
            Err(error.into())
        }
    }
}

/// CREATE TABLE IF NOT EXISTS with the columns that the first file has.
fn create_statement(options: &LoadOptions, files: &[InputFile]) -> Result<String> {
    let columns: Vec<String> = columns_of(files)?
        .iter()
        .map(|column| {
            let not_null = if column.nullable { "" } else { " NOT NULL" };
            format!("{} {}{not_null}", quoted(&column.name), column.data_type)
        })
        .collect();
    let given = [("partition_by", &options.partition_by), ("order_by", &options.order_by)];
    let with: Vec<String> = given
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} = '{}'", value.as_ref()?.replace('\'', "''"))))
        .collect();
    let with = match with.is_empty() {
        true => String::new(),
        false => format!(" WITH ({})", with.join(", ")),
    };
    Ok(format!(
        "CREATE TABLE IF NOT EXISTS {} ({}){with}",
        options.table,
        columns.join(", ")
    ))
}

fn columns_of(files: &[InputFile]) -> Result<Vec<TargetColumn>> {
    let Some((path, options)) = files.first() else {
        return Err(CommandError::Usage("name at least one file".into()));
    };
    Ok(infer_columns(&SourceFile::open(path)?, options)?)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn load_server(url: &ServerUrl, options: &LoadOptions, files: &[InputFile]) -> Result<()> {
    let columns = columns_of(files)?;
    let mut client = Client::connect(url).map_err(|error| {
        CommandError::failed(format!(
            "could not connect to {}:{}: {error}; is \"stoa serve\" running there",
            url.host, url.port
        ))
    })?;
    if options.create {
        // One block: a load that fails leaves no table.
        run_text(
            &mut client,
            &format!("BEGIN; {}", create_statement(options, files)?),
            None,
        )?;
    }
    let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
    let copy = format!("COPY {} ({}) FROM STDIN", options.table, names.join(", "));
    let mut progress = Progress::begin(&format!("loading {}", options.table), Unit::Bytes, 0);
    let mut sent = send_files(&mut client, &copy, files, &columns, &mut progress);
    if options.create && sent.is_ok() {
        sent = run_text(&mut client, "COMMIT", None).and(sent);
    }
    match sent {
        Ok(tag) => {
            progress.end(&format!("{} rows", tag.trim_start_matches("COPY ")));
            Ok(())
        }
        Err(error) => {
            progress.abandon();
            Err(error)
        }
    }
}

/// Reads files on a thread of its own, as text that COPY takes, while the client sends.
fn send_files(
    client: &mut Client,
    copy: &str,
    files: &[InputFile],
    columns: &[TargetColumn],
    progress: &mut Progress,
) -> Result<String> {
    let readers = files.iter().map(|(path, options)| {
        let source = SourceFile::open(path)?;
        FileReader::open(source, "the table", columns, options, &FormatSettings::default())
    });
    let readers = readers.collect::<stoa_engine::Result<Vec<_>>>()?;
    let total: u64 = readers.iter().map(FileReader::byte_count).sum();
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(2);
        let reading = scope.spawn(|| encode_files(&readers, columns, sender));
        let mut chunks = Chunks {
            receiver,
            chunk: Vec::new(),
            taken: 0,
            tell: &mut || {
                let done = readers.iter().map(|reader| reader.progress().bytes_done()).sum();
                progress.set(done, total);
            },
        };
        let sent = run_text(client, copy, Some(&mut chunks));
        drop(chunks);
        let read = reading
            .join()
            .unwrap_or_else(|_| Err(stoa_engine::Error::Internal("reading the files panicked".into())));
        match (read, sent) {
            // What the server says to half a file is not the reason.
            (Err(error), _) if !is_hung_up(&error) => Err(error.into()),
            (_, sent) => sent,
        }
    })
}

/// The server did not want the rest.
fn is_hung_up(error: &stoa_engine::Error) -> bool {
    matches!(error, stoa_engine::Error::Cancelled(_))
}

fn encode_files(
    readers: &[FileReader],
    columns: &[TargetColumn],
    sender: SyncSender<io::Result<Vec<u8>>>,
) -> stoa_engine::Result<()> {
    let columns: Vec<ResultColumn> = columns
        .iter()
        .map(|column| ResultColumn {
            origin: None,
            name: column.name.clone(),
            data_type: column.data_type.clone(),
        })
        .collect();
    let options = CopyOptions::of_file(CopyFormat::Text);
    let encoder = CopyEncoder::new(&columns, &options, &FormatSettings::default())?;
    let encode = || -> stoa_engine::Result<()> {
        for reader in readers {
            for morsel in 0..reader.count() {
                reader.read(morsel, &mut |columns, row_count| {
                    let mut out = Vec::new();
                    encoder.write_batch(&columns, row_count, &mut out)?;
                    sender
                        .send(Ok(out))
                        .map_err(|_| stoa_engine::Error::Cancelled(stoa_engine::error::CancelReason::User))
                })?;
            }
        }
        Ok(())
    };
    let encoded = encode();
    if let Err(error) = &encoded {
        let _ = sender.send(Err(io::Error::other(error.to_string())));
    }
    encoded
}

/// Chunks of another thread as something to read.
struct Chunks<'t> {
    receiver: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    taken: usize,
    tell: &'t mut dyn FnMut(),
}

impl Read for Chunks<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken >= self.chunk.len() {
            (self.tell)();
            match self.receiver.recv() {
                Ok(chunk) => (self.chunk, self.taken) = (chunk?, 0),
                Err(_) => return Ok(0),
            }
        }
        let rest = self.chunk.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(out.len());
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        self.taken += count;
        Ok(count)
    }
}

/// Runs a text; its last command's tag.
fn run_text(client: &mut Client, text: &str, mut source: Option<&mut dyn Read>) -> Result<String> {
    let failed = |error: super::client::ClientError| CommandError::failed(error.to_string());
    client.query(text).map_err(failed)?;
    let mut tag = String::new();
    let mut error = None;
    loop {
        match client.next().map_err(failed)? {
            Event::Complete(complete) => tag = complete,
            Event::CopyIn => match &mut source {
                Some(source) => client.copy_from(*source).map_err(failed)?,
                None => client.copy_from(&mut io::empty()).map_err(failed)?,
            },
            Event::Error(report) => {
                let beside = report.detail.into_iter().chain(report.context);
                let line = beside.fold(report.message, |line, more| format!("{line}; {more}"));
                error.get_or_insert(line.replace('\n', "; "));
            }
            Event::Ready => {
                return match error {
                    None => Ok(tag),
                    Some(message) => Err(CommandError::failed(message)),
                };
            }
            Event::Columns(_) | Event::Row(_) | Event::CopyData(_) | Event::Notice(_) => {}
        }
    }
}
