//! Random tables: every type, NULLs, few distinct values so that rows meet, extremes where nothing is computed.

use crate::generator::Atom;
use crate::kind::Kind;
use crate::tree::Tree;
use stoa_tests::Random;

/// A column that tables may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Another form of the type than [`Kind::sql`].
    declared: Option<&'static str>,
    pub(crate) is_tame: bool,
}

const fn column(name: &'static str, kind: Kind, is_tame: bool) -> Column {
    Column {
        name,
        kind,
        declared: None,
        is_tame,
    }
}

const fn declared(name: &'static str, kind: Kind, declared: &'static str) -> Column {
    Column {
        name,
        kind,
        declared: Some(declared),
        is_tame: false,
    }
}

/// Every table has these.
pub(crate) const KEYS: [Column; 2] = [column("id", Kind::Integer, false), column("k", Kind::Integer, true)];

const COLUMNS: &[Column] = &[
    column("b", Kind::Boolean, false),
    column("i2", Kind::SmallInt, false),
    column("i4", Kind::Integer, false),
    column("i8", Kind::BigInt, false),
    column("f4", Kind::Real, false),
    column("f8", Kind::Double, false),
    column("n", Kind::Numeric, false),
    declared("wide", Kind::Numeric, "numeric(24,6)"),
    declared("whole", Kind::Numeric, "numeric(15)"),
    column("t", Kind::Text, false),
    column("vc", Kind::Varchar, false),
    column("ch", Kind::Char, false),
    column("d", Kind::Date, false),
    column("ts", Kind::Timestamp, false),
    column("tz", Kind::TimestampTz, false),
    column("iv", Kind::Interval, false),
    column("u", Kind::Uuid, false),
    column("j", Kind::Jsonb, false),
    column("bin", Kind::Bytea, false),
    column("ia", Kind::IntegerArray, false),
    column("ta", Kind::TextArray, false),
    column("m4", Kind::Integer, true),
    column("mf", Kind::Double, true),
    column("mn", Kind::Numeric, true),
    column("mt", Kind::Text, true),
    column("md", Kind::Date, true),
    column("ms", Kind::Timestamp, true),
    column("mz", Kind::TimestampTz, true),
];

impl Column {
    fn sql(&self) -> &'static str {
        self.declared.unwrap_or(self.kind.sql())
    }
}

/// A table with its rows.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// Rows as constants in SQL, in the columns' order; the first is the key.
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) not_null: Vec<&'static str>,
    /// What Stoa's CREATE TABLE says beyond Postgres's.
    options: String,
}

/// Rows of the tables: joins of three of them stay small.
const SIZES: &[usize] = &[12, 30, 7, 3, 20, 0];

impl Table {
    pub(crate) fn random(number: usize, random: &mut Random) -> Table {
        let wanted = 7 + random.below(8);
        let mut columns = KEYS.to_vec();
        columns.extend(random.some(COLUMNS, COLUMNS.len()).into_iter().take(wanted));
        let missing = wanted.saturating_sub(columns.len());
        columns.extend(
            COLUMNS
                .iter()
                .filter(|column| !columns.contains(column))
                .copied()
                .collect::<Vec<_>>()
                .into_iter()
                .take(missing),
        );
        let not_null: Vec<&'static str> = columns[1..]
            .iter()
            .filter(|_| random.chance(12))
            .map(|column| column.name)
            .collect();
        let size = match number {
            0 => 30,
            _ => *random.pick(SIZES),
        };
        let rows = (0..size).map(|row| {
            let cells = columns.iter().enumerate().map(|(place, column)| match place {
                0 => (row + 1).to_string(),
                _ if random.chance(18) && !not_null.contains(&column.name) => "NULL".to_owned(),
                _ => crate::kind::quoted(&column.kind.bare(random, column.is_tame)),
            });
            cells.collect()
        });
        let rows = rows.collect();
        let options = options(&columns, random);
        Table {
            name: format!("r{number}"),
            columns,
            rows,
            not_null,
            options,
        }
    }

    /// CREATE TABLE, for Stoa with its own options.
    pub(crate) fn definition(&self, for_stoa: bool) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|column| {
                let rule = match column.name {
                    "id" => " PRIMARY KEY",
                    name if self.not_null.contains(&name) => " NOT NULL",
                    _ => "",
                };
                format!("{} {}{rule}", column.name, column.sql())
            })
            .collect();
        let options = if for_stoa { self.options.as_str() } else { "" };
        format!("CREATE TABLE {} ({}){options}", self.name, columns.join(", "))
    }

    /// The rows in a few statements, so that they come to lie in several places.
    pub(crate) fn inserts(&self) -> Vec<String> {
        let parts = self.rows.chunks(11);
        parts
            .map(|rows| {
                let rows: Vec<String> = rows.iter().map(|row| format!("({})", row.join(", "))).collect();
                format!("INSERT INTO {} VALUES {}", self.name, rows.join(", "))
            })
            .collect()
    }

    /// The table's columns under an alias.
    pub(crate) fn atoms(&self, alias: &str) -> Vec<Atom> {
        let columns = self.columns.iter();
        columns
            .map(|column| Atom {
                tree: Tree::text(format!("{alias}.{}", column.name)),
                kind: column.kind,
                is_tame: column.is_tame,
                correlates: true,
            })
            .collect()
    }
}

/// Partitions, a sort key and Bloom filters, as far as the columns allow.
fn options(columns: &[Column], random: &mut Random) -> String {
    let mut options = Vec::new();
    let times = columns
        .iter()
        .filter(|column| matches!(column.kind, Kind::Date | Kind::Timestamp));
    let times: Vec<&Column> = times.filter(|column| column.is_tame).collect();
    if !times.is_empty() && random.chance(40) {
        let unit = random.pick(&["day", "week", "month", "year"]);
        options.push(format!("partition_by = '{unit}({})'", random.pick(&times).name));
    }
    let sortable: Vec<&str> = columns[1..]
        .iter()
        .filter(|column| {
            matches!(
                column.kind,
                Kind::Integer | Kind::Date | Kind::Timestamp | Kind::SmallInt | Kind::Text
            )
        })
        .map(|column| column.name)
        .collect();
    if random.chance(40) {
        options.push(format!("order_by = '{}'", random.some(&sortable, 2).join(", ")));
    }
    let hashable: Vec<&str> = columns
        .iter()
        .filter(|column| matches!(column.kind, Kind::Integer | Kind::BigInt | Kind::Text | Kind::Uuid))
        .map(|column| column.name)
        .collect();
    if random.chance(30) {
        options.push(format!("bloom_filter = '{}'", random.some(&hashable, 2).join(", ")));
    }
    match options.is_empty() {
        true => String::new(),
        false => format!(" WITH ({})", options.join(", ")),
    }
}
