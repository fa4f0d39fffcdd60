//! The longest token that a text begins with. Tokens lie in buckets by how they begin: by eight bytes where they have them, else by
//! four; three, two and one byte have tables of their own.

use super::{BYTE_CODES, TOKEN_BYTES_MAX, Token};

/// Tokens that begin alike beyond which no more are looked for: a bucket is searched from end to end.
const BUCKET_TOKENS_MAX: usize = 64;
const HASH_BITS: u32 = 13;

/// What of sixteen bytes a token of each length covers.
const MASKS: [u128; TOKEN_BYTES_MAX + 1] = {
    let mut masks = [0; TOKEN_BYTES_MAX + 1];
    let mut length = 1;
    while length <= TOKEN_BYTES_MAX {
        masks[length] = u128::MAX >> ((TOKEN_BYTES_MAX - length) * 8);
        length += 1;
    }
    masks
};

#[inline(always)]
fn hash(head: u64) -> usize {
    (head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - HASH_BITS)) as usize
}

/// A token as a number: its first byte is the lowest.
#[derive(Clone, Copy, Debug)]
struct Entry {
    value: u128,
    code: u16,
    length: u8,
}

/// Tokens by a hash of their first bytes, the longest first.
#[derive(Debug, Default)]
struct Buckets {
    /// Where each bucket begins, and the end.
    starts: Vec<u16>,
    entries: Vec<Entry>,
}

impl Buckets {
    /// Of entries from the longest to the shortest, each with the hash of how it begins.
    fn new(entries: &[(usize, Entry)]) -> Self {
        let mut buckets: Vec<Vec<Entry>> = vec![Vec::new(); 1 << HASH_BITS];
        for (hash, entry) in entries {
            let bucket = &mut buckets[*hash];
            if bucket.len() < BUCKET_TOKENS_MAX {
                bucket.push(*entry);
            }
        }
        let mut made = Buckets {
            starts: vec![0],
            entries: Vec::with_capacity(entries.len()),
        };
        for bucket in buckets {
            made.entries.extend(bucket);
            made.starts.push(made.entries.len() as u16);
        }
        made
    }

    #[inline(always)]
    fn find(&self, hash: usize, text: u128) -> Option<(u16, usize)> {
        let entries = &self.entries[self.starts[hash] as usize..self.starts[hash + 1] as usize];
        let begins = |entry: &&Entry| (entry.value ^ text) & MASKS[entry.length as usize] == 0;
        let entry = entries.iter().find(begins)?;
        Some((entry.code, entry.length as usize))
    }
}

/// Finds tokens by how a text goes on.
#[derive(Debug)]
pub(super) struct Matcher {
    eights: Buckets,
    fours: Buckets,
    /// By a hash of three bytes: the bytes and their code; of several with one hash, the last.
    threes: Vec<(u32, u16)>,
    /// By two bytes: their code, or the first one's.
    twos: Vec<u16>,
}

impl Matcher {
    /// Of tokens in the order of their codes, the first of which are the bytes.
    pub(super) fn new(tokens: &[Token]) -> Self {
        let (mut eights, mut fours) = (Vec::new(), Vec::new());
        let mut threes = vec![(u32::MAX, 0); 1 << HASH_BITS];
        let mut twos: Vec<u16> = (0..=u16::MAX).map(|pair| pair % BYTE_CODES as u16).collect();
        let mut order: Vec<usize> = (0..tokens.len()).collect();
        order.sort_by_key(|code| std::cmp::Reverse(tokens[*code].length));
        for code in order {
            let token = &tokens[code];
            let value = u128::from_le_bytes(token.bytes);
            let entry = Entry {
                value,
                code: code as u16,
                length: token.length,
            };
            match token.length {
                8.. => eights.push((hash(value as u64), entry)),
                4..=7 => fours.push((hash(u64::from(value as u32)), entry)),
                3 => threes[hash(value as u64)] = (value as u32, code as u16),
                2 => twos[value as usize] = code as u16,
                _ => {}
            }
        }
        Matcher {
            eights: Buckets::new(&eights),
            fours: Buckets::new(&fours),
            threes,
            twos,
        }
    }

    /// The code and length of the longest token that sixteen bytes begin with.
    #[inline(always)]
    fn longest(&self, text: u128) -> (u16, usize) {
        if let Some(found) = self.eights.find(hash(text as u64), text) {
            return found;
        }
        if let Some(found) = self.fours.find(hash(u64::from(text as u32)), text) {
            return found;
        }
        let three = text as u32 & 0xff_ffff;
        let (bytes, code) = self.threes[hash(u64::from(three))];
        if bytes == three {
            return (code, 3);
        }
        let code = self.twos[text as u16 as usize];
        (code, if code < BYTE_CODES as u16 { 1 } else { 2 })
    }

    /// Visits the codes of a text, always the longest token next.
    #[inline(always)]
    pub(super) fn visit(&self, mut text: &[u8], mut visit: impl FnMut(u16)) {
        while let Some(next) = text.first_chunk::<TOKEN_BYTES_MAX>() {
            let (code, length) = self.longest(u128::from_le_bytes(*next));
            visit(code);
            text = &text[length..];
        }
        while let Some(first) = text.first() {
            let mut padded = [0; TOKEN_BYTES_MAX];
            padded[..text.len()].copy_from_slice(text);
            let (mut code, mut length) = self.longest(u128::from_le_bytes(padded));
            if length > text.len() {
                (code, length) = (u16::from(*first), 1);
            }
            visit(code);
            text = &text[length..];
        }
    }
}
