//! Random FROM clauses: tables, joins of every kind, derived tables, LATERAL, VALUES, functions, tables of WITH.

use crate::expression::sequence;
use crate::generator::{Atom, Generator, Scope};
use crate::kind::{COMPARABLE, Kind};
use crate::templates;
use crate::tree::{Tag, Tree};

/// Something to select from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) tree: Tree,
    pub(crate) atoms: Vec<Atom>,
    /// Ordered by all of them, rows that tie are alike in everything.
    pub(crate) keys: Vec<String>,
    /// A table by itself, by whose columns USING may join.
    is_table: bool,
}

/// Sources of one FROM clause.
const JOINED_MAX: usize = 3;

impl Generator<'_> {
    /// A FROM clause without its FROM.
    pub(crate) fn source(&mut self, depth: usize, outer: Option<&Scope<'_>>) -> Source {
        let mut source = self.single_source(depth, outer);
        let joins = match self.random.below(100) {
            0..45 => 0,
            45..85 => 1,
            _ => JOINED_MAX - 1,
        };
        for _ in 0..joins {
            source = self.join(source, depth, outer);
        }
        source
    }

    fn single_source(&mut self, depth: usize, outer: Option<&Scope<'_>>) -> Source {
        match self.random.below(100) {
            0..18 if depth > 0 => self.derived_table(depth - 1, outer),
            18..24 => self.values_source(),
            24..28 => self.series_source(None),
            28..50 if !self.named_queries.is_empty() => self.named_source(),
            _ => self.table_source(),
        }
    }

    pub(crate) fn table_source(&mut self) -> Source {
        let tables = self.tables;
        let table = self.random.pick(tables);
        let alias = self.name("t");
        let word = *self.random.pick(&[" AS ", " "]);
        Source {
            tree: Tree::text(format!("{}{word}{alias}", table.name)),
            atoms: table.atoms(&alias),
            keys: vec![format!("{alias}.id")],
            is_table: true,
        }
    }

    fn named_source(&mut self) -> Source {
        let named = self.random.pick(&self.named_queries).clone();
        let alias = self.name("w");
        let tree = Tree::text(format!("{} AS {alias}", named.name));
        columns_of(tree, &alias, &named.columns)
    }

    fn derived_table(&mut self, depth: usize, outer: Option<&Scope<'_>>) -> Source {
        let alias = self.name("q");
        let query = self.query(depth, outer, None);
        let names: Vec<String> = (1..=query.kinds.len()).map(|number| format!("c{number}")).collect();
        let tree = sequence(vec![
            "(".into(),
            query.tree,
            Tree::text(format!(") AS {alias}({})", names.join(", "))),
        ]);
        let columns: Vec<(String, Kind)> = names.into_iter().zip(query.kinds).collect();
        columns_of(tree, &alias, &columns)
    }

    /// A subquery that names what is left of it.
    fn lateral_table(&mut self, depth: usize, left: &Source) -> Source {
        let scope = Scope::of(&left.atoms);
        let mut source = self.derived_table(depth, Some(&scope));
        source.tree = sequence(vec!["LATERAL ".into(), source.tree]);
        source
    }

    fn values_source(&mut self) -> Source {
        let alias = self.name("v");
        let kinds: Vec<Kind> = (0..1 + self.random.below(3))
            .map(|_| *self.random.pick(COMPARABLE))
            .collect();
        let rows = (0..1 + self.random.below(4)).map(|_| {
            let cells = kinds.iter().map(|kind| match self.random.chance(15) {
                true => format!("NULL::{}", kind.sql()),
                false => kind.constant(&mut self.random, false),
            });
            Tree::text(format!("({})", cells.collect::<Vec<_>>().join(", ")))
        });
        let rows = Tree::list(rows.collect(), 1);
        let names: Vec<String> = (1..=kinds.len()).map(|number| format!("c{number}")).collect();
        let tree = sequence(vec![
            "(VALUES ".into(),
            rows,
            Tree::text(format!(") AS {alias}({})", names.join(", "))),
        ]);
        let columns: Vec<(String, Kind)> = names.into_iter().zip(kinds).collect();
        columns_of(tree, &alias, &columns)
    }

    /// A function that gives rows, of columns to the left if there are any.
    fn series_source(&mut self, left: Option<&Source>) -> Source {
        let alias = self.name("g");
        let nothing = Vec::new();
        let scope = Scope::of(left.map_or(&nothing, |left| &left.atoms));
        let call = match self.random.below(4) {
            0 => "generate_series(1, 4)".into(),
            1 => {
                let end = self.expression(Kind::Integer, 0, &scope);
                sequence(vec!["generate_series(-1, ".into(), end, " % 4)".into()])
            }
            2 => {
                let array = self.expression(Kind::IntegerArray, 1, &scope);
                sequence(vec!["unnest(".into(), array, ")".into()])
            }
            _ => {
                let start = self.expression(Kind::Integer, 0, &scope);
                sequence(vec!["generate_series(".into(), start, " % 4, -3, -2)".into()])
            }
        };
        let ordinality = self.random.chance(25);
        let mut columns = vec![("c1".to_owned(), Kind::Integer)];
        let end = match ordinality {
            true => {
                columns.push(("c2".to_owned(), Kind::BigInt));
                format!(" WITH ORDINALITY AS {alias}(c1, c2)")
            }
            false => format!(" AS {alias}(c1)"),
        };
        columns_of(sequence(vec![call, Tree::text(end)]), &alias, &columns)
    }

    fn join(&mut self, left: Source, depth: usize, outer: Option<&Scope<'_>>) -> Source {
        match self.random.below(100) {
            0..8 if depth > 0 => {
                let right = self.lateral_table(depth - 1, &left);
                let (word, end) = *self
                    .random
                    .pick(&[(", ", ""), (" CROSS JOIN ", ""), (" LEFT JOIN ", " ON TRUE")]);
                joined(left, word.into(), right, end.into())
            }
            8..14 => {
                let right = self.series_source(Some(&left));
                let (word, end) = *self.random.pick(&[
                    (", ", ""),
                    (" CROSS JOIN LATERAL ", ""),
                    (" LEFT JOIN LATERAL ", " ON TRUE"),
                ]);
                joined(left, word.into(), right, end.into())
            }
            14..26 if left.is_table => self.join_by_names(left),
            26..31 => {
                let right = self.single_source(0, outer);
                let word = *self.random.pick(&[" CROSS JOIN ", ", "]);
                joined(left, word.into(), right, Tree::nothing())
            }
            _ => {
                let right = self.single_source(depth, outer);
                self.join_by_condition(left, right)
            }
        }
    }

    fn join_by_names(&mut self, left: Source) -> Source {
        let right = self.table_source();
        let kind = *self.random.pick(&["", "LEFT ", "RIGHT ", "FULL ", "INNER "]);
        match self.random.below(3) {
            0 => joined(
                left,
                Tree::text(format!(" NATURAL {kind}JOIN ")),
                right,
                Tree::nothing(),
            ),
            _ => {
                let columns = *self.random.pick(&["k", "id", "k, id"]);
                joined(
                    left,
                    Tree::text(format!(" {kind}JOIN ")),
                    right,
                    Tree::text(format!(" USING ({columns})")),
                )
            }
        }
    }

    fn join_by_condition(&mut self, left: Source, right: Source) -> Source {
        let kind = *self.random.pick(&["", "INNER ", "LEFT ", "LEFT ", "RIGHT ", "FULL "]);
        let equality = self.join_equality(&left, &right);
        let needs_equality = kind == "FULL ";
        let mut atoms = left.atoms.clone();
        atoms.extend(right.atoms.clone());
        let mut conditions = Vec::new();
        if needs_equality || self.random.chance(85) {
            conditions.extend(equality);
        }
        if conditions.is_empty() && needs_equality {
            conditions.push("TRUE".into());
        } else if conditions.is_empty() || self.random.chance(30) {
            // Stoa refuses most subqueries in conditions of outer joins.
            let subqueries = self.subqueries_left;
            if !matches!(kind, "" | "INNER ") {
                self.subqueries_left = 0;
            }
            conditions.push(self.predicate(1, &Scope::of(&atoms)));
            self.subqueries_left = subqueries;
        }
        let conditions = Tree::List {
            items: conditions,
            separator: " AND ",
            least: 1,
        };
        joined(
            left,
            Tree::text(format!(" {kind}JOIN ")),
            right,
            sequence(vec![" ON ".into(), conditions]),
        )
    }

    /// A comparison of a column of each side, mostly an equality.
    fn join_equality(&mut self, left: &Source, right: &Source) -> Option<Tree> {
        let candidates: Vec<(&Atom, &Atom)> = left
            .atoms
            .iter()
            .flat_map(|left| right.atoms.iter().map(move |right| (left, right)))
            .filter(|(left, right)| left.kind == right.kind && COMPARABLE.contains(&left.kind))
            .collect();
        if candidates.is_empty() {
            return None;
        }
        // Small numbers meet often, but not so often as truth values.
        let tame: Vec<&(&Atom, &Atom)> = candidates.iter().filter(|(left, _)| left.is_tame).collect();
        let (one, other) = match !tame.is_empty() && self.random.chance(50) {
            true => **self.random.pick(&tame),
            false => *self.random.pick(&candidates),
        };
        let (one, other) = (one.tree.clone(), other.tree.clone());
        let (one, other) = match self.random.chance(50) {
            true => (one, other),
            false => (other, one),
        };
        let operator = match self.random.chance(92) {
            true => "=".to_owned(),
            false => templates::constant_for("op", &mut self.random)?,
        };
        Some(sequence(vec![one, Tree::text(format!(" {operator} ")), other]))
    }
}

