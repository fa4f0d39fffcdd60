//! A path followed through a document, depth first: what comes first is found first, and where one value is enough the rest is not
//! looked at.

use super::error::{Failure, NUMBER_NOT_FOUND, SINGLETON_REQUIRED};
use super::found::Found;
use super::item::{Item, Json};
use super::number::Number;
use super::path::{Arithmetic, Expression, Head, Path};
use super::with_stack;
use crate::error::{Error, SqlState};
use crate::functions::StatementContext;

/// Values looked at between two questions whether the statement was cancelled.
const TICKS_BETWEEN_CHECKS: u32 = 1 << 12;

/// A step of an expression by its place: 0 is what the expression begins with.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) expression: &'p Expression,
    pub(super) at: usize,
}

impl Place<'_> {
    pub(super) fn is_last(&self) -> bool {
        self.at == self.expression.steps.len()
    }
}

/// A path on its way through a document.
pub(super) struct Search<'d, 's> {
    pub(super) lax: bool,
    /// Structural errors are none: in lax mode, and below `.**`.
    pub(super) ignores_structure: bool,
    /// Errors end the search; otherwise they make a condition unknown.
    pub(super) throws: bool,
    root: Item<'d>,
    pub(super) current: Item<'d>,
    variables: Option<Json<'d>>,
    /// Elements of the innermost array that is being subscripted.
    pub(super) array_size: Option<usize>,
    pub(super) zone: Option<&'s StatementContext>,
    statement: &'s StatementContext,
    /// Texts made so far that have objects, counted on from those given.
    text_count: u64,
    ticks: u32,
}

impl<'d, 's> Search<'d, 's> {
    /// Of a document that may or may not have variables.
    pub(super) fn new(
        lax: bool,
        document: Json<'d>,
        variables: Option<Json<'d>>,
        statement: &'s StatementContext,
    ) -> Self {
        Search {
            lax,
            ignores_structure: lax,
            throws: true,
            root: Item::Json(document.clone()),
            current: Item::Json(document),
            text_count: if variables.is_some() { 2 } else { 1 },
            variables,
            array_size: None,
            zone: None,
            statement,
            ticks: 0,
        }
    }

    pub(super) fn run(&mut self, path: &Path, found: &mut Found<'d>) -> Result<bool, Failure> {
        let root = self.root.clone();
        self.item(&path.root, 0, &root, found)
    }

