//! Files of csv, text, binary and JSON lines, compressed or not. A plain file whose lines end at every newline is read in several parts at once.

use super::compression::{Compression, decompressed};
use super::copy_decoder::CopyDecoder;
use super::files::ReadMorsels;
use super::rows::with_context;
use super::source::{Progress, SourceFile};
use super::{BatchSink, TargetColumn};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use parking_lot::Mutex;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;
use stoa_sql::plan::{CopyFormat, CopyOptions};

/// Bytes that are read at once.
const READ_BYTES: usize = 1 << 20;

/// Bytes of a part.
#[cfg(not(test))]
const MORSEL_BYTES: u64 = 32 << 20;
/// Bytes of a part; small, so that tests have parts.
#[cfg(test)]
const MORSEL_BYTES: u64 = 1 << 10;

/// A file up to this size is looked through for quotes before it is read in parts.
const SEARCHED_BYTES_MAX: u64 = 16 << 30;

/// A file of lines, or of COPY's binary.
pub(super) struct TextFile {
    source: SourceFile,
    relation: String,
    targets: Vec<TargetColumn>,
    options: CopyOptions,
    settings: FormatSettings,
    compression: Compression,
    /// Where parts begin and end; the last part ends with the file.
    parts: Vec<Range<u64>>,
    line_counts: LineCounts,
    progress: Arc<Progress>,
}

impl TextFile {
    pub(super) fn open(
        source: SourceFile,
        relation: &str,
        targets: &[TargetColumn],
        options: &CopyOptions,
        settings: &FormatSettings,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        let compression = compression_of(&source)?;
        let byte_count = source.byte_count();
        let is_large = compression == Compression::None && byte_count > MORSEL_BYTES;
        let part_bytes = match is_large && can_split(&source, options)? {
            true => MORSEL_BYTES,
            false => byte_count,
        };
        let parts = split(&source, part_bytes)?;
        let file = TextFile {
            source,
            relation: relation.to_owned(),
            targets: targets.to_vec(),
            options: options.clone(),
            settings: settings.clone(),
            compression,
            parts,
            line_counts: LineCounts::default(),
            progress,
        };
        // What is wrong with the columns shows now.
        file.decoder(0, 0)?;
        Ok(file)
    }

    /// A decoder for a part before which there are so many lines.
    fn decoder(&self, morsel: usize, line_count: u64) -> Result<CopyDecoder> {
        let mut options = self.options.clone();
        options.header &= morsel == 0;
        let decoder = CopyDecoder::new(&self.relation, &self.targets, &options, &self.settings)?;
        Ok(decoder.behind_lines(line_count))
    }

    fn read_part(
        &self,
        morsel: usize,
        line_count: u64,
        progress: Option<&Arc<Progress>>,
        sink: &mut BatchSink<'_>,
    ) -> Result<()> {
        let Some(part) = self.parts.get(morsel) else {
            return Err(Error::Internal(format!("there is no part {morsel} of a file")));
        };
        let mut decoder = self.decoder(morsel, line_count)?;
        let mut reader = self.source.reader(part.start);
        if let Some(progress) = progress {
            reader = reader.counted(progress.clone());
        }
        let mut reader = decompressed(reader.take(part.end - part.start), self.compression)
            .map_err(|error| self.source.cannot_read(error))?;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => decoder.write(&buffer[..length], sink)?,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.source.cannot_read(error)),
            }
        }
        decoder.finish(sink)
    }

    /// The error of a part, with the line's number in the file.
    #[cold]
    fn with_line_number(&self, error: Error, morsel: usize) -> Error {
        let begin = self.parts.get(morsel).map_or(0, |part| part.start);
        let error = match (begin, self.line_counts.before(&self.source, begin)) {
            (1.., Ok(line_count)) => match self.read_part(morsel, line_count, None, &mut |_, _| Ok(())) {
                Err(same) if same.state() == error.state() => same,
                _ => error,
            },
            _ => error,
        };
        with_context(error, &format!("file \"{}\"", self.source.path().display()))
    }
}

