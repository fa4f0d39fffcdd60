//! Random scalar expressions over what a scope offers.

use crate::generator::{Atom, Generator, Scope};
use crate::kind::{ALL, COMPARABLE, Kind, NUMBERS, SHOWN_ALIKE, STRINGS, TIMES};
use crate::templates;
use crate::tree::{Tag, Tree};

/// How often a subquery names the query around it.
const OUTER_PERCENT: usize = 25;

impl Generator<'_> {
    /// An expression of the kind, whole enough to stand anywhere.
    pub(crate) fn expression(&mut self, kind: Kind, depth: usize, scope: &Scope<'_>) -> Tree {
        let inner = match depth {
            0 => self.atom_or_constant(kind, scope),
            _ => match self.random.below(100) {
                0..22 => self.atom_or_constant(kind, scope),
                22..30 => Tree::text(kind.constant(&mut self.random, false)),
                30..33 => Tree::text(format!("NULL::{}", kind.sql())),
                33..50 => self.conditional(kind, depth - 1, scope),
                50..56 if self.subqueries_left > 0 => self.subquery_expression(kind, depth - 1, scope),
                _ => {
                    let template = *self.random.pick(templates::of(kind));
                    self.fill(template, depth - 1, scope)
                }
            },
        };
        self.wrapped(kind, inner)
    }

    fn wrapped(&mut self, kind: Kind, inner: Tree) -> Tree {
        let mut simpler = vec![format!("NULL::{}", kind.sql()), kind.constant(&mut self.random, true)];
        if kind == Kind::Boolean {
            simpler.extend(["TRUE".to_owned(), "FALSE".to_owned()]);
        }
        Tree::part(Tag::Expression(kind), simpler, inner)
    }

    /// A column or what else the scope has ready, else a constant.
    fn atom_or_constant(&mut self, kind: Kind, scope: &Scope<'_>) -> Tree {
        match self.atom(scope, |atom| atom.kind == kind) {
            Some(atom) => atom.tree,
            None => Tree::text(kind.constant(&mut self.random, false)),
        }
    }

    /// One of the scope's atoms, sometimes of a query around it.
    pub(crate) fn atom(&mut self, scope: &Scope<'_>, fits: impl Fn(&Atom) -> bool) -> Option<Atom> {
        self.atom_that(scope, &fits)
    }

    fn atom_that(&mut self, scope: &Scope<'_>, fits: &dyn Fn(&Atom) -> bool) -> Option<Atom> {
        if let Some(outer) = scope.outer
            && self.random.chance(OUTER_PERCENT)
            && let Some(atom) = self.atom_that(outer, &|atom| atom.correlates && fits(atom))
        {
            return Some(atom);
        }
        let fitting: Vec<&Atom> = scope.atoms.iter().filter(|atom| fits(atom)).collect();
        match fitting.is_empty() {
            true => None,
            false => Some((*self.random.pick(&fitting)).clone()),
        }
    }

    /// CASE, COALESCE and kin.
    fn conditional(&mut self, kind: Kind, depth: usize, scope: &Scope<'_>) -> Tree {
        let some = |generator: &mut Self| generator.expression(kind, depth, scope);
        let (first, second, third) = (some(self), some(self), some(self));
        match self.random.below(8) {
            0 | 1 => {
                let condition = self.expression(Kind::Boolean, depth, scope);
                sequence(vec![
                    "(CASE WHEN ".into(),
                    condition,
                    " THEN ".into(),
                    first,
                    " ELSE ".into(),
                    second,
                    " END)".into(),
                ])
            }
            2 => {
                let conditions = [0, 1].map(|_| self.expression(Kind::Boolean, depth, scope));
                let [one, two] = conditions;
                sequence(vec![
                    "(CASE WHEN ".into(),
                    one,
                    " THEN ".into(),
                    first,
                    " WHEN ".into(),
                    two,
                    " THEN ".into(),
                    second,
                    " END)".into(),
                ])
            }
            3 => {
                let tested = *self.random.pick(COMPARABLE);
                let values = [0, 1, 2].map(|_| self.expression(tested, depth, scope));
                let [of, one, two] = values;
                sequence(vec![
                    "(CASE ".into(),
                    of,
                    " WHEN ".into(),
                    one,
                    " THEN ".into(),
                    first,
                    " WHEN ".into(),
                    two,
                    " THEN ".into(),
                    second,
                    " ELSE ".into(),
                    third,
                    " END)".into(),
                ])
            }
            4 | 5 => sequence(vec![
                "coalesce(".into(),
                Tree::list(vec![first, second, third], 1),
                ")".into(),
            ]),
            6 => sequence(vec!["nullif(".into(), first, ", ".into(), second, ")".into()]),
            _ => {
                let name = *self.random.pick(&["greatest(", "least("]);
                sequence(vec![name.into(), Tree::list(vec![first, second, third], 1), ")".into()])
            }
        }
    }

    /// A template with operands in its places.
    pub(crate) fn fill(&mut self, template: &str, depth: usize, scope: &Scope<'_>) -> Tree {
        let same = *self.random.pick(COMPARABLE);
        self.fill_of(template, same, depth, scope)
    }

    pub(crate) fn fill_of(&mut self, template: &str, same: Kind, depth: usize, scope: &Scope<'_>) -> Tree {
        let template = match template.strip_prefix('~') {
            Some(rest) => {
                self.is_rounded = true;
                rest
            }
            None => template,
        };
        let mut parts: Vec<Tree> = Vec::new();
        let mut first: Option<Tree> = None;
        let mut document: Option<Tree> = None;
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((place, behind)) = after.split_once('}') else {
                break;
            };
            parts.push(Tree::text(before));
            let operand = match place {
                "@" => first.clone().unwrap_or_else(Tree::nothing),
                "jcol" => document
                    .get_or_insert_with(|| self.expression(Kind::Jsonb, 0, scope))
                    .clone(),
                "xc" => Tree::text(same.constant(&mut self.random, false)),
                "x" => {
                    let depth = self.lower(depth);
                    self.expression(same, depth, scope)
                }
                place => self.operand(place, depth, scope),
            };
            if first.is_none() {
                first = Some(operand.clone());
            }
            parts.push(operand);
            rest = behind;
        }
        parts.push(Tree::text(rest));
        Tree::Sequence(parts)
    }

    fn lower(&mut self, depth: usize) -> usize {
        match depth {
            0 => 0,
            depth => depth - self.random.below(2).min(depth),
        }
    }

    fn operand(&mut self, place: &str, depth: usize, scope: &Scope<'_>) -> Tree {
        if let Some(constant) = templates::constant_for(place, &mut self.random) {
            return Tree::text(constant);
        }
        let kind = match place {
            "any" => *self.random.pick(ALL),
            "num" => *self.random.pick(NUMBERS),
            "str" => *self.random.pick(STRINGS),
            "time" => *self.random.pick(TIMES),
            "cat" => *self.random.pick(SHOWN_ALIKE),
            "t4" => return self.tame(Kind::Integer, scope),
            "tf" => return self.tame(Kind::Double, scope),
            "tn" => return self.tame(Kind::Numeric, scope),
            "td" => return self.tame(Kind::Date, scope),
            "tt" => return self.tame(Kind::Timestamp, scope),
            "tz1" => return self.tame(Kind::TimestampTz, scope),
            place => match templates::kind_named(place) {
                Some(kind) => kind,
                // A template's own braces, as in a constant array.
                None => return Tree::text(format!("{{{place}}}")),
            },
        };
        let depth = self.lower(depth);
        self.expression(kind, depth, scope)
    }

    /// A small value.
    fn tame(&mut self, kind: Kind, scope: &Scope<'_>) -> Tree {
        let inner = match self.random.below(100) {
            0..25 => Tree::text(kind.constant(&mut self.random, true)),
            25..32 if kind == Kind::Integer => {
                let inner = self.expression(Kind::Integer, 0, scope);
                sequence(vec!["(".into(), inner, " % 10)".into()])
            }
            32..36 if kind == Kind::Integer => {
                let inner = self.expression(Kind::Text, 0, scope);
                sequence(vec!["length(".into(), inner, ")".into()])
            }
            36..42 => {
                let arms = [0, 1].map(|_| self.tame_atom(kind, scope));
                let [one, two] = arms;
                sequence(vec!["coalesce(".into(), one, ", ".into(), two, ")".into()])
            }
            42..46 => {
                let condition = self.expression(Kind::Boolean, 0, scope);
                let arms = [0, 1].map(|_| self.tame_atom(kind, scope));
                let [one, two] = arms;
                sequence(vec![
                    "(CASE WHEN ".into(),
                    condition,
                    " THEN ".into(),
                    one,
                    " ELSE ".into(),
                    two,
                    " END)".into(),
                ])
            }
            _ => self.tame_atom(kind, scope),
        };
        self.wrapped(kind, inner)
    }

    fn tame_atom(&mut self, kind: Kind, scope: &Scope<'_>) -> Tree {
        match self.atom(scope, |atom| atom.kind == kind && atom.is_tame) {
            Some(atom) => atom.tree,
            None => Tree::text(kind.constant(&mut self.random, true)),
        }
    }

    /// A truth value over the scope, deep enough to be interesting.
    pub(crate) fn predicate(&mut self, depth: usize, scope: &Scope<'_>) -> Tree {
        let inner = match self.random.below(100) {
            // What storage and joins know how to use.
            0..30 => self.plain_condition(scope),
            30..42 if self.subqueries_left > 0 => self.subquery_predicate(depth, scope),
            42..52 if depth > 0 => {
                let left = self.predicate(depth - 1, scope);
                let right = self.predicate(depth - 1, scope);
                let word = *self.random.pick(&[" AND ", " OR "]);
                sequence(vec!["(".into(), left, word.into(), right, ")".into()])
            }
            52..56 if depth > 0 => {
                let inner = self.predicate(depth - 1, scope);
                sequence(vec!["(NOT ".into(), inner, ")".into()])
            }
            _ => {
                let template = *self.random.pick(templates::BOOLEAN);
                self.fill(template, depth, scope)
            }
        };
        self.wrapped(Kind::Boolean, inner)
    }

    /// A column compared with constants.
    fn plain_condition(&mut self, scope: &Scope<'_>) -> Tree {
        let Some(atom) = self.atom(scope, |atom| !matches!(atom.kind, Kind::IntegerArray | Kind::TextArray)) else {
            return "TRUE".into();
        };
        let constant = |generator: &mut Self| Tree::text(atom.kind.constant(&mut generator.random, atom.is_tame));
        let [one, two, three] = [0, 1, 2].map(|_| constant(self));
        let column = atom.tree.clone();
        let operator = templates::constant_for("op", &mut self.random).unwrap_or_default();
        sequence(match self.random.below(9) {
            0..5 => vec!["(".into(), column, Tree::text(format!(" {operator} ")), one, ")".into()],
            5 => vec![
                "(".into(),
                column,
                " BETWEEN ".into(),
                one,
                " AND ".into(),
                two,
                ")".into(),
            ],
            6 => vec![
                "(".into(),
                column,
                " IN (".into(),
                Tree::list(vec![one, two, three], 1),
                "))".into(),
            ],
            7 => vec!["(".into(), column, " IS NULL)".into()],
            _ => vec!["(".into(), column, " IS NOT NULL)".into()],
        })
    }
}

pub(crate) fn sequence(parts: Vec<Tree>) -> Tree {
    Tree::Sequence(parts)
}

impl From<&str> for Tree {
    fn from(text: &str) -> Tree {
        Tree::text(text)
    }
}
