//! Where values stand in Postgres's binary form of `jsonb`, which is what `.keyvalue()` numbers objects by. Nothing else knows the form.

use crate::functions::scalar::json::document::{Kind, elements, members, unescaped};

/// Bytes of a container's header, and of an entry per element, key and value.
const ENTRY_BYTES: usize = 4;
/// Containers and numbers begin at multiples of this.
const ALIGNMENT_BYTES: usize = 4;
/// Decimal digits in two bytes of a number.
const GROUP_DIGITS: usize = 4;

/// How far behind the begin of a document's binary form a container of it begins, which stands at a place of its text.
pub(super) fn binary_offset(document: &str, place: usize) -> usize {
    let mut walk = Walk {
        document,
        place,
        at: 0,
        found: None,
    };
    if !Kind::of(document).is_scalar() {
        walk.container(document);
    }
    walk.found.unwrap_or(0)
}

struct Walk<'d> {
    document: &'d str,
    place: usize,
    /// Where the next value goes.
    at: usize,
    found: Option<usize>,
}

impl Walk<'_> {
    fn align(&mut self) {
        self.at = self.at.next_multiple_of(ALIGNMENT_BYTES);
    }

    fn container(&mut self, value: &str) {
        self.align();
        let place = value.as_ptr().addr().saturating_sub(self.document.as_ptr().addr());
        if place >= self.place {
            self.found.get_or_insert(self.at);
            return;
        }
        match Kind::of(value) {
            Kind::Object => {
                self.at += ENTRY_BYTES * (1 + 2 * members(value).count());
                self.at += members(value).map(|(key, _)| unescaped(key).len()).sum::<usize>();
                members(value).for_each(|(_, value)| self.value(value));
            }
            _ => {
                self.at += ENTRY_BYTES * (1 + elements(value).count());
                elements(value).for_each(|value| self.value(value));
            }
        }
    }

    fn value(&mut self, value: &str) {
        if self.found.is_some() {
            return;
        }
        match Kind::of(value) {
            Kind::Null | Kind::Boolean => {}
            Kind::String => {
                let written = value.get(1..value.len().saturating_sub(1)).unwrap_or("");
                self.at += unescaped(written).len();
            }
            Kind::Number => {
                self.align();
                self.at += number_bytes(value);
            }
            Kind::Array | Kind::Object => super::with_stack(|| self.container(value)),
        }
    }
}

/// Bytes of a `numeric`: its length, its header, and its digits in groups of four from the point, without groups of zeros at both ends.
fn number_bytes(number: &str) -> usize {
    let digits = number.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let groups_before = whole.len().div_ceil(GROUP_DIGITS);
    let padding = groups_before * GROUP_DIGITS - whole.len();
    let all: Vec<u8> = std::iter::repeat_n(b'0', padding)
        .chain(whole.bytes())
        .chain(fraction.bytes())
        .collect();
    let is_zero = |group: &[u8]| group.iter().all(|digit| *digit == b'0');
    let groups: Vec<bool> = all.chunks(GROUP_DIGITS).map(is_zero).collect();
    let first = groups.iter().position(|is_zero| !is_zero).unwrap_or(groups.len());
    let last = groups
        .iter()
        .rposition(|is_zero| !is_zero)
        .map_or(first, |last| last + 1);
    let weight = groups_before as i64 - first as i64 - 1;
    let is_short = fraction.len() <= 63 && (-64..=63).contains(&weight);
    let header_bytes = if is_short { 2 } else { 4 };
    ENTRY_BYTES + header_bytes + 2 * (last - first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_postgres() {
        let document = r#"{"a": 12, "b": {"a": 13}, "c": [1, [2, {"d": 3}], null, "x"]}"#;
        for (part, offset) in [(r#"{"a": 12"#, 0), (r#"{"a": 13}"#, 40), (r#"{"d": 3}"#, 112)] {
            let place = document.find(part).unwrap();
            assert_eq!(binary_offset(document, place), offset, "{part}");
        }
    }
}
