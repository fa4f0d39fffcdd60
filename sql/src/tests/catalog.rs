//! A small world to compile against: TPC-H, SSB and ClickBench tables, and functions with real signatures.

use crate::catalog::{
    Catalog, ColumnInfo, ColumnStatistics, FunctionInfo, FunctionKind, Parameter, RelationInfo, RelationKind,
    Signature, TableId, TableName, Volatility,
};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{Expr, Plan};
use crate::types::{LogicalType, TypeKind};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

pub(crate) struct TestCatalog {
    tables: HashMap<String, Arc<RelationInfo>>,
    rows: HashMap<TableId, u64>,
    /// Pass names and plans in order.
    pub(crate) passes: RefCell<Vec<(String, String)>>,
}

type Returns = fn(&[LogicalType]) -> LogicalType;

struct Functions(HashMap<&'static str, Arc<FunctionInfo>>);

static FUNCTIONS: LazyLock<Functions> = LazyLock::new(functions);

fn kind(word: &str) -> TypeKind {
    match word {
        "bool" => TypeKind::Boolean,
        "int2" => TypeKind::SmallInt,
        "int4" => TypeKind::Integer,
        "int8" => TypeKind::BigInt,
        "float4" => TypeKind::Real,
        "float8" => TypeKind::Double,
        "numeric" => TypeKind::Numeric,
        "text" => TypeKind::Text,
        "date" => TypeKind::Date,
        "timestamp" => TypeKind::Timestamp,
        "timestamptz" => TypeKind::TimestampTz,
        "interval" => TypeKind::Interval,
        "jsonb" => TypeKind::Jsonb,
        "oid" => TypeKind::Oid,
        "name" => TypeKind::Name,
        other => panic!("kind {other}"),
    }
}

fn parameter(word: &str) -> Parameter {
    match word {
        "any" => Parameter::Any,
        "anyelement" => Parameter::AnyElement,
        "anyarray" => Parameter::AnyArray,
        other => match other.strip_suffix("[]") {
            Some(element) => Parameter::ArrayOf(kind(element)),
            None => Parameter::Kind(kind(other)),
        },
    }
}

fn numeric_sum(types: &[LogicalType]) -> LogicalType {
    let scale = types
        .iter()
        .map(|data_type| match data_type {
            LogicalType::Numeric { scale, .. } => *scale,
            _ => 0,
        })
        .max()
        .unwrap_or(0);
    LogicalType::Numeric { precision: 38, scale }
}

fn numeric_product(types: &[LogicalType]) -> LogicalType {
    let scale = types
        .iter()
        .map(|data_type| match data_type {
            LogicalType::Numeric { scale, .. } => *scale,
            _ => 0,
        })
        .sum();
    LogicalType::Numeric { precision: 38, scale }
}

fn returns(word: &str) -> Returns {
    match word {
        "same" => |types| types.first().cloned().unwrap_or(LogicalType::Text),
        "bool" => |_| LogicalType::Boolean,
        "int4" => |_| LogicalType::Integer,
        "int8" => |_| LogicalType::BigInt,
        "float8" => |_| LogicalType::Double,
        "text" => |_| LogicalType::Text,
        "name" => |_| LogicalType::Name,
        "date" => |_| LogicalType::Date,
        "timestamp" => |_| LogicalType::Timestamp,
        "timestamptz" => |_| LogicalType::TimestampTz,
        "interval" => |_| LogicalType::Interval,
        "jsonb" => |_| LogicalType::Jsonb,
        "numeric" => |_| LogicalType::NUMERIC,
        "sum" => numeric_sum,
        "product" => numeric_product,
        "array" => |types| LogicalType::Array(Box::new(types.first().cloned().unwrap_or(LogicalType::Text))),
        "name[]" => |_| LogicalType::Array(Box::new(LogicalType::Name)),
        "text[]" => |_| LogicalType::Array(Box::new(LogicalType::Text)),
        "element" => |types| match types.first() {
            Some(LogicalType::Array(element)) => (**element).clone(),
            _ => LogicalType::Text,
        },
        other => panic!("returns {other}"),
    }
}

/// `kind volatility name(parameters) -> returns`, several signatures separated by `;`.
fn functions() -> Functions {
    const NUMBERS: &str = "int4,int4:int4;int8,int8:int8;float8,float8:float8;numeric,numeric:sum";
    let mut list: Vec<(&str, FunctionKind, Volatility, String)> = Vec::new();
    let scalar = FunctionKind::Scalar;
    let still = Volatility::Immutable;
    list.push((
        "+",
        scalar,
        still,
        format!("{NUMBERS};date,int4:date;date,interval:timestamp;timestamp,interval:timestamp;timestamptz,interval:timestamptz;interval,interval:interval"),
    ));
    list.push((
        "-",
        scalar,
        still,
        format!("{NUMBERS};int4:int4;int8:int8;float8:float8;numeric:same;date,int4:date;date,date:int4;date,interval:timestamp;timestamp,interval:timestamp;timestamptz,interval:timestamptz;interval,interval:interval;timestamp,timestamp:interval;jsonb,text:jsonb"),
    ));
    list.push((
        "*",
        scalar,
        still,
        NUMBERS.replace(":sum", ":product") + ";interval,float8:interval",
    ));
    list.push(("/", scalar, still, NUMBERS.replace(":sum", ":numeric")));
    list.push(("%", scalar, still, NUMBERS.to_owned()));
    for name in ["~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"] {
        list.push((name, scalar, still, "text,text:bool".to_owned()));
    }
    let more: &[(&str, &str)] = &[
        ("||", "text,text:text;jsonb,jsonb:jsonb;any,text:text;text,any:text"),
        ("->", "jsonb,text:jsonb;jsonb,int4:jsonb"),
        ("->>", "jsonb,text:text;jsonb,int4:text"),
        ("@>", "jsonb,jsonb:bool"),
        ("lower", "text:text"),
        ("upper", "text:text"),
        ("length", "text:int4"),
        ("substring", "text,int4:text;text,int4,int4:text;text,text:text"),
        ("strpos", "text,text:int4"),
        ("btrim", "text:text;text,text:text"),
        ("ltrim", "text:text;text,text:text"),
        ("overlay", "text,text,int4:text;text,text,int4,int4:text"),
        ("replace", "text,text,text:text"),
        ("regexp_replace", "text,text,text:text"),
        (
            "extract",
            "text,date:numeric;text,timestamp:numeric;text,timestamptz:numeric;text,interval:numeric",
        ),
        (
            "date_part",
            "text,date:float8;text,timestamp:float8;text,timestamptz:float8",
        ),
        ("date_trunc", "text,timestamp:timestamp;text,timestamptz:timestamptz"),
        ("timezone", "text,timestamp:timestamptz;text,timestamptz:timestamp"),
        ("abs", "int4:int4;int8:int8;float8:float8;numeric:same"),
        ("round", "float8:float8;numeric:same;numeric,int4:same"),
        ("sqrt", "float8:float8;numeric:numeric"),
        ("power", "float8,float8:float8;numeric,numeric:numeric"),
        ("ceil", "float8:float8;numeric:same"),
        ("array_subscript", "anyarray,int4:element"),
        ("array_to_string", "anyarray,text:text"),
        ("array_upper", "anyarray,int4:int4"),
        ("array_length", "anyarray,int4:int4"),
        ("string_to_array", "text,text:text[]"),
        ("quote_ident", "text:text"),
        ("similar_to_escape", "text:text;text,text:text"),
        ("like_escape", "text,text:text"),
        ("format_type", "oid,int4:text"),
        ("greatest", "variadic anyelement:same"),
        ("concat", "variadic any:text"),
    ];
    for (name, signatures) in more {
        list.push((name, scalar, still, (*signatures).to_owned()));
    }
    let stable: &[(&str, &str)] = &[
        ("now", ":timestamptz"),
        ("current_database", ":name"),
        ("current_user", ":name"),
        ("current_schema", ":name"),
        ("version", ":text"),
        ("current_setting", "text:text"),
        ("pg_table_is_visible", "oid:bool"),
        ("current_schemas", "bool:name[]"),
    ];
    for (name, signatures) in stable {
        list.push((name, scalar, Volatility::Stable, (*signatures).to_owned()));
    }
    list.push(("random", scalar, Volatility::Volatile, ":float8".to_owned()));
    let aggregates: &[(&str, &str)] = &[
        ("count", ":int8;any:int8"),
        (
            "sum",
            "int2:int8;int4:int8;int8:sum;float8:float8;numeric:sum;interval:interval",
        ),
        (
            "avg",
            "int2:numeric;int4:numeric;int8:numeric;float8:float8;numeric:numeric",
        ),
        ("min", "anyelement:same"),
        ("max", "anyelement:same"),
        ("array_agg", "anyelement:array"),
        ("string_agg", "text,text:text"),
        ("bool_and", "bool:bool"),
        ("percentile_cont", "float8,float8:float8"),
        ("stddev", "float8:float8;numeric:numeric"),
    ];
    for (name, signatures) in aggregates {
        list.push((name, FunctionKind::Aggregate, still, (*signatures).to_owned()));
    }
    let windows: &[(&str, &str)] = &[
        ("row_number", ":int8"),
        ("rank", ":int8"),
        ("dense_rank", ":int8"),
        ("lag", "anyelement:same;anyelement,int4:same"),
        ("first_value", "anyelement:same"),
    ];
    for (name, signatures) in windows {
        list.push((name, FunctionKind::Window, still, (*signatures).to_owned()));
    }
    list.push((
        "generate_series",
        FunctionKind::Table,
        still,
        "int4,int4:int4;int8,int8:int8;timestamp,timestamp,interval:timestamp".to_owned(),
    ));
    list.push(("unnest", FunctionKind::Table, still, "anyarray:element".to_owned()));
    Functions(
        list.into_iter()
            .map(|(name, kind, volatility, signatures)| {
                let signatures: Vec<Signature> = signatures
                    .split(';')
                    .map(|text| {
                        let (parameters, answer) = text.split_once(':').expect("a colon");
                        let (variadic, parameters) = match parameters.strip_prefix("variadic ") {
                            Some(rest) => (true, rest),
                            None => (false, parameters),
                        };
                        let parameters: Vec<Parameter> = parameters
                            .split(',')
                            .filter(|word| !word.is_empty())
                            .map(parameter)
                            .collect();
                        Signature {
                            parameters: Box::leak(parameters.into_boxed_slice()),
                            variadic,
                            returns: returns(answer),
                        }
                    })
                    .collect();
                let info = FunctionInfo {
                    name,
                    kind,
                    volatility,
                    strict: !matches!(name, "concat" | "greatest" | "count" | "array_agg"),
                    signatures: Box::leak(signatures.into_boxed_slice()),
                    table_columns: None,
                    named_parameters: &[],
                };
                (name, Arc::new(info))
            })
            .collect(),
    )
}

fn data_type(word: &str) -> LogicalType {
    match word {
        "int2" => LogicalType::SmallInt,
        "int4" => LogicalType::Integer,
        "int8" => LogicalType::BigInt,
        "float8" => LogicalType::Double,
        "numeric" => LogicalType::Numeric {
            precision: 15,
            scale: 2,
        },
        "text" => LogicalType::Text,
        "varchar" => LogicalType::Varchar(Some(25)),
        "char" => LogicalType::Char(10),
        "date" => LogicalType::Date,
        "timestamp" => LogicalType::Timestamp,
        "timestamptz" => LogicalType::TimestampTz,
        "jsonb" => LogicalType::Jsonb,
        "bool" => LogicalType::Boolean,
        "oid" => LogicalType::Oid,
        "name" => LogicalType::Name,
        "int4[]" => LogicalType::Array(Box::new(LogicalType::Integer)),
        other => panic!("type {other}"),
    }
}

/// `name rows: column type, ..`; a type with `?` may be NULL.
const TABLES: &str = "
region 5: r_regionkey int4, r_name char, r_comment varchar
nation 25: n_nationkey int4, n_name char, n_regionkey int4, n_comment varchar
supplier 10000: s_suppkey int4, s_name char, s_address varchar, s_nationkey int4, s_phone char, s_acctbal numeric, s_comment varchar
customer 150000: c_custkey int4, c_name varchar, c_address varchar, c_nationkey int4, c_phone char, c_acctbal numeric, c_mktsegment char, c_comment varchar
part 200000: p_partkey int4, p_name varchar, p_mfgr char, p_brand char, p_type varchar, p_size int4, p_container char, p_retailprice numeric, p_comment varchar
partsupp 800000: ps_partkey int4, ps_suppkey int4, ps_availqty int4, ps_supplycost numeric, ps_comment varchar
orders 1500000: o_orderkey int8, o_custkey int4, o_orderstatus char, o_totalprice numeric, o_orderdate date, o_orderpriority char, o_clerk char, o_shippriority int4, o_comment varchar
lineitem 6000000: l_orderkey int8, l_partkey int4, l_suppkey int4, l_linenumber int4, l_quantity numeric, l_extendedprice numeric, l_discount numeric, l_tax numeric, l_returnflag char, l_linestatus char, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct char, l_shipmode char, l_comment varchar
t 1000: a int4, b int4?, c text?, d date?, n numeric?, x float8?, v varchar?, ts timestamp?, tz timestamptz?, j jsonb?, f bool?, r int4[]?
u 100: a int4, b int4?, e text?
w 10: id int4, k int4?
hits 100000000: watchid int8, javaenable int2, title text, goodevent int2, eventtime timestamp, eventdate date, counterid int4, clientip int4, regionid int4, userid int8, url text, referer text, isrefresh int2, resolutionwidth int2, useragent int2, searchengineid int2, searchphrase text, advengineid int2, mobilephone int2, mobilephonemodel text, traficsourceid int2, urlhash int8, refererhash int8, dontcounthits int2, islink int2, isdownload int2, windowclientwidth int2, windowclientheight int2
";

impl TestCatalog {
    pub(crate) fn new() -> Self {
        let mut catalog = TestCatalog {
            tables: HashMap::new(),
            rows: HashMap::new(),
            passes: RefCell::new(Vec::new()),
        };
        for (number, line) in (1u32..).zip(TABLES.lines().filter(|line| !line.is_empty())) {
            let (head, columns) = line.split_once(": ").expect("a colon");
            let (name, rows) = head.split_once(' ').expect("a row count");
            let columns = columns
                .split(", ")
                .map(|column| {
                    let (name, word) = column.split_once(' ').expect("a type");
                    ColumnInfo {
                        name: name.to_owned(),
                        data_type: data_type(word.trim_end_matches('?')),
                        nullable: word.ends_with('?'),
                        default: (name == "e").then(|| "'none'".to_owned()),
                        identity: None,
                        hidden: false,
                    }
                })
                .collect();
            catalog.add(number, name, columns, RelationKind::Table);
            catalog.rows.insert(TableId(number), rows.parse().expect("a number"));
        }
        let columns = ["a", "total"]
            .into_iter()
            .zip([LogicalType::Integer, LogicalType::BigInt])
            .map(|(name, data_type)| ColumnInfo {
                name: name.to_owned(),
                data_type,
                nullable: true,
                default: None,
                identity: None,
                hidden: false,
            })
            .collect();
        let query = "select a, sum(b) from t group by a".to_owned();
        catalog.add(
            90,
            "totals",
            columns,
            RelationKind::View {
                query,
                materialized: false,
            },
        );
        catalog
    }

    fn add(&mut self, number: u32, name: &str, columns: Vec<ColumnInfo>, kind: RelationKind) {
        let relation = RelationInfo {
            has_arrival: false,
            event_time: None,
            seals: Vec::new(),
            id: TableId(number),
            schema: "public".to_owned(),
            name: name.to_owned(),
            kind,
            columns,
            constraint_names: Vec::new(),
            keys: Vec::new(),
            versions: None,
        };
        self.tables.insert(name.to_owned(), Arc::new(relation));
    }
}

fn bad(text: &str, data_type: &LogicalType) -> Error {
    Error::new(
        SqlState::INVALID_TEXT_REPRESENTATION,
        format!("invalid input syntax for type {data_type}: \"{text}\""),
    )
}

/// Days since 1970 of `YYYY-MM-DD`.
fn date(text: &str) -> Option<i32> {
    let mut parts = text.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

fn integer(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Literal(Literal::Integer(value), _) => Some(*value),
        _ => None,
    }
}

impl Catalog for TestCatalog {
    fn relation(&self, name: &TableName) -> Result<Option<Arc<RelationInfo>>> {
        if name.schema.as_ref().is_some_and(|schema| schema != "public") {
            return Ok(None);
        }
        Ok(self.tables.get(&name.name).cloned())
    }

    fn function(&self, _schema: Option<&str>, name: &str) -> Option<Arc<FunctionInfo>> {
        FUNCTIONS.0.get(name).cloned()
    }

    fn setting(&self, _name: &str) -> Option<String> {
        None
    }

    fn fold(&self, expression: &Expr) -> Option<Result<Literal>> {
        match expression {
            Expr::Call(call) => {
                let [left, right] = call.arguments.as_slice() else {
                    return None;
                };
                match (call.function.name, left, right) {
                    (
                        "-" | "+",
                        Expr::Literal(Literal::Date(days), _),
                        Expr::Literal(Literal::Interval { months, days: more, .. }, _),
                    ) => {
                        // Months of thirty days are enough for tests.
                        let sign = if call.function.name == "-" { -1 } else { 1 };
                        let day = i64::from(*days) + sign * (i64::from(*months) * 30 + i64::from(*more));
                        Some(Ok(Literal::Timestamp(day * 86_400_000_000)))
                    }
                    (name, left, right) => {
                        let (left, right) = (integer(left)?, integer(right)?);
                        let value = match name {
                            "+" => left.checked_add(right)?,
                            "-" => left.checked_sub(right)?,
                            "*" => left.checked_mul(right)?,
                            "/" if right == 0 => {
                                return Some(Err(Error::new(SqlState::DIVISION_BY_ZERO, "division by zero")));
                            }
                            "/" => left / right,
                            _ => return None,
                        };
                        Some(Ok(Literal::Integer(value)))
                    }
                }
            }
            Expr::Compare { op, left, right } => {
                let (left, right) = (integer(left)?, integer(right)?);
                let value = match op {
                    crate::plan::CompareOp::Equal => left == right,
                    crate::plan::CompareOp::NotEqual => left != right,
                    crate::plan::CompareOp::Less => left < right,
                    crate::plan::CompareOp::Greater => left > right,
                    _ => return None,
                };
                Some(Ok(Literal::Boolean(value)))
            }
            _ => None,
        }
    }

    fn parse_literal(&self, text: &str, data_type: &LogicalType) -> Result<Literal> {
        let trimmed = text.trim();
        let literal = match data_type {
            LogicalType::SmallInt | LogicalType::Integer | LogicalType::BigInt | LogicalType::Oid => {
                trimmed.parse().ok().map(Literal::Integer)
            }
            LogicalType::Double | LogicalType::Real => trimmed.parse().ok().map(Literal::Float),
            LogicalType::Numeric { scale, .. } => trimmed
                .parse::<f64>()
                .ok()
                .map(|value| Literal::Numeric((value * 10f64.powi(i32::from(*scale))).round() as i128)),
            LogicalType::Boolean => match trimmed {
                "t" | "true" => Some(Literal::Boolean(true)),
                "f" | "false" => Some(Literal::Boolean(false)),
                _ => None,
            },
            LogicalType::Date => date(trimmed.get(..10).unwrap_or(trimmed)).map(Literal::Date),
            LogicalType::Timestamp | LogicalType::TimestampTz => date(trimmed.get(..10).unwrap_or(trimmed))
                .map(|days| Literal::Timestamp(i64::from(days) * 86_400_000_000)),
            LogicalType::Interval => {
                let (count, unit) = trimmed.split_once(' ').unwrap_or((trimmed, "day"));
                count.parse::<i32>().ok().map(|count| match unit.trim_end_matches('s') {
                    "month" => interval(count, 0),
                    "year" => interval(count * 12, 0),
                    _ => interval(0, count),
                })
            }
            LogicalType::Array(_) => Some(Literal::Array(Vec::new())),
            _ => Some(Literal::Text(text.to_owned())),
        };
        literal.ok_or_else(|| bad(text, data_type))
    }

    fn row_count(&self, table: TableId) -> Option<u64> {
        self.rows.get(&table).copied()
    }

    fn column_statistics(&self, _table: TableId, _column: usize) -> Option<ColumnStatistics> {
        None
    }

    fn observe_pass(&self, name: &str, plan: &Plan) {
        self.passes.borrow_mut().push((name.to_owned(), plan.to_string()));
    }
}

fn interval(months: i32, days: i32) -> Literal {
    Literal::Interval {
        months,
        days,
        microseconds: 0,
    }
}
