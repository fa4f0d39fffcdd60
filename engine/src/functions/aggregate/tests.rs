//! Every aggregate over a table of values, in every way rows can reach it: one group, many groups of which one stays empty, with rows
//! that do not count in between, and in two parts that are merged.

use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Groups};
use crate::operators::testing::columns_of;
use crate::types::{Literal, LogicalType, array_of, array_type, literal_at};
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use stoa_sql::catalog::Parameter;

const NULL: Literal = Literal::Null;

fn i(value: i64) -> Literal {
    Literal::Integer(value)
}

fn f(value: f64) -> Literal {
    Literal::Float(value)
}

fn n(unscaled: i128) -> Literal {
    Literal::Numeric(unscaled)
}

fn t(text: &str) -> Literal {
    Literal::Text(text.into())
}

fn b(value: bool) -> Literal {
    Literal::Boolean(value)
}

fn span(months: i32, days: i32, microseconds: i64) -> Literal {
    Literal::Interval {
        months,
        days,
        microseconds,
    }
}

fn list(elements: &[Literal]) -> Literal {
    Literal::Array(elements.to_vec())
}

fn numeric(precision: u8, scale: u8) -> LogicalType {
    LogicalType::Numeric { precision, scale }
}

fn find(name: &str) -> &'static AggregateFunction {
    super::all().find(|function| (function.info)().name == name).unwrap()
}

/// The overload whose parameters are exactly these types gives the type of the answer.
fn return_type(name: &str, types: &[LogicalType]) -> LogicalType {
    let fits = |parameter: &Parameter, data_type: &LogicalType| match (parameter, data_type) {
        (Parameter::Kind(kind), data_type) => data_type.kind() == *kind,
        (Parameter::ArrayOf(kind), LogicalType::Array(element)) => element.kind() == *kind,
        (Parameter::ArrayOf(_), _) => false,
        (Parameter::AnyArray, data_type) => matches!(data_type, LogicalType::Array(_)),
        (Parameter::AnyElement | Parameter::Any, _) => true,
    };
    let info = (find(name).info)();
    let signature = info.signatures.iter().find(|signature| {
        let repeated = signature
            .parameters
            .iter()
            .skip(signature.parameters.len() - usize::from(signature.variadic));
        let mut parameters = signature.parameters.iter().chain(repeated.cycle());
        let count_fits = match signature.variadic {
            true => types.len() >= signature.parameters.len(),
            false => types.len() == signature.parameters.len(),
        };
        count_fits && types.iter().all(|t| parameters.next().is_some_and(|p| fits(p, t)))
    });
    (signature.unwrap_or_else(|| panic!("no {name} of {types:?}")).returns)(types)
}

/// An aggregate call: `ordered` of the types are order keys, which follow the arguments.
struct Call {
    name: &'static str,
    types: Vec<LogicalType>,
    ordered: usize,
}

impl Call {
    fn answer_type(&self) -> LogicalType {
        return_type(self.name, &self.types)
    }

    /// What is the same in all rows is a constant.
    fn accumulator(&self, rows: &[Vec<Literal>]) -> Result<Box<dyn Accumulator>> {
        let (arguments, order) = self.types.split_at(self.types.len() - self.ordered);
        let constants = arguments
            .iter()
            .enumerate()
            .map(|(at, data_type)| {
                let mut values = rows.iter().map(|row| &row[at]);
                let first = values.next()?;
                let is_constant = values.all(|value| format!("{value:?}") == format!("{first:?}"));
                is_constant.then(|| array_of(first, data_type).unwrap())
            })
            .collect();
        let binding = AggregateBinding {
            argument_types: arguments.to_vec(),
            return_type: self.answer_type(),
            order_types: order.to_vec(),
            constants,
        };
        (find(self.name).accumulator)(&binding)
    }

    fn literals(&self, answers: &ArrayRef) -> Vec<Literal> {
        let answer_type = self.answer_type();
        assert_eq!(*answers.data_type(), array_type(&answer_type), "{}", self.name);
        (0..answers.len())
            .map(|row| literal_at(&**answers, row, &answer_type).unwrap())
            .collect()
    }

