//! The functions by which Postgres reads and writes values of its types: `int4in`, `array_recv`. Nobody can call them here; programs
//! tell types apart by them. Numbers and names are Postgres's own, in `type_functions.tsv`: the type's number, what its functions'
//! names begin with, the numbers of in, out, recv, send, typmodin and typmodout, storage, alignment, the subscripting function, and what
//! the type is.

use std::sync::LazyLock;

/// What `pg_type` tells of a type beside its entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeFunctions {
    /// The type's number.
    pub(crate) oid: u32,
    stem: &'static str,
    /// In, out, recv, send, typmodin, typmodout; 0 where there is none.
    pub(crate) numbers: [u32; 6],
    /// `typstorage`
    pub(crate) storage: &'static str,
    /// `typalign`
    pub(crate) alignment: &'static str,
    /// `typsubscript`
    pub(crate) subscript: u32,
    /// What the type is.
    pub(crate) description: &'static str,
}

/// Those of arrays: in, out, recv, send.
pub(crate) const ARRAY_FUNCTIONS: [u32; 6] = [750, 751, 2_400, 2_401, 0, 0];
/// `array_subscript_handler`
pub(crate) const ARRAY_SUBSCRIPT_OID: u32 = 6_179;

const FORMS: [&str; 6] = ["in", "out", "recv", "send", "typmodin", "typmodout"];
const ARRAY_NAMES: [(u32, &str); 5] = [
    (750, "array_in"),
    (751, "array_out"),
    (2_400, "array_recv"),
    (2_401, "array_send"),
    (ARRAY_SUBSCRIPT_OID, "array_subscript_handler"),
];

/// By type.
pub(crate) static TYPE_FUNCTIONS: LazyLock<Vec<TypeFunctions>> =
    LazyLock::new(|| include_str!("type_functions.tsv").lines().filter_map(entry).collect());

fn entry(line: &'static str) -> Option<TypeFunctions> {
    let mut fields = line.split('\t');
    let oid = fields.next()?.parse().ok()?;
    let stem = fields.next()?;
    let mut numbers = [0; 6];
    for number in &mut numbers {
        *number = fields.next()?.parse().ok()?;
    }
    Some(TypeFunctions {
        oid,
        stem,
        numbers,
        storage: fields.next()?,
        alignment: fields.next()?,
        subscript: fields.next()?.parse().ok()?,
        description: fields.next()?,
    })
}

/// Those of a type.
pub(crate) fn of_type(oid: u32) -> Option<&'static TypeFunctions> {
    TYPE_FUNCTIONS.iter().find(|entry| entry.oid == oid)
}

/// All of them, by number and name.
pub(crate) static NAMES: LazyLock<Vec<(u32, String)>> = LazyLock::new(|| {
    let arrays = ARRAY_NAMES.map(|(oid, name)| (oid, name.to_owned()));
    let of_types = TYPE_FUNCTIONS.iter().flat_map(|entry| {
        let forms = entry.numbers.into_iter().zip(FORMS);
        forms.filter(|(oid, _)| *oid != 0).map(|(oid, form)| {
            // A modifier's functions are named by the type, without the mark behind it.
            let stem = match form.starts_with("typmod") {
                true => entry.stem.trim_end_matches('_'),
                false => entry.stem,
            };
            (oid, format!("{stem}{form}"))
        })
    });
    arrays.into_iter().chain(of_types).collect()
});

/// The number of a function of that name.
pub(crate) fn number_of(name: &str) -> Option<i64> {
    let mut names = NAMES.iter();
    names.find(|(_, known)| known == name).map(|(oid, _)| i64::from(*oid))
}

/// The name of a function of that number.
pub(crate) fn name_of(oid: i64) -> Option<&'static str> {
    let mut names = NAMES.iter();
    names
        .find(|(known, _)| i64::from(*known) == oid)
        .map(|(_, name)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::type_oid::TYPES;
    use super::*;

    #[test]
    fn every_type_has_its_functions() {
        for entry in &TYPES {
            assert!(of_type(entry.oid).is_some(), "{}", entry.name);
        }
        assert_eq!(name_of(2_400), Some("array_recv"));
        assert_eq!(number_of("numerictypmodin"), Some(2_917));
        assert_eq!(number_of("json_recv"), Some(323));
    }
}
