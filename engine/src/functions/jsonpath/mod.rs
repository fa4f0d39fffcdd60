//! The SQL/JSON path language: texts to trees, trees to Postgres's canonical text, and what a path finds in a document.
//!
//! Documents are texts of `jsonb`, looked into in place. Follows PostgreSQL 15, whose errors and quirks are kept.

mod compare;
mod datetime;
mod descend;
mod error;
mod escape;
mod evaluate;
mod found;
mod item;
mod layout;
mod method;
mod number;
mod parse;
mod parse_step;
mod parse_value;
mod path;
mod predicate;
mod query;
mod step;
mod subscript;
mod token;
mod write;

pub(crate) use path::Path;
pub(crate) use query::Query;

use crate::error::{Error, Result};
use std::cell::RefCell;
use std::rc::Rc;

/// The stack that reading, writing and following the longest path may take.
const STACK_BYTES: usize = 8 << 20;
/// What must be left of a stack for it to do.
const RED_ZONE_BYTES: usize = 256 << 10;

/// Runs `work` where there is stack enough for one level more.
fn with_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RED_ZONE_BYTES, STACK_BYTES, work)
}

/// Appends a path's canonical text.
///
/// # Errors
/// 42601 where the text is no path, 22P02 for what its words cannot be, 2201B for a pattern that is none, 54001 for too long a path.
pub(crate) fn normalize(text: &str, out: &mut String) -> Result<()> {
    write::write(&parse::parse(text)?, out);
    Ok(())
}

thread_local! {
    static LATEST: RefCell<Option<(String, Rc<Path>)>> = const { RefCell::new(None) };
}

/// The path of a canonical text. That of the latest text is remembered: most columns ask with one path only.
///
/// # Errors
/// As [`normalize`].
pub(crate) fn read(text: &str) -> Result<Rc<Path>> {
    let known = LATEST.with_borrow(|latest| match latest {
        Some((known, path)) if known == text => Some(path.clone()),
        _ => None,
    });
    if let Some(path) = known {
        return Ok(path);
    }
    let path = Rc::new(parse::parse(text)?);
    LATEST.with_borrow_mut(|latest| *latest = Some((text.to_owned(), path.clone())));
    Ok(path)
}

/// That a path did what its text cannot say: a bug.
fn broken(what: &str) -> Error {
    Error::Internal(format!("jsonpath: {what}"))
}

#[cfg(test)]
mod tests {
    use super::normalize;
    use proptest::prelude::*;

    fn canonical(text: &str) -> Option<String> {
        let mut out = String::new();
        normalize(text, &mut out).ok().map(|()| out)
    }

    /// What is kept of a path is the path.
    fn stays(text: &str) -> bool {
        let Ok(path) = super::parse::parse(text) else {
            return true;
        };
        let printed = canonical(text).unwrap();
        super::parse::parse(&printed).is_ok_and(|read| read == path)
    }

    proptest! {
        #[test]
        fn any_text_is_a_path_or_an_error(text in r#"[$@.*?()\[\]{},"a-c 0-9<>=!&|+/%\\ux-]{0,40}"#) {
            prop_assert!(stays(&text));
        }

        #[test]
        fn parts_in_any_order(parts in prop::collection::vec(prop::sample::select(&[
            "$", "@", ".a", "[*]", "[0 to last]", ".**{1 to 2}", "?(@.a > 1)", "(", ")", " + ", "-", "1.50", " == ", " && ", "!",
            "exists(", ".size()", " is unknown", " like_regex \"a\"", " starts with \"b\"", "strict ", "$x", "\"t\"",
        ][..]), 0..12)) {
            prop_assert!(stays(&parts.concat()));
        }
    }

    #[test]
    fn operators_with_steps_stay() {
        for text in [
            r#"1 + (1 + $.a like_regex "x" flag "i").abs()"#,
            "2 * (!($.a == 1))[*] - 1",
            "(exists($.a)).b ? ((($ == 1) is unknown).type() == 1)",
            r#"-($.a like_regex "x").type() == "a" && !exists(($.a + $.b).abs())"#,
            "$[(exists($.b)).size() to (-(-$)).size(), ($.a == 1).type()]",
            "-1 * -$.a - -2 == (-1).abs()",
        ] {
            assert!(super::parse::parse(text).is_ok() && stays(text), "{text}");
        }
    }

    #[test]
    fn a_path_has_an_end() {
        let long = format!("$ ? ({}1 == 1{})", "(".repeat(5_000), ")".repeat(5_000));
        for text in [
            long,
            format!("${}", ".a".repeat(5_000)),
            format!("1{}", " + 1".repeat(5_000)),
            "-".repeat(5_000),
        ] {
            let error = normalize(&text, &mut String::new()).unwrap_err();
            assert_eq!(error.state().0, "54001");
        }
        let long = format!("${}", ".a".repeat(900));
        assert_eq!(canonical(&long).map(|path| path.len()), Some(1 + 4 * 900));
    }
}