    /// The answers of all ways; they agree, or the test fails.
    fn run(&self, rows: &[Vec<Literal>]) -> Result<(Literal, Literal)> {
        let columns = columns_of(rows, &self.types);
        let new = || self.accumulator(rows);
        let one = |row_count| Groups::One { group: 0, row_count };

        let mut whole = new()?;
        whole.update(&columns, one(rows.len()), None, 1)?;
        assert!(whole.memory_bytes() < 1 << 20);
        let expected = self.literals(&whole.finish(1)?).remove(0);

        let doubled: Vec<Vec<Literal>> = rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
        let doubled_columns = columns_of(&doubled, &self.types);
        let groups: Vec<u32> = (0..doubled.len()).map(|row| 2 * (row as u32 % 2)).collect();
        let mut many = new()?;
        many.update(&doubled_columns, Groups::PerRow(&groups), None, 3)?;
        let answers = self.literals(&many.finish(4)?);
        assert_eq!(
            format!("{:?}", answers[0]),
            format!("{expected:?}"),
            "{} per row",
            self.name
        );
        assert_eq!(
            format!("{:?}", answers[2]),
            format!("{expected:?}"),
            "{} per row",
            self.name
        );
        assert_eq!(answers[1], answers[3]);
        let empty = answers[1].clone();

        let every_other = BooleanBuffer::collect_bool(doubled.len(), |row| row % 2 == 0);
        for groups in [one(doubled.len()), Groups::PerRow(&vec![0; doubled.len()])] {
            let mut selected = new()?;
            selected.update(&doubled_columns, groups, Some(&every_other), 1)?;
            let answer = self.literals(&selected.finish(1)?).remove(0);
            assert_eq!(format!("{answer:?}"), format!("{expected:?}"), "{} selected", self.name);
        }

        let (left, right) = rows.split_at(rows.len() / 2);
        let mut parts = new()?;
        parts.update(&columns_of(left, &self.types), one(left.len()), None, 1)?;
        let mut other = new()?;
        other.update(&columns_of(right, &self.types), one(right.len()), None, 1)?;
        let states = other.states(2)?;
        let types: Vec<_> = states.iter().map(|state| state.data_type().clone()).collect();
        assert_eq!(types, other.state_types(), "{}", self.name);
        parts.merge(&states, Groups::PerRow(&[0, 1]), 2)?;
        let answers = self.literals(&parts.finish(2)?);
        assert_close(&answers[0], &expected, self.name);
        assert_eq!(answers[1], empty, "{} merged of nothing", self.name);
        Ok((expected, empty))
    }
}

/// What is made of floating-point numbers may differ in the last digits when it is made of parts; sums and averages may not.
fn assert_close(left: &Literal, right: &Literal, name: &str) {
    match (left, right) {
        (Literal::Float(left), Literal::Float(right)) if left.is_finite() && !matches!(name, "sum" | "avg") => {
            assert!((left - right).abs() <= right.abs() * 1e-12, "{name}: {left} {right}");
        }
        _ => assert_eq!(format!("{left:?}"), format!("{right:?}"), "{name} merged"),
    }
}

fn call(name: &'static str, types: &[LogicalType], ordered: usize) -> Call {
    Call {
        name,
        types: types.to_vec(),
        ordered,
    }
}

/// One argument.
fn check(name: &'static str, data_type: LogicalType, values: &[Literal], expected: Literal) {
    check_rows(
        name,
        &[data_type],
        &values.iter().map(|value| vec![value.clone()]).collect::<Vec<_>>(),
        expected,
    );
}

fn check_rows(name: &'static str, types: &[LogicalType], rows: &[Vec<Literal>], expected: Literal) {
    let (answer, empty) = call(name, types, 0).run(rows).unwrap();
    assert_eq!(format!("{answer:?}"), format!("{expected:?}"), "{name} of {rows:?}");
    let of_nothing = match name {
        "count" | "regr_count" | "approx_count_distinct" | "window_funnel" | "sequence_count" => i(0),
        "entropy" => f(0.0),
        "sequence_match" => b(false),
        "retention" => list(&vec![i(0); types.len()]),
        _ => NULL,
    };
    assert_eq!(empty, of_nothing, "{name} of nothing");
}

fn message_of(name: &'static str, types: &[LogicalType], ordered: usize, rows: &[Vec<Literal>]) -> String {
    call(name, types, ordered).run(rows).unwrap_err().to_string()
}

#[test]
fn counts() {
    use LogicalType as Type;
    let (answer, empty) = call("count", &[], 0).run(&[vec![], vec![], vec![]]).unwrap();
    assert_eq!((answer, empty), (i(3), i(0)));
    check("count", Type::Text, &[t("a"), NULL, t("a")], i(2));
    check(
        "approx_count_distinct",
        Type::Text,
        &[t("a"), NULL, t("a"), t("b")],
        i(2),
    );
    check(
        "approx_count_distinct",
        Type::Double,
        &[f(0.0), f(-0.0), f(f64::NAN), f(f64::NAN)],
        i(2),
    );
}

