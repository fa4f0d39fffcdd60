//! Random INSERT, UPDATE, DELETE and MERGE, each followed by a read of what it left.

use crate::expression::sequence;
use crate::generator::{Atom, Comparison, Generated, Generator, Scope};
use crate::kind::Kind;
use crate::table::{Column, Table};
use crate::tree::Tree;

/// Keys that no table has.
const NEW_KEYS: &str = " + 1000";

impl<'t> Generator<'t> {
    fn some_table(&mut self) -> &'t Table {
        let tables = self.tables;
        self.random.pick(tables)
    }

    /// A statement that changes a table, and the table's name.
    pub(crate) fn modification(&mut self) -> (Generated, String) {
        let table = self.some_table();
        let tree = match self.random.below(10) {
            0 | 1 => self.update(table),
            2 => self.update_from(table),
            3 => self.delete(table),
            4 => self.delete_using(table),
            5 | 6 => self.insert(table),
            7 | 8 => self.insert_on_conflict(table),
            _ => self.merge(table),
        };
        let comparison = Comparison {
            is_rounded: self.is_rounded,
        };
        (Generated { tree, comparison }, table.name.clone())
    }

    fn changeable(&mut self, table: &Table) -> Vec<Column> {
        self.random.some(&table.columns[1..], 3)
    }

    /// A value for a column, small where it has to stay so.
    fn value_for(&mut self, column: &Column, depth: usize, scope: &Scope<'_>) -> Tree {
        // Equal intervals and documents that look different are not to come into tables.
        let is_simple = column.is_tame || matches!(column.kind, Kind::Interval | Kind::Jsonb);
        match is_simple {
            true => match self.atom(scope, |atom| atom.kind == column.kind && atom.is_tame == column.is_tame) {
                Some(atom) => atom.tree,
                None => Tree::text(column.kind.constant(&mut self.random, true)),
            },
            false => self.expression(column.kind, depth, scope),
        }
    }

    fn assignments(&mut self, table: &Table, scope: &Scope<'_>) -> Tree {
        let columns = self.changeable(table);
        let mut assignments = Vec::new();
        for column in &columns {
            let value = match self.random.chance(6) {
                true => "DEFAULT".into(),
                false => self.value_for(column, 2, scope),
            };
            assignments.push(sequence(vec![Tree::text(format!("{} = ", column.name)), value]));
        }
        Tree::list(assignments, 1)
    }

    fn returning(&mut self, alias: &str, scope: &Scope<'_>) -> Tree {
        match self.random.below(4) {
            0 => Tree::clause(vec![Tree::text(format!(" RETURNING {alias}.*"))]),
            1 => {
                let subqueries = std::mem::take(&mut self.subqueries_left);
                let items = [Kind::Integer, Kind::Text].map(|kind| self.expression(kind, 1, scope));
                self.subqueries_left = subqueries;
                Tree::clause(vec![" RETURNING ".into(), Tree::list(items.to_vec(), 1)])
            }
            _ => Tree::nothing(),
        }
    }

    fn update(&mut self, table: &Table) -> Tree {
        let atoms = table.atoms("x");
        let scope = Scope::of(&atoms);
        let assignments = self.assignments(table, &scope);
        let condition = self.predicate(2, &scope);
        let returning = self.returning("x", &scope);
        sequence(vec![
            Tree::text(format!("UPDATE {} AS x SET ", table.name)),
            assignments,
            Tree::clause(vec![" WHERE ".into(), condition]),
            returning,
        ])
    }

    fn update_from(&mut self, table: &Table) -> Tree {
        let other = self.some_table();
        let mut atoms = table.atoms("x");
        atoms.extend(other.atoms("y"));
        let scope = Scope::of(&atoms);
        let assignments = self.assignments(table, &scope);
        let condition = self.predicate(1, &scope);
        let returning = self.returning("x", &scope);
        sequence(vec![
            Tree::text(format!("UPDATE {} AS x SET ", table.name)),
            assignments,
            Tree::text(format!(" FROM {} AS y WHERE x.id = y.id AND ", other.name)),
            condition,
            returning,
        ])
    }

    fn delete(&mut self, table: &Table) -> Tree {
        let atoms = table.atoms("x");
        let scope = Scope::of(&atoms);
        let condition = self.predicate(2, &scope);
        let returning = self.returning("x", &scope);
        sequence(vec![
            Tree::text(format!("DELETE FROM {} AS x WHERE ", table.name)),
            condition,
            returning,
        ])
    }

    fn delete_using(&mut self, table: &Table) -> Tree {
        let other = self.some_table();
        let mut atoms = table.atoms("x");
        atoms.extend(other.atoms("y"));
        let condition = self.predicate(1, &Scope::of(&atoms));
        let own = table.atoms("x");
        // Which of several rows beside it is found, is arbitrary.
        let returning = self.returning("x", &Scope::of(&own));
        sequence(vec![
            Tree::text(format!(
                "DELETE FROM {} AS x USING {} AS y WHERE x.k = y.k AND ",
                table.name, other.name
            )),
            condition,
            returning,
        ])
    }

    /// `SELECT` of a row for the table per row of another; `key` is added to its key.
    fn rows_for(&mut self, table: &Table, columns: &[Column], key: &str) -> Tree {
        let other = self.some_table();
        let atoms = other.atoms("y");
        let scope = Scope::of(&atoms);
        let mut values: Vec<Tree> = vec![Tree::text(format!("y.id{key}"))];
        for column in columns {
            values.push(match table.not_null.contains(&column.name) {
                true => Tree::text(column.kind.constant(&mut self.random, true)),
                false => self.value_for(column, 1, &scope),
            });
        }
        let condition = self.predicate(1, &scope);
        sequence(vec![
            "SELECT ".into(),
            Tree::List {
                least: values.len(),
                items: values,
                separator: ", ",
            },
            Tree::text(format!(" FROM {} AS y", other.name)),
            Tree::clause(vec![" WHERE ".into(), condition]),
        ])
    }

    /// The columns that an INSERT names, the key aside: those without which it fails, and some more.
    fn inserted(&mut self, table: &Table) -> (Vec<Column>, String) {
        let some = self.changeable(table);
        let columns = table.columns[1..].iter();
        let columns: Vec<Column> = columns
            .filter(|column| table.not_null.contains(&column.name) || some.contains(column))
            .copied()
            .collect();
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let start = format!("INSERT INTO {} AS x (id, {}) ", table.name, names.join(", "));
        (columns, start)
    }

    fn insert(&mut self, table: &Table) -> Tree {
        let (columns, start) = self.inserted(table);
        let rows = self.rows_for(table, &columns, NEW_KEYS);
        let atoms = table.atoms("x");
        let returning = self.returning("x", &Scope::of(&atoms));
        sequence(vec![Tree::text(start), rows, returning])
    }

    fn insert_on_conflict(&mut self, table: &Table) -> Tree {
        let (columns, start) = self.inserted(table);
        let key = *self.random.pick(&["", " + 5"]);
        let rows = self.rows_for(table, &columns, key);
        let mut atoms = table.atoms("x");
        atoms.extend(table.atoms("excluded"));
        let action = match self.random.below(3) {
            0 => " ON CONFLICT (id) DO NOTHING".into(),
            _ => {
                let scope = Scope::of(&atoms);
                let subqueries = std::mem::take(&mut self.subqueries_left);
                let assignments = self.assignments(table, &scope);
                let condition = self.predicate(1, &scope);
                self.subqueries_left = subqueries;
                sequence(vec![
                    " ON CONFLICT (id) DO UPDATE SET ".into(),
                    assignments,
                    Tree::clause(vec![" WHERE ".into(), condition]),
                ])
            }
        };
        let own = table.atoms("x");
        let returning = self.returning("x", &Scope::of(&own));
        sequence(vec![Tree::text(start), rows, action, returning])
    }

    fn merge(&mut self, table: &Table) -> Tree {
        let other = self.some_table();
        let target = table.atoms("x");
        let beside = other.atoms("y");
        let mut both: Vec<Atom> = target;
        both.extend(beside.clone());
        let subqueries = std::mem::take(&mut self.subqueries_left);
        let mut actions = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            let condition = self.predicate(1, &Scope::of(&both));
            let action = match self.random.below(4) {
                0 => "DELETE".into(),
                1 => "DO NOTHING".into(),
                _ => sequence(vec!["UPDATE SET ".into(), self.assignments(table, &Scope::of(&both))]),
            };
            actions.push(sequence(vec![
                " WHEN MATCHED AND ".into(),
                condition,
                " THEN ".into(),
                action,
            ]));
        }
        let (columns, _) = self.inserted(table);
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let mut values = vec!["y.id".into()];
        for column in &columns {
            values.push(match table.not_null.contains(&column.name) {
                true => Tree::text(column.kind.constant(&mut self.random, true)),
                false => self.value_for(column, 1, &Scope::of(&beside)),
            });
        }
        let condition = self.predicate(1, &Scope::of(&beside));
        actions.push(sequence(vec![
            " WHEN NOT MATCHED AND ".into(),
            condition,
            Tree::text(format!(" THEN INSERT (id, {}) VALUES (", names.join(", "))),
            Tree::List {
                least: values.len(),
                items: values,
                separator: ", ",
            },
            ")".into(),
        ]));
        self.subqueries_left = subqueries;
        sequence(vec![
            Tree::text(format!(
                "MERGE INTO {} AS x USING {} AS y ON x.id = y.id",
                table.name, other.name
            )),
            Tree::List {
                items: actions,
                separator: "",
                least: 1,
            },
        ])
    }
}
