//! `INSERT INTO table (columns) VALUES` of nothing but constants, read from the text at once: what programs send most, and the
//! longest of what they send. Anything else, an expression as much as a mistake, is for the parser.

use super::syntax::ConstantInsert;
use crate::catalog::TableName;
use crate::limits::{COLUMNS_MAX, CONSTANT_ROWS_BYTES_MAX};
use crate::plan::{Constant, ConstantForm, ConstantRows};
use memchr::memchr;
use std::ops::Range;
use std::sync::Arc;

/// Digits of a number that every reader of numbers takes alike.
const DIGITS_MAX: usize = 38;

/// A statement as it was read, and where.
pub(super) struct Read {
    pub(super) insert: ConstantInsert,
    /// Its own place in the text, in bytes.
    pub(super) place: Range<usize>,
    /// Behind it, its semicolon and blanks.
    pub(super) rest: usize,
}

/// The statement that begins at a place of the text; `None` for the parser.
pub(super) fn read(text: &str, at: usize) -> Option<Read> {
    let bytes = text.as_bytes();
    let mut reader = Reader { bytes, at };
    reader.skip_blanks();
    let begin = reader.at;
    if !(reader.takes_word(b"insert") && reader.takes_word(b"into")) {
        return None;
    }
    let table = reader.table_name(text)?;
    let columns = match reader.takes(b'(') {
        true => reader.list(|reader| reader.name(text))?,
        false => Vec::new(),
    };
    if !reader.takes_word(b"values") {
        return None;
    }
    let (constants, width, end) = reader.rows(begin)?;
    let is_complete = reader.takes(b';') || reader.at == bytes.len();
    if !is_complete || end - begin > CONSTANT_ROWS_BYTES_MAX || width > COLUMNS_MAX {
        return None;
    }
    let statement = text.get(begin..end)?.to_owned();
    Some(Read {
        insert: ConstantInsert {
            table,
            columns,
            rows: Arc::new(ConstantRows::new(statement, constants, width)),
        },
        place: begin..end,
        rest: reader.at,
    })
}

