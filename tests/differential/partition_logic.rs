//! Stoa against itself: what a filter lets through against what a sum over all rows says (NoREC), a query against the union of
//! its parts where a predicate is true, false and unknown (TLP), and one query under different settings.

use crate::answer::Answer;
use crate::expression::sequence;
use crate::generator::{Comparison, Dialect, Generator, Scope};
use crate::kind::{COMPARABLE, Kind};
use crate::source::Source;
use crate::stoa_side::Stoa;
use crate::tree::{Tag, Tree};
use crate::universe::Universe;
use crate::verdict::{Totals, Verdict, verdict};

const STATEMENTS_PER_UNIVERSE: u64 = 100;
const REDUCTIONS_MAX: usize = 400;
/// Copies of the first table's rows in larger universes, so that zone maps, blocks and several segments matter.
const COPIES: &[u64] = &[0, 10, 0, 40, 0, 10, 0, 160, 0, 10, 0];

/// Batches of three rows would make thousands of them slow.
const LARGER_BATCH_ROWS_MIN: usize = 100;

/// A question that is put in two ways.
struct Question {
    name: &'static str,
    /// Places in the texts that are named `{p}` hold the predicate, `{from}` the source.
    predicate: Tree,
    source: Tree,
    left: String,
    right: String,
    /// Settings of the second way.
    settings: Vec<(&'static str, &'static str)>,
    comparison: Comparison,
}

impl Question {
    fn texts(&self, predicate: &Tree, source: &Tree) -> (String, String) {
        let filled = |text: &str| {
            text.replace("{p}", &predicate.render())
                .replace("{from}", &source.render())
        };
        (filled(&self.left), filled(&self.right))
    }
}

/// Kinds of questions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kinds {
    All,
    Norec,
    Tlp,
    Settings,
}

impl Kinds {
    /// By a word; all without one.
    pub(crate) fn named(word: Option<&str>) -> Self {
        match word {
            None | Some("") => Kinds::All,
            Some("norec") => Kinds::Norec,
            Some("tlp") => Kinds::Tlp,
            Some("settings") => Kinds::Settings,
            Some(other) => panic!("there are no questions called {other}: norec, tlp or settings"),
        }
    }
}

/// Among small tables all are soon answered; joins of two of the larger ones are not worth waiting for.
const QUESTION_TIMEOUT: &str = "SET statement_timeout = '10s'";

/// Runs until so many questions were asked.
pub(crate) fn run(first_seed: u64, questions: u64, kinds: Kinds) -> Totals {
    let mut totals = Totals::default();
    let started = std::time::Instant::now();
    let mut seed = first_seed;
    while totals.statements < questions {
        let universe = Universe::new(seed);
        let mut stoa = filled(&universe);
        for number in 0..STATEMENTS_PER_UNIVERSE.min(questions) {
            ask(&universe, kinds, number, &mut stoa, &mut totals);
        }
        seed += 1;
        if seed.is_multiple_of(5) {
            let seconds = started.elapsed().as_secs();
            let (asked, violations) = (totals.statements, totals.differences.len());
            println!("seed {seed}: {asked} questions, {violations} violations, {seconds} s");
        }
    }
    totals
}

fn filled(universe: &Universe) -> Stoa {
    let copies = COPIES[(universe.seed % COPIES.len() as u64) as usize];
    let mut configuration = universe.configuration.clone();
    if copies > 0 {
        configuration.batch_rows = configuration.batch_rows.max(LARGER_BATCH_ROWS_MIN);
    }
    let mut stoa = Stoa::open(configuration);
    let ask = |stoa: &mut Stoa, sql: &str| {
        let answer = stoa.ask(sql);
        if let Answer::Failed { state, message } = answer {
            // `= ANY ((SELECT array))` is about the rows.
            assert!(state.starts_with('2') || state == "42883", "{sql}: {state} {message}");
        }
    };
    for preparation in universe.preparations() {
        ask(&mut stoa, &preparation.stoa);
        stoa.settle();
    }
    if copies > 0 {
        let table = &universe.tables[0];
        let columns: Vec<String> = table.columns[1..]
            .iter()
            .map(|column| format!("r.{}", column.name))
            .collect();
        let columns = columns.join(", ");
        let name = &table.name;
        for part in 0..3 {
            let (first, last) = (part * copies / 3 + 1, (part + 1) * copies / 3);
            ask(
                &mut stoa,
                &format!(
                    "INSERT INTO {name} SELECT r.id + 2000 * g.c1, {columns} FROM {name} r, generate_series({first}, {last}) AS g(c1) WHERE r.id < 2000"
                ),
            );
            // The last part stays in memory.
            if part < 2 {
                ask(&mut stoa, "CHECKPOINT");
            }
            ask(
                &mut stoa,
                &format!("DELETE FROM {name} WHERE id % 11 = {part} AND id > 2000"),
            );
        }
    }
    for setting in &universe.settings {
        ask(&mut stoa, setting);
    }
    ask(&mut stoa, QUESTION_TIMEOUT);
    stoa
}

