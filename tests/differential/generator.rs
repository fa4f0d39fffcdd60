//! What the parts of the generator share: the tables there are, what a place in a query can name, and what a statement turned out to be.

use crate::kind::Kind;
use crate::table::Table;
use crate::tree::Tree;
use stoa_tests::Random;

/// Subqueries inside expressions of one statement.
const SUBQUERIES_MAX: usize = 3;

/// A value that expressions may name.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    pub(crate) tree: Tree,
    pub(crate) kind: Kind,
    /// Small, so that arithmetic does not overflow.
    pub(crate) is_tame: bool,
    /// A plain column, which subqueries may name, too.
    pub(crate) correlates: bool,
}

/// What a place in a query can name.
pub(crate) struct Scope<'a> {
    pub(crate) atoms: &'a [Atom],
    pub(crate) outer: Option<&'a Scope<'a>>,
}

impl<'a> Scope<'a> {
    pub(crate) fn of(atoms: &'a [Atom]) -> Self {
        Scope { atoms, outer: None }
    }
}

/// Whose words are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    /// With what only Stoa has.
    Stoa,
}

/// A table of a WITH clause that queries may name.
#[derive(Clone, Debug)]
pub(crate) struct NamedQuery {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, Kind)>,
}

/// Makes statements over tables.
pub(crate) struct Generator<'t> {
    pub(crate) random: Random,
    pub(crate) tables: &'t [Table],
    pub(crate) dialect: Dialect,
    pub(crate) named_queries: Vec<NamedQuery>,
    /// Something in the statement depends on the order in which numbers are added, or on the last digits of a quotient.
    pub(crate) is_rounded: bool,
    pub(crate) subqueries_left: usize,
    /// The kinds of the columns are given: nothing may be added.
    pub(crate) is_bound: bool,
    next_name: usize,
}

/// A statement and how its answer is to be compared.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    pub(crate) tree: Tree,
    pub(crate) comparison: Comparison,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Numbers may differ in their last digits.
    pub(crate) is_rounded: bool,
}

impl<'t> Generator<'t> {
    pub(crate) fn new(seed: u64, tables: &'t [Table], dialect: Dialect) -> Self {
        Generator {
            random: Random::new(seed),
            tables,
            dialect,
            named_queries: Vec::new(),
            is_rounded: false,
            subqueries_left: SUBQUERIES_MAX,
            is_bound: false,
            next_name: 0,
        }
    }

    /// A name that the statement does not have yet.
    pub(crate) fn name(&mut self, prefix: &str) -> String {
        self.next_name += 1;
        format!("{prefix}{}", self.next_name)
    }
}
