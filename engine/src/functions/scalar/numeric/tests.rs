//! Functions of numbers as a table, answers as PostgreSQL 15 gives them.

use crate::functions::scalar::testing::*;
use crate::types::LogicalType;

fn whole(value: &str, precision: u8) -> Typed {
    (numeric(value).0, LogicalType::Numeric { precision, scale: 0 })
}
fn decimal(value: &str, precision: u8) -> Typed {
    let (literal, LogicalType::Numeric { scale, .. }) = numeric(value) else {
        unreachable!()
    };
    (literal, LogicalType::Numeric { precision, scale })
}

#[test]
fn rounding() {
    check("abs", &[numeric("-17.4")], numeric("17.4"));
    check("ceil", &[numeric("-1.5")], whole("-1", 2));
    check("ceil", &[numeric("1.01")], whole("2", 2));
    check("ceiling", &[double(1.2)], double(2.0));
    check("floor", &[numeric("-1.5")], whole("-2", 2));
    check("floor", &[double(-1.5)], double(-2.0));
    check("round", &[double(2.5)], double(2.0));
    check("round", &[double(-0.5)], double(0.0));
    check("round", &[numeric("-2.5")], whole("-3", 2));
    check("round", &[numeric("9.9")], whole("10", 2));
    check("round", &[numeric("2.345"), integer(2)], decimal("2.350", 5));
    check("round", &[numeric("9.99"), integer(1)], decimal("10.00", 4));
    check("round", &[numeric("12345"), integer(-2)], whole("12300", 6));
    check("round", &[numeric("12345"), integer(-50)], whole("0", 6));
    check("round", &[numeric("1.5"), integer(40)], decimal("1.5", 3));
    check("trunc", &[numeric("-2.567"), integer(2)], decimal("-2.560", 4));
    check("trunc", &[numeric("129"), integer(-1)], whole("120", 3));
    check("trunc", &[double(-2.9)], double(-2.0));
    check("sign", &[numeric("-2.5")], whole("-1", 1));
    check("sign", &[double(0.0)], double(0.0));
    check("scale", &[numeric("8.4100")], integer(4));
    check("min_scale", &[numeric("8.4100")], integer(2));
}

#[test]
fn roots_and_logarithms() {
    let root = |value: &str| {
        (
            numeric(value).0,
            LogicalType::Numeric {
                precision: 38,
                scale: 16,
            },
        )
    };
    check("sqrt", &[numeric("2.0")], root("1.4142135623730950"));
    check("sqrt", &[numeric("0")], root("0.0000000000000000"));
    check(
        "sqrt",
        &[numeric("99999999999999999999")],
        root("9999999999.9999999999500000"),
    );
    check("sqrt", &[double(2.0)], double(2f64.sqrt()));
    check_error(
        "sqrt",
        &[numeric("-1.0")],
        "2201F",
        "cannot take square root of a negative number",
    );
    check("cbrt", &[double(64.0)], double(4.0));
    check("power", &[double(2.0), double(3.0)], double(8.0));
    check("pow", &[double(1.0), double(f64::NAN)], double(1.0));
    check("exp", &[double(0.0)], double(1.0));
    check("ln", &[double(1.0)], double(0.0));
    check("log", &[double(100.0)], double(2.0));
    check("log", &[double(2.0), double(64.0)], double(6.0));
    check("log10", &[double(1000.0)], double(3.0));
    check_error("exp", &[double(1000.0)], "22003", "value out of range: overflow");
    check_error("exp", &[double(-1000.0)], "22003", "value out of range: underflow");
    check_error("ln", &[double(0.0)], "2201E", "cannot take logarithm of zero");
    check_error(
        "log",
        &[double(-1.0)],
        "2201E",
        "cannot take logarithm of a negative number",
    );
}