    /// The statement whose time zone may be used, if any.
    pub(super) fn zone(&self) -> Option<&'s StatementContext> {
        self.zone
    }

    pub(super) fn is_lax(&self) -> bool {
        self.lax
    }

    pub(super) fn ignores_structure(&self) -> bool {
        self.ignores_structure
    }

    /// The next number for a text with objects.
    pub(super) fn number_text(&mut self) -> u64 {
        self.text_count += 1;
        self.text_count - 1
    }

    /// Fails now and then if the statement was cancelled.
    pub(super) fn tick(&mut self) -> Result<(), Failure> {
        self.ticks += 1;
        if self.ticks >= TICKS_BETWEEN_CHECKS {
            self.ticks = 0;
            self.statement.session.check_cancelled()?;
        }
        Ok(())
    }

    /// Runs `work` with errors of values as `None`.
    pub(super) fn without_throwing<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let throws = std::mem::replace(&mut self.throws, false);
        let outcome = work(self);
        self.throws = throws;
        match outcome {
            Ok(answer) => Ok(Some(answer)),
            Err(Failure::Item(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Follows an expression from one of its places on; true if a value is found.
    pub(super) fn item(
        &mut self,
        expression: &Expression,
        at: usize,
        item: &Item<'d>,
        found: &mut Found<'d>,
    ) -> Result<bool, Failure> {
        let unwrap = self.lax;
        self.place(Place { expression, at }, item, found, unwrap)
    }

    /// `unwrap`: an array stands for its elements where the step wants no array.
    pub(super) fn place(
        &mut self,
        place: Place<'_>,
        item: &Item<'d>,
        found: &mut Found<'d>,
        unwrap: bool,
    ) -> Result<bool, Failure> {
        self.tick()?;
        with_stack(|| match place.at.checked_sub(1) {
            None => self.head(place, item, found),
            Some(step) => match place.expression.steps.get(step) {
                Some(step) => self.step(step, place, item, found, unwrap),
                None => Err(super::broken("a step is missing").into()),
            },
        })
    }

    /// Goes on with a value behind a place.
    pub(super) fn next(&mut self, place: Place<'_>, item: Item<'d>, found: &mut Found<'d>) -> Result<bool, Failure> {
        if place.is_last() {
            found.push(item)?;
            return Ok(true);
        }
        self.item(place.expression, place.at + 1, &item, found)
    }

    /// All values of an expression; `unwrap`: in lax mode with arrays as their elements.
    pub(super) fn sequence(
        &mut self,
        expression: &Expression,
        item: &Item<'d>,
        unwrap: bool,
    ) -> Result<Vec<Item<'d>>, Failure> {
        let mut found = Found::all();
        self.item(expression, 0, item, &mut found)?;
        let items = found.into_items();
        if !unwrap || !self.lax {
            return Ok(items);
        }
        let mut unwrapped = Vec::with_capacity(items.len());
        for item in items {
            match &item {
                Item::Json(json) if item.is_array() => unwrapped.extend(json.children().into_iter().map(Item::Json)),
                _ => unwrapped.push(item),
            }
        }
        Ok(unwrapped)
    }

    fn head(&mut self, place: Place<'_>, item: &Item<'d>, found: &mut Found<'d>) -> Result<bool, Failure> {
        // A value is there: nobody asks which.
        let is_enough = place.is_last() && found.is_enough();
        let value = match &place.expression.head {
            Head::Root => self.root.clone(),
            Head::Current => self.current.clone(),
            Head::Variable(name) => self.variable(name)?,
            Head::Arithmetic(operator, left, right) => self.arithmetic(*operator, left, right, item)?,
            Head::Sign(negative, operand) => return self.signed(*negative, operand, place, item, found),
            Head::Predicate(predicate) => match self.truth(predicate, item)? {
                Some(truth) => Item::scalar(if truth { "true" } else { "false" }),
                None => Item::scalar("null"),
            },
            _ if is_enough => return Ok(true),
            Head::Last => match self.array_size {
                Some(size) => Item::scalar((size as i64 - 1).to_string()),
                None => return Err(super::broken("LAST outside of array subscript").into()),
            },
            Head::Null => Item::scalar("null"),
            Head::Boolean(value) => Item::scalar(if *value { "true" } else { "false" }),
            Head::Number(digits) => Item::scalar(digits.as_str()),
            Head::Text(text) => Item::string(text),
        };
        self.next(place, value, found)
    }

    fn variable(&self, name: &str) -> Result<Item<'d>, Failure> {
        let Some(variables) = &self.variables else {
            return Ok(Item::scalar("null"));
        };
        match variables.member(name) {
            Some(value) => Ok(Item::Json(value)),
            None => {
                let message = format!("could not find jsonpath variable \"{name}\"");
                Err(Error::user(SqlState::UNDEFINED_OBJECT, message).into())
            }
        }
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        left: &Expression,
        right: &Expression,
        item: &Item<'d>,
    ) -> Result<Item<'d>, Failure> {
        let (left, right) = (self.sequence(left, item, true)?, self.sequence(right, item, true)?);
        let operand = |items: &[Item<'d>], side: &str| {
            let number = match items {
                [only] => only.number(),
                _ => None,
            };
            number.ok_or_else(|| {
                let symbol = operator.symbol();
                let message = format!("{side} operand of jsonpath operator {symbol} is not a single numeric value");
                Failure::item(SINGLETON_REQUIRED, message)
            })
        };
        let (left, right) = (operand(&left, "left")?, operand(&right, "right")?);
        Ok(Item::scalar(Number::calculate(operator, &left, &right)?.write()))
    }

    /// `+x`, `-x`, of every value of x.
    fn signed(
        &mut self,
        negative: bool,
        operand: &Expression,
        place: Place<'_>,
        item: &Item<'d>,
        found: &mut Found<'d>,
    ) -> Result<bool, Failure> {
        let is_enough = place.is_last() && found.is_enough();
        let mut answer = false;
        for value in self.sequence(operand, item, true)? {
            let number = match value.number() {
                Some(_) if is_enough => return Ok(true),
                Some(number) => number,
                None if is_enough => continue,
                None => {
                    let sign = if negative { "-" } else { "+" };
                    let message = format!("operand of unary jsonpath operator {sign} is not a numeric value");
                    return Err(Failure::item(NUMBER_NOT_FOUND, message));
                }
            };
            let number = if negative { number.negated() } else { number };
            if self.next(place, Item::scalar(number.write()), found)? {
                answer = true;
                if found.is_enough() {
                    break;
                }
            }
        }
        Ok(answer)
    }
}
