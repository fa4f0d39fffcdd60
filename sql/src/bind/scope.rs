//! Which names can be seen: the relations of a FROM, and behind them those of the queries around it.

use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, ColumnId};

/// A column as a name reaches it.
#[derive(Clone, Debug)]
pub(super) struct ScopeColumn {
    /// Its name.
    pub(super) name: String,
    /// What it is.
    pub(super) column: ColumnDef,
    /// Not part of `*`.
    pub(super) hidden: bool,
}

/// A relation in FROM.
#[derive(Clone, Debug)]
pub(super) struct ScopeRelation {
    /// Its schema, where it has no alias.
    pub(super) schema: Option<String>,
    /// Its alias or name; empty for a derived table without alias.
    pub(super) name: String,
    /// Its columns.
    pub(super) columns: Vec<ScopeColumn>,
    /// Whether rows of the query may have none of it.
    pub(super) left_out: LeftOut,
}

/// How it shows that an outer join has no row of a relation.
#[derive(Clone, Debug, Default)]
pub(super) enum LeftOut {
    /// There always is one.
    #[default]
    Never,
    /// This column, which is never NULL otherwise, is.
    WhereNull(ColumnDef),
    /// By no column.
    Unknown,
}

/// The names of one query level.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'p> {
    /// The level around it.
    pub(super) parent: Option<&'p Scope<'p>>,
    /// For qualified names.
    pub(super) relations: Vec<ScopeRelation>,
    /// For bare names and `*`: the columns of all relations, those merged by USING only once.
    pub(super) visible: Vec<ScopeColumn>,
}

/// What `table.*` or a bare name was looked up as.
fn ambiguous(name: &str) -> Error {
    Error::new(
        SqlState::AMBIGUOUS_COLUMN,
        format!("column reference \"{name}\" is ambiguous"),
    )
}

impl<'p> Scope<'p> {
    /// No relations, inside `parent`.
    pub(super) fn inside(parent: Option<&'p Scope<'p>>) -> Self {
        Scope {
            parent,
            ..Scope::default()
        }
    }

    /// Whether a column is one of this level.
    pub(super) fn has_here(&self, id: ColumnId) -> bool {
        let of_relations = self.relations.iter().flat_map(|relation| &relation.columns);
        of_relations.chain(&self.visible).any(|column| column.column.id == id)
    }

    /// One relation.
    pub(super) fn of_relation(parent: Option<&'p Scope<'p>>, relation: ScopeRelation) -> Self {
        Scope {
            parent,
            visible: relation.columns.clone(),
            relations: vec![relation],
        }
    }

    /// This level's names and those of `other`, as a comma or CROSS JOIN puts them together.
    ///
    /// # Errors
    /// A relation name that occurs twice.
    pub(super) fn add(&mut self, other: Scope<'_>) -> Result<()> {
        for relation in &other.relations {
            let twice = !relation.name.is_empty()
                && self
                    .relations
                    .iter()
                    .any(|here| here.name == relation.name && here.schema == relation.schema);
            if twice {
                return Err(Error::new(
                    SqlState::DUPLICATE_ALIAS,
                    format!("table name \"{}\" specified more than once", relation.name),
                ));
            }
        }
        self.relations.extend(other.relations);
        self.visible.extend(other.visible);
        Ok(())
    }

    /// This level without its first relation, whose columns are bare names first.
    pub(super) fn without_first(&self) -> Scope<'static> {
        let first = self.relations.first().map_or(0, |relation| relation.columns.len());
        Scope {
            parent: None,
            relations: self.relations.iter().skip(1).cloned().collect(),
            visible: self.visible.iter().skip(first).cloned().collect(),
        }
    }

    /// The column of a bare name, at this level or the nearest one around it that has it.
    pub(super) fn find(&self, name: &str) -> Result<Option<ColumnDef>> {
        let mut level = Some(self);
        while let Some(scope) = level {
            if let Some(column) = scope.find_here(name)? {
                return Ok(Some(column.column.clone()));
            }
            level = scope.parent;
        }
        Ok(None)
    }

    /// The column of a bare name at this level.
    pub(super) fn find_here(&self, name: &str) -> Result<Option<&ScopeColumn>> {
        let mut found = self.visible.iter().filter(|column| column.name == name);
        let first = found.next();
        if first.is_some() && found.next().is_some() {
            // A hidden system column never makes a name ambiguous.
            let mut shown = self
                .visible
                .iter()
                .filter(|column| column.name == name && !column.hidden);
            return match (shown.next(), shown.next()) {
                (Some(only), None) => Ok(Some(only)),
                _ => Err(ambiguous(name)),
            };
        }
        Ok(first)
    }

    /// The relation of a name, at this level or around it.
    pub(super) fn relation(&self, schema: Option<&str>, name: &str) -> Result<Option<&ScopeRelation>> {
        let mut level = Some(self);
        while let Some(scope) = level {
            let mut found = scope.relations.iter().filter(|relation| {
                relation.name == name
                    && match (schema, &relation.schema) {
                        (None, _) => true,
                        (Some(wanted), Some(schema)) => wanted == schema,
                        (Some(_), None) => false,
                    }
            });
            let first = found.next();
            if found.next().is_some() {
                return Err(Error::new(
                    SqlState::DUPLICATE_ALIAS,
                    format!("table reference \"{name}\" is ambiguous"),
                ));
            }
            if first.is_some() {
                return Ok(first);
            }
            level = scope.parent;
        }
        Ok(None)
    }

    /// The column `relation.name`.
    ///
    /// # Errors
    /// No such relation, no such column, or several.
    pub(super) fn qualified(&self, schema: Option<&str>, relation: &str, name: &str) -> Result<ColumnDef> {
        let Some(found) = self.relation(schema, relation)? else {
            return Err(missing_from(relation));
        };
        let mut columns = found.columns.iter().filter(|column| column.name == name);
        match (columns.next(), columns.next()) {
            (Some(column), None) => Ok(column.column.clone()),
            (Some(_), Some(_)) => Err(ambiguous(name)),
            (None, _) => Err(Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("column {relation}.{name} does not exist"),
            )),
        }
    }

    /// That a bare name is not a column, with the nearest name as a hint.
    pub(super) fn no_such_column(&self, name: &str) -> Error {
        let error = Error::new(SqlState::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist"));
        let mut best: Option<(usize, &str, &str)> = None;
        for relation in &self.relations {
            for column in relation.columns.iter().filter(|column| !column.hidden) {
                let distance = edit_distance(name, &column.name);
                if distance <= name.chars().count().div_ceil(3) && best.is_none_or(|(least, ..)| distance < least) {
                    best = Some((distance, &relation.name, &column.name));
                }
            }
        }
        match best {
            Some((_, relation, column)) if !relation.is_empty() => error.with_hint(format!(
                "Perhaps you meant to reference the column \"{relation}.{column}\"."
            )),
            Some((_, _, column)) => error.with_hint(format!("Perhaps you meant to reference the column \"{column}\".")),
            None => error,
        }
    }
}

/// That a qualifier names no relation of FROM.
pub(super) fn missing_from(relation: &str) -> Error {
    Error::new(
        SqlState::UNDEFINED_TABLE,
        format!("missing FROM-clause entry for table \"{relation}\""),
    )
}

/// Insertions, deletions and replacements between two names; names over 64 characters are not compared.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().take(64).enumerate() {
        let mut diagonal = index;
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
