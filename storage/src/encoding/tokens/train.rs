//! Which tokens shorten a text most. As FSST does: a sample is taken apart by the tokens so far, tokens and pairs of neighbours
//! compete with what they covered, and the best are the next tokens. The same sample always gives the same table.

use super::matcher::Matcher;
use super::{BYTE_CODES, CODES, Token, byte_tokens, pack};
use hashbrown::HashMap;

/// Times that tokens are chosen, from a growing share of the sample: their length can double each time, and what they cover of one
/// another settles.
const ROUNDS: usize = 8;

type Counts<K> = HashMap<K, u32, foldhash::fast::FixedState>;

/// A table for compressing.
#[derive(Debug)]
pub(crate) struct Trained {
    tokens: Vec<Token>,
    matcher: Matcher,
}

impl Trained {
    /// Of the tokens that shorten pieces of text most.
    pub(crate) fn new(sample: &[Vec<u8>]) -> Self {
        let mut trained = Trained::of(byte_tokens().collect());
        for round in 1..=ROUNDS {
            let spread = |place: &usize| place * round % ROUNDS < round;
            let pieces = (0..sample.len()).filter(spread).map(|place| &sample[place]);
            trained = Trained::of(trained.better(pieces, round < ROUNDS));
        }
        trained
    }

    fn of(tokens: Vec<Token>) -> Self {
        let matcher = Matcher::new(&tokens);
        Trained { tokens, matcher }
    }

    /// The tokens, and with `merging` pairs of them, that cover most of a sample.
    fn better<'s>(&self, sample: impl Iterator<Item = &'s Vec<u8>>, merging: bool) -> Vec<Token> {
        let mut singles = vec![0u32; self.tokens.len()];
        let mut pairs: Counts<(u16, u16)> = Counts::default();
        for piece in sample {
            let mut last = None;
            self.matcher.visit(piece, |code| {
                singles[code as usize] += 1;
                if let Some(last) = last.replace(code)
                    && merging
                {
                    *pairs.entry((last, code)).or_default() += 1;
                }
            });
        }
        let mut candidates: Counts<Token> = Counts::default();
        for (token, count) in self.tokens.iter().zip(&singles).skip(BYTE_CODES) {
            if *count > 0 {
                candidates.insert(*token, *count);
            }
        }
        for ((first, second), count) in &pairs {
            let joined = self.tokens[*first as usize].join(&self.tokens[*second as usize]);
            if let Some(token) = joined.filter(|_| *count > 1) {
                *candidates.entry(token).or_default() += count;
            }
        }
        best(candidates)
    }

    /// Bytes of the table.
    pub(crate) fn table_bytes(&self) -> usize {
        let tokens = self.tokens.iter().skip(BYTE_CODES);
        2 + tokens.map(|token| 1 + token.length()).sum::<usize>()
    }

    /// Appends the table.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let tokens = &self.tokens[BYTE_CODES..];
        out.extend_from_slice(&(tokens.len() as u16).to_le_bytes());
        out.extend(tokens.iter().map(|token| token.length));
        tokens.iter().for_each(|token| out.extend_from_slice(token.as_bytes()));
    }

    /// Appends a frame.
    pub(crate) fn compress(&self, frame: &[u8], out: &mut Vec<u8>) {
        let mut codes = Vec::with_capacity(frame.len() / 4);
        self.matcher.visit(frame, |code| codes.push(code));
        pack(&codes, out);
    }
}

/// A full table of the candidates that cover most bytes, each with how often it occurs.
fn best(candidates: Counts<Token>) -> Vec<Token> {
    let covered = |(token, count): (Token, u32)| (u64::from(count) * token.length() as u64, token);
    let mut ranked: Vec<(u64, Token)> = candidates.into_iter().map(covered).collect();
    let order = |left: &(u64, Token), right: &(u64, Token)| right.0.cmp(&left.0).then(left.1.cmp(&right.1));
    let room = CODES - BYTE_CODES;
    if ranked.len() > room {
        ranked.select_nth_unstable_by(room, order);
        ranked.truncate(room);
    }
    ranked.sort_unstable_by(order);
    byte_tokens()
        .chain(ranked.into_iter().map(|(_, token)| token))
        .collect()
}
