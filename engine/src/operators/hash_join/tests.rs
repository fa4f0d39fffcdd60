//! Joins of every kind against nested loops over rows.

use super::*;
use crate::error::{CancelReason, Result};
use crate::operators::key::KeyField;
use crate::operators::project::Projection;
use crate::operators::testing::{
    Random, TestSource, as_set, batches_of, branch, cancel, collect, compare, memory, memory_of, rows_of, run,
};
use crate::pipeline::{Branch, Pipeline};
use crate::types::{Literal, LogicalType, array_type};
use stoa_storage::predicate::Condition;

const KINDS: [Kind; 12] = [
    Kind::Inner,
    Kind::Left,
    Kind::Right,
    Kind::Full,
    Kind::Semi,
    Kind::Anti,
    Kind::RightSemi,
    Kind::RightAnti,
    Kind::NullAwareAnti,
    Kind::Mark { null_aware: false },
    Kind::Mark { null_aware: true },
    Kind::Single,
];

type Row = Vec<Literal>;

/// Both sides have the same types; keys are the first columns.
struct Case<'a> {
    kind: Kind,
    types: &'a [LogicalType],
    key_count: usize,
    null_matches: bool,
    left: &'a [Row],
    right: &'a [Row],
    /// The left side's last column is less than the right side's.
    residual: Option<Expression>,
    workers: usize,
}

fn key_columns(count: usize) -> KeyColumns {
    KeyColumns((0..count).map(Projection::Column).collect())
}

fn output_types(case: &Case<'_>) -> Vec<LogicalType> {
    let right = match case.kind {
        Kind::Semi | Kind::Anti | Kind::NullAwareAnti => Vec::new(),
        Kind::Mark { .. } => vec![LogicalType::Boolean],
        _ => case.types.to_vec(),
    };
    let left = if case.kind.only_marks() { &[][..] } else { case.types };
    left.iter().cloned().chain(right).collect()
}

fn joined(case: Case<'_>) -> Result<(Vec<Row>, Vec<Option<Condition>>)> {
    joined_within(case, memory())
}

fn joined_within(case: Case<'_>, memory: Arc<MemoryBudget>) -> Result<(Vec<Row>, Vec<Option<Condition>>)> {
    let (output, workers) = (output_types(&case), case.workers);
    let Opened {
        branches, conditions, ..
    } = opened(case, memory)?;
    let batches = collect(branches, workers)?;
    assert!(batches.iter().all(|batch| batch.selected_count() <= 61));
    let published = conditions.iter().map(|condition| condition.lock().clone()).collect();
    Ok((rows_of(&batches, &output), published))
}

/// A join whose right side was taken in.
struct Opened {
    join: Arc<Join>,
    /// Of its answer.
    branches: Vec<Branch>,
    conditions: Vec<Arc<Mutex<Option<Condition>>>>,
}

