//! Who brings rows, and what became of them: producers with their last batches, and counts of rows by source. Both change in the commit of
//! the rows they tell of. What a source or a batch is is the business of the layers above.

use crate::commit::CommitVersion;
use crate::error::{Error, Result};
use crate::limits::{PRODUCERS_MAX, SOURCES_MAX};
use crate::serial::{ByteReader, ByteWriter, ReadResult};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which batch of which producer a commit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The producer.
    pub producer: Arc<str>,
    /// Which of its lives: once one of a larger epoch was seen, those of smaller ones are fenced.
    pub epoch: u64,
    /// The batch's number: the next one after the last. Numbers go on from epoch to epoch; a producer's first may be any.
    pub number: u64,
}

/// A producer's last batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastBatch {
    /// The largest epoch seen.
    pub epoch: u64,
    /// The batch's number.
    pub number: u64,
    /// The commit that brought it.
    pub version: CommitVersion,
}

/// All producers by name.
pub(crate) type Producers = BTreeMap<Arc<str>, LastBatch>;

/// Whether a batch is the next one.
///
/// # Errors
/// [`Error::RepeatedBatch`] for one that was committed before, [`Error::FencedProducer`], [`Error::BatchOutOfOrder`];
/// [`Error::Invalid`] where there are too many producers.
pub(crate) fn check_token(producers: &Producers, token: &Token) -> Result<()> {
    let Some(last) = producers.get(&token.producer) else {
        return match producers.len() < PRODUCERS_MAX {
            true => Ok(()),
            false => Err(Error::Invalid {
                reason: format!("there are {PRODUCERS_MAX} producers already"),
            }),
        };
    };
    if token.epoch < last.epoch {
        return Err(Error::FencedProducer {
            producer: token.producer.to_string(),
            epoch: last.epoch,
        });
    }
    if token.number <= last.number {
        return Err(Error::RepeatedBatch { last: last.version });
    }
    match token.number - last.number {
        1 => Ok(()),
        _ => Err(Error::BatchOutOfOrder {
            producer: token.producer.to_string(),
            last: last.number,
        }),
    }
}

/// What became of the rows that a source brought for a table: those received are stored, deduplicated or rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IngestCounts {
    /// Rows that were received.
    pub received: u64,
    /// Rows that came into the table.
    pub stored: u64,
    /// Rows that the table had already.
    pub deduplicated: u64,
    /// Rows that were put aside.
    pub rejected: u64,
    /// Rows, but for those rejected, whose event was before the latest of their source that had come before.
    pub late: u64,
    /// Rows among those by more than the table allows.
    pub very_late: u64,
    /// The latest time of an event, in microseconds since 1970 UTC, where the table's events have times.
    pub event_time_max: Option<i64>,
    /// When the source brought rows last, likewise.
    pub received_time_max: Option<i64>,
}

/// The counts of a table by source.
pub(crate) type Sources = BTreeMap<Arc<str>, IngestCounts>;

impl IngestCounts {
    /// Together with those of other rows.
    pub(crate) fn and(self, other: IngestCounts) -> IngestCounts {
        IngestCounts {
            received: self.received + other.received,
            stored: self.stored + other.stored,
            deduplicated: self.deduplicated + other.deduplicated,
            rejected: self.rejected + other.rejected,
            late: self.late + other.late,
            very_late: self.very_late + other.very_late,
            event_time_max: self.event_time_max.max(other.event_time_max),
            received_time_max: self.received_time_max.max(other.received_time_max),
        }
    }
}

/// Adds counts to those of a table.
///
/// # Errors
/// [`Error::Invalid`] where there are too many sources.
pub(crate) fn add_counts(sources: &mut Sources, source: &Arc<str>, counts: IngestCounts) -> Result<()> {
    if sources.len() >= SOURCES_MAX && !sources.contains_key(source) {
        return Err(Error::Invalid {
            reason: format!("rows of the table come from {SOURCES_MAX} sources already"),
        });
    }
    let known = sources.entry(source.clone()).or_default();
    *known = known.and(counts);
    Ok(())
}

pub(crate) fn write_token(writer: &mut ByteWriter, token: &Token) {
    writer.bytes(token.producer.as_bytes());
    writer.u64(token.epoch);
    writer.u64(token.number);
}

pub(crate) fn read_token(reader: &mut ByteReader<'_>) -> ReadResult<Token> {
    Ok(Token {
        producer: reader.text()?.into(),
        epoch: reader.u64()?,
        number: reader.u64()?,
    })
}

pub(crate) fn write_producers(writer: &mut ByteWriter, producers: &Producers) {
    writer.count(producers.len());
    for (producer, last) in producers {
        let token = Token {
            producer: producer.clone(),
            epoch: last.epoch,
            number: last.number,
        };
        write_token(writer, &token);
        writer.u64(last.version.0);
    }
}

pub(crate) fn read_producers(reader: &mut ByteReader<'_>) -> ReadResult<Producers> {
    let count = reader.count(28)?;
    let producer = |reader: &mut ByteReader<'_>| {
        let token = read_token(reader)?;
        let last = LastBatch {
            epoch: token.epoch,
            number: token.number,
            version: CommitVersion(reader.u64()?),
        };
        Ok((token.producer, last))
    };
    (0..count).map(|_| producer(reader)).collect()
}

pub(crate) fn write_counts(writer: &mut ByteWriter, source: &str, counts: &IngestCounts) {
    writer.bytes(source.as_bytes());
    let (stored, not_stored) = ([counts.received, counts.stored], [counts.deduplicated, counts.rejected]);
    for count in stored
        .into_iter()
        .chain(not_stored)
        .chain([counts.late, counts.very_late])
    {
        writer.u64(count);
    }
    writer.option(counts.event_time_max, ByteWriter::i64);
    writer.option(counts.received_time_max, ByteWriter::i64);
}

pub(crate) fn read_counts(reader: &mut ByteReader<'_>) -> ReadResult<(Arc<str>, IngestCounts)> {
    let source = reader.text()?.into();
    let counts = IngestCounts {
        received: reader.u64()?,
        stored: reader.u64()?,
        deduplicated: reader.u64()?,
        rejected: reader.u64()?,
        late: reader.u64()?,
        very_late: reader.u64()?,
        event_time_max: reader.option(ByteReader::i64)?,
        received_time_max: reader.option(ByteReader::i64)?,
    };
    Ok((source, counts))
}
