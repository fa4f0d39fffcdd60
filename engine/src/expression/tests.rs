//! Expressions over the same rows plain, as a dictionary, as runs, and selected: the answers must agree with a list written down.

use super::{Expression, Layout};
use crate::functions::registry;
use crate::functions::scalar::testing::statement;
use crate::types::{Literal, LogicalType, array_of, array_type, literal_at};
use arrow_array::types::{Int32Type, UInt32Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, RunArray, UInt32Array};
use arrow_buffer::BooleanBuffer;
use std::sync::Arc;
use stoa_sql::plan::{CaseBranch, ColumnDef, ColumnId, CompareOp, Expr, FunctionCall, Quantifier};
use stoa_storage::vector::{Batch, Selection, flatten};

const NULL: Literal = Literal::Null;

fn int(value: i64) -> Literal {
    Literal::Integer(value)
}
fn text(value: &str) -> Literal {
    Literal::Text(value.to_owned())
}
fn truth(text: &str) -> Vec<Literal> {
    text.chars()
        .map(|character| match character {
            't' => Literal::Boolean(true),
            'f' => Literal::Boolean(false),
            _ => Literal::Null,
        })
        .collect()
}

fn column(number: u32, data_type: LogicalType) -> Expr {
    Expr::Column(ColumnDef {
        id: ColumnId(number),
        name: format!("c{number}"),
        data_type,
        nullable: true,
    })
}
/// Column 0, `integer`: 1, 2, 2, NULL, 5, 0
fn a() -> Expr {
    column(0, LogicalType::Integer)
}
/// Column 1, `text`: 'b', 'A', 'A', 'longer than twelve', NULL, 'b'
fn c() -> Expr {
    column(1, LogicalType::Text)
}
fn integer(value: i64) -> Expr {
    Expr::Literal(int(value), LogicalType::Integer)
}
fn string(value: &str) -> Expr {
    Expr::Literal(text(value), LogicalType::Text)
}
fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    Expr::Compare {
        op,
        left: Box::new(left),
        right: Box::new(right),
    }
}
fn call(name: &str, arguments: Vec<Expr>, data_type: LogicalType) -> Expr {
    Expr::Call(FunctionCall {
        function: registry::info(name).unwrap(),
        arguments,
        data_type,
        span: None,
    })
}

fn array(values: &[Literal], data_type: &LogicalType) -> ArrayRef {
    let arrays: Vec<ArrayRef> = values.iter().map(|value| array_of(value, data_type).unwrap()).collect();
    let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    arrow_select::concat::concat(&arrays).unwrap()
}

fn plain_columns() -> Vec<ArrayRef> {
    let numbers = [int(1), int(2), int(2), NULL, int(5), int(0)];
    let texts = [
        text("b"),
        text("A"),
        text("A"),
        text("longer than twelve"),
        NULL,
        text("b"),
    ];
    vec![
        array(&numbers, &LogicalType::Integer),
        array(&texts, &LogicalType::Text),
    ]
}

/// Distinct values first to last, one of them used by no row; NULL in the keys or in the values.
fn dictionary(column: &ArrayRef, null_in_keys: bool) -> ArrayRef {
    let keys: Vec<Option<u32>> = (0..column.len())
        .map(|row| match column.is_null(row) && null_in_keys {
            true => None,
            false => Some(row as u32),
        })
        .collect();
    Arc::new(DictionaryArray::<UInt32Type>::try_new(UInt32Array::from(keys), column.clone()).unwrap())
}

fn runs(column: &ArrayRef) -> ArrayRef {
    let ends = Int32Array::from_iter_values(1..=column.len() as i32);
    Arc::new(RunArray::<Int32Type>::try_new(&ends, column).unwrap())
}

fn layout() -> Layout {
    let columns = [a(), c()].into_iter().map(|column| match column {
        Expr::Column(column) => column,
        _ => unreachable!(),
    });
    Layout::new(columns.collect())
}