fn opened(case: Case<'_>, memory: Arc<MemoryBudget>) -> Result<Opened> {
    let types: Vec<DataType> = case.types.iter().map(array_type).collect();
    let stored: Vec<usize> = match (case.kind.asks_existence(), &case.residual) {
        (true, None) => vec![],
        (true, Some(_)) => vec![types.len() - 1],
        _ => (0..types.len()).collect(),
    };
    let field = |data_type: &DataType| match case.null_matches {
        true => KeyField::equality(data_type.clone()),
        false => KeyField::without_nulls(data_type.clone()),
    };
    let keys = (case.key_count > 0).then(|| JoinKeys {
        right: key_columns(case.key_count),
        encoder: KeyEncoder::new(types[..case.key_count].iter().map(field).collect()).unwrap(),
    });
    let conditions: Vec<_> = (0..case.key_count).map(|_| Arc::new(Mutex::new(None))).collect();
    let publications = conditions.iter().enumerate();
    let publications = publications.filter(|_| !case.null_matches && case.kind.drops_unmatched_left());
    let join = Join::new(Specification {
        kind: case.kind,
        keys,
        has_residual: case.residual.is_some(),
        stored_types: stored.iter().map(|place| types[*place].clone()).collect(),
        publications: publications
            .map(|(key, condition)| Publication::new(key, types[key].clone(), condition.clone()).unwrap())
            .collect(),
        batch_rows: 61,
        workers: case.workers,
        memory,
        cancel: cancel(),
        profile: None,
        stored: stored.clone(),
    });
    let left_width = if case.kind.only_marks() { 0 } else { types.len() };
    let side = Arc::new(LeftSide {
        keys: key_columns(case.key_count),
        residual: case.residual.map(|condition| Residual {
            conditions: vec![condition],
            left: vec![types.len() - 1],
            right: vec![stored.len() - 1],
        }),
        output: (0..left_width).collect(),
        right_output: match case.kind.asks_existence() {
            true => vec![],
            false => (0..types.len()).collect(),
        },
        output_types: types[..left_width].to_vec(),
    });
    let right_rows = if case.right.len() > 10_000 { 5000 } else { 40 };
    let right = TestSource::new(batches_of(case.right, case.types, right_rows), case.workers);
    run(
        &[
            Pipeline {
                branches: vec![branch(right, vec![])],
                sink: Arc::new(BuildSink(join.clone())),
            },
            Pipeline {
                branches: vec![branch(BuildTasks(join.clone()), vec![])],
                sink: Arc::new(BuildTasksSink(join.clone())),
            },
        ],
        case.workers,
    )?;
    let left = TestSource::new(batches_of(case.left, case.types, 50), case.workers);
    let probe = ProbeTransform {
        join: join.clone(),
        left: side.clone(),
    };
    let mut branches = vec![branch(left, vec![Arc::new(probe)])];
    if case.kind.hands_out_right().is_some() {
        branches.push(branch(MarkedSource::new(join.clone(), side), vec![]));
    }
    Ok(Opened {
        join,
        branches,
        conditions,
    })
}

fn is_null(literal: &Literal) -> bool {
    *literal == Literal::Null
}

/// `None` is an error: a second match where one is allowed.
fn expected(case: &Case<'_>) -> Option<Vec<Row>> {
    let is_equal = |left: &Literal, right: &Literal| match is_null(left) || is_null(right) {
        true => case.null_matches && is_null(left) && is_null(right),
        false => compare(left, right).is_eq(),
    };
    let matches = |left: &Row, right: &Row| {
        let keys = (0..case.key_count).all(|key| is_equal(&left[key], &right[key]));
        let (last_left, last_right) = (left.last().unwrap(), right.last().unwrap());
        let residual = || !is_null(last_left) && !is_null(last_right) && compare(last_left, last_right).is_lt();
        keys && (case.residual.is_none() || residual())
    };
    let nulls = || vec![Literal::Null; case.types.len()];
    let has_null_key = |row: &Row| row[..case.key_count].iter().any(is_null);
    let mut right_matched = vec![false; case.right.len()];
    let mut rows = Vec::new();
    for left in case.left {
        let found: Vec<usize> = (0..case.right.len())
            .filter(|at| matches(left, &case.right[*at]))
            .collect();
        found.iter().for_each(|at| right_matched[*at] = true);
        let with = |right: Row| left.iter().cloned().chain(right).collect::<Row>();
        let open = !case.right.is_empty() && (has_null_key(left) || case.right.iter().any(has_null_key));
        match case.kind {
            Kind::Inner | Kind::Right => rows.extend(found.iter().map(|at| with(case.right[*at].clone()))),
            Kind::Single if found.len() > 1 => return None,
            Kind::Left | Kind::Full | Kind::Single => {
                rows.extend(found.iter().map(|at| with(case.right[*at].clone())));
                if found.is_empty() {
                    rows.push(with(nulls()));
                }
            }
            Kind::Semi if found.is_empty() => {}
            Kind::Anti if !found.is_empty() => {}
            Kind::NullAwareAnti if !found.is_empty() || open => {}
            Kind::Semi | Kind::Anti | Kind::NullAwareAnti => rows.push(left.clone()),
            Kind::RightSemi | Kind::RightAnti => {}
            Kind::Mark { null_aware } => rows.push(with(vec![match (found.is_empty(), null_aware && open) {
                (false, _) => Literal::Boolean(true),
                (true, true) => Literal::Null,
                (true, false) => Literal::Boolean(false),
            }])),
        }
    }
    if let Some(wanted) = case.kind.hands_out_right() {
        let right = right_matched.iter().zip(case.right);
        let wanted = right.filter(|(matched, _)| **matched == (wanted == Matched::Yes));
        let left = if case.kind.only_marks() { Vec::new() } else { nulls() };
        rows.extend(wanted.map(|(_, right)| left.iter().cloned().chain(right.clone()).collect::<Row>()));
    }
    Some(rows)
}

