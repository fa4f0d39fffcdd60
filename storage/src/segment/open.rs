//! The frame and footer of a segment's bytes, checked against what the manifest says of it. Reads no part.

use super::SegmentMeta;
use super::format::{self, Footer, HEADER_BYTES, MAGIC, TAIL_BYTES, TAIL_MAGIC};

/// Why a file is not the segment.
pub(super) enum Problem {
    At(u64, String),
    NewerVersion(u32),
}

/// Where the footer begins and the checksum that the file's own end gives for it; `None` where the file does not end as one does.
pub(crate) fn footer_place(bytes: &[u8]) -> Option<(usize, u64)> {
    let tail_at = bytes.len().checked_sub(TAIL_BYTES)?;
    let tail = bytes.get(tail_at..)?;
    let word = |place: usize| Some(u64::from_le_bytes(tail.get(place..place + 8)?.try_into().ok()?));
    if tail.get(16..)? != TAIL_MAGIC {
        return None;
    }
    let footer_at = tail_at.checked_sub(usize::try_from(word(0)?).ok()?)?;
    Some((footer_at, word(8)?))
}

/// The footer of a segment's bytes.
pub(super) fn read_footer(bytes: &[u8], meta: &SegmentMeta) -> std::result::Result<Footer, Problem> {
    let at = |offset: usize, reason: String| Problem::At(offset as u64, reason);
    if bytes.len() as u64 != meta.file_bytes || bytes.len() < HEADER_BYTES + TAIL_BYTES {
        return Err(at(
            0,
            format!("{} bytes long, {} expected", bytes.len(), meta.file_bytes),
        ));
    }
    if bytes[..8] != MAGIC {
        return Err(at(0, "does not begin as a segment does".into()));
    }
    let version = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
    if version > format::FORMAT_VERSION {
        return Err(Problem::NewerVersion(version));
    }
    if version == 0 || bytes[..HEADER_BYTES] != format::header(version) {
        return Err(at(8, "the header is not what was written".into()));
    }
    let tail_at = bytes.len() - TAIL_BYTES;
    let tail = &bytes[tail_at..];
    if tail[16..] != TAIL_MAGIC {
        return Err(at(tail_at + 16, "does not end as a segment does".into()));
    }
    let word = |place: usize| u64::from_le_bytes(std::array::from_fn(|byte| tail[place + byte]));
    let (footer_bytes, footer_checksum) = (word(0), word(8));
    let footer_at = usize::try_from(footer_bytes)
        .ok()
        .and_then(|length| tail_at.checked_sub(length))
        .filter(|start| *start >= HEADER_BYTES)
        .ok_or_else(|| {
            at(
                tail_at,
                format!("a footer of {footer_bytes} bytes does not fit the file"),
            )
        })?;
    let footer = &bytes[footer_at..tail_at];
    let found = format::checksum(meta.id, footer_at as u64, footer);
    if found != footer_checksum || found != meta.footer_checksum {
        return Err(at(
            footer_at,
            format!(
                "the footer has checksum {found:016x}, {:016x} expected",
                meta.footer_checksum
            ),
        ));
    }
    let footer = Footer::parse(footer).map_err(|problem| at(footer_at, problem.0))?;
    let parts_end = footer
        .parts
        .last()
        .map_or(HEADER_BYTES as u64, |part| part.offset + part.length);
    if footer.id != meta.id || footer.row_count != meta.row_count || parts_end != footer_at as u64 {
        return Err(at(footer_at, "the footer describes another segment".into()));
    }
    Ok(footer)
}
