//! Methods: `.type()`, `.size()`, `.abs()` ..

use super::datetime::Datetime;
use super::error::{ARRAY_NOT_FOUND, Failure, INVALID_DATETIME_ARGUMENT, NON_NUMERIC_ITEM, OBJECT_NOT_FOUND};
use super::evaluate::{Place, Search};
use super::found::Found;
use super::item::{Item, Json};
use super::number::Number;
use super::path::Method;
use crate::format::text::number::parse_f64;
use crate::format::text::numeric;
use crate::functions::scalar::json::document::{Kind, elements};

impl<'d> Search<'d, '_> {
    /// A method of a value.
    pub(super) fn method(
        &mut self,
        method: Method,
        place: Place<'_>,
        item: &Item<'d>,
        found: &mut Found<'d>,
        unwrap: bool,
    ) -> Result<bool, Failure> {
        let of_each = !matches!(method, Method::Type | Method::Size);
        if of_each && unwrap && item.is_array() {
            return self.elements_of(Some(place), item, found, false);
        }
        let answer = match method {
            Method::Type => Item::string(item.type_name()),
            Method::Size => match self.size(item)? {
                Some(size) => Item::scalar(size.to_string()),
                None => return Ok(false),
            },
            Method::Abs => Item::scalar(number(method, item)?.absolute().write()),
            Method::Floor => Item::scalar(number(method, item)?.floor().write()),
            Method::Ceiling => Item::scalar(number(method, item)?.ceiling().write()),
            Method::Double => double(item)?,
            Method::KeyValue => return self.key_values(place, item, found),
        };
        self.next(place, answer, found)
    }

    /// How many elements; none where the step comes to nothing.
    fn size(&self, item: &Item<'d>) -> Result<Option<usize>, Failure> {
        match item {
            Item::Json(json) if json.kind() == Kind::Array => Ok(Some(elements(json.text()).count())),
            _ if self.is_lax() => Ok(Some(1)),
            _ if self.ignores_structure() => Ok(None),
            _ => Err(Failure::item(
                ARRAY_NOT_FOUND,
                "jsonpath item method .size() can only be applied to an array",
            )),
        }
    }

    /// `.datetime()`
    pub(super) fn datetime(
        &mut self,
        template: Option<&str>,
        place: Place<'_>,
        item: &Item<'d>,
        found: &mut Found<'d>,
    ) -> Result<bool, Failure> {
        let text = item.characters().ok_or_else(|| {
            let message = "jsonpath item method .datetime() can only be applied to a string";
            Failure::item(INVALID_DATETIME_ARGUMENT, message)
        })?;
        let datetime = Datetime::read(&text, template)?;
        self.next(place, Item::Datetime(datetime), found)
    }

    /// `.keyvalue()`: an object of key, value and the object's number for each member.
    fn key_values(&mut self, place: Place<'_>, item: &Item<'d>, found: &mut Found<'d>) -> Result<bool, Failure> {
        let object = item.object().ok_or_else(|| {
            let message = "jsonpath item method .keyvalue() can only be applied to an object";
            Failure::item(OBJECT_NOT_FOUND, message)
        })?;
        let identity = object.identity();
        let mut answer = false;
        for (key, value) in object.members() {
            let text = format!(
                "{{\"id\": {identity}, \"key\": \"{key}\", \"value\": {}}}",
                value.text()
            );
            let number = self.number_text();
            answer = self.next(place, Item::Json(Json::made(text, number)), found)?;
            if answer && found.is_enough() {
                break;
            }
        }
        Ok(answer)
    }
}

fn number(method: Method, item: &Item<'_>) -> Result<Number, Failure> {
    item.number().ok_or_else(|| {
        let name = method.name();
        let message = format!("jsonpath item method .{name}() can only be applied to a numeric value");
        Failure::item(NON_NUMERIC_ITEM, message)
    })
}

/// A number as it is, where a double can hold it; a string read as a double.
fn double<'d>(item: &Item<'d>) -> Result<Item<'d>, Failure> {
    let read = |text: &str| parse_f64(text.as_bytes()).ok().filter(|value| value.is_finite());
    if let Some(text) = item.characters() {
        let value = read(&text).ok_or_else(|| {
            let message = "string argument of jsonpath item method .double() is not a valid representation of a double \
                           precision number";
            Failure::item(NON_NUMERIC_ITEM, message)
        })?;
        // Of a double's digits 15 count, as where Postgres makes a numeric of it.
        return Ok(Item::scalar(numeric::plain(&significant(value))?));
    }
    match item {
        Item::Json(json) if json.kind() == Kind::Number => match read(json.text()) {
            Some(_) => Ok(item.clone()),
            None => Err(Failure::item(
                NON_NUMERIC_ITEM,
                "numeric argument of jsonpath item method .double() is out of range for type double precision",
            )),
        },
        _ => Err(Failure::item(
            NON_NUMERIC_ITEM,
            "jsonpath item method .double() can only be applied to a string or numeric value",
        )),
    }
}

/// The digits that count, without zeros at their end.
fn significant(value: f64) -> String {
    let digits = format!("{value:.14e}");
    match digits.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.')),
        None => digits,
    }
}