fn check(case: Case<'_>) {
    let expected = expected(&case);
    let name = format!(
        "{:?} {:?} {} keys, {}",
        case.kind, case.types, case.key_count, case.null_matches
    );
    match (joined(case), expected) {
        (Ok((rows, _)), Some(expected)) => assert_eq!(as_set(&rows), as_set(&expected), "{name}"),
        (Err(error), None) => assert_eq!(error.state(), crate::error::SqlState::CARDINALITY_VIOLATION, "{name}"),
        (Ok(_), None) => panic!("{name}: a second match went unnoticed"),
        (Err(error), Some(_)) => panic!("{name}: {error}"),
    }
}

fn residual() -> Expression {
    use stoa_sql::plan::{ColumnDef, ColumnId, CompareOp, Expr};
    let column = |id, data_type: &LogicalType| ColumnDef {
        id: ColumnId(id),
        name: String::new(),
        data_type: data_type.clone(),
        nullable: true,
    };
    let columns = vec![column(1, &LogicalType::BigInt), column(2, &LogicalType::BigInt)];
    let condition = Expr::compare(
        CompareOp::Less,
        Expr::Column(columns[0].clone()),
        Expr::Column(columns[1].clone()),
    );
    let layout = crate::expression::Layout::new(columns);
    Expression::compile(
        &condition,
        &layout,
        &Arc::new(crate::functions::scalar::testing::statement()),
    )
    .unwrap()
}

fn check_all(types: &[LogicalType], key_counts: &[usize], sizes: &[(usize, usize, u64)], with_residual: bool) {
    for (seed, (left, right, distinct)) in sizes.iter().enumerate() {
        let mut random = Random::new(seed as u64 + 11);
        let left = random.rows(*left, types, *distinct);
        let right = random.rows(*right, types, *distinct);
        for key_count in key_counts {
            for kind in KINDS {
                let is_null_aware = matches!(kind, Kind::NullAwareAnti | Kind::Mark { null_aware: true });
                for null_matches in [false, true] {
                    if is_null_aware && (*key_count != 1 || null_matches || with_residual) {
                        continue;
                    }
                    check(Case {
                        kind,
                        types,
                        key_count: *key_count,
                        null_matches,
                        left: &left,
                        right: &right,
                        residual: with_residual.then(residual),
                        workers: 1 + seed % 3,
                    });
                }
            }
        }
    }
}

const SIZES: [(usize, usize, u64); 6] = [
    (0, 0, 1),
    (30, 0, 4),
    (0, 30, 4),
    (130, 120, 12),
    (100, 170, 1000),
    (60, 7, 3),
];

#[test]
fn joins_by_packed_and_dense_keys() {
    use LogicalType::*;
    check_all(&[Integer, BigInt], &[0, 1, 2], &SIZES, false);
    check_all(&[SmallInt, Boolean, Date, BigInt], &[1, 3], &SIZES, false);
    check_all(&[Double, Timestamp, BigInt], &[1, 2, 3], &SIZES, false);
    check_all(&[Uuid, BigInt], &[1], &SIZES, false);
}

#[test]
fn joins_by_keys_of_bytes() {
    use LogicalType::*;
    check_all(&[Text, BigInt], &[1, 2], &SIZES, false);
    check_all(&[Integer, Text, Interval, BigInt], &[2, 3], &SIZES, false);
}

#[test]
fn joins_with_further_conditions() {
    use LogicalType::*;
    check_all(&[Integer, BigInt], &[0, 1], &SIZES, true);
    check_all(&[Text, BigInt], &[0, 1], &SIZES, true);
}

