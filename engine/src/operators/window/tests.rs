//! Windows against frames found by going through all rows of a partition.

use super::*;
use crate::error::{CancelReason, Error};
use crate::expression::{Expression, Layout};
use crate::functions::{AggregateBinding, WindowArguments, registry};
use crate::operators::key::{KeyField, Nulls};
use crate::operators::project::Projection;
use crate::operators::sort::Order;
use crate::operators::testing::{
    Random, TestSource, batches_of, branch, cancel, collect, compare, memory, memory_of, rows_of, run,
};
use crate::pipeline::Pipeline;
use crate::types::{Literal, LogicalType, array_type};
use arrow_array::ArrayRef;
use std::cmp::Ordering;
use stoa_sql::plan::{ColumnDef, ColumnId, Expr, FrameExclusion, FrameUnits};

const PARTITION: usize = 0;
const KEY: usize = 1;
const ID: usize = 2;
const VALUE: usize = 3;
const FLAG: usize = 4;
const TYPES: [LogicalType; 5] = [
    LogicalType::Integer,
    LogicalType::Integer,
    LogicalType::BigInt,
    LogicalType::Integer,
    LogicalType::Boolean,
];

type Row = Vec<Literal>;

fn column(place: usize) -> ColumnDef {
    ColumnDef {
        id: ColumnId(place as u32),
        name: format!("c{place}"),
        data_type: TYPES[place].clone(),
        nullable: true,
    }
}

fn compiled(place: usize) -> Expression {
    let layout = Layout::new((0..TYPES.len()).map(column).collect());
    let statement = Arc::new(crate::functions::scalar::testing::statement());
    Expression::compile(&Expr::Column(column(place)), &layout, &statement).unwrap()
}

/// What a test asks for.
#[derive(Clone, Debug)]
struct Case {
    partitioned: bool,
    /// By the key; by the identity as well, so that no two rows are peers.
    order: Option<(bool, Nulls)>,
    unique: bool,
    frame: Frame,
    filtered: bool,
}

fn aggregate(name: &str, arguments: Vec<usize>, return_type: LogicalType, case: &Case) -> Call {
    let binding = AggregateBinding {
        argument_types: arguments.iter().map(|place| TYPES[*place].clone()).collect(),
        return_type: return_type.clone(),
        order_types: vec![],
        constants: arguments.iter().map(|_| None).collect(),
    };
    Call {
        computation: Computation::Aggregate {
            accumulator: registry::aggregate_function(name).unwrap().accumulator,
            binding,
        },
        arguments: arguments.into_iter().map(compiled).collect(),
        filter: case.filtered.then(|| compiled(FLAG)),
        ignore_nulls: false,
        frame: case.frame.clone(),
        return_type,
    }
}

/// The identities that a row sees, one after the other in digits of a number.
fn trace(arguments: &WindowArguments<'_>) -> Result<ArrayRef> {
    use arrow_array::cast::AsArray;
    let ids = arguments.arguments[0]
        .as_primitive::<arrow_array::types::Int64Type>()
        .values();
    let traces = (0..arguments.row_count).map(|row| {
        let seen = (arguments.frames)(row).into_iter().flatten();
        seen.fold(7i64, |trace, at| trace.wrapping_mul(31).wrapping_add(ids[at]))
    });
    Ok(Arc::new(arrow_array::Int64Array::from_iter_values(traces)))
}

fn calls(case: &Case) -> Vec<Call> {
    let of = |computation, arguments: Vec<usize>| Call {
        computation,
        arguments: arguments.into_iter().map(compiled).collect(),
        filter: None,
        ignore_nulls: false,
        frame: case.frame.clone(),
        return_type: LogicalType::BigInt,
    };
    let identities = LogicalType::Array(Box::new(LogicalType::BigInt));
    vec![
        of(Computation::RowNumber, vec![]),
        of(Computation::Rank, vec![]),
        of(Computation::DenseRank, vec![]),
        of(
            Computation::Function {
                execute: trace,
                reach: Reach::Frame,
            },
            vec![ID],
        ),
        aggregate("count", vec![], LogicalType::BigInt, case),
        aggregate("sum", vec![VALUE], LogicalType::BigInt, case),
        aggregate("array_agg", vec![ID], identities, case),
    ]
}

