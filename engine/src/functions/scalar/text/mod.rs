//! Functions of text and bytes. Positions and lengths count characters, never bytes; comparison is by bytes.

mod ascii;
mod case;
mod characters;
mod chr;
mod concat;
mod concatenate;
mod encode;
mod format;
mod keyword;
mod left_right;
mod length;
mod overlay;
mod pad;
mod parse_ident;
mod position;
mod quote;
mod repeat;
mod replace;
mod reverse;
mod split_part;
mod string_to_array;
mod substring;
mod to_hex;
mod translate;
mod trim;

pub(super) use case::lower_into;

use crate::error::{Error, SqlState};
use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &ascii::ASCII,
    &case::INITCAP,
    &case::LOWER,
    &case::UPPER,
    &chr::CHR,
    &concat::CONCAT,
    &concat::CONCAT_WS,
    &concatenate::CONCATENATE,
    &encode::DECODE,
    &encode::ENCODE,
    &format::FORMAT,
    &left_right::LEFT,
    &left_right::RIGHT,
    &length::BIT_LENGTH,
    &length::CHARACTER_LENGTH,
    &length::CHAR_LENGTH,
    &length::LENGTH,
    &length::OCTET_LENGTH,
    &overlay::OVERLAY,
    &pad::LPAD,
    &pad::RPAD,
    &position::POSITION,
    &position::STRPOS,
    &parse_ident::PARSE_IDENT,
    &quote::QUOTE_IDENT,
    &quote::QUOTE_LITERAL,
    &quote::QUOTE_NULLABLE,
    &repeat::REPEAT,
    &replace::REPLACE,
    &reverse::REVERSE,
    &split_part::SPLIT_PART,
    &string_to_array::STRING_TO_ARRAY,
    &substring::SUBSTR,
    &substring::SUBSTRING,
    &to_hex::TO_HEX,
    &translate::TRANSLATE,
    &trim::BTRIM,
    &trim::LTRIM,
    &trim::RTRIM,
];

/// The longest text a function makes, as in Postgres.
const TEXT_BYTES_MAX: usize = 0x3FFF_FFFF;

/// How much text is made so far in one call: a batch must stay within the limit of one text.
#[derive(Default)]
struct Made {
    bytes: usize,
}

impl Made {
    /// Makes so many bytes more.
    ///
    /// # Errors
    /// 54000 beyond the limit.
    fn add(&mut self, bytes: Option<usize>) -> Result<(), Error> {
        let total = bytes.and_then(|bytes| bytes.checked_add(self.bytes));
        match total {
            Some(total) if total <= TEXT_BYTES_MAX => {
                self.bytes = total;
                Ok(())
            }
            _ => Err(Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                "requested length too large",
            )),
        }
    }
}

/// `negative substring length not allowed`
fn negative_length() -> Error {
    Error::user(SqlState("22011"), "negative substring length not allowed")
}

#[cfg(test)]
mod tests;