#[test]
fn sums_are_exact_and_checked() {
    use LogicalType as Type;
    check("sum", Type::SmallInt, &[i(32767), i(32767), NULL], i(65534));
    check(
        "sum",
        Type::Integer,
        &[i(2147483647), i(2147483647), NULL],
        i(4294967294),
    );
    check(
        "sum",
        Type::BigInt,
        &[i(i64::MAX), i(i64::MAX), NULL, i(-1)],
        n(2 * i128::from(i64::MAX) - 1),
    );
    check("sum", Type::BigInt, &[i(5), i(-7)], n(-2));
    check("sum", Type::BigInt, &[NULL, NULL], NULL);
    check("sum", numeric(12, 2), &[n(150), n(-25), NULL], n(125));
    check("sum", numeric(30, 2), &[n(10i128.pow(29)), n(1)], n(10i128.pow(29) + 1));
    check("sum", Type::Double, &[f(0.5), f(0.25), NULL], f(0.75));
    check("sum", Type::Double, &[f(f64::INFINITY), f(1.0)], f(f64::INFINITY));
    check("sum", Type::Real, &[f(0.5), f(0.25)], f(0.75));
    check(
        "sum",
        Type::Interval,
        &[span(1, 2, 3), span(1, -1, 4), NULL],
        span(2, 1, 7),
    );
    assert_eq!(return_type("sum", &[numeric(12, 2)]), numeric(38, 2));
    assert_eq!(return_type("sum", &[Type::BigInt]), numeric(38, 0));
    let rows = |value: Literal, count: usize| vec![vec![value]; count];
    assert_eq!(
        message_of("sum", &[numeric(38, 0)], 0, &rows(n(10i128.pow(38) - 1), 2)),
        "value overflows numeric format"
    );
    assert_eq!(
        message_of("sum", &[Type::Double], 0, &rows(f(f64::MAX), 2)),
        "value out of range: overflow"
    );
    assert_eq!(
        message_of("sum", &[Type::Real], 0, &rows(f(f64::from(f32::MAX)), 2)),
        "value out of range: overflow"
    );
    assert_eq!(
        message_of("sum", &[Type::Interval], 0, &rows(span(i32::MAX, 0, 0), 2)),
        "interval out of range"
    );
}

#[test]
fn averages_have_sixteen_digits() {
    use LogicalType as Type;
    check("avg", Type::Integer, &[i(1), i(2)], n(15_000_000_000_000_000));
    check(
        "avg",
        Type::SmallInt,
        &[i(1), i(1), i(2), NULL],
        n(13_333_333_333_333_333),
    );
    check("avg", Type::BigInt, &[i(-1), i(-1), i(0)], n(-6_666_666_666_666_667));
    check("avg", numeric(12, 2), &[n(100), n(200)], n(15_000_000_000_000_000));
    check("avg", numeric(38, 20), &[n(3), n(4)], n(4));
    check("avg", Type::Double, &[f(1.0), f(2.0), NULL], f(1.5));
    check("avg", Type::Interval, &[span(1, 0, 0), span(0, 0, 0)], span(0, 15, 0));
    check("avg", Type::Integer, &[NULL], NULL);
    assert_eq!(return_type("avg", &[Type::Integer]), numeric(38, 16));
    assert_eq!(return_type("avg", &[numeric(20, 18)]), numeric(38, 18));
}