#[test]
fn large_right_sides_are_partitioned() {
    use LogicalType::*;
    for (types, spread) in [
        (vec![BigInt, BigInt], 1),
        (vec![BigInt, BigInt], 1 << 40),
        (vec![Timestamp, BigInt], 7),
        (vec![Text, BigInt], 1),
        (vec![NUMERIC_WIDE, BigInt], 1 << 60),
    ] {
        let key = |value: u64| match &types[0] {
            BigInt => Literal::Integer((value * spread) as i64),
            Timestamp => Literal::Timestamp((value * spread * 1_000_000_007) as i64),
            Text => Literal::Text(format!("key number {value}")),
            _ => Literal::Numeric(i128::from(value) * i128::from(spread)),
        };
        let rows = |count: u64, step: u64| -> Vec<Row> {
            (0..count)
                .map(|row| match row % 9 {
                    8 => vec![Literal::Null, Literal::Integer(row as i64)],
                    _ => vec![key(row * step % 37_000), Literal::Integer(row as i64)],
                })
                .collect()
        };
        let (left, right) = (rows(40, 997), rows(42_000, 1));
        for kind in [Kind::Inner, Kind::Full, Kind::Anti] {
            check(Case {
                kind,
                types: &types,
                key_count: 1,
                null_matches: false,
                left: &left,
                right: &right,
                residual: None,
                workers: 2,
            });
        }
    }
}

const NUMERIC_WIDE: LogicalType = LogicalType::Numeric {
    precision: 30,
    scale: 0,
};

#[test]
fn one_left_batch_may_match_many_rows() {
    let types = [LogicalType::Integer, LogicalType::BigInt];
    let rows = |count: i64| -> Vec<Row> {
        (0..count)
            .map(|row| vec![Literal::Integer(1), Literal::Integer(row)])
            .collect()
    };
    let (left, right) = (rows(40), rows(500));
    for (key_count, kind) in [(1, Kind::Inner), (0, Kind::Inner), (1, Kind::Left), (0, Kind::Full)] {
        check(Case {
            kind,
            types: &types,
            key_count,
            null_matches: false,
            left: &left,
            right: &right,
            residual: None,
            workers: 2,
        });
    }
}

#[test]
fn keys_are_published() {
    let types = [LogicalType::Integer, LogicalType::BigInt];
    let rows = |values: &[i64]| -> Vec<Row> {
        values
            .iter()
            .map(|value| vec![Literal::Integer(*value), Literal::Integer(0)])
            .collect()
    };
    let published = |kind, right: &[Row]| {
        let left = rows(&[1, 2]);
        joined(Case {
            kind,
            types: &types,
            key_count: 1,
            null_matches: false,
            left: &left,
            right,
            residual: None,
            workers: 2,
        })
        .unwrap()
        .1
        .remove(0)
    };
    let mut few = rows(&[5, 3, 5, 3]);
    few.push(vec![Literal::Null, Literal::Integer(1)]);
    let Some(Condition::In(values)) = published(Kind::Inner, &few) else {
        panic!()
    };
    let literals = |values: &ArrayRef| -> Vec<Literal> {
        (0..values.len())
            .map(|row| crate::types::literal_at(&**values, row, &types[0]).unwrap())
            .collect()
    };
    assert_eq!(literals(&values), [Literal::Integer(3), Literal::Integer(5)]);
    let many = rows(&(10..200).collect::<Vec<_>>());
    let Some(Condition::Range {
        lower: Some(lower),
        upper: Some(upper),
    }) = published(Kind::Right, &many)
    else {
        panic!()
    };
    assert_eq!(literals(&lower.value), [Literal::Integer(10)]);
    assert_eq!(literals(&upper.value), [Literal::Integer(199)]);
    let spread = rows(&(0..200).map(|place| place * 50).collect::<Vec<_>>());
    assert!(matches!(published(Kind::RightAnti, &spread), Some(Condition::Among(_))));
    assert!(published(Kind::Inner, &[]).is_none());
    assert!(published(Kind::Left, &few).is_none());
}

/// Rows of a bigint, a text and a bigint, keyed by the first or the first two.
fn wide_rows(seed: u64, count: usize, key_max: u64) -> (Vec<LogicalType>, Vec<Row>) {
    let types = vec![LogicalType::BigInt, LogicalType::Text, LogicalType::BigInt];
    let mut random = Random::new(seed);
    let rows = (0..count).map(|row| {
        let key = random.below(key_max);
        let key_or_null = match random.below(20) {
            0 => Literal::Null,
            _ => Literal::Integer(key as i64),
        };
        let text = Literal::Text(format!("a text that is not short {}", key % 7));
        vec![key_or_null, text, Literal::Integer(row as i64 % 1000)]
    });
    let rows = rows.collect();
    (types, rows)
}