fn batches() -> Vec<Batch> {
    let plain = plain_columns();
    let rows = plain[0].len();
    let forms: [Vec<ArrayRef>; 5] = [
        plain.clone(),
        plain.iter().map(|column| dictionary(column, true)).collect(),
        plain.iter().map(|column| dictionary(column, false)).collect(),
        plain.iter().map(runs).collect(),
        vec![dictionary(&plain[0], true), runs(&plain[1])],
    ];
    let mut batches = Vec::new();
    for columns in forms {
        for selection in [None, Some("111111"), Some("011010"), Some("000001"), Some("000000")] {
            let mut batch = Batch::new(columns.clone(), rows);
            batch.selection = selection.map(|text| {
                let bits: BooleanBuffer = text.bytes().map(|byte| byte == b'1').collect();
                Selection::new(bits)
            });
            batches.push(batch);
        }
    }
    batches
}

#[track_caller]
fn check(expression: &Expr, expected: &[Literal]) {
    let compiled = Expression::compile(expression, &layout(), &Arc::new(statement())).unwrap();
    let data_type = expression.data_type();
    for batch in batches() {
        let rows: Vec<usize> = match &batch.selection {
            None => (0..batch.row_count).collect(),
            Some(selection) => selection.indices().collect(),
        };
        let answer = compiled.evaluate(&batch).unwrap();
        assert_eq!(answer.len(), rows.len());
        let answer = flatten(&answer);
        assert_eq!(answer.data_type(), &array_type(&data_type));
        assert_eq!(&answer, &compiled.evaluate_plain(&batch).unwrap());
        let answer: Vec<Literal> = (0..answer.len())
            .map(|row| literal_at(&*answer, row, &data_type).unwrap())
            .collect();
        let wanted: Vec<Literal> = rows.iter().map(|row| expected[*row].clone()).collect();
        assert_eq!(answer, wanted, "{expression:?}\n{batch:?}");
        if data_type == LogicalType::Boolean {
            let bits = compiled.select(&batch).unwrap();
            let wanted: BooleanBuffer = (0..batch.row_count)
                .map(|row| rows.contains(&row) && expected[row] == Literal::Boolean(true))
                .collect();
            assert_eq!(bits, wanted, "{expression:?}\n{batch:?}");
            let not = Expression::compile(&expression.clone().negated(), &layout(), &Arc::new(statement())).unwrap();
            let wanted: BooleanBuffer = (0..batch.row_count)
                .map(|row| rows.contains(&row) && expected[row] == Literal::Boolean(false))
                .collect();
            assert_eq!(not.select(&batch).unwrap(), wanted, "NOT {expression:?}\n{batch:?}");
        }
    }
}

#[test]
fn columns_and_constants() {
    check(&a(), &[int(1), int(2), int(2), NULL, int(5), int(0)]);
    check(&integer(7), &vec![int(7); 6]);
    check(&Expr::null(LogicalType::Text), &vec![NULL; 6]);
}

#[test]
fn comparisons() {
    let cases = [
        (CompareOp::Equal, "fttnff"),
        (CompareOp::NotEqual, "tffntt"),
        (CompareOp::Less, "tffnft"),
        (CompareOp::LessOrEqual, "tttnft"),
        (CompareOp::Greater, "fffntf"),
        (CompareOp::GreaterOrEqual, "fttntf"),
        (CompareOp::Distinct, "tffttt"),
        (CompareOp::NotDistinct, "fttfff"),
    ];
    for (op, expected) in cases {
        check(&compare(op, a(), integer(2)), &truth(expected));
        check(&compare(op.flipped(), integer(2), a()), &truth(expected));
    }
    let cases = [
        (CompareOp::Equal, "tfffnt"),
        (CompareOp::Less, "fttfnf"),
        (CompareOp::Greater, "ffftnf"),
        (CompareOp::GreaterOrEqual, "tfftnt"),
    ];
    for (op, expected) in cases {
        check(&compare(op, c(), string("b")), &truth(expected));
    }
    check(
        &compare(CompareOp::Equal, c(), string("longer than twelve")),
        &truth("ffftnf"),
    );
    check(&compare(CompareOp::Equal, a(), a()), &truth("tttntt"));
    check(&compare(CompareOp::NotDistinct, c(), c()), &truth("tttttt"));
    check(
        &compare(CompareOp::Equal, a(), Expr::null(LogicalType::Integer)),
        &truth("nnnnnn"),
    );
    check(
        &compare(CompareOp::NotDistinct, a(), Expr::null(LogicalType::Integer)),
        &truth("ffftff"),
    );
    check(&compare(CompareOp::Less, integer(1), integer(2)), &truth("tttttt"));
}

