//! Random calls of aggregate functions: such whose answer does not depend on the order of rows, or that fix it.

use crate::expression::sequence;
use crate::generator::{Atom, Generator, Scope};
use crate::kind::{ALL, COMPARABLE, Kind, WITH_EXTREMES};
use crate::tree::{Tag, Tree};

const EXTREMES: &[&str] = &["min({x})", "max({x})"];

/// The templates of a kind; `{x}` in them is of the kind itself, where it says so.
pub(crate) fn aggregate_templates(kind: Kind) -> Vec<&'static str> {
    let own: &[&str] = match kind {
        Kind::Boolean => &["bool_and({b})", "bool_or({b})", "every({b})"],
        Kind::SmallInt => &["bit_and({i2})", "bit_or({i2})"],
        Kind::Integer => &[
            "bit_and({i4})",
            "bit_or({i4})",
            "bit_xor({i4})",
            "percentile_disc(0.3) WITHIN GROUP (ORDER BY {i4})",
            "mode() WITHIN GROUP (ORDER BY {i4})",
        ],
        Kind::BigInt => &[
            "count(*)",
            "count(*)",
            "count({any})",
            "count(DISTINCT {other})",
            "count(DISTINCT {i4})",
            "sum({i4})",
            "sum({i4})",
            "sum({i2})",
            "sum(DISTINCT {i4})",
            "regr_count({tf}, {tf})",
        ],
        Kind::Numeric => &[
            "sum({i8})",
            "sum({tn})",
            "sum(DISTINCT {tn})",
            "~avg({i4})",
            "~avg({i8})",
            "~avg({tn})",
            "~avg(DISTINCT {t4})",
            "~stddev({t4})",
            "~var_pop({tn})",
        ],
        Kind::Real => &["sum(({t4})::real)"],
        Kind::Double => &[
            "~sum({tf})",
            "~avg({tf})",
            "~stddev_samp({tf})",
            "~stddev_pop({tf})",
            "~variance({tf})",
            "~corr({tf}, {tf})",
            "~covar_pop({tf}, {tf})",
            "~covar_samp({tf}, {tf})",
            "~regr_slope({tf}, {tf})",
            "~regr_intercept({tf}, {tf})",
            "~regr_avgx({tf}, {tf})",
            "~percentile_cont(0.5) WITHIN GROUP (ORDER BY {tf})",
            "~percentile_cont(0.25) WITHIN GROUP (ORDER BY {tf} DESC)",
        ],
        Kind::Text => &[
            "string_agg({t}, ',' ORDER BY {@})",
            "string_agg({t}, '' ORDER BY {@} DESC)",
            "string_agg(DISTINCT {t}, '-' ORDER BY {@})",
            "percentile_disc(0.5) WITHIN GROUP (ORDER BY {t})",
            "mode() WITHIN GROUP (ORDER BY {t})",
        ],
        Kind::Date => &["percentile_disc(0.9) WITHIN GROUP (ORDER BY {d})"],
        Kind::Interval => &["sum({iv})"],
        Kind::Jsonb => &[
            "jsonb_agg({i4} ORDER BY {@})",
            "jsonb_agg({t} ORDER BY {@} DESC NULLS LAST)",
            "jsonb_agg({b} ORDER BY {@})",
        ],
        Kind::IntegerArray => &[
            "array_agg({i4} ORDER BY {@})",
            "array_agg({i4} ORDER BY {@} DESC NULLS LAST)",
            "array_agg(DISTINCT {i4} ORDER BY {@})",
        ],
        Kind::TextArray => &[
            "array_agg({t} ORDER BY {@})",
            "array_agg(DISTINCT {t} ORDER BY {@} NULLS FIRST)",
        ],
        _ => &[],
    };
    let mut templates = own.to_vec();
    if WITH_EXTREMES.contains(&kind) {
        templates.extend(EXTREMES);
    }
    templates
}

impl Generator<'_> {
    /// An aggregate of a kind of its own choice, perhaps with FILTER.
    pub(crate) fn aggregate(&mut self, scope: &Scope<'_>) -> Atom {
        let (kind, template) = loop {
            let kind = match self.random.chance(45) {
                true => *self
                    .random
                    .pick(&[Kind::BigInt, Kind::BigInt, Kind::Numeric, Kind::Double]),
                false => *self.random.pick(ALL),
            };
            let templates = aggregate_templates(kind);
            if !templates.is_empty() {
                break (kind, *self.random.pick(&templates));
            }
        };
        let depth = self.random.below(3);
        // Written twice, a subquery is two.
        let subqueries = self.subqueries_left;
        if template.contains("{@}") {
            self.subqueries_left = 0;
        }
        let call = self.aggregate_call(template, kind, depth, scope);
        self.subqueries_left = subqueries;
        let filter = match self.random.chance(22) {
            true => {
                let condition = self.predicate(1, scope);
                Tree::clause(vec![" FILTER (WHERE ".into(), condition, ")".into()])
            }
            false => Tree::nothing(),
        };
        let simpler = vec![format!("NULL::{}", kind.sql())];
        Atom {
            tree: Tree::part(Tag::Expression(kind), simpler, sequence(vec![call, filter])),
            kind,
            is_tame: false,
            correlates: false,
        }
    }

    /// The call that a template for a kind makes.
    pub(crate) fn aggregate_call(&mut self, template: &str, kind: Kind, depth: usize, scope: &Scope<'_>) -> Tree {
        let other = *self.random.pick(COMPARABLE);
        let same = if template.contains("{other}") { other } else { kind };
        self.fill_of(&template.replace("{other}", "{x}"), same, depth, scope)
    }
}