impl ReadMorsels for TextFile {
    fn count(&self) -> usize {
        self.parts.len()
    }

    fn read(&self, morsel: usize, sink: &mut BatchSink<'_>) -> Result<()> {
        let mut sink_failed = false;
        let result = self.read_part(morsel, 0, Some(&self.progress), &mut |columns, row_count| {
            let taken = sink(columns, row_count);
            sink_failed |= taken.is_err();
            taken
        });
        match result {
            // What the receiver of the rows reports is not the file's fault; a file that cannot be read has no line, and its error has the
            // file's name.
            Err(error) if !sink_failed && error.state() != SqlState::IO_ERROR => {
                Err(self.with_line_number(error, morsel))
            }
            result => result,
        }
    }
}

/// By the first bytes, whatever the name says.
fn compression_of(source: &SourceFile) -> Result<Compression> {
    let mut magic = [0; 4];
    let length = source
        .read_at(&mut magic, 0)
        .map_err(|error| source.cannot_read(error))?;
    Ok(match &magic[..length] {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD] => Compression::Zstd,
        _ => Compression::None,
    })
}

/// The whole file, decompressed.
pub(super) fn open_stream(source: &SourceFile) -> Result<Box<dyn Read>> {
    let compression = compression_of(source)?;
    decompressed(source.reader(0), compression).map_err(|error| source.cannot_read(error))
}

/// Whether every newline ends a line. In csv a quote, in text a backslash could stand before one; no file with any is split.
fn can_split(source: &SourceFile, options: &CopyOptions) -> Result<bool> {
    let (first, second) = match options.format {
        CopyFormat::Json => return Ok(true),
        CopyFormat::Csv => (options.quote, b'\\'),
        CopyFormat::Text => (b'\\', b'\\'),
        CopyFormat::Binary | CopyFormat::Parquet => return Ok(false),
    };
    if source.byte_count() > SEARCHED_BYTES_MAX {
        return Ok(false);
    }
    let mut reader = source.reader(0);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match reader.read(&mut buffer).map_err(|error| source.cannot_read(error))? {
            0 => return Ok(true),
            length if memchr::memchr2(first, second, &buffer[..length]).is_some() => return Ok(false),
            _ => {}
        }
    }
}

/// Parts of about so many bytes that begin behind a newline.
fn split(source: &SourceFile, part_bytes: u64) -> Result<Vec<Range<u64>>> {
    let byte_count = source.byte_count();
    let mut parts = Vec::new();
    let mut begin = 0;
    while begin < byte_count {
        let end = match begin + part_bytes {
            end if end >= byte_count => byte_count,
            end => line_begin(source, end)?,
        };
        parts.push(begin..end);
        begin = end;
    }
    Ok(parts)
}

/// The first place from `place` on where a line begins, or the end of the file.
fn line_begin(source: &SourceFile, place: u64) -> Result<u64> {
    let mut at = place - 1;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match source
            .read_at(&mut buffer, at)
            .map_err(|error| source.cannot_read(error))?
        {
            0 => return Ok(source.byte_count()),
            length => match memchr::memchr(b'\n', &buffer[..length]) {
                Some(offset) => return Ok(at + offset as u64 + 1),
                None => at += length as u64,
            },
        }
    }
}

/// Lines before the parts of a file, for errors.
#[derive(Debug, Default)]
struct LineCounts {
    /// Lines before a place, once somebody had to know.
    known: Mutex<Vec<(u64, u64)>>,
}

impl LineCounts {
    /// Newlines before a place; only errors ask.
    fn before(&self, source: &SourceFile, place: u64) -> std::io::Result<u64> {
        let mut known = self.known.lock();
        if let Some((_, count)) = known.iter().find(|(at, _)| *at == place) {
            return Ok(*count);
        }
        let mut reader = source.reader(0).take(place);
        let mut buffer = vec![0; 1 << 20];
        let mut count = 0;
        loop {
            match reader.read(&mut buffer)? {
                0 => break,
                length => count += memchr::memchr_iter(b'\n', &buffer[..length]).count() as u64,
            }
        }
        known.push((place, count));
        Ok(count)
    }
}
