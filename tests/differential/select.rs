//! Random SELECTs: plain, grouped in every way, distinct, with windows.

use crate::expression::sequence;
use crate::generator::{Atom, Dialect, Generator, Scope};
use crate::kind::{ALL, Kind};
use crate::source::Source;
use crate::tree::{Tag, Tree};

/// A SELECT to which ORDER BY and LIMIT can be added.
pub(crate) struct Select {
    pub(crate) tree: Tree,
    pub(crate) kinds: Vec<Kind>,
    /// What orders the rows without ties, where ORDER BY may name it.
    pub(crate) keys: Option<Vec<String>>,
}

/// Columns of a result.
const ITEMS_MAX: usize = 4;

impl Generator<'_> {
    fn result_kinds(&mut self) -> Vec<Kind> {
        let count = 1 + self.random.below(ITEMS_MAX);
        (0..count).map(|_| *self.random.pick(ALL)).collect()
    }

    pub(crate) fn select(&mut self, depth: usize, outer: Option<&Scope<'_>>, kinds: Option<&[Kind]>) -> Select {
        let source = self.source(depth, outer);
        match self.random.below(100) {
            0..38 => self.grouped_select(source, outer, kinds),
            38..46 => self.distinct_on_select(source, outer, kinds),
            _ => self.plain_select(source, outer, kinds),
        }
    }

    fn items(&mut self, kinds: &[Kind], scope: &Scope<'_>) -> Vec<Tree> {
        let mut items = Vec::new();
        for kind in kinds {
            let depth = self.random.below(4);
            items.push(self.expression(*kind, depth, scope));
        }
        items
    }

    /// Some of the items with names of their own.
    fn named(&mut self, items: Vec<Tree>) -> Tree {
        let mut named = Vec::new();
        for item in items {
            named.push(match self.random.chance(40) {
                true => {
                    let name = self.name("c");
                    sequence(vec![item, Tree::text(format!(" AS {name}"))])
                }
                false => item,
            });
        }
        Tree::list(named, 1)
    }

    fn condition(&mut self, percent: usize, word: &str, scope: &Scope<'_>) -> Tree {
        if !self.random.chance(percent) {
            return Tree::nothing();
        }
        let predicate = self.predicate(2, scope);
        Tree::clause(vec![word.into(), predicate])
    }

    fn plain_select(&mut self, source: Source, outer: Option<&Scope<'_>>, kinds: Option<&[Kind]>) -> Select {
        let kinds = kinds.map_or_else(|| self.result_kinds(), <[Kind]>::to_vec);
        let rows = Scope {
            atoms: &source.atoms,
            outer,
        };
        let filter = self.condition(60, " WHERE ", &rows);
        let mut atoms = source.atoms.clone();
        let has_windows = self.random.chance(28);
        if has_windows {
            for _ in 0..1 + self.random.below(2) {
                let call = self.window_call(&rows, &source.keys);
                // Several times, as columns are many.
                atoms.extend(vec![call; 8]);
            }
        }
        let scope = Scope { atoms: &atoms, outer };
        let kinds = match has_windows {
            true => self.kinds_of_calls(kinds, &atoms[source.atoms.len()..]),
            false => kinds,
        };
        let items = self.items(&kinds, &scope);
        let is_distinct = !self.is_rounded && !kinds.iter().any(Kind::has_many_forms) && self.random.chance(15);
        let items = self.named(items);
        let qualify = match self.dialect {
            Dialect::Stoa if has_windows && self.random.chance(30) => {
                let predicate = self.predicate(1, &scope);
                Tree::clause(vec![" QUALIFY ".into(), predicate])
            }
            _ => Tree::nothing(),
        };
        let words = if is_distinct { "SELECT DISTINCT " } else { "SELECT " };
        let tree = sequence(vec![words.into(), items, " FROM ".into(), source.tree, filter, qualify]);
        Select {
            tree,
            kinds,
            keys: (!is_distinct).then_some(source.keys),
        }
    }

    /// The kinds that are asked for, or, where the choice is free, such that the calls show.
    fn kinds_of_calls(&mut self, kinds: Vec<Kind>, calls: &[Atom]) -> Vec<Kind> {
        if kinds.iter().any(|kind| calls.iter().any(|call| call.kind == *kind)) || self.is_bound {
            return kinds;
        }
        let mut kinds = kinds;
        kinds.extend(calls.first().map(|call| call.kind));
        kinds
    }

    fn distinct_on_select(&mut self, source: Source, outer: Option<&Scope<'_>>, kinds: Option<&[Kind]>) -> Select {
        let kinds = kinds.map_or_else(|| self.result_kinds(), <[Kind]>::to_vec);
        let scope = Scope {
            atoms: &source.atoms,
            outer,
        };
        let filter = self.condition(50, " WHERE ", &scope);
        let on: Vec<Tree> = (0..1 + self.random.below(2)).map(|_| self.sort_key(&scope)).collect();
        let items = self.items(&kinds, &scope);
        let items = self.named(items);
        let mut order = Vec::new();
        for key in &on {
            let direction = self.direction();
            order.push(sequence(vec![key.clone(), direction.into()]));
        }
        order.extend(source.keys.iter().map(|key| Tree::text(key.as_str())));
        let tree = sequence(vec![
            "SELECT DISTINCT ON (".into(),
            Tree::list(on, 1),
            ") ".into(),
            items,
            " FROM ".into(),
            source.tree,
            filter,
            " ORDER BY ".into(),
            Tree::list(order, 1),
        ]);
        Select {
            tree: Tree::part(Tag::Query, Vec::new(), sequence(vec!["(".into(), tree, ")".into()])),
            kinds,
            keys: None,
        }
    }

    fn grouped_select(&mut self, source: Source, outer: Option<&Scope<'_>>, kinds: Option<&[Kind]>) -> Select {
        let local = Scope::of(&source.atoms);
        let rows = Scope {
            atoms: &source.atoms,
            outer,
        };
        let filter = self.condition(45, " WHERE ", &rows);
        let keys = self.group_keys(&local);
        let (clause, sets) = self.group_clause(&keys);
        let mut atoms = keys.clone();
        for _ in 0..1 + self.random.below(3) {
            let call = self.aggregate(&local);
            atoms.extend(vec![call; 1 + keys.len()]);
        }
        if sets {
            atoms.push(grouping(&keys));
        }
        let having = match self.random.chance(22) {
            true => {
                let grouped = Scope { atoms: &atoms, outer };
                let predicate = self.predicate(1, &grouped);
                Tree::clause(vec![" HAVING ".into(), predicate])
            }
            false => Tree::nothing(),
        };
        if !sets && self.random.chance(12) {
            let grouped = Scope { atoms: &atoms, outer };
            let order: Vec<String> = keys.iter().map(|key| key.tree.render()).collect();
            if !order.is_empty() {
                let call = self.window_call(&grouped, &order);
                atoms.extend(vec![call; 3]);
            }
        }
        let kinds = match kinds {
            Some(kinds) => kinds.to_vec(),
            None => {
                let count = 1 + self.random.below(ITEMS_MAX);
                (0..count).map(|_| self.random.pick(&atoms).kind).collect()
            }
        };
        let grouped = Scope { atoms: &atoms, outer };
        let items = self.items(&kinds, &grouped);
        let is_distinct = !self.is_rounded && !kinds.iter().any(Kind::has_many_forms) && self.random.chance(6);
        let items = self.named(items);
        let words = if is_distinct { "SELECT DISTINCT " } else { "SELECT " };
        let tree = sequence(vec![
            words.into(),
            items,
            " FROM ".into(),
            source.tree,
            filter,
            clause,
            having,
        ]);
        let order: Vec<String> = keys.iter().map(|key| key.tree.render()).collect();
        Select {
            tree,
            kinds,
            keys: (!is_distinct && !sets && !order.is_empty()).then_some(order),
        }
    }

    /// Columns, and expressions of them.
    fn group_keys(&mut self, scope: &Scope<'_>) -> Vec<Atom> {
        let mut keys: Vec<Atom> = Vec::new();
        for _ in 0..*self.random.pick(&[0, 1, 1, 1, 2, 2, 3]) {
            let is_group = |atom: &Atom| !matches!(atom.kind, Kind::IntegerArray | Kind::TextArray);
            let Some(mut key) = self.atom(scope, is_group) else {
                continue;
            };
            // Of equal intervals and documents any one is shown, which their columns do not have.
            if !key.kind.has_many_forms() && self.random.chance(25) {
                let subqueries = std::mem::take(&mut self.subqueries_left);
                let tree = self.expression(key.kind, 1, scope);
                self.subqueries_left = subqueries;
                // A number would be a place in the list, and other constants are keys in name only.
                let text = tree.render();
                if scope.atoms.iter().any(|atom| text.contains(&atom.tree.render())) {
                    key = Atom {
                        tree,
                        correlates: false,
                        is_tame: false,
                        ..key
                    };
                }
            }
            keys.push(key);
        }
        keys
    }

    /// GROUP BY, and whether keys can be missing from rows.
    fn group_clause(&mut self, keys: &[Atom]) -> (Tree, bool) {
        if keys.is_empty() {
            return match self.random.chance(10) {
                true => (" GROUP BY ()".into(), false),
                false => (Tree::nothing(), false),
            };
        }
        let all: Vec<String> = keys.iter().map(|key| key.tree.render()).collect();
        let listed = all.join(", ");
        let text = match self.random.below(100) {
            // PostgreSQL 15 simplifies HAVING and the outputs before it looks there for what is grouped by, and takes for rows' own what it
            // does not find: in a set without that key the answer is another one.
            0..26 if keys.iter().any(is_simplified) => return (Tree::text(format!(" GROUP BY {listed}")), false),
            0..8 => format!("ROLLUP ({listed})"),
            8..14 => format!("CUBE ({listed})"),
            14..20 => {
                let some = self.random.some(&all, all.len()).join(", ");
                format!("GROUPING SETS (({listed}), ({some}), ())")
            }
            20..23 => format!("GROUPING SETS (({listed}), ({listed}))"),
            23..26 if all.len() > 1 => format!("{}, ROLLUP ({})", all[0], all[1..].join(", ")),
            _ => return (Tree::text(format!(" GROUP BY {listed}")), false),
        };
        (Tree::text(format!(" GROUP BY {text}")), true)
    }
}

/// Whether PostgreSQL's planner may write an expression anew.
fn is_simplified(key: &Atom) -> bool {
    matches!(key.kind, Kind::Boolean) || key.tree.render().contains("CASE")
}

fn grouping(keys: &[Atom]) -> Atom {
    let keys: Vec<String> = keys.iter().map(|key| key.tree.render()).collect();
    Atom {
        tree: Tree::text(format!("grouping({})", keys.join(", "))),
        kind: Kind::Integer,
        is_tame: true,
        correlates: false,
    }
}