/// A place in the text, behind blanks.
struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0c)) {
            self.at += 1;
        }
    }

    /// Takes a byte and the blanks behind it, if it comes next.
    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.at += 1;
            self.skip_blanks();
        }
        is_next
    }

    /// The end of the word that begins here; words are of ASCII letters, digits and underscores.
    fn word_end(&self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        self.at + rest.iter().take_while(|byte| is_part(byte)).count()
    }

    /// Takes a word in lower case, in whatever case it is written.
    fn takes_word(&mut self, word: &[u8]) -> bool {
        let end = self.word_end();
        let is_next = self
            .bytes
            .get(self.at..end)
            .is_some_and(|next| next.eq_ignore_ascii_case(word));
        if is_next {
            self.at = end;
            self.skip_blanks();
        }
        is_next
    }

    /// A name, folded unless quoted.
    fn name(&mut self, text: &str) -> Option<String> {
        let name = if self.peek() == Some(b'"') {
            let begin = self.at + 1;
            let end = begin + memchr(b'"', self.bytes.get(begin..)?)?;
            self.at = end + 1;
            // A doubled quote inside, and an empty name, are for the parser.
            if self.peek() == Some(b'"') || begin == end {
                return None;
            }
            text.get(begin..end)?.to_owned()
        } else {
            let end = self.word_end();
            let word = text.get(self.at..end)?;
            if word.is_empty() || word.as_bytes()[0].is_ascii_digit() {
                return None;
            }
            self.at = end;
            word.to_ascii_lowercase()
        };
        self.skip_blanks();
        Some(name)
    }

    fn table_name(&mut self, text: &str) -> Option<TableName> {
        let first = self.name(text)?;
        Some(match self.takes(b'.') {
            true => TableName {
                schema: Some(first),
                name: self.name(text)?,
            },
            false => TableName {
                schema: None,
                name: first,
            },
        })
    }

    /// What stands between commas up to the closing parenthesis.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        loop {
            items.push(item(self)?);
            if !self.takes(b',') {
                return self.takes(b')').then_some(items);
            }
        }
    }

    /// The rows, how many constants each has, and where the last one ends. Places are counted from `begin`.
    fn rows(&mut self, begin: usize) -> Option<(Vec<Constant>, usize, usize)> {
        let mut constants = Vec::new();
        let mut width = 0;
        loop {
            if !self.takes(b'(') {
                return None;
            }
            let row_begin = constants.len();
            loop {
                constants.push(self.constant(begin)?);
                if !self.takes(b',') {
                    break;
                }
            }
            if self.peek() != Some(b')') {
                return None;
            }
            let end = self.at + 1;
            self.takes(b')');
            let row_width = constants.len() - row_begin;
            if row_begin > 0 && row_width != width {
                return None;
            }
            width = row_width;
            if !self.takes(b',') {
                return Some((constants, width, end));
            }
        }
    }

    fn constant(&mut self, begin: usize) -> Option<Constant> {
        let (form, start, end) = match self.peek()? {
            b'\'' => self.quoted()?,
            b'-' | b'+' | b'0'..=b'9' => self.number()?,
            _ => self.keyword()?,
        };
        self.skip_blanks();
        Some(Constant {
            form,
            start: u32::try_from(start - begin).ok()?,
            end: u32::try_from(end - begin).ok()?,
        })
    }

    fn keyword(&mut self) -> Option<(ConstantForm, usize, usize)> {
        let (start, end) = (self.at, self.word_end());
        let word = self.bytes.get(start..end)?;
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        let form = match () {
            () if is(b"null") => ConstantForm::Null,
            () if is(b"true") || is(b"false") => ConstantForm::Boolean,
            () => return None,
        };
        self.at = end;
        Some((form, start, end))
    }

    fn number(&mut self) -> Option<(ConstantForm, usize, usize)> {
        let start = self.at;
        if matches!(self.peek(), Some(b'-' | b'+')) {
            self.at += 1;
        }
        let mut digits = self.digits()?;
        let mut form = ConstantForm::Integer;
        if self.peek() == Some(b'.') {
            self.at += 1;
            digits += self.digits()?;
            form = ConstantForm::Decimal;
        }
        // An exponent, an underscore, a cast: the parser knows.
        let is_whole =
            !matches!(self.peek(), Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        (is_whole && digits <= DIGITS_MAX).then_some((form, start, self.at))
    }

    /// Takes digits; `None` where there is none.
    fn digits(&mut self) -> Option<usize> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(count)
    }

    fn quoted(&mut self) -> Option<(ConstantForm, usize, usize)> {
        let start = self.at + 1;
        let mut form = ConstantForm::Text;
        self.at = start;
        loop {
            let end = self.at + memchr(b'\'', self.bytes.get(self.at..)?)?;
            self.at = end + 1;
            if self.peek() != Some(b'\'') {
                return Some((form, start, end));
            }
            form = ConstantForm::QuotedText;
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Option<Vec<Vec<Option<String>>>> {
        let rows = read(text, 0)?.insert.rows;
        let row = |row: usize| {
            let constant = |place| rows.column(place, row).next().unwrap();
            (0..rows.width())
                .map(|place| rows.value(constant(place)).map(Into::into))
                .collect()
        };
        Some((0..rows.row_count()).map(row).collect())
    }

    #[test]
    fn constants_come_as_they_are_written() {
        let read =
            rows("insert into t values (1, -2.50, 'it''s', NULL, True),\n\t( +7 ,0.0,'' , null, false ) ;\n").unwrap();
        let texts = |row: &[Option<&str>]| row.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(
            read[0],
            texts(&[Some("1"), Some("-2.50"), Some("it's"), None, Some("True")])
        );
        assert_eq!(
            read[1],
            texts(&[Some("+7"), Some("0.0"), Some(""), None, Some("false")])
        );
    }

    #[test]
    fn names_are_folded_unless_quoted() {
        let text = "\n INSERT INTO Web.\"Sales\" (Day, \"Net Worth\") VALUES ('x', 1) ; ";
        let Read { insert, place, rest } = read(text, 0).unwrap();
        assert_eq!(insert.table.schema.as_deref(), Some("web"));
        assert_eq!(insert.table.name, "Sales");
        assert_eq!(insert.columns, ["day", "Net Worth"]);
        assert_eq!((place.start, text[place].ends_with("1)"), rest), (2, true, text.len()));
    }

    #[test]
    fn everything_else_is_for_the_parser() {
        for text in [
            "insert into t values (1 + 1)",
            "insert into t values (now())",
            "insert into t values (default)",
            "insert into t values (1e5)",
            "insert into t values (1_000)",
            "insert into t values (0x1f)",
            "insert into t values (- 1)",
            "insert into t values (--1\n1)",
            "insert into t values (1::text)",
            "insert into t values ('1' '2')",
            "insert into t values ('1'::date)",
            "insert into t values (E'1')",
            "insert into t values ($1)",
            "insert into t values (1), (1, 2)",
            "insert into t values ()",
            "insert into t values (1",
            "insert into t values ('1",
            "insert into t values (1) returning a",
            "insert into t values (1) on conflict do nothing",
            "insert into t as u values (1)",
            "insert into a.b.c values (1)",
            "insert into t select 1",
            "insert into t /* */ values (1)",
            "insert into t values (123456789012345678901234567890123456789)",
            "with a as (select 1) insert into t values (1)",
        ] {
            assert!(read(text, 0).is_none(), "{text}");
        }
    }
}
