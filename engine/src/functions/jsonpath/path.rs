//! A path as a tree. Never evaluates.

use crate::functions::scalar::pattern::Flags;

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    /// `lax`, the mode where nothing is said: arrays are unwrapped and single values wrapped as a step needs them, and what is not there
    /// is no error.
    pub(super) lax: bool,
    pub(super) root: Expression,
}

/// A value and the steps taken from it: `$.a[*].b`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) head: Head,
    pub(super) steps: Vec<Step>,
}

/// Where an expression begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Head {
    /// `$`
    Root,
    /// `@`
    Current,
    /// `last`: the index of the innermost array's last element.
    Last,
    Null,
    Boolean(bool),
    /// Digits as `numeric` shows them.
    Number(String),
    Text(String),
    /// `$name`
    Variable(String),
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    /// `+x`, and where it is true `-x`.
    Sign(bool, Box<Expression>),
    /// A condition as a value.
    Predicate(Box<Predicate>),
}

/// An operator of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Arithmetic {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Remainder => "%",
        }
    }
}

/// A step from a value to others.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// `.key`
    Key(String),
    /// `.*`
    AnyKey,
    /// `[*]`
    AnyElement,
    /// `[0, 2 to last]`
    Elements(Vec<Subscript>),
    /// `.**{first to last}`
    Descendants(Level, Level),
    /// `?(condition)`
    Filter(Box<Predicate>),
    /// `.method()`
    Method(Method),
    /// `.datetime("template")`
    Datetime(Option<String>),
}

/// `index`, or `index to index`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Subscript {
    pub(super) from: Expression,
    pub(super) to: Option<Expression>,
}

/// How deep `.**` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    At(u32),
    /// To where there is nothing deeper.
    Last,
}

/// A method without arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Type,
    Size,
    Abs,
    Floor,
    Ceiling,
    Double,
    KeyValue,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Method::Type => "type",
            Method::Size => "size",
            Method::Abs => "abs",
            Method::Floor => "floor",
            Method::Ceiling => "ceiling",
            Method::Double => "double",
            Method::KeyValue => "keyvalue",
        }
    }
}

/// A condition: true, false or unknown.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Predicate {
    And(Box<Predicate>, Box<Predicate>),
    Or(Box<Predicate>, Box<Predicate>),
    Not(Box<Predicate>),
    IsUnknown(Box<Predicate>),
    Exists(Expression),
    Compare(Comparison, Expression, Expression),
    /// `x starts with "a"`, or with a variable.
    StartsWith(Expression, Expression),
    LikeRegex(Expression, Pattern),
}

/// `==`, `!=` ..
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

/// What follows `like_regex`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    pub(super) text: String,
    /// Letters of `ismxq` in that order.
    pub(super) written: String,
    pub(super) flags: Flags,
}