#[test]
fn three_valued_logic() {
    let two = || compare(CompareOp::Equal, a(), integer(2));
    let big = || compare(CompareOp::Equal, c(), string("b"));
    check(&Expr::And(vec![two(), big()]), &truth("ffffff"));
    check(&Expr::Or(vec![two(), big()]), &truth("tttnnt"));
    let null = || compare(CompareOp::Equal, a(), Expr::null(LogicalType::Integer));
    check(&Expr::And(vec![null(), two()]), &truth("fnnnff"));
    check(&Expr::Or(vec![null(), two()]), &truth("nttnnn"));
    check(&Expr::Not(Box::new(two())), &truth("tffntt"));
    check(&Expr::IsNull(Box::new(a())), &truth("ffftff"));
    check(&a().is_not_null(), &truth("tttftt"));
}

#[test]
fn case_and_coalesce() {
    let when = |condition: Expr, result: Expr| CaseBranch { condition, result };
    let case = Expr::Case {
        branches: vec![
            when(compare(CompareOp::Less, a(), integer(2)), integer(10)),
            when(compare(CompareOp::Equal, c(), string("A")), a()),
        ],
        otherwise: None,
        data_type: LogicalType::Integer,
    };
    check(&case, &[int(10), int(2), int(2), NULL, NULL, int(10)]);
    let lower = call("lower", vec![c()], LogicalType::Text);
    let case = Expr::Case {
        branches: vec![
            when(compare(CompareOp::Equal, a(), integer(2)), lower.clone()),
            when(compare(CompareOp::Equal, a(), integer(5)), string("five")),
        ],
        otherwise: Some(Box::new(c())),
        data_type: LogicalType::Text,
    };
    let texts = [
        text("b"),
        text("a"),
        text("a"),
        text("longer than twelve"),
        text("five"),
        text("b"),
    ];
    check(&case, &texts);
    check(
        &Expr::Coalesce(vec![a(), integer(9)]),
        &[int(1), int(2), int(2), int(9), int(5), int(0)],
    );
    check(
        &Expr::Coalesce(vec![lower, string("none")]),
        &[
            text("b"),
            text("a"),
            text("a"),
            text("longer than twelve"),
            text("none"),
            text("b"),
        ],
    );
    check(
        &Expr::Coalesce(vec![
            Expr::null(LogicalType::Integer),
            a(),
            Expr::null(LogicalType::Integer),
        ]),
        &[int(1), int(2), int(2), NULL, int(5), int(0)],
    );
}

#[test]
fn lists() {
    let in_list = |input: Expr, list: Vec<Expr>| Expr::InList {
        input: Box::new(input),
        list,
    };
    check(&in_list(a(), vec![integer(2), integer(5)]), &truth("fttntf"));
    check(
        &in_list(a(), vec![integer(2), Expr::null(LogicalType::Integer)]),
        &truth("nttnnn"),
    );
    check(&in_list(a(), (4..40).map(integer).collect()), &truth("fffntf"));
    check(
        &in_list(a(), (0..40).map(|at| integer(at * 1_000_000 + 2)).collect()),
        &truth("fttnff"),
    );
    check(
        &in_list(c(), vec![string("A"), string("longer than twelve")]),
        &truth("ftttnf"),
    );
    let many = |extra: &str| {
        let mut list: Vec<Expr> = (0..20).map(|at| string(&format!("x{at}"))).collect();
        list.push(string(extra));
        list
    };
    check(&in_list(c(), many("A")), &truth("fttfnf"));
    check(&in_list(c(), many("longer than twelve")), &truth("ffftnf"));
    // What is not constant is compared row by row.
    check(&in_list(a(), vec![integer(1), a()]), &truth("tttntt"));
    let lower = call("lower", vec![c()], LogicalType::Text);
    check(&in_list(c(), vec![string("A"), lower]), &truth("ttttnt"));
}

