//! What must hold of a table's rows.

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstraintDefinition {
    /// Its name, unique in the table.
    pub name: String,
    /// What it demands.
    pub kind: ConstraintKind,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstraintKind {
    /// PRIMARY KEY: the columns, by place, are never NULL, and no two rows have the same values in them.
    PrimaryKey(Vec<usize>),
    /// UNIQUE: no two rows have the same values in the columns, none of them NULL.
    Unique(Vec<usize>),
    /// CHECK: the text of a condition over the row that is not false.
    Check(String),
}