fn output_types() -> Vec<LogicalType> {
    let mut types = TYPES.to_vec();
    types.extend((0..6).map(|_| LogicalType::BigInt));
    types.push(LogicalType::Array(Box::new(LogicalType::BigInt)));
    types
}

fn key_fields(case: &Case) -> (Vec<usize>, Vec<KeyField>) {
    let mut order = Vec::new();
    if let Some((descending, nulls)) = case.order {
        order.push((
            KEY,
            KeyField {
                data_type: array_type(&TYPES[KEY]),
                descending,
                nulls,
            },
        ));
    }
    if case.unique {
        order.push((ID, KeyField::equality(array_type(&TYPES[ID]))));
    }
    order.into_iter().unzip()
}

fn computed(rows: &[Row], case: &Case, workers: usize) -> Vec<Row> {
    let window = window(case, calls(case), workers, memory());
    computed_by(&window, rows, &output_types(), workers).unwrap()
}

fn window(case: &Case, calls: Vec<Call>, workers: usize, memory: Arc<MemoryBudget>) -> Arc<Window> {
    let partition: Vec<usize> = if case.partitioned { vec![PARTITION] } else { vec![] };
    let partition_fields: Vec<KeyField> = partition
        .iter()
        .map(|place| KeyField::equality(array_type(&TYPES[*place])))
        .collect();
    let (order, order_fields) = key_fields(case);
    let columns = |places: &[usize]| KeyColumns(places.iter().map(|place| Projection::Column(*place)).collect());
    let types: Vec<DataType> = TYPES.iter().map(array_type).collect();
    let sort_order = Order {
        columns: columns(&[partition.as_slice(), &order].concat()),
        encoder: KeyEncoder::new(partition_fields.iter().cloned().chain(order_fields).collect()).unwrap(),
    };
    Window::new(Specification {
        partition: columns(&partition),
        order: columns(&order),
        sort: Sort::new(sort_order, types.clone(), None, 64, memory.clone(), cancel(), 1),
        types,
        partition_encoder: KeyEncoder::new(partition_fields).unwrap(),
        descending: case.order.is_some_and(|(descending, _)| descending),
        calls,
        statement: Arc::new(crate::functions::scalar::testing::statement()),
        batch_rows: 64,
        workers,
        memory,
        cancel: cancel(),
    })
}

/// Rows by their identities.
fn computed_by(window: &Arc<Window>, rows: &[Row], types: &[LogicalType], workers: usize) -> Result<Vec<Row>> {
    let pipeline = Pipeline {
        branches: vec![branch(TestSource::new(batches_of(rows, &TYPES, 50), workers), vec![])],
        sink: Arc::new(WindowSink(window.clone())),
    };
    run(&[pipeline], workers)?;
    let batches = collect(vec![branch(WindowSource(window.clone()), vec![])], workers)?;
    assert!(batches.iter().all(|batch| batch.row_count <= 64));
    let mut rows = rows_of(&batches, types);
    rows.sort_by(|left, right| compare(&left[ID], &right[ID]));
    Ok(rows)
}

fn is_null(literal: &Literal) -> bool {
    *literal == Literal::Null
}

fn integer(literal: &Literal) -> i64 {
    match literal {
        Literal::Integer(value) => *value,
        other => panic!("{other}"),
    }
}

fn by_order(left: &Row, right: &Row, case: &Case) -> Ordering {
    let by_key = case.order.map_or(Ordering::Equal, |(descending, nulls)| {
        let (left, right) = (&left[KEY], &right[KEY]);
        match (is_null(left) || is_null(right), nulls, descending) {
            (true, Nulls::First, _) => compare(right, left),
            (true, _, _) => compare(left, right),
            (false, _, true) => compare(right, left),
            (false, _, false) => compare(left, right),
        }
    });
    match case.unique {
        true => by_key.then(compare(&left[ID], &right[ID])),
        false => by_key,
    }
}

