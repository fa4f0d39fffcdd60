//! Random subqueries inside expressions, most of them correlated.

use crate::aggregate::aggregate_templates;
use crate::expression::sequence;
use crate::generator::{Generator, Scope};
use crate::kind::{COMPARABLE, Kind};
use crate::templates;
use crate::tree::{Tag, Tree};

impl Generator<'_> {
    /// `table AS alias`, and its scope's atoms.
    fn subquery_source(&mut self) -> (String, String, Vec<crate::generator::Atom>) {
        let tables = self.tables;
        let table = self.random.pick(tables);
        let alias = self.name("s");
        (format!("{} AS {alias}", table.name), alias.clone(), table.atoms(&alias))
    }

    fn subquery_condition(&mut self, depth: usize, scope: &Scope<'_>) -> Tree {
        let condition = self.predicate(depth.min(1), scope);
        let correlation = match scope.outer {
            Some(outer) if self.random.chance(60) => self.correlation(scope, outer),
            _ => None,
        };
        let mut conditions = Vec::from_iter(correlation);
        if conditions.is_empty() || self.random.chance(50) {
            conditions.push(condition);
        }
        Tree::clause(vec![
            " WHERE ".into(),
            Tree::List {
                items: conditions,
                separator: " AND ",
                least: 1,
            },
        ])
    }

    /// An equality, mostly, of a column inside and one outside.
    fn correlation(&mut self, scope: &Scope<'_>, outer: &Scope<'_>) -> Option<Tree> {
        let inner = Scope::of(scope.atoms);
        let atom = self.atom(&inner, |atom| COMPARABLE.contains(&atom.kind))?;
        let other = self.atom(outer, |other| other.correlates && other.kind == atom.kind)?;
        let operator = match self.random.chance(75) {
            true => "=".to_owned(),
            false => templates::constant_for("op", &mut self.random)?,
        };
        Some(sequence(vec![
            atom.tree,
            Tree::text(format!(" {operator} ")),
            other.tree,
        ]))
    }

    /// A column of the query around, such as a subquery may name.
    fn outer_value(&mut self, kind: Kind, outer: &Scope<'_>) -> Tree {
        match self.atom(outer, |atom| atom.correlates && atom.kind == kind) {
            Some(atom) => atom.tree,
            None => Tree::text(kind.constant(&mut self.random, true)),
        }
    }

    /// A scalar subquery of the kind.
    pub(crate) fn subquery_expression(&mut self, kind: Kind, depth: usize, scope: &Scope<'_>) -> Tree {
        self.subqueries_left = self.subqueries_left.saturating_sub(1);
        let (source, alias, atoms) = self.subquery_source();
        let inside = Scope {
            atoms: &atoms,
            outer: Some(scope),
        };
        let condition = self.subquery_condition(depth, &inside);
        let aggregates = aggregate_templates(kind);
        let query = match self.random.below(10) {
            0..5 if !aggregates.is_empty() => {
                let template = *self.random.pick(&aggregates);
                // Of columns inside alone: of columns outside the aggregate would belong to the query around.
                let call = self.aggregate_call(template, kind, 0, &Scope::of(&atoms));
                sequence(vec![
                    "SELECT ".into(),
                    call,
                    Tree::text(format!(" FROM {source}")),
                    condition,
                ])
            }
            5..8 => {
                let value = self.expression(kind, depth.min(1), &inside);
                let order = format!(" ORDER BY {alias}.id{} LIMIT 1", self.random.pick(&["", " DESC"]));
                sequence(vec![
                    "SELECT ".into(),
                    value,
                    Tree::text(format!(" FROM {source}")),
                    condition,
                    Tree::text(order),
                ])
            }
            _ => {
                let value = self.expression(kind, depth.min(1), &inside);
                let key = self.outer_value(Kind::Integer, scope);
                sequence(vec![
                    "SELECT ".into(),
                    value,
                    Tree::text(format!(" FROM {source} WHERE {alias}.id = ")),
                    key,
                ])
            }
        };
        sequence(vec!["(".into(), Tree::part(Tag::Query, Vec::new(), query), ")".into()])
    }

    /// EXISTS, IN, ANY and ALL.
    pub(crate) fn subquery_predicate(&mut self, depth: usize, scope: &Scope<'_>) -> Tree {
        self.subqueries_left = self.subqueries_left.saturating_sub(1);
        let (source, alias, atoms) = self.subquery_source();
        let inside = Scope {
            atoms: &atoms,
            outer: Some(scope),
        };
        let condition = self.subquery_condition(depth, &inside);
        let source = Tree::text(format!(" FROM {source}"));
        let kind = match self.random.chance(60) {
            true => Kind::Integer,
            false => *self.random.pick(COMPARABLE),
        };
        let tail = match self.random.chance(8) {
            true => Tree::clause(vec![Tree::text(format!(" ORDER BY {alias}.id LIMIT 3"))]),
            false => Tree::nothing(),
        };
        match self.random.below(10) {
            0..4 => {
                let word = *self.random.pick(&["EXISTS (SELECT 1", "(NOT EXISTS (SELECT 1"]);
                let end = if word.starts_with('(') { "))" } else { ")" };
                sequence(vec![word.into(), source, condition, end.into()])
            }
            4..8 => {
                let tested = self.expression(kind, depth.min(1), scope);
                let value = self.expression(kind, 0, &Scope::of(&atoms));
                let word = *self.random.pick(&[" IN (SELECT ", " IN (SELECT ", " NOT IN (SELECT "]);
                sequence(vec![
                    "(".into(),
                    tested,
                    word.into(),
                    value,
                    source,
                    condition,
                    tail,
                    "))".into(),
                ])
            }
            8 => {
                let tested = [Kind::Integer, kind].map(|kind| self.expression(kind, 0, scope));
                let values = [Kind::Integer, kind].map(|kind| self.expression(kind, 0, &Scope::of(&atoms)));
                let ([left, right], [first, second]) = (tested, values);
                let word = *self.random.pick(&[") IN (SELECT ", ") NOT IN (SELECT "]);
                sequence(vec![
                    "((".into(),
                    left,
                    ", ".into(),
                    right,
                    word.into(),
                    first,
                    ", ".into(),
                    second,
                    source,
                    condition,
                    "))".into(),
                ])
            }
            _ => {
                let tested = self.expression(kind, depth.min(1), scope);
                let value = self.expression(kind, 0, &Scope::of(&atoms));
                let operator = templates::constant_for("op", &mut self.random).unwrap_or_default();
                let word = *self.random.pick(&["ANY", "ALL"]);
                sequence(vec![
                    "(".into(),
                    tested,
                    Tree::text(format!(" {operator} {word} (SELECT ")),
                    value,
                    source,
                    condition,
                    tail,
                    "))".into(),
                ])
            }
        }
    }
}
