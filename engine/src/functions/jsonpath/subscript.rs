//! Subscripts: `[0, 2 to last]`

use super::error::{ARRAY_NOT_FOUND, Failure, INVALID_SUBSCRIPT};
use super::evaluate::{Place, Search};
use super::found::Found;
use super::item::Item;
use super::path::{Expression, Subscript};

impl<'d> Search<'d, '_> {
    /// `[0, 2 to last]`
    pub(super) fn elements(
        &mut self,
        subscripts: &[Subscript],
        place: Place<'_>,
        item: &Item<'d>,
        found: &mut Found<'d>,
    ) -> Result<bool, Failure> {
        let values = match item {
            Item::Json(json) if item.is_array() => json.children().into_iter().map(Item::Json).collect(),
            _ if self.lax => vec![item.clone()],
            _ => {
                let message = "jsonpath array accessor can only be applied to an array";
                return self.structural(ARRAY_NOT_FOUND, message);
            }
        };
        let outer = self.array_size.replace(values.len());
        let mut answer = Ok(false);
        for subscript in subscripts {
            answer = self.subscripted(subscript, place, item, &values, found);
            if answer.is_err() || matches!(answer, Ok(true)) && found.is_enough() {
                break;
            }
        }
        self.array_size = outer;
        answer
    }

    fn subscripted(
        &mut self,
        subscript: &Subscript,
        place: Place<'_>,
        item: &Item<'d>,
        values: &[Item<'d>],
        found: &mut Found<'d>,
    ) -> Result<bool, Failure> {
        let from = self.index(&subscript.from, item)?;
        let to = match &subscript.to {
            Some(to) => self.index(to, item)?,
            None => from,
        };
        let size = i64::try_from(values.len()).unwrap_or(i64::MAX);
        if !self.ignores_structure && (from < 0 || from > to || to >= size) {
            return Err(Failure::item(
                INVALID_SUBSCRIPT,
                "jsonpath array subscript is out of bounds",
            ));
        }
        let mut answer = false;
        for at in from.max(0)..=to.min(size - 1) {
            let Some(value) = usize::try_from(at).ok().and_then(|at| values.get(at)) else {
                continue;
            };
            // What follows has an array of its own to be last in.
            let size = self.array_size;
            answer = self.next(place, value.clone(), found)?;
            self.array_size = size;
            if answer && found.is_enough() {
                break;
            }
        }
        Ok(answer)
    }

    fn index(&mut self, expression: &Expression, item: &Item<'d>) -> Result<i64, Failure> {
        let items = self.sequence(expression, item, false)?;
        let number = match items.as_slice() {
            [only] => only.number(),
            _ => None,
        };
        let Some(number) = number else {
            let message = "jsonpath array subscript is not a single numeric value";
            return Err(Failure::item(INVALID_SUBSCRIPT, message));
        };
        number
            .index()
            .map(i64::from)
            .ok_or_else(|| Failure::item(INVALID_SUBSCRIPT, "jsonpath array subscript is out of integer range"))
    }
}