fn columns_of(tree: Tree, alias: &str, columns: &[(String, Kind)]) -> Source {
    let atoms = columns.iter().map(|(name, kind)| Atom {
        tree: Tree::text(format!("{alias}.{name}")),
        kind: *kind,
        is_tame: false,
        correlates: true,
    });
    Source {
        tree,
        atoms: atoms.collect(),
        keys: columns.iter().map(|(name, _)| format!("{alias}.{name}")).collect(),
        is_table: false,
    }
}

fn joined(left: Source, word: Tree, right: Source, end: Tree) -> Source {
    let mut atoms = left.atoms;
    atoms.extend(right.atoms);
    let mut keys = left.keys;
    keys.extend(right.keys);
    let inner = sequence(vec![
        Tree::part(Tag::Source, Vec::new(), left.tree),
        word,
        Tree::part(Tag::Source, Vec::new(), right.tree),
        end,
    ]);
    Source {
        tree: Tree::part(Tag::Source, Vec::new(), inner),
        atoms,
        keys,
        is_table: false,
    }
}

impl Source {
    /// The same columns and one more, from something larger.
    pub(crate) fn with(self, tree: Tree, atom: Atom) -> Source {
        let mut atoms = self.atoms;
        atoms.push(atom);
        Source {
            tree,
            atoms,
            keys: self.keys,
            is_table: false,
        }
    }
}
