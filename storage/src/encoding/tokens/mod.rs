//! Text by a table of up to 4,096 tokens of one to sixteen bytes: twelve bits per token. The table is made once for a column of a
//! segment and stands beside its blocks, so that it may be large; merging frequent pairs makes the tokens, as in byte pair encoding.
//!
//! ```text
//! tokens = count:u16 length:u8* token*        codes from 256 on; those below stand for the byte of their number
//! frame  = code:12 bits*                      two in three bytes, the first in the lower bits; one alone in two
//! ```

mod matcher;
mod train;

pub(crate) use train::Trained;

use super::cursor::{Cursor, Decoded, malformed};

/// The longest token.
const TOKEN_BYTES_MAX: usize = 16;
/// Bits of a code.
const CODE_BITS: usize = 12;
/// Codes there are.
const CODES: usize = 1 << CODE_BITS;
/// Codes that stand for a byte.
const BYTE_CODES: usize = 256;
/// Codes that are read together, and their bytes.
const GROUP_CODES: usize = 4;
const GROUP_BYTES: usize = GROUP_CODES * CODE_BITS / 8;

/// Some bytes that a code stands for; those behind its length are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Token {
    bytes: [u8; TOKEN_BYTES_MAX],
    length: u8,
}

impl Token {
    fn of_byte(byte: u8) -> Self {
        let mut bytes = [0; TOKEN_BYTES_MAX];
        bytes[0] = byte;
        Token { bytes, length: 1 }
    }

    fn length(&self) -> usize {
        self.length as usize
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length()]
    }

    /// Both, one after the other, if that is not too long.
    fn join(&self, next: &Token) -> Option<Token> {
        let end = self.length() + next.length();
        let mut bytes = self.bytes;
        bytes.get_mut(self.length()..end)?.copy_from_slice(next.as_bytes());
        Some(Token {
            bytes,
            length: end as u8,
        })
    }
}

/// The tokens of all bytes, which any table begins with.
fn byte_tokens() -> impl Iterator<Item = Token> {
    (0..=u8::MAX).map(Token::of_byte)
}

/// A table that was read.
#[derive(Debug)]
pub(crate) struct Tokens {
    bytes: Box<[[u8; TOKEN_BYTES_MAX]; CODES]>,
    lengths: Box<[u8; CODES]>,
}

impl Tokens {
    /// Reads a table; `bytes` holds nothing else.
    pub(crate) fn parse(bytes: &[u8]) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let count = cursor.u16()? as usize;
        if count > CODES - BYTE_CODES {
            return malformed(format!("a table of {count} tokens"));
        }
        let mut table = Tokens {
            bytes: Box::new([[0; TOKEN_BYTES_MAX]; CODES]),
            lengths: Box::new([0; CODES]),
        };
        let lengths = cursor.take(count)?;
        for (code, token) in byte_tokens().enumerate() {
            (table.bytes[code], table.lengths[code]) = (token.bytes, token.length);
        }
        for (code, length) in (BYTE_CODES..).zip(lengths) {
            if !(1..=TOKEN_BYTES_MAX).contains(&(*length as usize)) {
                return malformed(format!("a token of {length} bytes"));
            }
            let token = cursor.take(*length as usize)?;
            table.bytes[code][..token.len()].copy_from_slice(token);
            table.lengths[code] = *length;
        }
        cursor.end()?;
        Ok(table)
    }

    /// The bytes that codes stand for, which are known to be so many.
    pub(super) fn decompress(&self, packed: &[u8], decoded_bytes: usize) -> Decoded<Vec<u8>> {
        if decoded_bytes > packed.len() * 8 / CODE_BITS * TOKEN_BYTES_MAX {
            return malformed(format!("{decoded_bytes} bytes of {} packed ones", packed.len()));
        }
        let mut out = vec![0u8; decoded_bytes + GROUP_CODES * TOKEN_BYTES_MAX];
        let (groups, rest) = packed.as_chunks::<GROUP_BYTES>();
        let mut at = 0;
        for group in groups {
            let mut word = [0; 8];
            word[..GROUP_BYTES].copy_from_slice(group);
            at = self.append(u64::from_le_bytes(word), GROUP_CODES, at, &mut out)?;
        }
        let count = rest.len() * 8 / CODE_BITS;
        if (count * CODE_BITS).div_ceil(8) != rest.len() {
            return malformed("text ends within a code");
        }
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        at = self.append(u64::from_le_bytes(word), count, at, &mut out)?;
        if at != decoded_bytes {
            return malformed(format!("{at} bytes of text, {decoded_bytes} expected"));
        }
        out.truncate(decoded_bytes);
        Ok(out)
    }

    /// Writes what some codes stand for from a place on, and says where it ends.
    #[inline(always)]
    fn append(&self, mut word: u64, count: usize, mut at: usize, out: &mut [u8]) -> Decoded<usize> {
        for _ in 0..count {
            let code = word as usize % CODES;
            word >>= CODE_BITS;
            let place = out.get_mut(at..).and_then(|out| out.first_chunk_mut());
            let Some(place) = place else {
                return malformed("more text than its lengths say");
            };
            // All sixteen bytes, of which the next token overwrites what is too much.
            *place = self.bytes[code];
            at += self.lengths[code] as usize;
        }
        Ok(at)
    }
}

