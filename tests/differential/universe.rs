//! What a seed stands for: tables, how they came to be what they are, and settings. Answers nothing.

use crate::generator::{Dialect, Generator};
use crate::stoa_side::Configuration;
use crate::table::Table;
use stoa_tests::Random;

const TABLES: usize = 4;
/// Optimizer passes without which plans run all the same.
const PASSES: &[&str] = &[
    "fold_constants",
    "simplify_expressions",
    "factor_common_conjuncts",
    "drop_dependent_keys",
    "firsts_as_extremes",
    "share_shifted_sums",
    "push_down_filters",
    "push_down_semi_joins",
    "reorder_joins",
    "choose_build_sides",
    "prune_columns",
    "order_conjuncts",
    "eliminate_common_subexpressions",
    "combine_sort_limit",
];

pub(crate) struct Universe {
    pub(crate) seed: u64,
    pub(crate) tables: Vec<Table>,
    pub(crate) configuration: Configuration,
    /// Settings of both databases.
    pub(crate) settings: Vec<String>,
}

/// A statement that fills the databases, in the words of each.
pub(crate) struct Preparation {
    pub(crate) postgres: String,
    pub(crate) stoa: String,
}

impl Universe {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let tables = (0..TABLES).map(|number| Table::random(number, &mut random)).collect();
        let mut configuration = Configuration::of(seed);
        configuration.settings = stoa_settings(&mut random);
        let zone = *random.pick(&["UTC", "UTC", "Europe/Berlin", "America/New_York"]);
        Universe {
            seed,
            tables,
            configuration,
            settings: vec![format!("SET TimeZone = '{zone}'")],
        }
    }

    /// Definitions and rows, and changes after them.
    pub(crate) fn preparations(&self) -> Vec<Preparation> {
        let mut preparations = Vec::new();
        for table in &self.tables {
            preparations.push(Preparation {
                postgres: table.definition(false),
                stoa: table.definition(true),
            });
            preparations.extend(table.inserts().into_iter().map(both));
        }
        let mut generator = Generator::new(self.seed ^ 0xc0ffee, &self.tables, Dialect::Postgres);
        for _ in 0..generator.random.below(5) {
            generator.is_rounded = false;
            let (change, _) = generator.modification();
            // Last digits that differ would be in every later answer.
            if !change.comparison.is_rounded {
                preparations.push(both(change.tree.render()));
            }
        }
        preparations
    }

    /// The statements of this seed with a number.
    pub(crate) fn generator(&self, number: u64, dialect: Dialect) -> Generator<'_> {
        Generator::new(
            self.seed.wrapping_mul(1_000_003).wrapping_add(number),
            &self.tables,
            dialect,
        )
    }
}

fn both(sql: String) -> Preparation {
    Preparation {
        postgres: sql.clone(),
        stoa: sql,
    }
}

fn stoa_settings(random: &mut Random) -> Vec<String> {
    let mut settings = Vec::new();
    if random.chance(25) {
        let passes = match random.chance(30) {
            true => "all".to_owned(),
            false => random.some(PASSES, 4).join(", "),
        };
        settings.push(format!("SET stoa.disabled_passes = '{passes}'"));
    }
    if random.chance(20) {
        settings.push("SET stoa.use_metadata = 'off'".to_owned());
    }
    settings
}