/// Whether a bound lets a row of the partition in.
fn within(
    partition: &[&Row],
    groups: &[i64],
    row: usize,
    other: usize,
    bound: &Bound,
    is_start: bool,
    case: &Case,
) -> bool {
    let side = |this: i64, limit: i64| if is_start { this >= limit } else { this <= limit };
    let rows = case.frame.units == FrameUnits::Rows;
    let place = |at: usize| if rows { at as i64 } else { groups[at] };
    match bound {
        Bound::UnboundedPreceding | Bound::UnboundedFollowing => true,
        Bound::CurrentRow => side(place(other), place(row)),
        Bound::Preceding(count) => side(place(other), place(row) - *count as i64),
        Bound::Following(count) => side(place(other), place(row) + *count as i64),
        Bound::RangePreceding(RangeOffset::Exact(offset)) | Bound::RangeFollowing(RangeOffset::Exact(offset)) => {
            let (descending, nulls) = case.order.unwrap();
            let (this, key) = (&partition[row][KEY], &partition[other][KEY]);
            if is_null(this) {
                return side(groups[other], groups[row]);
            }
            if is_null(key) {
                return is_start == (nulls == Nulls::Last);
            }
            let preceding = matches!(bound, Bound::RangePreceding(_));
            let sign = if descending { -1 } else { 1 };
            let offset = if preceding { -*offset as i64 } else { *offset as i64 };
            side(integer(key) * sign, integer(this) * sign + offset)
        }
        other => panic!("{other:?}"),
    }
}

fn expected(rows: &[Row], case: &Case) -> Vec<Row> {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by(|left, right| by_order(left, right, case).then(compare(&left[ID], &right[ID])));
    let mut answers = Vec::new();
    for row in rows {
        let in_partition = |other: &&&Row| !case.partitioned || compare(&other[PARTITION], &row[PARTITION]).is_eq();
        let partition: Vec<&Row> = sorted.iter().filter(in_partition).copied().collect();
        let mut groups = vec![0i64];
        for pair in partition.windows(2) {
            let step = i64::from(by_order(pair[0], pair[1], case).is_ne());
            groups.push(groups[groups.len() - 1] + step);
        }
        let at = partition.iter().position(|other| other[ID] == row[ID]).unwrap();
        let frame = &case.frame;
        let seen: Vec<&Row> = (0..partition.len())
            .filter(|other| within(&partition, &groups, at, *other, &frame.start, true, case))
            .filter(|other| within(&partition, &groups, at, *other, &frame.end, false, case))
            .filter(|other| match frame.exclusion {
                FrameExclusion::NoOthers => true,
                FrameExclusion::CurrentRow => *other != at,
                FrameExclusion::Group => groups[*other] != groups[at],
                FrameExclusion::Ties => *other == at || groups[*other] != groups[at],
            })
            .map(|other| partition[other])
            .collect();
        let counted: Vec<&&Row> = seen
            .iter()
            .filter(|row| !case.filtered || row[FLAG] == Literal::Boolean(true))
            .collect();
        let values = counted.iter().map(|row| &row[VALUE]).filter(|value| !is_null(value));
        let values: Vec<i64> = values.map(integer).collect();
        let trace = seen.iter().fold(7i64, |trace, row| {
            trace.wrapping_mul(31).wrapping_add(integer(&row[ID]))
        });
        let peers_before = groups.iter().filter(|group| **group < groups[at]).count() as i64;
        let mut answer = row.clone();
        answer.extend([
            Literal::Integer(at as i64 + 1),
            Literal::Integer(peers_before + 1),
            Literal::Integer(groups[at] + 1),
            Literal::Integer(trace),
            Literal::Integer(counted.len() as i64),
            match values.is_empty() {
                true => Literal::Null,
                false => Literal::Integer(values.iter().sum()),
            },
            match counted.is_empty() {
                true => Literal::Null,
                false => Literal::Array(counted.iter().map(|row| row[ID].clone()).collect()),
            },
        ]);
        answers.push(answer);
    }
    answers
}

fn rows(count: usize, distinct: u64) -> Vec<Row> {
    let mut rows = Random::new(count as u64).rows(count, &TYPES, distinct);
    for (id, row) in rows.iter_mut().enumerate() {
        row[ID] = Literal::Integer(id as i64);
    }
    rows
}

