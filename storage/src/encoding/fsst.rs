//! Text by a table of up to 255 symbols of one to eight bytes: a byte per symbol, two for a byte that is in none. The table is
//! trained by the `fsst-rs` crate; reading is done here, with every access checked, since it reads bytes from disk.
//!
//! ```text
//! symbols = count:u8 length:u8* symbol*       lengths of 1 to 8, then the symbols' bytes
//! ```

use super::cursor::{Cursor, Decoded, malformed};
use fsst::Compressor;

/// The code before a byte that stands for itself.
const ESCAPE: u8 = fsst::ESCAPE_CODE;
/// The longest symbol.
const SYMBOL_BYTES_MAX: usize = 8;

/// A table that was read.
#[derive(Debug)]
pub(super) struct Symbols {
    symbols: [[u8; SYMBOL_BYTES_MAX]; 256],
    lengths: [u8; 256],
}

impl Symbols {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Decoded<Self> {
        let count = cursor.u8()? as usize;
        let lengths = cursor.take(count)?;
        let mut table = Symbols {
            symbols: [[0; SYMBOL_BYTES_MAX]; 256],
            lengths: [0; 256],
        };
        for (code, length) in lengths.iter().enumerate() {
            let bytes = cursor.take(*length as usize)?;
            let Some(symbol) = table.symbols[code].get_mut(..bytes.len()) else {
                return malformed(format!("a symbol of {length} bytes"));
            };
            symbol.copy_from_slice(bytes);
            table.lengths[code] = *length;
        }
        Ok(table)
    }

    /// The bytes that codes stand for, which are known to be so many.
    pub(super) fn decompress(&self, codes: &[u8], decoded_bytes: usize) -> Decoded<Vec<u8>> {
        if decoded_bytes > codes.len() * SYMBOL_BYTES_MAX {
            return malformed(format!("{decoded_bytes} bytes of {} codes", codes.len()));
        }
        let mut out = vec![0u8; decoded_bytes + SYMBOL_BYTES_MAX];
        let mut at = 0;
        let mut codes = codes.iter();
        while let Some(code) = codes.next() {
            let Some(place) = out
                .get_mut(at..)
                .and_then(|out| out.first_chunk_mut::<SYMBOL_BYTES_MAX>())
            else {
                return malformed("more text than its lengths say");
            };
            if *code == ESCAPE {
                let Some(byte) = codes.next() else {
                    return malformed("text ends before an escaped byte");
                };
                place[0] = *byte;
                at += 1;
            } else {
                // All eight bytes, of which the next symbol overwrites what is too much.
                *place = self.symbols[*code as usize];
                at += self.lengths[*code as usize] as usize;
            }
        }
        if at != decoded_bytes {
            return malformed(format!("{at} bytes of text, {decoded_bytes} expected"));
        }
        out.truncate(decoded_bytes);
        Ok(out)
    }
}

/// A table for compressing.
pub(super) struct Trained {
    compressor: Compressor,
    symbols: Symbols,
}

impl Trained {
    /// Of the symbols that shorten a sample most.
    pub(super) fn new(sample: &[Vec<u8>]) -> Self {
        let lines: Vec<&[u8]> = sample.iter().map(Vec::as_slice).collect();
        let compressor = Compressor::train(&lines);
        let mut symbols = Symbols {
            symbols: [[0; SYMBOL_BYTES_MAX]; 256],
            lengths: [0; 256],
        };
        let table = compressor.symbol_table().iter().zip(compressor.symbol_lengths());
        for (code, (symbol, length)) in table.enumerate() {
            symbols.symbols[code] = symbol.to_u64().to_le_bytes();
            symbols.lengths[code] = *length;
        }
        Trained { compressor, symbols }
    }

    pub(super) fn write_symbols(&self, out: &mut Vec<u8>) {
        let count = self.compressor.n_symbols();
        out.push(count as u8);
        out.extend_from_slice(&self.symbols.lengths[..count]);
        for (symbol, length) in self.symbols.symbols.iter().zip(&self.symbols.lengths).take(count) {
            out.extend_from_slice(&symbol[..*length as usize]);
        }
    }

    /// Appends a frame; false where reading it does not give it back.
    pub(super) fn compress(&self, frame: &[u8], out: &mut Vec<u8>) -> bool {
        let codes = self.compressor.compress(frame);
        out.extend_from_slice(&codes);
        self.symbols
            .decompress(&codes, frame.len())
            .is_ok_and(|decoded| decoded == frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn any_codes_are_read_or_refused(table: Vec<u8>, codes: Vec<u8>, decoded_bytes in 0usize..300) {
            if let Ok(symbols) = Symbols::parse(&mut Cursor::new(&table))
                && let Ok(text) = symbols.decompress(&codes, decoded_bytes)
            {
                prop_assert_eq!(text.len(), decoded_bytes);
            }
        }

        #[test]
        fn any_bytes_come_back(frame: Vec<u8>, cut in 1usize..20) {
            let trained = Trained::new(&[b"any bytes come back, some of them".repeat(20)]);
            let mut codes = Vec::new();
            prop_assert!(trained.compress(&frame, &mut codes));
            let mut table = Vec::new();
            trained.write_symbols(&mut table);
            let symbols = Symbols::parse(&mut Cursor::new(&table)).unwrap();
            prop_assert_eq!(symbols.decompress(&codes, frame.len()), Ok(frame.clone()));
            let shorter = &codes[..codes.len().saturating_sub(cut)];
            prop_assert!(shorter.len() == codes.len() || symbols.decompress(shorter, frame.len()).is_err());
        }
    }

    #[test]
    fn an_escape_at_the_end_is_refused() {
        let symbols = Symbols::parse(&mut Cursor::new(&[1, 2, b'a', b'b'])).unwrap();
        assert_eq!(symbols.decompress(&[0, ESCAPE, b'c'], 3), Ok(b"abc".to_vec()));
        assert!(symbols.decompress(&[0, ESCAPE], 3).is_err());
        assert!(symbols.decompress(&[0, 7], 3).is_err());
    }
}