#[test]
fn extremes_of_every_ordered_type() {
    use LogicalType as Type;
    let cases: Vec<(LogicalType, Vec<Literal>)> = vec![
        (Type::SmallInt, vec![i(-3), i(0), i(7)]),
        (Type::Integer, vec![i(-3), i(0), i(7)]),
        (Type::BigInt, vec![i(i64::MIN), i(0), i(i64::MAX)]),
        (Type::Oid, vec![i(1), i(2)]),
        (numeric(10, 2), vec![n(-1), n(0), n(5)]),
        (numeric(38, 2), vec![n(-1), n(0), n(10i128.pow(37))]),
        (
            Type::Real,
            vec![f(f64::NEG_INFINITY), f(0.5), f(f64::INFINITY), f(f64::NAN)],
        ),
        (Type::Double, vec![f(-0.5), f(0.5), f(f64::INFINITY), f(f64::NAN)]),
        (
            Type::Text,
            vec![t(""), t("Z"), t("a"), t("a longer text than twelve"), t("ä")],
        ),
        (
            Type::Bytea,
            vec![
                Literal::Bytes(vec![]),
                Literal::Bytes(vec![0]),
                Literal::Bytes(vec![255]),
            ],
        ),
        (Type::Date, vec![Literal::Date(-1), Literal::Date(20_000)]),
        (Type::Time, vec![Literal::Time(0), Literal::Time(1)]),
        (Type::Timestamp, vec![Literal::Timestamp(-5), Literal::Timestamp(5)]),
        (Type::TimestampTz, vec![Literal::Timestamp(-5), Literal::Timestamp(5)]),
        (Type::Interval, vec![span(0, 29, 0), span(1, 0, 0), span(0, 31, 0)]),
        (
            Type::Uuid,
            vec![Literal::Uuid([0; 16]), Literal::Uuid([1; 16]), Literal::Uuid([255; 16])],
        ),
        (
            Type::Array(Box::new(Type::Integer)),
            vec![list(&[]), list(&[i(1)]), list(&[i(1), i(0)]), list(&[i(2)])],
        ),
    ];
    for (data_type, ascending) in cases {
        let mut values = ascending.clone();
        values.rotate_left(1);
        values.insert(1, NULL);
        check("min", data_type.clone(), &values, ascending[0].clone());
        check("max", data_type, &values, ascending[ascending.len() - 1].clone());
    }
}

#[test]
fn booleans_and_bits() {
    use LogicalType as Type;
    check("bool_and", Type::Boolean, &[b(true), NULL, b(false)], b(false));
    check("bool_and", Type::Boolean, &[b(true), NULL], b(true));
    check("every", Type::Boolean, &[NULL], NULL);
    check("bool_or", Type::Boolean, &[b(false), NULL, b(true)], b(true));
    check("bool_or", Type::Boolean, &[b(false)], b(false));
    for data_type in [Type::SmallInt, Type::Integer, Type::BigInt] {
        check("bit_and", data_type.clone(), &[i(12), i(6), NULL], i(4));
        check("bit_or", data_type.clone(), &[i(12), i(6), NULL], i(14));
        check("bit_xor", data_type, &[i(12), i(6), NULL], i(10));
    }
}

#[test]
fn deviations_are_postgres_s() {
    use LogicalType as Type;
    let values = [i(1), i(2), NULL, i(3), i(4)];
    check("variance", Type::Integer, &values, n(16_666_666_666_666_667));
    check("var_samp", Type::SmallInt, &values, n(16_666_666_666_666_667));
    check("var_pop", Type::BigInt, &values, n(12_500_000_000_000_000));
    check("stddev", Type::Integer, &values, n(12_909_944_487_358_056));
    check("stddev_pop", Type::Integer, &values, n(11_180_339_887_498_948));
    check("stddev_samp", Type::Integer, &[i(1)], NULL);
    check("stddev_pop", Type::Integer, &[i(1)], n(0));
    check(
        "var_pop",
        numeric(10, 1),
        &[n(10), n(20), n(30), n(40)],
        n(12_500_000_000_000_000),
    );
    check(
        "stddev",
        numeric(10, 1),
        &[n(10), n(20), n(30), n(40)],
        n(12_909_944_487_358_056),
    );
    check(
        "var_pop",
        Type::BigInt,
        &[i(i64::MAX), i(i64::MAX - 2)],
        n(10i128.pow(16)),
    );
    let doubles = [f(1.0), f(2.0), NULL, f(3.0), f(4.0)];
    check("var_samp", Type::Double, &doubles, f(1.6666666666666667));
    check("var_pop", Type::Double, &doubles, f(1.25));
    check("stddev", Type::Double, &doubles, f(1.2909944487358056));
    check("stddev_pop", Type::Double, &doubles, f(1.118033988749895));
    check("var_samp", Type::Double, &[f(1.0)], NULL);
    check("var_pop", Type::Double, &[f(f64::INFINITY)], f(f64::NAN));
}

