//! Compressed input: which compressions are read, and how. Knows neither files nor sockets.

use std::io::Read;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the compressions' names")]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

/// The bytes as they were before they were compressed. Several compressed pieces in a row are read as one.
///
/// # Errors
/// There is no memory for it; reading fails where the bytes are not what they should be, or end too early.
pub fn decompressed<'a>(reader: impl Read + 'a, compression: Compression) -> std::io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::None => Box::new(reader),
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(reader)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(reader)?),
    })
}
