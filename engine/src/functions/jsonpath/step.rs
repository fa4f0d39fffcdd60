//! The steps of a path: what each makes of a value.

use super::error::{ARRAY_NOT_FOUND, Failure, MEMBER_NOT_FOUND, OBJECT_NOT_FOUND};
use super::evaluate::{Place, Search};
use super::found::Found;
use super::item::Item;
use super::path::Step;
use crate::error::SqlState;

impl<'d> Search<'d, '_> {
    /// Goes on from a value by a step.
    pub(super) fn step(
        &mut self,
        step: &Step,
        place: Place<'_>,
        item: &Item<'d>,
        found: &mut Found<'d>,
        unwrap: bool,
    ) -> Result<bool, Failure> {
        let unwraps = unwrap && item.is_array();
        match step {
            Step::Key(key) => match item.object() {
                Some(object) => match object.member(key) {
                    Some(member) => self.next(place, Item::Json(member), found),
                    None => {
                        let message = format!("JSON object does not contain key \"{key}\"");
                        self.structural(MEMBER_NOT_FOUND, &message)
                    }
                },
                None if unwraps => self.elements_of(Some(place), item, found, false),
                None => {
                    let message = "jsonpath member accessor can only be applied to an object";
                    self.structural(MEMBER_NOT_FOUND, message)
                }
            },
            Step::AnyKey if item.object().is_some() => {
                let unwrap_next = self.lax;
                self.elements_of(self.behind(place), item, found, unwrap_next)
            }
            Step::AnyKey if unwraps => self.elements_of(Some(place), item, found, false),
            Step::AnyKey => {
                let message = "jsonpath wildcard member accessor can only be applied to an object";
                self.structural(OBJECT_NOT_FOUND, message)
            }
            Step::AnyElement if item.is_array() => {
                let unwrap_next = self.lax;
                self.elements_of(self.behind(place), item, found, unwrap_next)
            }
            Step::AnyElement if self.lax => self.next(place, item.clone(), found),
            Step::AnyElement => {
                let message = "jsonpath wildcard array accessor can only be applied to an array";
                self.structural(ARRAY_NOT_FOUND, message)
            }
            Step::Elements(subscripts) => self.elements(subscripts, place, item, found),
            Step::Descendants(first, last) => self.descendants(*first, *last, place, item, found),
            Step::Filter(_) | Step::Datetime(_) if unwraps => self.elements_of(Some(place), item, found, false),
            Step::Filter(predicate) => {
                let outer = std::mem::replace(&mut self.current, item.clone());
                let truth = self.truth(predicate, item);
                self.current = outer;
                match truth? {
                    Some(true) => self.next(place, item.clone(), found),
                    _ => Ok(false),
                }
            }
            Step::Method(method) => self.method(*method, place, item, found, unwrap),
            Step::Datetime(template) => self.datetime(template.as_deref(), place, item, found),
        }
    }

    /// The place behind one; none behind the last one.
    pub(super) fn behind<'p>(&self, place: Place<'p>) -> Option<Place<'p>> {
        (!place.is_last()).then_some(Place {
            expression: place.expression,
            at: place.at + 1,
        })
    }

    /// That a value has another structure than a step needs, which is an error in strict mode only.
    pub(super) fn structural(&self, state: SqlState, message: &str) -> Result<bool, Failure> {
        match self.ignores_structure {
            true => Ok(false),
            false => Err(Failure::item(state, message)),
        }
    }
}