#[test]
fn regressions_are_postgres_s() {
    use LogicalType as Type;
    let rows = [
        vec![f(2.0), f(1.0)],
        vec![f(3.0), f(2.0)],
        vec![NULL, f(9.0)],
        vec![f(9.0), NULL],
        vec![f(5.0), f(3.0)],
        vec![f(4.0), f(4.0)],
    ];
    // select corr(y, x), .. from (values (2,1), (3,2), (null,9), (9,null), (5,3), (4,4)) t(y, x)
    let cases = [
        ("corr", f(0.8)),
        ("covar_pop", f(1.0)),
        ("covar_samp", f(1.3333333333333333)),
        ("regr_avgx", f(2.5)),
        ("regr_avgy", f(3.5)),
        ("regr_count", i(4)),
        ("regr_intercept", f(1.5)),
        ("regr_r2", f(0.64)),
        ("regr_slope", f(0.8)),
        ("regr_sxx", f(5.0)),
        ("regr_sxy", f(4.0)),
        ("regr_syy", f(5.0)),
    ];
    for (name, expected) in cases {
        let types = [Type::Double, Type::Double];
        let (answer, _) = call(name, &types, 0).run(&rows).unwrap();
        assert_close(&answer, &expected, name);
        check_rows(
            name,
            &types,
            &[vec![NULL, f(1.0)]],
            if name == "regr_count" { i(0) } else { NULL },
        );
    }
    check_rows(
        "regr_r2",
        &[Type::Double, Type::Double],
        &[vec![f(1.0), f(1.0)], vec![f(1.0), f(2.0)]],
        f(1.0),
    );
    check_rows(
        "corr",
        &[Type::Double, Type::Double],
        &[vec![f(1.0), f(1.0)], vec![f(1.0), f(2.0)]],
        NULL,
    );
}

#[test]
fn lists_keep_their_order() {
    use LogicalType as Type;
    check(
        "array_agg",
        Type::Integer,
        &[i(3), NULL, i(1)],
        list(&[i(3), NULL, i(1)]),
    );
    check("array_agg", Type::Text, &[t("b"), t("a")], list(&[t("b"), t("a")]));
    let texts = [Type::Text, Type::Text];
    check_rows(
        "string_agg",
        &texts,
        &[
            vec![t("a"), t("?")],
            vec![NULL, t("!")],
            vec![t("b"), t(", ")],
            vec![t("c"), NULL],
        ],
        t("a, bc"),
    );
    check_rows("string_agg", &texts, &[vec![NULL, t(",")]], NULL);
    let bytes = |bytes: &[u8]| Literal::Bytes(bytes.to_vec());
    check_rows(
        "string_agg",
        &[Type::Bytea, Type::Bytea],
        &[vec![bytes(b"a"), bytes(b"-")], vec![bytes(b"b"), bytes(b"-")]],
        bytes(b"a-b"),
    );
}

#[test]
fn json_aggregates_of_json_and_booleans() {
    use LogicalType as Type;
    check("jsonb_agg", Type::Boolean, &[b(true), NULL], t("[true, null]"));
    check("json_agg", Type::Json, &[t("{\"a\":1}"), t("2")], t("[{\"a\":1}, 2]"));
    let array = Type::Array(Box::new(Type::Boolean));
    check("json_agg", array.clone(), &[list(&[b(true), NULL])], t("[[true,null]]"));
    check("jsonb_agg", array, &[list(&[b(true), NULL])], t("[[true, null]]"));
    check(
        "jsonb_agg",
        Type::Json,
        &[t("{\"b\":1,  \"a\":[2]}")],
        t("[{\"a\": [2], \"b\": 1}]"),
    );
    check("json_agg", Type::Double, &[f(1.5), f(f64::NAN)], t("[1.5, \"NaN\"]"));
    assert_eq!(
        message_of(
            "json_object_agg",
            &[Type::Text, Type::Boolean],
            0,
            &[vec![NULL, b(true)]]
        ),
        "field name must not be null"
    );
}

#[test]
fn one_row_of_many() {
    use LogicalType as Type;
    check("any_value", Type::Text, &[NULL, t("a"), t("b")], t("a"));
    check("first", Type::Text, &[NULL, t("a"), t("b")], NULL);
    check("first", Type::Integer, &[i(1), i(2)], i(1));
    check("last", Type::Text, &[NULL, t("a"), t("b")], t("b"));
    check("last", Type::Integer, &[i(1), NULL], NULL);
    let types = [Type::Text, Type::Double];
    let rows = [
        vec![t("a"), f(2.0)],
        vec![t("b"), f(1.0)],
        vec![t("c"), NULL],
        vec![NULL, f(3.0)],
        vec![t("d"), f(1.0)],
    ];
    check_rows("arg_min", &types, &rows, t("b"));
    check_rows("min_by", &types, &rows, t("b"));
    check_rows("arg_max", &types, &rows, NULL);
    check_rows("max_by", &types, &rows[..2], t("a"));
}

