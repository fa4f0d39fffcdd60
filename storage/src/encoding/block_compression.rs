//! lz4 and zstd on frames of bytes. How long a frame is decompressed is known beside it; what claims more than its form can make
//! of its bytes is refused before memory is taken.

use super::cursor::{Decoded, malformed};
use std::cell::RefCell;

/// What lz4 can make of a byte at most.
const LZ4_RATIO_MAX: usize = 255;
/// What zstd may make of a byte at most: it could do more, but then constant text would be stored otherwise.
const ZSTD_RATIO_MAX: usize = 2_048;
const ZSTD_LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

pub(super) fn lz4_compress(frame: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&lz4_flex::block::compress(frame));
}

pub(super) fn lz4_decompress(stored: &[u8], decoded_bytes: usize) -> Decoded<Vec<u8>> {
    check_ratio(stored, decoded_bytes, LZ4_RATIO_MAX)?;
    let mut out = vec![0; decoded_bytes];
    match lz4_flex::block::decompress_into(stored, &mut out) {
        Ok(length) if length == decoded_bytes => Ok(out),
        Ok(length) => malformed(format!("{length} bytes of text, {decoded_bytes} expected")),
        Err(error) => malformed(format!("lz4: {error}")),
    }
}

/// Appends a frame; false where it cannot be stored so.
pub(super) fn zstd_compress(frame: &[u8], out: &mut Vec<u8>) -> bool {
    let compressed = COMPRESSOR.with_borrow_mut(|compressor| {
        if compressor.is_none() {
            *compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL).ok();
        }
        compressor.as_mut()?.compress(frame).ok()
    });
    match compressed {
        Some(bytes) if frame.len() <= bytes.len() * ZSTD_RATIO_MAX => {
            out.extend_from_slice(&bytes);
            true
        }
        _ => false,
    }
}

pub(super) fn zstd_decompress(stored: &[u8], decoded_bytes: usize) -> Decoded<Vec<u8>> {
    check_ratio(stored, decoded_bytes, ZSTD_RATIO_MAX)?;
    let mut out = vec![0; decoded_bytes];
    let decoded = DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor = match decompressor {
            Some(decompressor) => decompressor,
            None => decompressor.insert(zstd::bulk::Decompressor::new()?),
        };
        decompressor.decompress_to_buffer(stored, out.as_mut_slice())
    });
    match decoded {
        Ok(length) if length == decoded_bytes => Ok(out),
        Ok(length) => malformed(format!("{length} bytes of text, {decoded_bytes} expected")),
        Err(error) => malformed(format!("zstd: {error}")),
    }
}

fn check_ratio(stored: &[u8], decoded_bytes: usize, ratio_max: usize) -> Decoded<()> {
    if decoded_bytes > stored.len().saturating_mul(ratio_max) {
        return malformed(format!("{decoded_bytes} bytes of text from {}", stored.len()));
    }
    Ok(())
}
