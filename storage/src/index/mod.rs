//! Which rows can be skipped. Every index may say too little and never too much: a row that meets the condition is never lost.

pub(crate) mod bitmap;
pub(crate) mod bloom;
pub(crate) mod byte_bounds;
pub(crate) mod distinct;
pub(crate) mod hash;
pub(crate) mod histogram;
pub(crate) mod zone_map;

/// What is known of some rows and a condition without reading them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No row meets it.
    NoRow,
    /// Some rows may.
    SomeRows,
    /// Every row does.
    EveryRow,
}

impl Verdict {
    /// The verdict on rows that must meet both conditions.
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::NoRow, _) | (_, Verdict::NoRow) => Verdict::NoRow,
            (Verdict::EveryRow, Verdict::EveryRow) => Verdict::EveryRow,
            _ => Verdict::SomeRows,
        }
    }

    pub(crate) fn not(self) -> Verdict {
        match self {
            Verdict::NoRow => Verdict::EveryRow,
            Verdict::SomeRows => Verdict::SomeRows,
            Verdict::EveryRow => Verdict::NoRow,
        }
    }
}