/// Appends codes.
fn pack(codes: &[u16], out: &mut Vec<u8>) {
    let (pairs, rest) = codes.as_chunks::<2>();
    for [first, second] in pairs {
        let word = u32::from(*first) | u32::from(*second) << CODE_BITS;
        out.extend_from_slice(&word.to_le_bytes()[..3]);
    }
    if let [last] = rest {
        out.extend_from_slice(&last.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table_of(trained: &Trained) -> Tokens {
        let mut bytes = Vec::new();
        trained.write(&mut bytes);
        Tokens::parse(&bytes).unwrap()
    }

    #[test]
    fn frequent_words_become_tokens() {
        let text = b"carefully even deposits sleep furiously. ".repeat(200);
        let trained = Trained::new(std::slice::from_ref(&text));
        let mut packed = Vec::new();
        trained.compress(&text, &mut packed);
        assert!(packed.len() * 8 < text.len(), "{} of {}", packed.len(), text.len());
        assert_eq!(table_of(&trained).decompress(&packed, text.len()), Ok(text));
    }

    #[test]
    fn half_a_code_at_the_end_is_refused() {
        let tokens = Tokens::parse(&[1, 0, 2, b'h', b'o']).unwrap();
        assert_eq!(tokens.decompress(&[0, 1], 2), Ok(b"ho".to_vec()));
        assert_eq!(tokens.decompress(&[0, 0x11, 4], 3), Ok(b"hoA".to_vec()));
        assert!(tokens.decompress(&[0, 1, 0, 0], 2).is_err());
        assert!(tokens.decompress(&[0], 0).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn any_codes_are_read_or_refused(table: Vec<u8>, packed: Vec<u8>, decoded_bytes in 0usize..300) {
            for table in [&table[..], &[0, 0], &[2, 0, 1, 16, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]] {
                if let Ok(tokens) = Tokens::parse(table)
                    && let Ok(text) = tokens.decompress(&packed, decoded_bytes)
                {
                    prop_assert_eq!(text.len(), decoded_bytes);
                }
            }
        }

        #[test]
        fn any_bytes_come_back(words in prop::collection::vec("[a-c]{1,9}|\\PC{0,3}", 1..40), picks: Vec<u8>, raw: Vec<u8>, cut in 1usize..20) {
            let mut text: Vec<u8> = picks.iter().flat_map(|pick| words[*pick as usize % words.len()].bytes()).collect();
            let trained = Trained::new(&[text.clone(), text.repeat(9)]);
            text.extend(raw);
            text.extend(vec![0; cut]);
            let mut packed = Vec::new();
            trained.compress(&text, &mut packed);
            let table = table_of(&trained);
            prop_assert_eq!(table.decompress(&packed, text.len()), Ok(text.clone()));
            let shorter = &packed[..packed.len().saturating_sub(cut)];
            prop_assert!(table.decompress(shorter, text.len()).is_err());
        }
    }
}
