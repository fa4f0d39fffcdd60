//! A LIKE pattern made ready: most are a comparison, a prefix, a suffix or a search; the rest goes segment by segment.

use crate::error::{Error, Result, SqlState};
use memchr::memmem::Finder;

/// A pattern.
#[derive(Debug)]
pub(super) enum LikePattern {
    /// `abc`
    Equal(Vec<u8>),
    /// `abc%`
    Prefix(Vec<u8>),
    /// `%abc`
    Suffix(Vec<u8>),
    /// `abc%def`
    Around(Vec<u8>, Vec<u8>),
    /// `%abc%`
    Contains(Box<Finder<'static>>),
    /// Anything with `_` or more `%`.
    Segments(Vec<Segment>),
    /// Ends with a backslash: fails for texts that go on where the rest of the pattern ends.
    Broken(Box<LikePattern>),
}

/// What stands between two `%`.
#[derive(Debug)]
pub(super) struct Segment {
    tokens: Vec<Token>,
    /// Where all of it is literal.
    finder: Option<Finder<'static>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Literal(Vec<u8>),
    /// `_`
    AnyCharacter,
}

impl LikePattern {
    /// Reads a pattern; a backslash takes the next character literally.
    pub(super) fn new(pattern: &str) -> Self {
        let mut segments: Vec<Vec<Token>> = vec![Vec::new()];
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            match character {
                '%' => segments.push(Vec::new()),
                '_' => push(&mut segments, Token::AnyCharacter),
                '\\' => match characters.next() {
                    Some(literal) => push_literal(&mut segments, literal),
                    None => {
                        // What would have to match for the missing character to matter.
                        push(&mut segments, Token::AnyCharacter);
                        segments.push(Vec::new());
                        return LikePattern::Broken(Box::new(Self::of(segments)));
                    }
                },
                literal => push_literal(&mut segments, literal),
            }
        }
        Self::of(segments)
    }

    fn of(segments: Vec<Vec<Token>>) -> Self {
        let literal = |tokens: &[Token]| match tokens {
            [] => Some(Vec::new()),
            [Token::Literal(bytes)] => Some(bytes.clone()),
            _ => None,
        };
        match segments.as_slice() {
            [only] => {
                if let Some(bytes) = literal(only) {
                    return LikePattern::Equal(bytes);
                }
            }
            [first, last] => match (literal(first), literal(last)) {
                (Some(first), Some(last)) if last.is_empty() => return LikePattern::Prefix(first),
                (Some(first), Some(last)) if first.is_empty() => return LikePattern::Suffix(last),
                (Some(first), Some(last)) => return LikePattern::Around(first, last),
                _ => {}
            },
            [first, middle, last] if first.is_empty() && last.is_empty() => {
                if let Some(bytes) = literal(middle) {
                    return LikePattern::Contains(Box::new(Finder::new(&bytes).into_owned()));
                }
            }
            _ => {}
        }
        LikePattern::Segments(segments.into_iter().map(Segment::new).collect())
    }

    /// Whether a text matches.
    ///
    /// # Errors
    /// 22025 where the pattern ends with a backslash that matters.
    #[inline]
    pub(super) fn matches(&self, text: &str) -> Result<bool> {
        let bytes = text.as_bytes();
        Ok(match self {
            LikePattern::Equal(wanted) => bytes == wanted.as_slice(),
            LikePattern::Prefix(prefix) => bytes.starts_with(prefix),
            LikePattern::Suffix(suffix) => bytes.ends_with(suffix),
            LikePattern::Around(prefix, suffix) => {
                bytes.len() >= prefix.len() + suffix.len() && bytes.starts_with(prefix) && bytes.ends_with(suffix)
            }
            LikePattern::Contains(finder) => finder.find(bytes).is_some(),
            LikePattern::Segments(segments) => match_segments(segments, text),
            LikePattern::Broken(before) => {
                if before.matches(text)? {
                    return Err(Error::user(
                        SqlState("22025"),
                        "LIKE pattern must not end with escape character",
                    ));
                }
                false
            }
        })
    }
}

fn push(segments: &mut [Vec<Token>], token: Token) {
    if let Some(segment) = segments.last_mut() {
        segment.push(token);
    }
}

fn push_literal(segments: &mut [Vec<Token>], character: char) {
    let mut buffer = [0; 4];
    let encoded = character.encode_utf8(&mut buffer).as_bytes();
    match segments
        .last_mut()
        .map(|segment| (segment.last_mut().is_some(), segment))
    {
        Some((true, segment)) => match segment.last_mut() {
            Some(Token::Literal(bytes)) => bytes.extend_from_slice(encoded),
            _ => segment.push(Token::Literal(encoded.to_vec())),
        },
        Some((false, segment)) => segment.push(Token::Literal(encoded.to_vec())),
        None => {}
    }
}

impl Segment {
    fn new(tokens: Vec<Token>) -> Self {
        let finder = match tokens.as_slice() {
            [Token::Literal(bytes)] => Some(Finder::new(bytes).into_owned()),
            _ => None,
        };
        Segment { tokens, finder }
    }

    /// Where the segment ends if it begins where the text does.
    fn match_start(&self, text: &str) -> Option<usize> {
        let mut at = 0;
        for token in &self.tokens {
            at += match token {
                Token::Literal(bytes) => text.as_bytes().get(at..)?.starts_with(bytes).then_some(bytes.len())?,
                Token::AnyCharacter => text.get(at..)?.chars().next()?.len_utf8(),
            };
        }
        Some(at)
    }

    /// Where the segment begins if it ends where the text does.
    fn match_end(&self, text: &str) -> Option<usize> {
        let mut end = text.len();
        for token in self.tokens.iter().rev() {
            end -= match token {
                Token::Literal(bytes) => text.as_bytes().get(..end)?.ends_with(bytes).then_some(bytes.len())?,
                Token::AnyCharacter => text.get(..end)?.chars().next_back()?.len_utf8(),
            };
        }
        Some(end)
    }

    /// Where the segment's first occurrence ends.
    fn find_end(&self, text: &str) -> Option<usize> {
        match (&self.finder, self.tokens.as_slice()) {
            (_, []) => Some(0),
            (Some(finder), _) => finder.find(text.as_bytes()).map(|at| at + finder.needle().len()),
            (None, _) => {
                let starts = text.char_indices().map(|(at, _)| at);
                starts
                    .filter_map(|at| self.match_start(&text[at..]).map(|length| at + length))
                    .next()
            }
        }
    }
}

/// The first segment stands at the start, the last one at the end, the others follow one after the other: the first place of
/// each leaves the most room for the next.
fn match_segments(segments: &[Segment], text: &str) -> bool {
    let Some((first, rest)) = segments.split_first() else {
        return text.is_empty();
    };
    let Some(mut at) = first.match_start(text) else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return at == text.len();
    };
    for segment in middle {
        match segment.find_end(&text[at..]) {
            Some(end) => at += end,
            None => return false,
        }
    }
    last.match_end(text).is_some_and(|start| start >= at)
}