/// Only what does not depend on the order of peers, where there are peers.
fn check(rows: &[Row], case: &Case, workers: usize) {
    let (got, expected) = (computed(rows, case, workers), expected(rows, case));
    assert_eq!(got.len(), expected.len());
    let depends =
        !case.unique && (case.frame.units == FrameUnits::Rows || case.frame.exclusion != FrameExclusion::NoOthers);
    for (got, expected) in got.iter().zip(&expected) {
        let places: &[usize] = match (case.unique, depends) {
            (true, _) => &[5, 6, 7, 8, 9, 10, 11],
            (false, false) => &[6, 7, 9, 10],
            (false, true) => &[6, 7],
        };
        for place in places {
            assert_eq!(got[*place], expected[*place], "{place} of {expected:?} in {case:?}");
        }
    }
}

fn frame(units: FrameUnits, start: Bound, end: Bound, exclusion: FrameExclusion) -> Frame {
    Frame {
        units,
        start,
        end,
        exclusion,
    }
}

fn frames() -> Vec<Frame> {
    use FrameExclusion::*;
    use FrameUnits::*;
    let exact = RangeOffset::Exact;
    let mut frames = Vec::new();
    for units in [Rows, Range, Groups] {
        frames.push(frame(units, Bound::UnboundedPreceding, Bound::CurrentRow, NoOthers));
        frames.push(frame(units, Bound::CurrentRow, Bound::UnboundedFollowing, NoOthers));
        frames.push(frame(
            units,
            Bound::UnboundedPreceding,
            Bound::UnboundedFollowing,
            NoOthers,
        ));
        for exclusion in [CurrentRow, Group, Ties] {
            frames.push(frame(
                units,
                Bound::UnboundedPreceding,
                Bound::UnboundedFollowing,
                exclusion,
            ));
            frames.push(frame(units, Bound::CurrentRow, Bound::UnboundedFollowing, exclusion));
        }
    }
    for units in [Rows, Groups] {
        for (before, after) in [(0, 0), (2, 1), (30, 40)] {
            frames.push(frame(
                units,
                Bound::Preceding(before),
                Bound::Following(after),
                NoOthers,
            ));
            frames.push(frame(
                units,
                Bound::UnboundedPreceding,
                Bound::Preceding(after),
                NoOthers,
            ));
            frames.push(frame(
                units,
                Bound::Following(after),
                Bound::UnboundedFollowing,
                NoOthers,
            ));
            frames.push(frame(units, Bound::Preceding(before), Bound::Preceding(1), Ties));
            frames.push(frame(units, Bound::Following(1), Bound::Following(before), Group));
        }
    }
    for offset in [0, 1, 5] {
        let (preceding, following) = (
            Bound::RangePreceding(exact(offset)),
            Bound::RangeFollowing(exact(offset)),
        );
        frames.push(frame(Range, preceding.clone(), following.clone(), NoOthers));
        frames.push(frame(Range, preceding.clone(), Bound::CurrentRow, CurrentRow));
        frames.push(frame(Range, Bound::UnboundedPreceding, following.clone(), NoOthers));
        frames.push(frame(Range, following, Bound::UnboundedFollowing, NoOthers));
        frames.push(frame(Range, Bound::UnboundedPreceding, preceding, NoOthers));
    }
    frames
}

fn is_by_value(frame: &Frame) -> bool {
    [&frame.start, &frame.end]
        .iter()
        .any(|bound| matches!(bound, Bound::RangePreceding(_) | Bound::RangeFollowing(_)))
}

#[test]
fn frames_of_every_kind() {
    for (number, frame) in frames().into_iter().enumerate() {
        for (unique, order) in [
            (false, Some((false, Nulls::Last))),
            (false, Some((true, Nulls::First))),
            (true, Some((false, Nulls::First))),
            (true, None),
            (false, None),
        ] {
            if is_by_value(&frame) && (unique || order.is_none()) {
                continue;
            }
            let case = Case {
                partitioned: number % 3 != 0,
                order,
                unique,
                frame: frame.clone(),
                filtered: number % 2 == 0,
            };
            check(&rows(90, 7), &case, 1 + number % 3);
        }
    }
    let case = Case {
        partitioned: true,
        order: None,
        unique: false,
        frame: frames().remove(0),
        filtered: false,
    };
    check(&[], &case, 2);
}

