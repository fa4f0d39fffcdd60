//! Random window functions with every form of frame. Where ties would make an answer arbitrary, the order has none.

use crate::aggregate::aggregate_templates;
use crate::expression::sequence;
use crate::generator::{Atom, Generator, Scope};
use crate::kind::{ALL, COMPARABLE, Kind};
use crate::tree::{Tag, Tree};

/// What ties do to a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ties {
    /// Rows that tie have the same answer.
    Alike,
    /// The order of rows that tie shows.
    Shown,
}

const DIRECTIONS: &[&str] = &["", "", " DESC", " ASC NULLS FIRST", " DESC NULLS LAST", " NULLS FIRST"];

const EXCLUSIONS: &[&str] = &[
    "",
    "",
    "",
    " EXCLUDE CURRENT ROW",
    " EXCLUDE GROUP",
    " EXCLUDE TIES",
    " EXCLUDE NO OTHERS",
];

/// Whether no two rows have the same keys: those of tables.
pub(crate) fn has_unique_rows(keys: &[String]) -> bool {
    keys.iter().all(|key| key.ends_with(".id"))
}

impl Generator<'_> {
    /// A call with its OVER; `keys` order the rows without ties.
    pub(crate) fn window_call(&mut self, scope: &Scope<'_>, keys: &[String]) -> Atom {
        let mut function = self.window_function(scope);
        // Of rows that are alike in everything it is arbitrary which comes first, and two calls may see them differently.
        while !has_unique_rows(keys) && function.2 == Ties::Shown {
            function = self.window_function(scope);
        }
        let (call, kind, ties, takes_frame) = function;
        let over = self.window(scope, keys, ties, takes_frame);
        let simpler = vec![format!("NULL::{}", kind.sql())];
        Atom {
            tree: Tree::part(
                Tag::Expression(kind),
                simpler,
                sequence(vec![call, " OVER (".into(), over, ")".into()]),
            ),
            kind,
            is_tame: false,
            correlates: false,
        }
    }

    fn window_function(&mut self, scope: &Scope<'_>) -> (Tree, Kind, Ties, bool) {
        let kind = *self.random.pick(ALL);
        let plain = |text: &str, kind, ties| (Tree::text(text), kind, ties, false);
        match self.random.below(16) {
            0 => plain("row_number()", Kind::BigInt, Ties::Shown),
            1 => plain("rank()", Kind::BigInt, Ties::Alike),
            2 => plain("dense_rank()", Kind::BigInt, Ties::Alike),
            3 => plain("percent_rank()", Kind::Double, Ties::Alike),
            4 => plain("cume_dist()", Kind::Double, Ties::Alike),
            5 => plain("ntile(3)", Kind::Integer, Ties::Shown),
            6 | 7 => {
                let value = self.expression(kind, 1, scope);
                let default = self.expression(kind, 0, scope);
                let name = *self.random.pick(&["lag(", "lead("]);
                let offset = *self.random.pick(&[", 2", ", 1", ", 0", ", -1"]);
                let tail = match self.random.below(3) {
                    0 => sequence(vec![offset.into(), ", ".into(), default]),
                    1 => offset.into(),
                    _ => Tree::nothing(),
                };
                (
                    sequence(vec![name.into(), value, tail, ")".into()]),
                    kind,
                    Ties::Shown,
                    false,
                )
            }
            8 | 9 => {
                let value = self.expression(kind, 1, scope);
                let (name, end) =
                    *self
                        .random
                        .pick(&[("first_value(", ")"), ("last_value(", ")"), ("nth_value(", ", 2)")]);
                (sequence(vec![name.into(), value, end.into()]), kind, Ties::Shown, true)
            }
            _ => {
                let (call, kind) = self.window_aggregate(scope);
                (call, kind, Ties::Alike, true)
            }
        }
    }

    /// An aggregate without what OVER does not allow.
    fn window_aggregate(&mut self, scope: &Scope<'_>) -> (Tree, Kind) {
        loop {
            let kind = *self.random.pick(ALL);
            let templates = aggregate_templates(kind).into_iter();
            let allowed: Vec<&str> = templates
                .filter(|template| ["DISTINCT", "ORDER BY"].iter().all(|word| !template.contains(word)))
                .collect();
            if allowed.is_empty() {
                continue;
            }
            let template = *self.random.pick(&allowed);
            let call = self.fill_of(template, kind, 1, scope);
            // Postgres does not take aggregates in it.
            let over_rows = scope.atoms.iter().all(|atom| atom.correlates);
            let filter = match over_rows && self.random.chance(15) {
                true => {
                    let condition = self.predicate(0, scope);
                    Tree::clause(vec![" FILTER (WHERE ".into(), condition, ")".into()])
                }
                false => Tree::nothing(),
            };
            return (sequence(vec![call, filter]), kind);
        }
    }

    fn window(&mut self, scope: &Scope<'_>, keys: &[String], ties: Ties, takes_frame: bool) -> Tree {
        let partition = match self.random.chance(55) {
            true => {
                let by = (0..1 + self.random.below(2)).map(|_| self.sort_key(scope));
                let by = by.collect();
                Tree::clause(vec!["PARTITION BY ".into(), Tree::list(by, 1), " ".into()])
            }
            false => Tree::nothing(),
        };
        let with_offsets = takes_frame && ties == Ties::Alike && self.random.chance(25);
        if with_offsets && let Some(frame) = self.frame_of_values(scope) {
            return sequence(vec![partition, frame]);
        }
        if ties == Ties::Alike && self.random.chance(15) {
            return partition;
        }
        let is_total = has_unique_rows(keys) && (ties == Ties::Shown || self.random.chance(50));
        let mut order: Vec<Tree> = (0..self.random.below(3)).map(|_| self.directed_key(scope)).collect();
        if is_total || order.is_empty() {
            order.extend(keys.iter().map(|key| Tree::text(format!("{key}{}", self.direction()))));
        }
        let order = sequence(vec!["ORDER BY ".into(), Tree::list(order, 1)]);
        let frame = match takes_frame && self.random.chance(75) {
            true => self.frame(is_total),
            false => Tree::nothing(),
        };
        sequence(vec![partition, order, frame])
    }

    /// Something to sort, group or partition by.
    pub(crate) fn sort_key(&mut self, scope: &Scope<'_>) -> Tree {
        let kind = *self.random.pick(COMPARABLE);
        let local = Scope::of(scope.atoms);
        match self.atom(&local, |atom| atom.kind == kind) {
            Some(atom) => atom.tree,
            None => match self.atom(&local, |_| true) {
                Some(atom) => atom.tree,
                None => "NULL::integer".into(),
            },
        }
    }

    fn directed_key(&mut self, scope: &Scope<'_>) -> Tree {
        let key = self.sort_key(scope);
        let direction = self.direction();
        sequence(vec![key, direction.into()])
    }

    pub(crate) fn direction(&mut self) -> &'static str {
        DIRECTIONS[self.random.below(DIRECTIONS.len())]
    }

    /// ROWS and GROUPS by numbers; ROWS only where no rows tie.
    fn frame(&mut self, is_total: bool) -> Tree {
        let unit = match is_total {
            true => *self.random.pick(&["ROWS", "ROWS", "GROUPS"]),
            false => *self.random.pick(&["GROUPS", "RANGE"]),
        };
        let starts: &[&str] = match unit {
            "RANGE" => &["UNBOUNDED PRECEDING", "CURRENT ROW"],
            _ => &[
                "UNBOUNDED PRECEDING",
                "2 PRECEDING",
                "1 PRECEDING",
                "0 PRECEDING",
                "CURRENT ROW",
                "1 FOLLOWING",
            ],
        };
        let ends: &[&str] = match unit {
            "RANGE" => &["UNBOUNDED FOLLOWING", "CURRENT ROW"],
            _ => &[
                "UNBOUNDED FOLLOWING",
                "CURRENT ROW",
                "1 FOLLOWING",
                "3 FOLLOWING",
                "1 PRECEDING",
            ],
        };
        let (start, end) = (*self.random.pick(starts), *self.random.pick(ends));
        let exclusion = *self.random.pick(EXCLUSIONS);
        let text = match self.random.below(4) {
            0 if !start.contains("FOLLOWING") => format!(" {unit} {start}{exclusion}"),
            _ if start == "1 FOLLOWING" && !end.contains("FOLLOWING") => {
                format!(" {unit} BETWEEN {start} AND UNBOUNDED FOLLOWING{exclusion}")
            }
            _ if start == "CURRENT ROW" && end == "1 PRECEDING" => {
                format!(" {unit} BETWEEN {start} AND CURRENT ROW{exclusion}")
            }
            _ => format!(" {unit} BETWEEN {start} AND {end}{exclusion}"),
        };
        Tree::clause(vec![Tree::text(text)])
    }

    /// RANGE by distances of values.
    fn frame_of_values(&mut self, scope: &Scope<'_>) -> Option<Tree> {
        let kinds = [
            Kind::SmallInt,
            Kind::Integer,
            Kind::BigInt,
            Kind::Numeric,
            Kind::Double,
            Kind::Date,
            Kind::Timestamp,
            Kind::TimestampTz,
        ];
        let local = Scope::of(scope.atoms);
        let atom = self.atom(&local, |atom| kinds.contains(&atom.kind))?;
        let offset = |generator: &mut Self| match atom.kind {
            Kind::Date | Kind::Timestamp | Kind::TimestampTz => generator
                .random
                .pick(&["'1 day'::interval", "'12 hours'::interval", "'1 mon'::interval"])
                .to_string(),
            Kind::Numeric | Kind::Double => generator.random.pick(&["0.5", "2", "0"]).to_string(),
            _ => generator.random.pick(&["1", "3", "0"]).to_string(),
        };
        let (before, after) = (offset(self), offset(self));
        let direction = self.direction();
        let exclusion = *self.random.pick(EXCLUSIONS);
        let bounds = match self.random.below(5) {
            0 => format!("BETWEEN {before} PRECEDING AND CURRENT ROW"),
            1 => format!("BETWEEN UNBOUNDED PRECEDING AND {after} FOLLOWING"),
            2 => format!("BETWEEN {before} PRECEDING AND UNBOUNDED FOLLOWING"),
            _ => format!("BETWEEN {before} PRECEDING AND {after} FOLLOWING"),
        };
        Some(sequence(vec![
            "ORDER BY ".into(),
            atom.tree,
            Tree::text(format!("{direction} RANGE {bounds}{exclusion}")),
        ]))
    }
}