fn ask(universe: &Universe, kinds: Kinds, number: u64, stoa: &mut Stoa, totals: &mut Totals) {
    let mut generator = universe.generator(number, Dialect::Stoa);
    let question = generator.question(kinds);
    let (mut verdict, mut left, mut right) = judge(&question, &question.predicate, &question.source, stoa);
    totals.count(&verdict);
    totals.rows += left.row_count() as u64;
    let Verdict::Different(difference) = verdict.clone() else {
        return;
    };
    let mut best = (question.predicate.clone(), question.source.clone());
    let mut tries = REDUCTIONS_MAX;
    'reduce: while tries > 0 {
        let predicates = best
            .0
            .simpler()
            .into_iter()
            .map(|predicate| (predicate, best.1.clone()));
        let sources = best.1.simpler().into_iter().map(|source| (best.0.clone(), source));
        for candidate in predicates.chain(sources).collect::<Vec<_>>() {
            tries = tries.saturating_sub(1);
            let judged = judge(&question, &candidate.0, &candidate.1, stoa);
            if judged.0 == Verdict::Different(difference.clone()) {
                (verdict, left, right) = judged;
                best = candidate;
                continue 'reduce;
            }
            if tries == 0 {
                break 'reduce;
            }
        }
        break;
    }
    let (one, other) = question.texts(&best.0, &best.1);
    let settings = &question.settings;
    let told = format!(
        "== {} seed {} statement {number} ({:?}): {verdict:?}\n{one};\n-- {left:.1500?}\n{other}; -- {settings:?}\n-- {right:.1500?}",
        question.name, universe.seed, universe.configuration,
    );
    println!("{told}\n");
    totals.differences.push(told);
}

fn judge(question: &Question, predicate: &Tree, source: &Tree, stoa: &mut Stoa) -> (Verdict, Answer, Answer) {
    let (one, other) = question.texts(predicate, source);
    let left = stoa.ask(&one);
    for (name, value) in &question.settings {
        stoa.ask(&format!("SET {name} = '{value}'"));
    }
    let right = stoa.ask(&other);
    for (name, _) in &question.settings {
        stoa.ask(&format!("RESET {name}"));
    }
    // Only the other way looks at what the predicate is of every row.
    let verdict = verdict(&other, &left, &right, &question.comparison);
    // An answer of its own makes no error right.
    let verdict = match (&verdict, left.state(), right.state()) {
        // The predicate is none: `= ANY ((SELECT array))` is about the rows.
        (_, None, Some("42883")) => Verdict::BothFail("42883".into()),
        (_, Some("XX000" | "panic"), _) | (_, _, Some("XX000" | "panic")) => {
            Verdict::Different("internal error".into())
        }
        _ => verdict,
    };
    (verdict, left, right)
}

/// Aggregates, and what makes one of their parts.
const SUMMED: &[(&str, &str)] = &[
    ("count(*)", "sum(a)::bigint"),
    ("count({any})", "sum(a)::bigint"),
    ("sum({i4})", "sum(a)::bigint"),
    ("min({i4})", "min(a)"),
    ("max({i4})", "max(a)"),
    ("min({t})", "min(a)"),
    ("max({d})", "max(a)"),
    ("max({i8})", "max(a)"),
    ("min({ts})", "min(a)"),
    ("max({f8})", "max(a)"),
    ("bool_or({b})", "bool_or(a)"),
    ("bit_and({i4})", "bit_and(a)"),
    ("sum({tn})", "sum(a)"),
];

const SETTINGS: &[(&str, &str)] = &[
    ("stoa.disabled_passes", "all"),
    ("stoa.disabled_passes", "push_down_filters"),
    ("stoa.disabled_passes", "drop_dependent_keys, share_shifted_sums"),
    (
        "stoa.disabled_passes",
        "reorder_joins, combine_sort_limit, choose_build_sides, push_down_semi_joins",
    ),
    ("stoa.disabled_passes", "fold_constants, simplify_expressions"),
    (
        "stoa.disabled_passes",
        "eliminate_common_subexpressions, prune_columns, order_conjuncts, factor_common_conjuncts",
    ),
    ("stoa.use_metadata", "off"),
    ("stoa.batch_rows", "5"),
    ("stoa.threads", "1"),
];

