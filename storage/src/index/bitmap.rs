//! The rows of a dictionary's rare values, a Roaring bitmap each. A value that many rows have is found faster by comparing codes,
//! and one whose rows lie together by zone maps: neither gets a bitmap.
//!
//! ```text
//! bitmaps = count:u32 (code:u32 length:u32)* bitmap*       codes ascending; bitmaps in Roaring's portable form
//! ```

use crate::encoding::{Cursor, Decoded, Malformed, malformed};
use crate::limits::{BITMAP_VALUES_MAX, BLOCK_ROWS, ZONE_ROWS};
use arrow_buffer::NullBuffer;
use roaring::RoaringBitmap;

/// A value is rare if at most one row in so many has it.
const RARE_ONE_IN: usize = 32;
/// Rows of zones that hold a value, per row that has it, below which zone maps do the same.
const SPREAD_MIN: usize = 4;
/// Bitmaps take at most this share of the column's bytes.
const BYTES_ONE_IN: usize = 8;

/// Appends bitmaps of a column's rare codes, if it has any; `column_bytes` is what its blocks take.
pub(crate) fn write(
    codes: &[u32],
    value_count: usize,
    nulls: Option<&NullBuffer>,
    column_bytes: usize,
    out: &mut Vec<u8>,
) -> bool {
    if value_count > BITMAP_VALUES_MAX || codes.len() < BLOCK_ROWS {
        return false;
    }
    let mut rare = rare_codes(codes, value_count, nulls);
    let mut bytes_left = column_bytes / BYTES_ONE_IN;
    // The rarest first, as long as there is room.
    rare.sort_by_key(|rows| rows.1);
    rare.retain(|(_, count)| {
        let fits = count * 2 <= bytes_left;
        bytes_left -= if fits { count * 2 } else { 0 };
        fits
    });
    rare.sort_unstable();
    let mut places = vec![None; value_count];
    let mut rows: Vec<Vec<u32>> = Vec::new();
    for (code, count) in &rare {
        places[*code as usize] = Some(rows.len());
        rows.push(Vec::with_capacity(*count));
    }
    for (row, code) in codes.iter().enumerate() {
        if let Some(place) = places[*code as usize]
            && nulls.is_none_or(|nulls| nulls.is_valid(row))
        {
            rows[place].push(row as u32);
        }
    }
    put(rare.iter().map(|(code, _)| *code).zip(rows), out)
}

fn put(bitmaps: impl Iterator<Item = (u32, Vec<u32>)>, out: &mut Vec<u8>) -> bool {
    let (mut directory, mut payload, mut count) = (Vec::new(), Vec::new(), 0u32);
    for (code, rows) in bitmaps {
        let Ok(bitmap) = RoaringBitmap::from_sorted_iter(rows) else {
            return false;
        };
        let start = payload.len();
        if bitmap.serialize_into(&mut payload).is_err() {
            return false;
        }
        directory.extend_from_slice(&code.to_le_bytes());
        directory.extend_from_slice(&((payload.len() - start) as u32).to_le_bytes());
        count += 1;
    }
    if count == 0 {
        return false;
    }
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&directory);
    out.extend_from_slice(&payload);
    true
}

/// Codes of few rows that are spread over many zones, with how many rows.
fn rare_codes(codes: &[u32], value_count: usize, nulls: Option<&NullBuffer>) -> Vec<(u32, usize)> {
    let mut counts = vec![0usize; value_count];
    let mut zones = vec![0usize; value_count];
    for (zone, codes) in codes.chunks(ZONE_ROWS).enumerate() {
        let mut seen = [false; BITMAP_VALUES_MAX];
        for (row, code) in codes.iter().enumerate() {
            if nulls.is_none_or(|nulls| nulls.is_valid(zone * ZONE_ROWS + row)) {
                counts[*code as usize] += 1;
                seen[*code as usize] = true;
            }
        }
        for (count, seen) in zones.iter_mut().zip(seen) {
            *count += usize::from(seen);
        }
    }
    (0..value_count)
        .filter(|code| counts[*code] * RARE_ONE_IN <= codes.len())
        .filter(|code| zones[*code] * ZONE_ROWS >= counts[*code] * SPREAD_MIN)
        .map(|code| (code as u32, counts[code]))
        .collect()
}

/// The rows of some codes, ascending; `None` where one of them has no bitmap.
pub(crate) fn rows_of(bytes: &[u8], codes: &[u32], row_count: u32) -> Decoded<Option<RoaringBitmap>> {
    let mut cursor = Cursor::new(bytes);
    let count = cursor.u32()? as usize;
    let directory = Cursor::new(cursor.take(count.saturating_mul(8))?).u32s(count.saturating_mul(2))?;
    let mut rows = RoaringBitmap::new();
    let mut found = 0;
    for entry in directory.chunks_exact(2) {
        let bitmap = cursor.take(entry[1] as usize)?;
        if codes.binary_search(&entry[0]).is_ok() {
            let bitmap =
                RoaringBitmap::deserialize_from(bitmap).map_err(|error| Malformed(format!("bitmap: {error}")))?;
            rows |= bitmap;
            found += 1;
        }
    }
    cursor.end()?;
    if rows.max().is_some_and(|last| last >= row_count) {
        return malformed("a bitmap of rows beyond the segment");
    }
    Ok((found == codes.len()).then_some(rows))
}