#[test]
fn joins_on_disk_answer_as_those_in_memory() {
    let (types, right) = wide_rows(5, 4_000, 3_000);
    let (_, left) = wide_rows(6, 1_000, 4_000);
    let without_nulls: Vec<Row> = right.iter().filter(|row| !is_null(&row[0])).cloned().collect();
    let sides = [
        (1, &right, false, 3),
        (1, &without_nulls, false, 1),
        (2, &right, true, 2),
    ];
    for (kind, (key_count, right, null_matches, workers)) in
        KINDS.into_iter().flat_map(|kind| sides.map(|side| (kind, side)))
    {
        if null_matches && matches!(kind, Kind::NullAwareAnti | Kind::Mark { null_aware: true }) {
            continue;
        }
        // Where one match is allowed, keys may not repeat.
        let mut right = right.clone();
        if kind == Kind::Single {
            right.sort_by(|a, b| compare(&a[0], &b[0]));
            right.dedup_by(|a, b| compare(&a[0], &b[0]).is_eq());
        }
        let small = answers_on_disk(100_000, || Case {
            kind,
            types: &types,
            key_count,
            null_matches,
            left: &left,
            right: &right,
            residual: None,
            workers,
        });
        let is_small = kind.asks_existence() && key_count == 1;
        assert!(is_small || small.spilled_bytes() > 0, "{kind:?} by {key_count} spills");
    }
}

/// Joins with little memory and with enough: the answers must be the same, and nothing may stay. Gives the little memory.
fn answers_on_disk<'a>(limit_bytes: usize, case: impl Fn() -> Case<'a>) -> Arc<MemoryBudget> {
    let answer = |memory: Arc<MemoryBudget>| as_set(&joined_within(case(), memory).unwrap().0);
    let small = memory_of(limit_bytes);
    let Case { kind, key_count, .. } = case();
    assert_eq!(answer(small.clone()), answer(memory()), "{kind:?} by {key_count}");
    assert!(small.peak_bytes() <= limit_bytes);
    nothing_stays(&small);
    small
}

fn nothing_stays(small: &Arc<MemoryBudget>) {
    let all = small.reservation().resize(small.limit_bytes());
    assert!(all.is_ok(), "all memory is given back");
    assert_eq!(small.temporary_files().used_bytes(), 0, "no file stays");
}

/// Rows of a bigint, a text and a bigint.
fn numbered_rows(keys: impl Iterator<Item = (Option<i64>, i64)>) -> Vec<Row> {
    let row = |(key, number): (Option<i64>, i64)| {
        let text = Literal::Text(format!("a text that is not short {}", number % 7));
        vec![
            key.map_or(Literal::Null, Literal::Integer),
            text,
            Literal::Integer(number),
        ]
    };
    keys.map(row).collect()
}

const NUMBERED: [LogicalType; 3] = [LogicalType::BigInt, LogicalType::Text, LogicalType::BigInt];

#[test]
fn joins_without_keys_go_to_disk() {
    // Less than a twentieth of the pairs match.
    let left = numbered_rows((0..150).map(|row| (Some(row), 950 + row % 50)));
    let right = numbered_rows((0..4_000).map(|row| (Some(row), row * 7 % 1000)));
    // One that matches, so that one match is what there is.
    let one_match = numbered_rows((0..4_000).map(|row| (Some(row), if row == 3_700 { 5_000 } else { 0 })));
    for (number, kind) in KINDS.into_iter().enumerate() {
        if matches!(kind, Kind::NullAwareAnti | Kind::Mark { null_aware: true }) {
            continue;
        }
        // Of those that only ask for a match, little is kept.
        let limit_bytes = if kind.asks_existence() { 30_000 } else { 200_000 };
        let small = answers_on_disk(limit_bytes, || Case {
            kind,
            types: &NUMBERED,
            key_count: 0,
            null_matches: false,
            left: &left,
            right: if kind == Kind::Single { &one_match } else { &right },
            residual: Some(residual()),
            workers: 1 + number % 3,
        });
        assert!(small.spilled_bytes() > 0, "{kind:?} spills");
    }
    let small = answers_on_disk(200_000, || Case {
        kind: Kind::Inner,
        types: &NUMBERED,
        key_count: 0,
        null_matches: false,
        left: &left[..3],
        right: &right,
        residual: None,
        workers: 2,
    });
    assert!(small.spilled_bytes() > 0);
}

