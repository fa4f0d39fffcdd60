//! Reads everything the store refers to and says what is wrong with it. Changes nothing; goes on past damage to find the rest.

use super::CheckReport;
use super::database::Shared;
use super::segment_file::{SegmentFile, TABLES_FOLDER};
use super::state::{SegmentState, TableState};
use crate::commit::PartId;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::key_index::is_index_of;
use crate::manifest;
use crate::schema::KeySchema;
use crate::segment::SegmentReader;
use crate::wal;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// A check under way.
struct Check<'a> {
    disk: &'a dyn Disk,
    report: CheckReport,
    bytes_total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

/// Verifies manifest, log and segments of the published state.
pub(crate) fn check(shared: &Shared, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckReport> {
    // Files made from here on belong to work that goes on meanwhile.
    let first_new = PartId(shared.sequencer.next_part_id());
    let mut in_use = shared.sequencer.provisional();
    let state = shared.sequencer.published();
    let segments = || state.tables.values().flat_map(|table| table.segments.iter());
    let of_tables = state.tables.values();
    let with_tables = of_tables.flat_map(|table| table.segments.iter().map(move |segment| (table, segment)));
    let mut check = Check {
        disk: &*shared.disk,
        report: CheckReport::default(),
        bytes_total: segments()
            .flat_map(SegmentState::files)
            .map(|file| file.meta.file_bytes)
            .sum(),
        progress,
    };
    check.manifest()?;
    check.log()?;
    for (table, segment) in with_tables {
        check.segment(table, segment);
    }
    in_use.extend(shared.sequencer.retired());
    in_use.extend(segments().flat_map(SegmentState::files).map(|file| file.meta.id));
    check.orphans(first_new, &in_use)?;
    Ok(check.report)
}

impl Check<'_> {
    fn problem(&mut self, error: &Error) {
        self.report.problems.push(error.to_string());
    }

    fn done(&mut self, bytes: u64) {
        self.report.files += 1;
        self.report.bytes += bytes;
        (self.progress)(self.report.bytes.min(self.bytes_total), self.bytes_total);
    }

    /// The newest manifest must be whole. Another may take its place meanwhile.
    fn manifest(&mut self) -> Result<()> {
        for _ in 0..3 {
            match manifest::read_newest(self.disk) {
                Ok(Some((_, _, bytes))) => {
                    self.bytes_total += bytes;
                    self.done(bytes);
                    return Ok(());
                }
                Ok(None) => {
                    self.report.problems.push("there is no manifest".into());
                    return Ok(());
                }
                Err(error) if is_missing(&error) => {}
                Err(error) => {
                    self.problem(&error);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Every log file must be whole; the last is being written, so that its end proves nothing.
    fn log(&mut self) -> Result<()> {
        let numbers = wal::list_files(self.disk)?;
        let last = numbers.last().copied();
        for number in numbers {
            let path = wal::file_path(number);
            match wal::read_file(self.disk, &path, Some(number) == last) {
                Ok(file) => {
                    let bytes = file.map_or(0, |file| {
                        file.records.iter().map(|record| record.payload.len() as u64).sum()
                    });
                    self.bytes_total += bytes;
                    self.done(bytes);
                }
                // Sealed and removed since it was listed.
                Err(error) if is_missing(&error) => {}
                Err(error) => self.problem(&error),
            }
        }
        Ok(())
    }

    fn segment(&mut self, table: &TableState, segment: &SegmentState) {
        if self.file(&segment.file) {
            self.rows(segment);
        }
        for partial in segment.partials.iter() {
            if self.file(&partial.file)
                && let Some(key) = table.schema.key(partial.owner)
            {
                self.index(table, key, segment, &partial.file);
            }
        }
    }

    /// An index must have exactly the keys of its segment's rows.
    fn index(&mut self, table: &TableState, key: &KeySchema, segment: &SegmentState, index: &SegmentFile) {
        match is_index_of(table, key, segment, index) {
            Ok(true) => {}
            Ok(false) => self.report.problems.push(format!(
                "index \"{}\" does not have the keys of segment \"{}\"",
                self.disk.describe(&index.path).display(),
                self.disk.describe(&segment.file.path).display()
            )),
            Err(error) => self.problem(&error),
        }
    }

    /// Whether a segment's file can be opened.
    fn file(&mut self, file: &SegmentFile) -> bool {
        // Opened anew: what the store's own reader once found right may have changed on the medium.
        let opened = SegmentReader::open(self.disk, &file.path, &file.meta);
        let is_open = opened.is_ok();
        if let Err(error) = opened.and_then(|reader| reader.verify()) {
            self.problem(&error);
        }
        self.done(file.meta.file_bytes);
        is_open
    }

    /// What the manifest says of a segment must hold together.
    fn rows(&mut self, segment: &SegmentState) {
        let meta = &segment.file.meta;
        let path = self.disk.describe(&segment.file.path);
        let deleted = segment.deletes.as_ref().map(|deletes| deletes.rows());
        if let Some(deleted) = deleted
            && (deleted.len() > u64::from(meta.row_count) || deleted.max().is_some_and(|row| row >= meta.row_count))
        {
            self.report.problems.push(format!(
                "segment \"{}\" has {} rows, {} of them are deleted up to row {:?}",
                path.display(),
                meta.row_count,
                deleted.len(),
                deleted.max()
            ));
        }
        for (column, summary) in &meta.columns {
            if summary.row_count != meta.row_count || summary.null_count > summary.row_count {
                self.report.problems.push(format!(
                    "segment \"{}\" has {} rows, the summary of its column {} has {} with {} nulls",
                    path.display(),
                    meta.row_count,
                    column.0,
                    summary.row_count,
                    summary.null_count
                ));
            }
        }
    }

    /// Every file must be of some segment.
    fn orphans(&mut self, first_new: PartId, in_use: &HashSet<PartId>) -> Result<()> {
        let tables = Path::new(TABLES_FOLDER);
        for folder in self.disk.list(tables)? {
            let folder = tables.join(folder);
            for name in self.disk.list(&folder)? {
                let number = name.strip_suffix(".segment").and_then(|number| number.parse().ok());
                let is_known =
                    number.is_some_and(|number| PartId(number) >= first_new || in_use.contains(&PartId(number)));
                if !is_known {
                    let shown = self.disk.describe(&folder.join(&name));
                    let sentence = format!("file \"{}\" belongs to no segment", shown.display());
                    self.report.problems.push(sentence);
                }
            }
        }
        Ok(())
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// Files that no state needs any more and that some reader still has.
#[derive(Default)]
pub(crate) struct Retired {
    files: Vec<std::sync::Weak<SegmentFile>>,
}

impl Retired {
    /// Remembers a file for as long as someone has it.
    pub(crate) fn add(&mut self, file: &Arc<SegmentFile>) {
        self.files.retain(|file| file.strong_count() > 0);
        self.files.push(Arc::downgrade(file));
    }

    /// Those that are still there.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PartId> + '_ {
        self.files.iter().filter_map(|file| Some(file.upgrade()?.meta.id))
    }
}