#[test]
fn divisors_and_factorials() {
    check("mod", &[integer(9), integer(4)], integer(1));
    check("div", &[numeric("-7"), numeric("2")], whole("-3", 1));
    check("div", &[numeric("7.5"), numeric("0.2")], whole("37", 2));
    check_error("div", &[numeric("7.5"), whole("0", 1)], "22012", "division by zero");
    check("gcd", &[integer(1071), integer(462)], integer(21));
    check("gcd", &[integer(-4), integer(6)], integer(2));
    check("gcd", &[numeric("2.4"), numeric("1.2")], decimal("1.2", 38));
    check("lcm", &[bigint(4), bigint(6)], bigint(12));
    check("lcm", &[integer(0), integer(5)], integer(0));
    check("lcm", &[numeric("1.2"), numeric("0.8")], decimal("2.4", 38));
    check_error("gcd", &[integer(i32::MIN), integer(0)], "22003", "integer out of range");
    check_error("lcm", &[bigint(i64::MAX), bigint(2)], "22003", "bigint out of range");
    check("factorial", &[bigint(20)], whole("2432902008176640000", 38));
    check("factorial", &[bigint(0)], whole("1", 38));
    check_error(
        "factorial",
        &[bigint(-1)],
        "22003",
        "factorial of a negative number is undefined",
    );
    check_error("factorial", &[bigint(34)], "22003", "value overflows numeric format");
}

#[test]
fn angles() {
    check("pi", &[], double(std::f64::consts::PI));
    check("degrees", &[double(0.5)], double(28.64788975654116));
    check("radians", &[double(45.0)], double(std::f64::consts::FRAC_PI_4));
    check("sin", &[double(0.0)], double(0.0));
    check("atan2", &[double(1.0), double(2.0)], double(0.4636476090008061));
    check("cot", &[double(0.5)], double(1.830487721712452));
    check("tanh", &[double(1.0)], double(0.7615941559557649));
    check("acosh", &[double(2.0)], double(1.3169578969248166));
    check_error("sin", &[double(f64::INFINITY)], "22003", "input is out of range");
    check_error("asin", &[double(2.0)], "22003", "input is out of range");
    check_error("acosh", &[double(0.5)], "22003", "input is out of range");
    check_error("degrees", &[double(1e308)], "22003", "value out of range: overflow");
}

#[test]
fn buckets() {
    let bucket =
        |operand: f64, low: f64, high: f64, count| [double(operand), double(low), double(high), integer(count)];
    check("width_bucket", &bucket(5.35, 0.024, 10.06, 5), integer(3));
    check("width_bucket", &bucket(0.0, 1.0, 10.0, 3), integer(0));
    check("width_bucket", &bucket(10.0, 1.0, 10.0, 3), integer(4));
    check("width_bucket", &bucket(5.0, 10.0, 1.0, 3), integer(2));
    let numerics = [numeric("5.35"), numeric("0.024"), numeric("10.06"), integer(5)];
    check("width_bucket", &numerics, integer(3));
    let thresholds = (
        crate::types::Literal::Array([1, 3, 5].map(crate::types::Literal::Integer).to_vec()),
        LogicalType::Array(Box::new(LogicalType::Integer)),
    );
    check("width_bucket", &[integer(3), thresholds.clone()], integer(2));
    check("width_bucket", &[integer(0), thresholds], integer(0));
    check_error(
        "width_bucket",
        &bucket(5.0, 1.0, 10.0, 0),
        "2201G",
        "count must be greater than zero",
    );
    check_error(
        "width_bucket",
        &bucket(5.0, 1.0, 1.0, 3),
        "2201G",
        "lower bound cannot equal upper bound",
    );
    let message = "operand, lower bound, and upper bound cannot be NaN";
    check_error("width_bucket", &bucket(f64::NAN, 1.0, 2.0, 3), "2201G", message);
}

#[test]
fn random_numbers_differ() {
    let (first, _) = evaluate("random", &[]).unwrap();
    let (second, _) = evaluate("random", &[]).unwrap();
    assert_ne!(first, second);
}

#[test]
fn a_seed_has_limits() {
    check("setseed", &[double(-1.0)], null(LogicalType::Void));
    let message = "setseed parameter 2 is out of allowed range [-1,1]";
    check_error("setseed", &[double(2.0)], "22023", message);
    check_error(
        "setseed",
        &[double(f64::NAN)],
        "22023",
        "setseed parameter NaN is out of allowed range [-1,1]",
    );
}