#[test]
fn quantified_arrays() {
    let any = |op, quantifier, array| Expr::QuantifiedArray {
        input: Box::new(a()),
        op,
        quantifier,
        array: Box::new(array),
    };
    let literal = |values: &[Literal]| {
        Expr::Literal(
            Literal::Array(values.to_vec()),
            LogicalType::Array(Box::new(LogicalType::Integer)),
        )
    };
    let two = literal(&[int(2), int(5)]);
    check(&any(CompareOp::Equal, Quantifier::Any, two.clone()), &truth("fttntf"));
    check(
        &any(CompareOp::NotEqual, Quantifier::All, two.clone()),
        &truth("tffnft"),
    );
    check(&any(CompareOp::Less, Quantifier::Any, two.clone()), &truth("tttnft"));
    check(&any(CompareOp::LessOrEqual, Quantifier::All, two), &truth("tttnft"));
    let with_null = literal(&[int(2), NULL]);
    check(
        &any(CompareOp::Equal, Quantifier::Any, with_null.clone()),
        &truth("nttnnn"),
    );
    check(&any(CompareOp::Less, Quantifier::All, with_null), &truth("nffnfn"));
    let empty = literal(&[]);
    check(&any(CompareOp::Equal, Quantifier::Any, empty.clone()), &truth("ffffff"));
    check(&any(CompareOp::Equal, Quantifier::All, empty), &truth("tttttt"));
    let built = Expr::Array {
        elements: vec![integer(2), a()],
        element_type: LogicalType::Integer,
    };
    check(&any(CompareOp::Equal, Quantifier::All, built.clone()), &truth("fttnff"));
    let pair = |value: i64| Literal::Array(vec![int(2), int(value)]);
    let with_null = Literal::Array(vec![int(2), NULL]);
    check(&built, &[pair(1), pair(2), pair(2), with_null, pair(5), pair(0)]);
}

#[test]
fn functions_keep_encodings() {
    let lower = call("lower", vec![c()], LogicalType::Text);
    check(
        &lower,
        &[
            text("b"),
            text("a"),
            text("a"),
            text("longer than twelve"),
            NULL,
            text("b"),
        ],
    );
    let compiled = Expression::compile(&lower, &layout(), &Arc::new(statement())).unwrap();
    let plain = plain_columns();
    let batch = Batch::new(vec![plain[0].clone(), dictionary(&plain[1], true)], 6);
    let answer = compiled.evaluate(&batch).unwrap();
    assert!(matches!(answer.data_type(), arrow_schema::DataType::Dictionary(_, _)));
}

#[test]
fn nothing_fails_for_rows_that_are_decided() {
    // 10 / a fails for the row where a is 0.
    let quotient = || call("/", vec![integer(10), a()], LogicalType::Integer);
    let big = || compare(CompareOp::Greater, quotient(), integer(4));
    let not_zero = || compare(CompareOp::NotEqual, a(), integer(0));
    check(&Expr::And(vec![not_zero(), big()]), &truth("tttnff"));
    check(&Expr::And(vec![big(), not_zero()]), &truth("tttnff"));
    let zero = || compare(CompareOp::Equal, a(), integer(0));
    check(&Expr::Or(vec![zero(), big()]), &truth("tttnft"));
    let case = Expr::Case {
        branches: vec![CaseBranch {
            condition: not_zero(),
            result: quotient(),
        }],
        otherwise: Some(Box::new(integer(-1))),
        data_type: LogicalType::Integer,
    };
    check(&case, &[int(10), int(5), int(5), int(-1), int(2), int(-1)]);
    let listed = Expr::InList {
        input: Box::new(a()),
        list: vec![integer(0), quotient()],
    };
    check(&listed, &truth("fffnft"));
    let nullif = Expr::Case {
        branches: vec![CaseBranch {
            condition: zero(),
            result: Expr::null(LogicalType::Integer),
        }],
        otherwise: Some(Box::new(a())),
        data_type: LogicalType::Integer,
    };
    let coalesced = Expr::Coalesce(vec![
        nullif,
        call("/", vec![integer(1), integer(0)], LogicalType::Integer),
    ]);
    let compiled = Expression::compile(&coalesced, &layout(), &Arc::new(statement())).unwrap();
    let mut batch = Batch::new(plain_columns(), 6);
    batch.selection = Some(Selection::new(vec![true, true, true, false, true, false].into()));
    assert_eq!(compiled.evaluate(&batch).unwrap().len(), 4);
    batch.selection = None;
    let error = compiled.evaluate(&batch).unwrap_err();
    assert_eq!(error.to_string(), "division by zero");
}