#[test]
fn long_partitions_are_not_gone_through_again_and_again() {
    let bounds = [
        (Bound::UnboundedPreceding, Bound::CurrentRow),
        (Bound::UnboundedPreceding, Bound::Following(3)),
        (Bound::Preceding(300), Bound::Following(20)),
        (Bound::CurrentRow, Bound::UnboundedFollowing),
    ];
    for (number, (start, end)) in bounds.into_iter().enumerate() {
        let case = Case {
            partitioned: number % 2 == 1,
            order: Some((false, Nulls::Last)),
            unique: true,
            frame: frame(FrameUnits::Rows, start, end, FrameExclusion::NoOthers),
            filtered: number % 2 == 0,
        };
        check(&rows(1200, if number % 2 == 1 { 3 } else { 40 }), &case, 2);
    }
}

const SMALL_BYTES: usize = 180_000;

/// Calls that pass by long partitions, where the frame lets them: those of [`calls`], and other functions.
fn more_calls(case: &Case) -> (Vec<Call>, Vec<LogicalType>) {
    use LogicalType::{BigInt, Double, Integer};
    let mut calls = calls(case);
    let mut types = output_types();
    let place = Reach::Place;
    for (name, reach, argument, return_type) in [
        ("first_value", Reach::First, Some(compiled(VALUE)), Integer),
        ("last_value", Reach::Last, Some(compiled(VALUE)), Integer),
        (
            "lag",
            Reach::Rows { before: 1, after: 0 },
            Some(compiled(VALUE)),
            Integer,
        ),
        (
            "lead",
            Reach::Rows { before: 0, after: 1 },
            Some(compiled(VALUE)),
            Integer,
        ),
        ("percent_rank", place(Place::PercentRank), None, Double),
        ("cume_dist", place(Place::CumeDist), None, Double),
        ("ntile", place(Place::Ntile), Some(constant(7)), Integer),
        (
            "conditional_change_event",
            Reach::Running,
            Some(compiled(VALUE)),
            BigInt,
        ),
        ("conditional_true_event", Reach::Running, Some(compiled(FLAG)), BigInt),
    ] {
        calls.push(Call {
            computation: Computation::Function {
                execute: registry::window_function(name).unwrap().execute,
                reach,
            },
            arguments: argument.into_iter().collect(),
            filter: None,
            ignore_nulls: false,
            frame: case.frame.clone(),
            return_type: return_type.clone(),
        });
        types.push(return_type);
    }
    (calls, types)
}

fn constant(value: i64) -> Expression {
    let statement = Arc::new(crate::functions::scalar::testing::statement());
    let literal = Expr::Literal(Literal::Integer(value), LogicalType::Integer);
    Expression::compile(&literal, &Layout::default(), &statement).unwrap()
}

fn nothing_stays(small: &Arc<MemoryBudget>) {
    assert!(
        small.reservation().resize(SMALL_BYTES).is_ok(),
        "all memory is given back"
    );
    assert_eq!(small.temporary_files().used_bytes(), 0, "no file stays");
}

/// Windows with little memory and with enough; the answers must be the same where there is one.
fn answers_on_disk(rows: &[Row], case: &Case, workers: usize) {
    let computed = |memory: Arc<MemoryBudget>| {
        let (calls, types) = more_calls(case);
        computed_by(&window(case, calls, workers, memory), rows, &types, workers)
    };
    let small = memory_of(SMALL_BYTES);
    let found = computed(small.clone()).unwrap();
    assert!(small.spilled_bytes() > 0, "{case:?} spills");
    assert!(small.peak_bytes() <= SMALL_BYTES);
    nothing_stays(&small);
    let expected = computed(memory()).unwrap();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{case:?}");
    }
}

