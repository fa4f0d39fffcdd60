//! Changes at one place of a jsonb value: what is before and after the place is copied, nothing is taken apart that need not be.

use super::document::{Kind, ObjectBuilder, elements, is_key, members};
use super::{deeper, too_deep};
use crate::error::{Error, Result, SqlState};

/// What happens at the end of a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'t> {
    Delete,
    /// A new value; `create` adds it where there is nothing yet.
    Set {
        value: &'t str,
        create: bool,
    },
    /// A new value beside what is there.
    Insert {
        value: &'t str,
        after: bool,
    },
}

pub(super) fn invalid(message: &str) -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, message)
}

/// Appends the value, changed at the end of the path.
///
/// # Errors
/// 22P02 where the path has a key for an array, 22023 where an inserted key is there already.
pub(super) fn change(value: &str, path: &[Option<&str>], change: Change<'_>, out: &mut String) -> Result<()> {
    change_at(value, path, 0, change, out)
}

fn change_at(value: &str, path: &[Option<&str>], depth: usize, change: Change<'_>, out: &mut String) -> Result<()> {
    let Some(Some(key)) = path.get(depth) else {
        out.push_str(value);
        return Ok(());
    };
    if deeper(depth) {
        return Err(too_deep());
    }
    let last = depth + 1 == path.len();
    match Kind::of(value) {
        Kind::Object => change_object(value, key, path, depth, last.then_some(change), change, out),
        Kind::Array => change_array(value, key, path, depth, last, change, out),
        _ => {
            out.push_str(value);
            Ok(())
        }
    }
}

fn change_object(
    object: &str,
    key: &str,
    path: &[Option<&str>],
    depth: usize,
    here: Option<Change<'_>>,
    change: Change<'_>,
    out: &mut String,
) -> Result<()> {
    let found = members(object).any(|(written, _)| is_key(written, key));
    if !found {
        let added = match here {
            Some(Change::Set { value, create: true } | Change::Insert { value, .. }) => value,
            _ => {
                out.push_str(object);
                return Ok(());
            }
        };
        let mut builder = ObjectBuilder::default();
        builder.extend(object);
        builder.push(key.to_owned(), added.to_owned());
        builder.finish(out);
        return Ok(());
    }
    out.push('{');
    let mut first = true;
    for (written, value) in members(object) {
        let is_it = is_key(written, key);
        if is_it && matches!(here, Some(Change::Delete)) {
            continue;
        }
        if !first {
            out.push_str(", ");
        }
        first = false;
        out.push('"');
        out.push_str(written);
        out.push_str("\": ");
        match here {
            _ if !is_it => out.push_str(value),
            Some(Change::Set { value, .. }) => out.push_str(value),
            Some(Change::Insert { .. }) => {
                return Err(
                    stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, "cannot replace existing key")
                        .with_hint("Try using the function jsonb_set to replace key value.")
                        .into(),
                );
            }
            Some(Change::Delete) => {}
            None => change_at(value, path, depth + 1, change, out)?,
        }
    }
    out.push('}');
    Ok(())
}

/// Where in an array of so many elements a step of a path points: beyond the end is the end, before the start is below 0.
fn array_place(key: &str, depth: usize, count: i64) -> Result<i64> {
    let index: i64 = key.trim().parse::<i32>().map(i64::from).map_err(|_| {
        Error::user(
            SqlState::INVALID_TEXT_REPRESENTATION,
            format!("path element at position {} is not an integer: \"{key}\"", depth + 1),
        )
    })?;
    Ok(match index {
        index if index >= 0 => index.min(count),
        index => (count + index).max(-1),
    })
}

fn change_array(
    array: &str,
    key: &str,
    path: &[Option<&str>],
    depth: usize,
    last: bool,
    change: Change<'_>,
    out: &mut String,
) -> Result<()> {
    let count = elements(array).count() as i64;
    let place = array_place(key, depth, count)?;
    let mut parts = Parts { out, first: true };
    parts.out.push('[');
    let outside = place < 0 || place >= count;
    let added = match change {
        Change::Set { value, create: true } if last && outside => Some(value),
        Change::Insert { value, .. } if last && outside => Some(value),
        _ => None,
    };
    if let (Some(value), true) = (added, place < 0) {
        parts.push(value);
    }
    for (at, element) in elements(array).enumerate() {
        if at as i64 != place {
            parts.push(element);
            continue;
        }
        match change {
            _ if !last => {
                parts.separate();
                change_at(element, path, depth + 1, change, parts.out)?;
            }
            Change::Delete => {}
            Change::Set { value, .. } => parts.push(value),
            Change::Insert { value, after } => {
                let (before, behind) = if after { (element, value) } else { (value, element) };
                parts.push(before);
                parts.push(behind);
            }
        }
    }
    if let (Some(value), true) = (added, place >= count) {
        parts.push(value);
    }
    parts.out.push(']');
    Ok(())
}

/// Elements with commas between them.
pub(super) struct Parts<'o> {
    pub(super) out: &'o mut String,
    pub(super) first: bool,
}

impl Parts<'_> {
    pub(super) fn separate(&mut self) {
        if !self.first {
            self.out.push_str(", ");
        }
        self.first = false;
    }

    pub(super) fn push(&mut self, value: &str) {
        self.separate();
        self.out.push_str(value);
    }
}

/// Appends an object without the members whose keys `drops`, an array without the strings.
pub(super) fn without(value: &str, drops: impl Fn(&str) -> bool, out: &mut String) -> Result<()> {
    match Kind::of(value) {
        Kind::Object => {
            let mut parts = Parts { out, first: true };
            parts.out.push('{');
            for (written, member) in members(value) {
                if !drops(&super::document::unescaped(written)) {
                    parts.separate();
                    parts.out.push('"');
                    parts.out.push_str(written);
                    parts.out.push_str("\": ");
                    parts.out.push_str(member);
                }
            }
            parts.out.push('}');
        }
        Kind::Array => {
            let mut parts = Parts { out, first: true };
            parts.out.push('[');
            for element in elements(value) {
                if !super::document::string_of(element).is_some_and(|text| drops(&text)) {
                    parts.push(element);
                }
            }
            parts.out.push(']');
        }
        _ => return Err(invalid("cannot delete from scalar")),
    }
    Ok(())
}

/// Appends two values joined: the members of both objects, the elements of both arrays; a scalar or object counts as an element.
pub(super) fn joined(left: &str, right: &str, out: &mut String) {
    if Kind::of(left) == Kind::Object && Kind::of(right) == Kind::Object {
        let mut builder = ObjectBuilder::default();
        builder.extend(left);
        builder.extend(right);
        builder.finish(out);
        return;
    }
    let mut parts = Parts { out, first: true };
    parts.out.push('[');
    for side in [left, right] {
        if Kind::of(side) == Kind::Array {
            elements(side).for_each(|element| parts.push(element));
        } else {
            parts.push(side);
        }
    }
    parts.out.push(']');
}
