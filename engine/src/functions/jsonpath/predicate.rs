//! Conditions: over all pairs of the values that both sides find, true where one pair makes it so.

use super::compare::compare;
use super::error::Failure;
use super::evaluate::Search;
use super::found::Found;
use super::item::Item;
use super::path::{Expression, Pattern, Predicate};
use super::with_stack;
use crate::functions::scalar::pattern::compiled;

/// What a condition says; `None` is unknown.
pub(super) type Truth = Option<bool>;

impl<'d> Search<'d, '_> {
    /// What a condition says of a value.
    pub(super) fn truth(&mut self, predicate: &Predicate, item: &Item<'d>) -> Result<Truth, Failure> {
        with_stack(|| self.truth_inner(predicate, item))
    }

    fn truth_inner(&mut self, predicate: &Predicate, item: &Item<'d>) -> Result<Truth, Failure> {
        match predicate {
            Predicate::And(left, right) => {
                let left = self.truth(left, item)?;
                if left == Some(false) {
                    return Ok(left);
                }
                let right = self.truth(right, item)?;
                Ok(if right == Some(true) { left } else { right })
            }
            Predicate::Or(left, right) => {
                let left = self.truth(left, item)?;
                if left == Some(true) {
                    return Ok(left);
                }
                let right = self.truth(right, item)?;
                Ok(if right == Some(false) { left } else { right })
            }
            Predicate::Not(inner) => Ok(self.truth(inner, item)?.map(|truth| !truth)),
            Predicate::IsUnknown(inner) => Ok(Some(self.truth(inner, item)?.is_none())),
            Predicate::Exists(inner) => self.exists(inner, item),
            Predicate::Compare(comparison, left, right) => {
                let zone = self.zone();
                self.any_pair(item, left, Some((right, true)), |left, right| match right {
                    Some(right) => compare(*comparison, left, right, zone),
                    None => Ok(None),
                })
            }
            Predicate::StartsWith(whole, initial) => {
                self.any_pair(item, whole, Some((initial, false)), |whole, initial| {
                    let initial = initial.and_then(Item::characters);
                    Ok(match (whole.characters(), initial) {
                        (Some(whole), Some(initial)) => Some(whole.starts_with(&initial)),
                        _ => None,
                    })
                })
            }
            Predicate::LikeRegex(operand, pattern) => {
                self.any_pair(item, operand, None, |text, _| matches(pattern, text))
            }
        }
    }

    fn exists(&mut self, inner: &Expression, item: &Item<'d>) -> Result<Truth, Failure> {
        // In strict mode all values must be found without an error.
        let mut found = if self.is_lax() { Found::any() } else { Found::all() };
        let outcome = self.without_throwing(|search| search.item(inner, 0, item, &mut found));
        Ok(outcome?.map(|is_there| is_there || !found.is_empty()))
    }

    /// Whether a pair of values of the left and the right side satisfies `test`. Arrays are unwrapped in lax mode: on the left always,
    /// on the right where it is said.
    fn any_pair(
        &mut self,
        item: &Item<'d>,
        left: &Expression,
        right: Option<(&Expression, bool)>,
        test: impl Fn(&Item<'d>, Option<&Item<'d>>) -> Result<Truth, Failure>,
    ) -> Result<Truth, Failure> {
        let Some(left) = self.without_throwing(|search| search.sequence(left, item, true))? else {
            return Ok(None);
        };
        let right = match right {
            None => vec![None],
            Some((right, unwrap)) => match self.without_throwing(|search| search.sequence(right, item, unwrap))? {
                Some(right) => right.into_iter().map(Some).collect(),
                None => return Ok(None),
            },
        };
        let (mut found, mut unknown) = (false, false);
        for left in &left {
            for right in &right {
                self.tick()?;
                match test(left, right.as_ref())? {
                    None if !self.is_lax() => return Ok(None),
                    None => unknown = true,
                    Some(true) if self.is_lax() => return Ok(Some(true)),
                    Some(true) => found = true,
                    Some(false) => {}
                }
            }
        }
        Ok(match (found, unknown) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        })
    }
}

fn matches(pattern: &Pattern, text: &Item<'_>) -> Result<Truth, Failure> {
    let Some(text) = text.characters() else {
        return Ok(None);
    };
    Ok(Some(compiled(&pattern.text, pattern.flags)?.is_match(&text)))
}