#[test]
fn windows_on_disk_answer_as_those_in_memory() {
    use FrameExclusion::*;
    use FrameUnits::*;
    let frames = [
        frame(Rows, Bound::UnboundedPreceding, Bound::CurrentRow, NoOthers),
        frame(Range, Bound::UnboundedPreceding, Bound::CurrentRow, NoOthers),
        frame(Range, Bound::UnboundedPreceding, Bound::UnboundedFollowing, NoOthers),
        frame(Rows, Bound::Preceding(3), Bound::Following(2), CurrentRow),
        frame(Groups, Bound::Preceding(30), Bound::Preceding(1), NoOthers),
        frame(Rows, Bound::UnboundedPreceding, Bound::Preceding(5), NoOthers),
        frame(Groups, Bound::UnboundedPreceding, Bound::Following(7), NoOthers),
    ];
    // Partitions of a few rows and of many.
    for (number, frame) in frames.into_iter().enumerate() {
        for distinct in [2_000, 4] {
            let is_open = |bound: &Bound| matches!(bound, Bound::UnboundedPreceding | Bound::UnboundedFollowing);
            // The function that traces its frame needs both ends.
            if distinct == 4 && (is_open(&frame.start) || is_open(&frame.end)) {
                continue;
            }
            let case = Case {
                partitioned: true,
                order: Some((number % 2 == 0, Nulls::Last)),
                unique: true,
                frame: frame.clone(),
                filtered: number % 2 == 1,
            };
            answers_on_disk(&rows(5_000, distinct), &case, 1 + number % 3);
        }
    }
}

#[test]
fn long_partitions_pass_by() {
    use FrameExclusion::*;
    use FrameUnits::*;
    let exact = RangeOffset::Exact;
    let cases = [
        (
            true,
            frame(Rows, Bound::UnboundedPreceding, Bound::CurrentRow, NoOthers),
        ),
        (
            false,
            frame(Range, Bound::UnboundedPreceding, Bound::CurrentRow, NoOthers),
        ),
        (
            true,
            frame(Rows, Bound::UnboundedPreceding, Bound::UnboundedFollowing, NoOthers),
        ),
        (
            true,
            frame(Rows, Bound::CurrentRow, Bound::UnboundedFollowing, NoOthers),
        ),
        (
            true,
            frame(Rows, Bound::UnboundedPreceding, Bound::UnboundedFollowing, CurrentRow),
        ),
        (false, frame(Range, Bound::UnboundedPreceding, Bound::CurrentRow, Group)),
        (
            true,
            frame(Groups, Bound::Preceding(3), Bound::UnboundedFollowing, Ties),
        ),
        (
            true,
            frame(Rows, Bound::UnboundedPreceding, Bound::Preceding(40), NoOthers),
        ),
        (
            true,
            frame(Groups, Bound::UnboundedPreceding, Bound::Following(9), NoOthers),
        ),
        (true, frame(Rows, Bound::Preceding(100), Bound::Preceding(50), NoOthers)),
        (true, frame(Rows, Bound::Following(5), Bound::Following(30), Ties)),
        (
            false,
            frame(
                Range,
                Bound::RangePreceding(exact(20)),
                Bound::RangeFollowing(exact(3)),
                Group,
            ),
        ),
        (
            false,
            frame(
                Range,
                Bound::RangeFollowing(exact(4)),
                Bound::RangeFollowing(exact(9)),
                NoOthers,
            ),
        ),
    ];
    for (number, (unique, frame)) in cases.into_iter().enumerate() {
        let case = Case {
            partitioned: number % 2 == 1,
            order: Some((number % 3 == 0, [Nulls::Last, Nulls::First][number % 2])),
            unique,
            frame,
            filtered: number % 2 == 0,
        };
        // Of peers it is not said which comes first.
        let passes_by = |call: &Call| {
            let needs = call.needs(true);
            let names_rows = matches!(call.computation, Computation::Function { .. } | Computation::RowNumber);
            needs != super::call::Needs::AllRows && (unique || !names_rows)
        };
        let is_list = |call: &Call| matches!(call.return_type, LogicalType::Array(_));
        let computed = |memory: Arc<MemoryBudget>, passes: &dyn Fn(&Call) -> bool| {
            let (calls, types) = more_calls(&case);
            let added = types[TYPES.len()..].to_vec();
            let (calls, added): (Vec<Call>, Vec<LogicalType>) =
                calls.into_iter().zip(added).filter(|(call, _)| passes(call)).unzip();
            let types: Vec<LogicalType> = TYPES.iter().cloned().chain(added).collect();
            computed_by(&window(&case, calls, 2, memory), &rows(4_000, 300), &types, 2).unwrap()
        };
        // A list of all later rows for each block takes more than the rows.
        let is_long_list = |call: &Call| is_list(call) && call.open_ends(true).1;
        let passes = |call: &Call| passes_by(call) && !is_long_list(call) && (unique || !is_list(call));
        let small = memory_of(SMALL_BYTES);
        let found = computed(small.clone(), &passes);
        assert!(small.spilled_bytes() > 0, "{case:?} spills");
        nothing_stays(&small);
        let expected = computed(memory(), &passes);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{case:?}");
        }
    }
}