/// Whichever of the rows with the same key comes first, the least value counts.
#[test]
fn ties_do_not_depend_on_order() {
    use LogicalType as Type;
    let both_ways = |types: &[LogicalType], rows: &[Vec<Literal>], expected: Literal| {
        let mut rows = rows.to_vec();
        for _ in 0..rows.len() {
            check_rows("arg_min", types, &rows, expected.clone());
            rows.rotate_left(1);
        }
        rows.reverse();
        check_rows("arg_min", types, &rows, expected);
    };
    let by_key = |values: &[Literal]| -> Vec<Vec<Literal>> {
        let others = [vec![values[0].clone(), i(9)], vec![values[0].clone(), NULL]];
        values
            .iter()
            .map(|value| vec![value.clone(), i(1)])
            .chain(others)
            .collect()
    };
    both_ways(
        &[Type::Text, Type::Integer],
        &by_key(&[t("b"), NULL, t("a"), t("c")]),
        t("a"),
    );
    both_ways(&[Type::Text, Type::Integer], &by_key(&[NULL, NULL]), NULL);
    both_ways(
        &[Type::Double, Type::Integer],
        &by_key(&[f(f64::NAN), f(2.0), f(-1.0)]),
        f(-1.0),
    );
    let zeros = by_key(&[f(0.0), f(-0.0), f(0.5)]);
    for _ in 0..2 {
        let zero = call("arg_min", &[Type::Double, Type::Integer], 0)
            .run(&zeros)
            .unwrap()
            .0;
        assert!(matches!(zero, Literal::Float(zero) if zero == 0.0 && zero.is_sign_negative()));
    }
    both_ways(
        &[Type::Interval, Type::Integer],
        &by_key(&[span(1, 0, 0), span(0, 30, 0), span(0, 31, 0)]),
        span(0, 30, 0),
    );
    both_ways(
        &[numeric(8, 2), Type::Integer],
        &by_key(&[n(250), n(-250), NULL]),
        n(-250),
    );
    let best: Vec<Vec<Literal>> = ["d", "b", "c", "a"]
        .iter()
        .map(|text| vec![t(text), i(1), i(2)])
        .collect();
    check_rows(
        "arg_max",
        &[Type::Text, Type::Integer, Type::BigInt],
        &best,
        list(&[t("a"), t("b")]),
    );
}

#[test]
fn ordered_sets() {
    use LogicalType as Type;
    let run = |name: &'static str, types: &[LogicalType], fraction: Option<Literal>, values: &[Literal]| {
        let rows: Vec<Vec<Literal>> = values
            .iter()
            .map(|value| fraction.iter().cloned().chain([value.clone()]).collect())
            .collect();
        let (answer, empty) = call(name, types, 1).run(&rows).unwrap();
        assert_eq!(empty, NULL);
        answer
    };
    let doubles = [Type::Double, Type::Double];
    let values = [f(1.0), f(2.0), f(3.0), f(4.0), NULL];
    for (fraction, expected) in [(0.0, 1.0), (0.5, 2.5), (0.25, 1.75), (1.0, 4.0)] {
        assert_eq!(
            run("percentile_cont", &doubles, Some(f(fraction)), &values),
            f(expected)
        );
    }
    for (fraction, expected) in [(0.0, 1.0), (0.5, 2.0), (0.51, 3.0), (1.0, 4.0)] {
        assert_eq!(
            run("percentile_disc", &doubles, Some(f(fraction)), &values),
            f(expected)
        );
    }
    assert_eq!(run("percentile_cont", &doubles, Some(NULL), &values), NULL);
    let fractions = Type::Array(Box::new(Type::Double));
    assert_eq!(
        run(
            "percentile_cont",
            &[fractions.clone(), Type::Double],
            Some(list(&[f(0.5), NULL, f(1.0)])),
            &values
        ),
        list(&[f(2.5), NULL, f(4.0)])
    );
    assert_eq!(
        run(
            "percentile_disc",
            &[fractions, Type::Text],
            Some(list(&[f(0.5), f(1.0)])),
            &[t("a"), t("b"), t("c")]
        ),
        list(&[t("b"), t("c")])
    );
    assert_eq!(
        run(
            "percentile_cont",
            &[Type::Double, Type::Interval],
            Some(f(0.5)),
            &[span(0, 1, 0), span(0, 2, 0)]
        ),
        span(0, 1, 43_200_000_000)
    );
    assert_eq!(
        run(
            "mode",
            &[Type::Text],
            None,
            &[t("a"), t("b"), t("b"), t("c"), t("c"), NULL]
        ),
        t("b")
    );
    assert_eq!(run("mode", &[Type::Integer], None, &[NULL]), NULL);
    check("median", Type::Double, &[f(4.0), f(1.0), NULL, f(3.0), f(2.0)], f(2.5));
    check("median", Type::Double, &[f(9.0), f(1.0), f(3.0)], f(3.0));
    let message = message_of("percentile_cont", &doubles, 1, &[vec![f(1.5), f(1.0)]]);
    assert_eq!(message, "percentile value 1.5 is not between 0 and 1");
    let message = message_of("mode", &[Type::Integer], 0, &[vec![i(1)]]);
    assert_eq!(message, "WITHIN GROUP is required for ordered-set aggregate mode");
}