impl Generator<'_> {
    /// One of the first table, mostly; joins, and joins by time.
    fn question_source(&mut self) -> Source {
        match self.random.below(100) {
            0..40 => self.table_source(),
            40..52 => self.asof_source(),
            _ => self.source(1, None),
        }
    }

    fn question(&mut self, kinds: Kinds) -> Question {
        let source = self.question_source();
        let scope = Scope::of(&source.atoms);
        let predicate = self.predicate(2, &scope);
        let mut settings = Vec::new();
        let kind = match kinds {
            Kinds::All => self.random.below(100),
            Kinds::Norec => 0,
            Kinds::Tlp => 30 + self.random.below(50),
            Kinds::Settings => 80,
        };
        let (name, left, right) = match kind {
            0..30 => self.norec(),
            30..42 => self.plain_parts(&scope),
            42..50 => self.aggregate_parts(&scope),
            50..60 => self.group_parts(&scope),
            60..66 => self.filter_parts(&scope),
            66..72 => self.having_parts(&scope),
            72..80 => self.qualify_parts(&scope, &source.keys),
            _ => {
                settings.push(*self.random.pick(SETTINGS));
                if self.random.chance(30) {
                    settings.push(("stoa.use_metadata", "off"));
                }
                let (_, left, _) = self.plain_parts(&scope);
                let text = match self.random.chance(35) {
                    true => format!("{left} WHERE {{p}}"),
                    false => return self.whole_question(settings),
                };
                ("settings", text.clone(), text)
            }
        };
        Question {
            name,
            predicate,
            source: Tree::part(Tag::Source, Vec::new(), source.tree),
            left,
            right,
            settings,
            comparison: Comparison {
                is_rounded: self.is_rounded,
            },
        }
    }

    /// Any statement at all under different settings.
    fn whole_question(&mut self, settings: Vec<(&'static str, &'static str)>) -> Question {
        let statement = self.statement();
        Question {
            name: "settings",
            predicate: Tree::nothing(),
            source: statement.tree,
            left: "{from}".into(),
            right: "{from}".into(),
            settings,
            comparison: statement.comparison,
        }
    }

    fn norec(&mut self) -> (&'static str, String, String) {
        (
            "NoREC",
            "SELECT count(*) AS a FROM {from} WHERE {p}".into(),
            "SELECT coalesce(sum(CASE WHEN {p} THEN 1 ELSE 0 END), 0)::bigint AS a FROM {from}".into(),
        )
    }

    fn columns(&mut self, scope: &Scope<'_>) -> String {
        let mut items = Vec::new();
        for _ in 0..1 + self.random.below(3) {
            let is_comparable = |atom: &crate::generator::Atom| COMPARABLE.contains(&atom.kind);
            let item = match self.atom(scope, is_comparable) {
                Some(atom) if !matches!(atom.kind, Kind::Interval | Kind::Jsonb) => atom.tree.render(),
                _ => "1".into(),
            };
            items.push(format!("{item} AS a{}", items.len()));
        }
        items.join(", ")
    }

    fn plain_parts(&mut self, scope: &Scope<'_>) -> (&'static str, String, String) {
        let columns = self.columns(scope);
        let distinct = self.random.chance(35);
        let (words, union) = match distinct {
            true => ("SELECT DISTINCT", "UNION"),
            false => ("SELECT", "UNION ALL"),
        };
        let whole = format!("{words} {columns} FROM {{from}}");
        let right = parts(&whole, union, "");
        ("TLP rows", whole, right)
    }

    fn summed(&mut self, scope: &Scope<'_>) -> (String, &'static str) {
        let (template, outer) = *self.random.pick(SUMMED);
        let subqueries = std::mem::take(&mut self.subqueries_left);
        let call = self.fill(template, 1, scope).render();
        self.subqueries_left = subqueries;
        (call, outer)
    }

    fn aggregate_parts(&mut self, scope: &Scope<'_>) -> (&'static str, String, String) {
        let (call, outer) = self.summed(scope);
        let left = format!("SELECT {call} AS a FROM {{from}}");
        let union = parts(&left, "UNION ALL", "");
        (
            "TLP aggregates",
            left,
            format!("SELECT {outer} AS a FROM ({union}) AS parts"),
        )
    }

    fn group_parts(&mut self, scope: &Scope<'_>) -> (&'static str, String, String) {
        let key = match self.random.chance(25) {
            true => {
                let time = self.expression(Kind::Timestamp, 0, scope).render();
                format!("time_bucket('{} days', {time})", self.random.pick(&["1", "7", "10"]))
            }
            false => self.sort_key(scope).render(),
        };
        let (call, outer) = self.summed(scope);
        let left = format!("SELECT {key} AS g, {call} AS a FROM {{from}} GROUP BY {key}");
        let start = format!("SELECT {key} AS g, {call} AS a FROM {{from}}");
        let union = parts(&start, "UNION ALL", &format!(" GROUP BY {key}"));
        (
            "TLP groups",
            left,
            format!("SELECT g, {outer} AS a FROM ({union}) AS parts GROUP BY g"),
        )
    }

    fn filter_parts(&mut self, scope: &Scope<'_>) -> (&'static str, String, String) {
        let (call, outer) = self.summed(scope);
        let left = format!("SELECT {call} AS a FROM {{from}}");
        let right = format!(
            "SELECT {outer} AS a FROM (SELECT {call} FILTER (WHERE {{p}}) AS one, {call} FILTER (WHERE NOT {{p}}) AS two, \
             {call} FILTER (WHERE {{p}} IS NULL) AS three FROM {{from}}) AS f, LATERAL (VALUES (one), (two), (three)) AS v(a)"
        );
        ("TLP filter", left, right)
    }

    fn having_parts(&mut self, scope: &Scope<'_>) -> (&'static str, String, String) {
        let key = self.sort_key(scope).render();
        let first = self.aggregate(scope);
        let second = self.aggregate(scope);
        let atoms = [first, second];
        let condition = self.predicate(1, &Scope::of(&atoms)).render();
        let [first, _] = atoms;
        let call = first.tree.render();
        let left = format!("SELECT {key} AS g, {call} AS a FROM {{from}} GROUP BY {key}");
        let right = parts_of(&left, "UNION ALL", "HAVING", &condition, "");
        ("TLP having", left, right)
    }

    fn qualify_parts(&mut self, scope: &Scope<'_>, keys: &[String]) -> (&'static str, String, String) {
        let call = self.window_call(scope, keys);
        let atoms = [call];
        let condition = self.predicate(1, &Scope::of(&atoms)).render();
        let [call] = atoms;
        let left = format!("SELECT {}, {} AS a FROM {{from}}", keys.join(", "), call.tree.render());
        let right = parts_of(&left, "UNION ALL", "QUALIFY", &condition, "");
        ("TLP qualify", left, right)
    }

    /// Two tables by time. Of rows at the same time any is taken, so that no other column of the right one is named.
    fn asof_source(&mut self) -> Source {
        let left = self.table_source();
        let right = self.table_source();
        let times = |source: &Source| {
            let time = source
                .atoms
                .iter()
                .find(|atom| matches!(atom.kind, Kind::Timestamp | Kind::Integer) && atom.is_tame);
            time.cloned()
        };
        let (Some(one), Some(other)) = (times(&left), times(&right)) else {
            return left;
        };
        if one.kind != other.kind {
            return left;
        }
        let word = *self.random.pick(&["ASOF JOIN", "ASOF LEFT JOIN"]);
        let operator = *self.random.pick(&[">=", ">", "<=", "<"]);
        let by = other.tree.render();
        let alias = by.split('.').next().unwrap_or_default().to_owned();
        let own = left.keys[0].split('.').next().unwrap_or_default().to_owned();
        let key = *self.random.pick(&["k", "id % 3"]);
        let tree = sequence(vec![
            left.tree.clone(),
            Tree::text(format!(" {word} ")),
            right.tree,
            Tree::text(format!(
                " ON {own}.{key} = {alias}.{key} AND {} {operator} {by}",
                one.tree.render()
            )),
        ]);
        left.with(tree, other)
    }
}

/// The three parts of a query.
fn parts(start: &str, union: &str, end: &str) -> String {
    parts_of(start, union, "WHERE", "{p}", end)
}

fn parts_of(start: &str, union: &str, word: &str, condition: &str, end: &str) -> String {
    format!(
        "{start} {word} {condition}{end} {union} {start} {word} NOT {condition}{end} {union} {start} {word} {condition} IS NULL{end}"
    )
}