fn one_long_partition(end: Bound) -> Case {
    Case {
        partitioned: false,
        order: Some((false, Nulls::Last)),
        unique: true,
        frame: frame(FrameUnits::Rows, Bound::CurrentRow, end, FrameExclusion::NoOthers),
        filtered: false,
    }
}

#[test]
fn a_long_partition_that_is_needed_at_once_is_an_error() {
    let case = one_long_partition(Bound::UnboundedFollowing);
    let small = memory_of(SMALL_BYTES);
    let window = window(&case, calls(&case), 2, small.clone());
    let error = computed_by(&window, &rows(8_000, 40), &output_types(), 2).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { whole: Some(_), .. }), "{error}");
    drop(window);
    nothing_stays(&small);
}

#[test]
fn a_cancelled_window_gives_everything_back() {
    let case = one_long_partition(Bound::Following(3));
    let small = memory_of(SMALL_BYTES);
    let window = window(&case, calls(&case), 1, small.clone());
    let source = TestSource::new(batches_of(&rows(8_000, 40), &TYPES, 50), 1);
    let pipeline = Pipeline {
        branches: vec![branch(source, vec![])],
        sink: Arc::new(WindowSink(window.clone())),
    };
    run(&[pipeline], 1).unwrap();
    let mut stream = WindowSource(window.clone()).open().unwrap();
    assert!(stream.next().unwrap().is_some());
    window.specification.cancel.cancel(CancelReason::User);
    assert!(matches!(stream.next(), Err(Error::Cancelled(_))));
    drop((stream, window));
    nothing_stays(&small);
}

#[test]
fn distances_along_times() {
    use super::range::RangeKeys;
    use arrow_buffer::IntervalMonthDayNano;
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let micros = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let moved = |data_type: LogicalType, literal: Literal, months, days, hours: i64, down| {
        let column = crate::types::array_of(&literal, &data_type).unwrap();
        let keys = RangeKeys::new(&column, &zone).unwrap();
        let offset = RangeOffset::Interval(IntervalMonthDayNano::new(months, days, hours * 3_600_000_000_000));
        format!("{:?}", keys.moved(0, &offset, down).unwrap())
    };
    let exact = |value: i64| format!("Exact({value})");
    let day = |text: &str| Literal::Date((micros(&format!("{text}T00:00:00Z")) / 86_400_000_000) as i32);
    let at = |text: &str| Literal::Timestamp(micros(text));
    use LogicalType::*;
    assert_eq!(
        moved(Date, day("2024-03-31"), 1, 0, 0, true),
        exact(micros("2024-02-29T00:00:00Z"))
    );
    assert_eq!(
        moved(Timestamp, at("2024-01-31T12:00:00Z"), 1, 1, 1, false),
        exact(micros("2024-03-01T13:00:00Z"))
    );
    // A day in the session's zone may have 23 hours.
    assert_eq!(
        moved(TimestampTz, at("2024-03-30T12:00:00Z"), 0, 1, 0, false),
        exact(micros("2024-03-31T11:00:00Z"))
    );
    assert_eq!(moved(Time, Literal::Time(5), 1, 1, 1, false), exact(3_600_000_005));
    let hour = crate::types::array_of(
        &Literal::Interval {
            months: 0,
            days: 0,
            microseconds: -1,
        },
        &Interval,
    )
    .unwrap();
    let error = RangeOffset::new(&hour, &array_type(&Timestamp)).unwrap_err();
    assert_eq!(error.state().0, "22013");
}