#[test]
fn an_error_on_a_value_that_no_row_has_is_none() {
    // 0 stands in the dictionary, the row that has it is not selected.
    let quotient = call("/", vec![integer(10), a()], LogicalType::Integer);
    let compiled = Expression::compile(&quotient, &layout(), &Arc::new(statement())).unwrap();
    let plain = plain_columns();
    let keys = UInt32Array::from(vec![0, 1, 2, 4, 4, 0]);
    let column = DictionaryArray::<UInt32Type>::try_new(keys, plain[0].clone()).unwrap();
    let batch = Batch::new(vec![Arc::new(column), plain[1].clone()], 6);
    let answer = compiled.evaluate_plain(&batch).unwrap();
    assert_eq!(&*answer, &arrow_array::Int32Array::from(vec![10, 5, 5, 2, 2, 10]));
}

#[test]
fn errors_say_where() {
    let mut quotient = call("/", vec![integer(10), a()], LogicalType::Integer);
    let place = stoa_sql::span::Span { start: 7, end: 8 };
    if let Expr::Call(call) = &mut quotient {
        call.span = Some(place);
    }
    let compiled = Expression::compile(&quotient, &layout(), &Arc::new(statement())).unwrap();
    let crate::error::Error::Sql(error) = compiled.evaluate(&Batch::new(plain_columns(), 6)).unwrap_err() else {
        panic!("a user's error")
    };
    assert_eq!(error.span, Some(place));
}

#[test]
fn batches_that_share_a_dictionary_share_answers() {
    let repeated = call("repeat", vec![c(), a()], LogicalType::Text);
    let compiled = Expression::compile(&repeated, &layout(), &Arc::new(statement())).unwrap();
    let values: Vec<Literal> = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN"
        .chars()
        .map(|letter| text(&letter.to_string()))
        .collect();
    let values = array(&values, &LogicalType::Text);
    let evaluate = |codes: [u32; 2], times: i64| {
        let texts = DictionaryArray::<UInt32Type>::try_new(UInt32Array::from(codes.to_vec()), values.clone());
        let times = super::one_run(&array(&[int(times)], &LogicalType::Integer), 2).unwrap();
        let batch = Batch::new(vec![times, Arc::new(texts.unwrap())], 2);
        compiled.evaluate(&batch).unwrap()
    };
    let plain = |answer: &ArrayRef| -> Vec<Literal> {
        let answer = flatten(answer);
        (0..2)
            .map(|row| literal_at(&*answer, row, &LogicalType::Text).unwrap())
            .collect()
    };
    let shared = |answer: &ArrayRef| {
        let answer = answer.as_any().downcast_ref::<DictionaryArray<UInt32Type>>();
        answer.map(|answer| answer.values().clone())
    };
    // Two rows are few for forty values; then it is worth it.
    let first = evaluate([0, 1], 2);
    assert_eq!((plain(&first), shared(&first)), (vec![text("aa"), text("bb")], None));
    let (second, third) = (evaluate([1, 9], 2), evaluate([2, 3], 2));
    assert_eq!(plain(&second), [text("bb"), text("jj")]);
    assert_eq!(plain(&third), [text("cc"), text("dd")]);
    assert!(Arc::ptr_eq(&shared(&second).unwrap(), &shared(&third).unwrap()));
    // What is constant within a batch need not be so in the next.
    for times in [3, 3, 3, 2, 4] {
        let answer = evaluate([4, 0], times);
        let times = times as usize;
        assert_eq!(plain(&answer), [text(&"e".repeat(times)), text(&"a".repeat(times))]);
    }
}