#[test]
fn shapes_of_distributions() {
    use LogicalType as Type;
    let values = [f(1.0), f(2.0), NULL, f(4.0), f(9.0)];
    for (name, expected) in [
        ("skewness", f(1.3309377322476703)),
        ("kurtosis", f(1.5)),
        ("kurtosis_pop", f(-1.0)),
        ("geometric_mean", f(2.9129506302439405)),
        ("geomean", f(2.9129506302439405)),
        ("product", f(72.0)),
        ("mad", f(1.5)),
        ("entropy", f(2.0)),
    ] {
        let rows: Vec<Vec<Literal>> = values.iter().map(|value| vec![value.clone()]).collect();
        let (answer, _) = call(name, &[Type::Double], 0).run(&rows).unwrap();
        assert_close(&answer, &expected, name);
    }
    for name in ["skewness", "kurtosis", "kurtosis_pop"] {
        check(name, Type::Double, &[f(2.0), f(2.0), f(2.0), f(2.0)], NULL);
    }
    check("product", Type::Double, &[f(f64::INFINITY), f(2.0)], f(f64::INFINITY));
    check("entropy", Type::Text, &[t("a"), t("b"), NULL, t("a"), t("b")], f(1.0));
    assert_eq!(
        message_of("product", &[Type::Double], 0, &vec![vec![f(1e200)]; 2]),
        "value out of range: overflow"
    );
}

/// Rows of a varying value and constants.
fn beside(values: &[Literal], constants: &[Literal]) -> Vec<Vec<Literal>> {
    let row = |value: &Literal| [value.clone()].into_iter().chain(constants.iter().cloned()).collect();
    values.iter().map(row).collect()
}

#[test]
fn percentiles_frequencies_and_histograms() {
    use LogicalType as Type;
    let doubles = [f(4.0), f(1.0), NULL, f(3.0), f(2.0)];
    check_rows(
        "approx_percentile",
        &[Type::Double, Type::Double],
        &beside(&doubles, &[f(0.5)]),
        f(2.5),
    );
    check_rows(
        "approx_quantile",
        &[Type::Double, Type::Double],
        &beside(&doubles, &[NULL]),
        NULL,
    );
    let fractions = [Type::Double, Type::Array(Box::new(Type::Double))];
    check_rows(
        "approx_percentile",
        &fractions,
        &beside(&doubles, &[list(&[f(0.0), NULL, f(1.0)])]),
        list(&[f(1.0), NULL, f(4.0)]),
    );
    let texts = [t("b"), t("a"), NULL, t("c"), t("b"), t("c"), t("b")];
    let top = [Type::Text, Type::BigInt];
    check_rows("top_k", &top, &beside(&texts, &[i(2)]), list(&[t("b"), t("c")]));
    check_rows(
        "approx_top_k",
        &top,
        &beside(&texts, &[i(9)]),
        list(&[t("b"), t("c"), t("a")]),
    );
    let counted = "[{\"count\": 3, \"value\": \"b\"}]";
    check_rows("top_k_counts", &top, &beside(&texts, &[i(1)]), t(counted));
    check("histogram", Type::Text, &texts, t("{\"a\": 1, \"b\": 3, \"c\": 2}"));
    let bounded = [Type::Double, Type::Double, Type::Double, Type::Integer];
    let values = [f(-1.0), f(0.0), f(0.9), f(1.0), f(3.9), f(4.0), f(f64::NAN), NULL];
    check_rows(
        "histogram",
        &bounded,
        &beside(&values, &[f(0.0), f(4.0), i(4)]),
        list(&[i(1), i(2), i(1), i(0), i(1), i(2)]),
    );
}

