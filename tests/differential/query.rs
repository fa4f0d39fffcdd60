//! Random queries: set operations, WITH and WITH RECURSIVE, ORDER BY, LIMIT around SELECTs.

use crate::expression::sequence;
use crate::generator::{Comparison, Generated, Generator, NamedQuery, Scope};
use crate::kind::{COMPARABLE, Kind};
use crate::tree::{Tag, Tree};

/// Between a query and the places of the columns that it is ordered by.
pub(crate) const ORDERED: &str = ") AS o ORDER BY ";

/// Something that gives rows.
pub(crate) struct Query {
    pub(crate) tree: Tree,
    pub(crate) kinds: Vec<Kind>,
}

impl Generator<'_> {
    /// A query that may stand in parentheses; of the kinds, where they are given.
    pub(crate) fn query(&mut self, depth: usize, outer: Option<&Scope<'_>>, kinds: Option<&[Kind]>) -> Query {
        let was_bound = self.is_bound;
        self.is_bound |= kinds.is_some();
        let query = match self.random.below(100) {
            0..18 if depth > 0 => self.set_operation(depth - 1, outer, kinds),
            _ => self.limited_select(depth, outer, kinds),
        };
        self.is_bound = was_bound;
        Query {
            tree: Tree::part(Tag::Query, Vec::new(), query.tree),
            kinds: query.kinds,
        }
    }

    fn limited_select(&mut self, depth: usize, outer: Option<&Scope<'_>>, kinds: Option<&[Kind]>) -> Query {
        let select = self.select(depth, outer, kinds);
        let mut parts = vec![select.tree];
        if let Some(keys) = select.keys
            && self.random.chance(18)
        {
            let keys = keys
                .iter()
                .map(|key| Tree::text(format!("{key}{}", self.direction())))
                .collect();
            parts.push(" ORDER BY ".into());
            parts.push(Tree::list(keys, 1));
            parts.push(self.limit());
        }
        Query {
            tree: sequence(parts),
            kinds: select.kinds,
        }
    }

    fn limit(&mut self) -> Tree {
        let text = match self.random.below(6) {
            0 => " LIMIT 1".to_owned(),
            1 => format!(" LIMIT {} OFFSET {}", self.random.below(12), self.random.below(8)),
            2 => format!(" OFFSET {}", self.random.below(6)),
            3 => format!(" FETCH FIRST {} ROWS ONLY", 1 + self.random.below(5)),
            _ => format!(" LIMIT {}", self.random.below(20)),
        };
        Tree::clause(vec![Tree::text(text)])
    }

    fn set_operation(&mut self, depth: usize, outer: Option<&Scope<'_>>, kinds: Option<&[Kind]>) -> Query {
        let kinds = match kinds {
            Some(kinds) => kinds.to_vec(),
            None => (0..1 + self.random.below(3))
                .map(|_| *self.random.pick(COMPARABLE))
                .collect(),
        };
        let shows_any = kinds.iter().any(Kind::has_many_forms);
        let left = self.query(depth, outer, Some(&kinds));
        let right_kinds: Vec<Kind> = match self.is_bound {
            true => kinds.clone(),
            false => kinds.iter().map(|kind| self.relative(*kind)).collect(),
        };
        let right = self.query(depth, outer, Some(&right_kinds));
        let word = match self.is_rounded || shows_any || right_kinds != kinds {
            true => "UNION ALL",
            false => *self.random.pick(&[
                "UNION",
                "UNION",
                "UNION ALL",
                "INTERSECT",
                "EXCEPT",
                "INTERSECT ALL",
                "EXCEPT ALL",
            ]),
        };
        let tree = sequence(vec![
            "(".into(),
            left.tree,
            Tree::text(format!(") {word} (")),
            right.tree,
            ")".into(),
        ]);
        Query { tree, kinds }
    }

    /// The kind or one that becomes it where both meet.
    fn relative(&mut self, kind: Kind) -> Kind {
        if !self.random.chance(15) {
            return kind;
        }
        match kind {
            Kind::BigInt => Kind::Integer,
            Kind::Integer => Kind::SmallInt,
            Kind::Numeric => Kind::Integer,
            Kind::Double => Kind::Integer,
            Kind::Text => Kind::Varchar,
            Kind::Timestamp => Kind::Date,
            other => other,
        }
    }

    /// A table of WITH.
    fn with_item(&mut self, depth: usize) -> Tree {
        let name = self.name("w");
        let hint = *self.random.pick(&["", "", "MATERIALIZED ", "NOT MATERIALIZED "]);
        let query = self.query(depth, None, None);
        let columns: Vec<(String, Kind)> = (1..).map(|number| format!("c{number}")).zip(query.kinds).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let tree = sequence(vec![
            Tree::text(format!("{name}({}) AS {hint}(", names.join(", "))),
            query.tree,
            ")".into(),
        ]);
        self.named_queries.push(NamedQuery { name, columns });
        tree
    }

    /// A table of WITH RECURSIVE that counts on, perhaps along a table's rows.
    fn recursive_item(&mut self) -> Tree {
        let name = self.name("w");
        let kind = *self
            .random
            .pick(&[Kind::Integer, Kind::Text, Kind::Boolean, Kind::Date, Kind::Double]);
        let start = self.source(0, None);
        let scope = Scope::of(&start.atoms);
        let first = self.expression(kind, 1, &scope);
        let filter = self.predicate(1, &scope);
        let all = *self.random.pick(&["UNION", "UNION ALL"]);
        let before = Tree::text(format!("{name}(c1, c2) AS (SELECT 1, ",));
        let step_atoms = vec![crate::generator::Atom {
            tree: Tree::text(format!("{name}.c2")),
            kind,
            is_tame: false,
            correlates: true,
        }];
        let tables = self.tables;
        let table = self.random.pick(tables);
        let alias = self.name("t");
        let joins = self.random.chance(40);
        let mut atoms = step_atoms;
        if joins {
            atoms.extend(table.atoms(&alias));
        }
        let subqueries = std::mem::take(&mut self.subqueries_left);
        let next = self.expression(kind, 1, &Scope::of(&atoms));
        self.subqueries_left = subqueries;
        let from = match joins {
            true => format!(
                " FROM {name} JOIN {} AS {alias} ON {alias}.id = {name}.c1 WHERE {name}.c1 < 4)",
                table.name
            ),
            false => format!(" FROM {name} WHERE {name}.c1 < 4)"),
        };
        let tree = sequence(vec![
            before,
            first,
            " FROM ".into(),
            start.tree,
            " WHERE ".into(),
            filter,
            Tree::text(format!(" {all} SELECT {name}.c1 + 1, ")),
            next,
            Tree::text(from),
        ]);
        let columns = vec![("c1".to_owned(), Kind::Integer), ("c2".to_owned(), kind)];
        self.named_queries.push(NamedQuery { name, columns });
        tree
    }

    /// A whole query, with how its answer is to be compared.
    pub(crate) fn statement(&mut self) -> Generated {
        let with = match self.random.below(100) {
            0..14 => {
                let items = (0..1 + self.random.below(2)).map(|_| self.with_item(1)).collect();
                sequence(vec!["WITH ".into(), Tree::list(items, 1), " ".into()])
            }
            14..20 => sequence(vec!["WITH RECURSIVE ".into(), self.recursive_item(), " ".into()]),
            _ => Tree::nothing(),
        };
        let depth = 1 + self.random.below(2);
        let query = self.query(depth, None, None);
        let tree = match self.random.chance(30) && !self.is_rounded {
            true => self.ordered(query),
            false => query.tree,
        };
        Generated {
            tree: sequence(vec![with, tree]),
            comparison: Comparison {
                is_rounded: self.is_rounded,
            },
        }
    }

    /// The query in an order, perhaps cut off where the order has no ties.
    fn ordered(&mut self, query: Query) -> Tree {
        let count = query.kinds.len();
        let mut places: Vec<usize> = (0..count).collect();
        if self.random.chance(50) {
            places.reverse();
        }
        let takes_all = self.random.chance(60);
        if !takes_all {
            places.truncate(1 + self.random.below(count));
        }
        let order: Vec<Tree> = places
            .iter()
            .map(|place| Tree::text(format!("{}{}", place + 1, self.direction())))
            .collect();
        let shows_any = query.kinds.iter().any(Kind::has_many_forms);
        let limit = match takes_all && !shows_any && self.random.chance(60) {
            true => self.limit(),
            false => Tree::nothing(),
        };
        sequence(vec![
            "SELECT * FROM (".into(),
            query.tree,
            ORDERED.into(),
            Tree::list(order, 1),
            limit,
        ])
    }
}