#[test]
fn many_rows_of_one_key_pass_block_by_block() {
    let right = numbered_rows((0..5_000).map(|row| match row % 50 {
        0 => (None, row),
        1 => (Some(row), row),
        _ => (Some(7), row),
    }));
    let left = numbered_rows((0..40).map(|row| match row % 4 {
        0 => (None, row),
        1 => (Some(7), row),
        _ => (Some(row), row),
    }));
    let unique = numbered_rows((0..5_000).map(|row| (Some(if row == 4_900 { 7 } else { -7 }), row)));
    for (number, kind) in KINDS.into_iter().enumerate() {
        let small = answers_on_disk(100_000, || Case {
            kind,
            types: &NUMBERED,
            key_count: 1,
            null_matches: false,
            left: &left,
            right: if kind == Kind::Single { &unique } else { &right },
            residual: None,
            workers: 1 + number % 3,
        });
        assert!(small.spilled_bytes() > 0, "{kind:?} spills");
    }
    for kind in [Kind::Semi, Kind::Anti, Kind::Full, Kind::Mark { null_aware: false }] {
        answers_on_disk(100_000, || Case {
            kind,
            types: &NUMBERED,
            key_count: 1,
            null_matches: true,
            left: &left,
            right: &right,
            residual: Some(residual()),
            workers: 2,
        });
    }
}

#[test]
fn a_second_match_in_another_block_is_noticed() {
    let right = numbered_rows((0..5_000).map(|row| (Some(if row % 4_999 == 0 { 7 } else { -7 }), row)));
    let left = numbered_rows([(Some(7), 1)].into_iter());
    let small = memory_of(200_000);
    let case = Case {
        kind: Kind::Single,
        types: &NUMBERED,
        key_count: 0,
        null_matches: false,
        left: &left,
        right: &right,
        residual: Some(residual()),
        workers: 1,
    };
    let error = joined_within(case, small.clone()).unwrap_err();
    assert_eq!(error.state(), crate::error::SqlState::CARDINALITY_VIOLATION);
    assert!(small.spilled_bytes() > 0);
    nothing_stays(&small);
}

#[test]
fn a_cancelled_join_gives_everything_back() {
    let left = numbered_rows((0..300).map(|row| (Some(7), row)));
    let right = numbered_rows((0..5_000).map(|row| (Some(7), row)));
    for key_count in [0, 1] {
        let small = memory_of(200_000);
        let case = Case {
            kind: Kind::Full,
            types: &NUMBERED,
            key_count,
            null_matches: false,
            left: &left,
            right: &right,
            residual: None,
            workers: 1,
        };
        let Opened { join, branches, .. } = opened(case, small.clone()).unwrap();
        let mut stream = branches[0].open().unwrap();
        for _ in 0..10 {
            assert!(stream.next().unwrap().is_some());
        }
        assert!(small.spilled_bytes() > 0);
        join.specification.cancel.cancel(CancelReason::User);
        assert!(matches!(stream.next(), Err(Error::Cancelled(_))));
        drop((stream, branches, join));
        nothing_stays(&small);
    }
}

#[test]
fn a_row_that_does_not_fit_is_an_error() {
    let text = Literal::Text("long ".repeat(50_000));
    let right = vec![vec![Literal::Integer(7), text, Literal::Integer(1)]];
    for key_count in [0, 1] {
        let small = memory_of(200_000);
        let case = Case {
            kind: Kind::Inner,
            types: &NUMBERED,
            key_count,
            null_matches: false,
            left: &right,
            right: &right,
            residual: None,
            workers: 1,
        };
        let error = joined_within(case, small.clone()).unwrap_err();
        assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
        nothing_stays(&small);
    }
}
