//! What lies inside a value: `[*]`, `.*`, `.**`, and arrays that stand for their elements.

use super::error::Failure;
use super::evaluate::{Place, Search};
use super::found::Found;
use super::item::{Item, Json};
use super::path::Level;
use super::with_stack;

/// What is done with what lies inside a value.
#[derive(Clone, Copy)]
struct Below<'p> {
    place: Option<Place<'p>>,
    first: Level,
    last: Level,
    unwrap_next: bool,
    /// Structural errors are none.
    ignores: bool,
}

impl<'d> Search<'d, '_> {
    /// Goes on with every element or member of a value at a place; without a place they are what is found.
    pub(super) fn elements_of(
        &mut self,
        place: Option<Place<'_>>,
        item: &Item<'d>,
        found: &mut Found<'d>,
        unwrap_next: bool,
    ) -> Result<bool, Failure> {
        let one = Level::At(1);
        self.below(
            Below {
                place,
                first: one,
                last: one,
                unwrap_next,
                ignores: false,
            },
            1,
            item,
            found,
        )
    }

    /// `.**{first to last}`
    pub(super) fn descendants(
        &mut self,
        first: Level,
        last: Level,
        place: Place<'_>,
        item: &Item<'d>,
        found: &mut Found<'d>,
    ) -> Result<bool, Failure> {
        let mut answer = false;
        if first == Level::At(0) {
            let ignored = std::mem::replace(&mut self.ignores_structure, true);
            let outcome = self.next(place, item.clone(), found);
            self.ignores_structure = ignored;
            answer = match outcome {
                // What is wrong with the value itself is forgotten over what is below it, as in Postgres.
                Err(Failure::Item(_)) if !self.throws && item.container().is_some() => false,
                outcome => outcome?,
            };
            if answer && found.is_enough() {
                return Ok(true);
            }
        }
        if item.container().is_none() {
            return Ok(answer);
        }
        let below = Below {
            place: self.behind(place),
            first,
            last,
            unwrap_next: self.lax,
            ignores: true,
        };
        self.below(below, 1, item, found)
    }

    /// Goes on with what is inside a value, `level` levels deep.
    fn below(&mut self, below: Below<'_>, level: u32, item: &Item<'d>, found: &mut Found<'d>) -> Result<bool, Failure> {
        let mut answer = false;
        if Level::At(level) > below.last {
            return Ok(false);
        }
        let children = item.container().map(Json::children).unwrap_or_default();
        for child in children {
            let child = Item::Json(child);
            let is_leaf = child.container().is_none();
            let leaves_only = below.first == Level::Last && below.last == Level::Last;
            if Level::At(level) >= below.first || leaves_only && is_leaf {
                answer = self.inside(below, &child, found)?;
                if answer && found.is_enough() {
                    return Ok(true);
                }
            }
            if Level::At(level) < below.last && !is_leaf {
                answer = with_stack(|| self.below(below, level + 1, &child, found))?;
                if answer && found.is_enough() {
                    return Ok(true);
                }
            }
        }
        Ok(answer)
    }

    fn inside(&mut self, below: Below<'_>, child: &Item<'d>, found: &mut Found<'d>) -> Result<bool, Failure> {
        let Some(place) = below.place else {
            self.tick()?;
            found.push(child.clone())?;
            return Ok(true);
        };
        let ignored = self.ignores_structure;
        self.ignores_structure |= below.ignores;
        let outcome = self.place(place, child, found, below.unwrap_next);
        self.ignores_structure = ignored;
        outcome
    }
}
