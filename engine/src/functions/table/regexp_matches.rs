//! `regexp_matches(text, pattern [, flags])`: the groups of the first match, with the flag `g` of all of them, a row each.

use super::rows::{Nothing, argument, has_null, ready};
use super::table;
use crate::error::Result;
use crate::functions::scalar::pattern::{Flags, Patterns};
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows};
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use std::sync::Arc;
use stoa_sql::catalog::Volatility;

pub(super) static REGEXP_MATCHES: TableFunction = TableFunction {
    info: || {
        let signatures = const {
            &[
                signature(&[TEXT, TEXT], returns::text_array),
                signature(&[TEXT, TEXT, TEXT], returns::text_array),
            ]
        };
        table("regexp_matches", Volatility::Immutable, signatures)
    },
    documentation: documentation(
        "table",
        "The groups of a regular expression's matches (all with the flag g, else the first), or the matches where it has no groups.",
        "regexp_matches('foobarbequebaz', 'b..', 'g')",
        "{bar}, {beq}, {baz}",
    ),
    open,
};

fn open(call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return Ok(Box::new(Nothing));
    }
    let flags = match call.arguments.get(2) {
        Some(flags) => Flags::read(flags.as_string_view().value(0))?,
        None => Flags::default(),
    };
    let one = Flags { global: false, ..flags };
    let mut patterns = Patterns::default();
    let matcher = patterns.matcher(argument(call, 1)?.as_string_view().value(0), one)?;
    let text = argument(call, 0)?.as_string_view().value(0);
    let mut builder = ListBuilder::new(StringViewBuilder::new());
    let wanted = if flags.global { usize::MAX } else { 1 };
    let first = usize::from(matcher.group_count() > 1);
    matcher.begin(0);
    for _ in 0..wanted {
        if matcher.advance(text).is_none() {
            break;
        }
        for group in first..matcher.group_count() {
            let found = matcher.group(group).and_then(|range| text.get(range));
            builder.values().append_option(found);
        }
        builder.append(true);
    }
    Ok(ready(vec![Arc::new(builder.finish())]))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn matches() {
        let groups = |groups: &[Option<&str>]| vec![text_array(groups)];
        let all = [text("foobarbequebaz"), text("b.."), text("g")];
        let expected = ["bar", "beq", "baz"].map(|found| groups(&[Some(found)]));
        assert_eq!(rows("regexp_matches", &all), expected);
        let first = [text("foobar"), text("(b)(a)|x")];
        assert_eq!(rows("regexp_matches", &first), [groups(&[Some("b"), Some("a")])]);
        assert!(rows("regexp_matches", &[text("foo"), text("x")]).is_empty());
    }
}