#[test]
fn best_values() {
    use LogicalType as Type;
    let values = [i(5), i(1), NULL, i(3), i(5)];
    let types = [Type::Integer, Type::BigInt];
    check_rows("min", &types, &beside(&values, &[i(2)]), list(&[i(1), i(3)]));
    check_rows("max", &types, &beside(&values, &[i(3)]), list(&[i(5), i(5), i(3)]));
    let rows = [
        vec![t("a"), f(2.0), i(2)],
        vec![t("b"), f(1.0), i(2)],
        vec![t("c"), NULL, i(2)],
        vec![NULL, f(3.0), i(2)],
    ];
    let types = [Type::Text, Type::Double, Type::BigInt];
    check_rows("arg_max", &types, &rows, list(&[NULL, t("a")]));
    check_rows("min_by", &types, &rows, list(&[t("b"), t("a")]));
}

#[test]
fn events_in_order() {
    use LogicalType as Type;
    let event = |time: i64, conditions: [bool; 3]| {
        let conditions = conditions.map(|holds| if holds { b(true) } else { NULL });
        [vec![i(10), i(time)], conditions.to_vec()].concat()
    };
    let rows = [
        event(12, [false, false, true]),
        event(1, [true, false, false]),
        event(5, [false, true, false]),
        event(9, [false, false, false]),
    ];
    let types = [Type::BigInt, Type::BigInt, Type::Boolean, Type::Boolean, Type::Boolean];
    check_rows("window_funnel", &types, &rows, i(2));
    let pattern = |text: &str| -> Vec<Vec<Literal>> {
        let with = |row: &Vec<Literal>| [&[t(text)], &row[1..]].concat();
        rows.iter().map(with).collect()
    };
    let types = [Type::Text, Type::BigInt, Type::Boolean, Type::Boolean, Type::Boolean];
    check_rows("sequence_match", &types, &pattern("(?1)(?2)(?t>6)(?3)"), b(true));
    check_rows("sequence_match", &types, &pattern("(?1)(?3)"), b(false));
    check_rows("sequence_count", &types, &pattern("."), i(3));
    let conditions: Vec<Vec<Literal>> = rows.iter().map(|row| row[2..].to_vec()).collect();
    check_rows(
        "retention",
        &[Type::Boolean, Type::Boolean, Type::Boolean],
        &conditions,
        list(&[i(1), i(1), i(1)]),
    );
    check_rows(
        "retention",
        &[Type::Boolean, Type::Boolean, Type::Boolean],
        &conditions[2..],
        list(&[i(0), i(0), i(0)]),
    );
}

#[test]
fn sums_per_row_agree_with_a_model_at_every_magnitude_and_number_of_groups() {
    use crate::operators::testing::Random;
    let mut random = Random::new(7);
    for group_count in [1u64, 3, 64, 65, 1000] {
        for bits in [8, 39, 41, 62] {
            let call = call("sum", &[LogicalType::BigInt], 0);
            let mut sum = call.accumulator(&[]).unwrap();
            let mut model = vec![None; group_count as usize];
            for nulls in [false, true, false] {
                let rows: Vec<Option<i64>> = (0..5000)
                    .map(|_| {
                        (!nulls || random.below(3) > 0).then(|| random.below(1 << bits) as i64 - (1 << (bits - 1)))
                    })
                    .collect();
                let groups: Vec<u32> = (0..5000).map(|_| random.below(group_count) as u32).collect();
                for (value, group) in rows.iter().zip(&groups) {
                    let total: &mut Option<i128> = &mut model[*group as usize];
                    *total = match value {
                        Some(value) => Some(total.unwrap_or(0) + i128::from(*value)),
                        None => *total,
                    };
                }
                let column: ArrayRef = std::sync::Arc::new(arrow_array::Int64Array::from(rows));
                sum.update(&[column], Groups::PerRow(&groups), None, group_count as usize)
                    .unwrap();
            }
            let expected: Vec<Literal> = model.into_iter().map(|total| total.map_or(NULL, n)).collect();
            assert_eq!(call.literals(&sum.finish(group_count as usize).unwrap()), expected);
        }
    }
}

#[test]
fn names_are_documented_and_unique() {
    let mut names: Vec<&str> = super::all().map(|function| (function.info)().name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for function in super::all() {
        assert!(!function.documentation.summary.is_empty() && !function.documentation.example.is_empty());
    }
}
