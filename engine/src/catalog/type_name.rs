//! Types as text and back, for definitions on disk: the text is what `format_type` prints.

use stoa_sql::types::{LogicalType, NUMERIC_PRECISION_MAX};

/// The type that a text made by [`LogicalType`]'s `Display` stands for.
pub(crate) fn parse_type_name(text: &str) -> Option<LogicalType> {
    if let Some(element) = text.strip_suffix("[]") {
        return Some(LogicalType::Array(Box::new(parse_type_name(element)?)));
    }
    let (name, parameters) = match text.split_once('(') {
        Some((name, parameters)) => (name, Some(parameters.strip_suffix(')')?)),
        None => (text, None),
    };
    let data_type = match (name, parameters) {
        ("numeric", Some(parameters)) => {
            let (precision, scale) = parameters.split_once(',')?;
            let (precision, scale) = (precision.parse().ok()?, scale.parse().ok()?);
            if precision == 0 || precision > NUMERIC_PRECISION_MAX || scale > precision {
                return None;
            }
            LogicalType::Numeric { precision, scale }
        }
        ("character varying", Some(length)) => LogicalType::Varchar(Some(length.parse().ok()?)),
        ("character", Some(length)) => LogicalType::Char(length.parse().ok()?),
        (_, Some(_)) => return None,
        (name, None) => plain_type(name)?,
    };
    Some(data_type)
}

fn plain_type(name: &str) -> Option<LogicalType> {
    Some(match name {
        "unknown" => LogicalType::Unknown,
        "boolean" => LogicalType::Boolean,
        "smallint" => LogicalType::SmallInt,
        "integer" => LogicalType::Integer,
        "bigint" => LogicalType::BigInt,
        "real" => LogicalType::Real,
        "double precision" => LogicalType::Double,
        "numeric" => LogicalType::NUMERIC,
        "text" => LogicalType::Text,
        "character varying" => LogicalType::Varchar(None),
        "date" => LogicalType::Date,
        "time without time zone" => LogicalType::Time,
        "timestamp without time zone" => LogicalType::Timestamp,
        "timestamp with time zone" => LogicalType::TimestampTz,
        "interval" => LogicalType::Interval,
        "uuid" => LogicalType::Uuid,
        "tid" => LogicalType::Tid,
        "json" => LogicalType::Json,
        "jsonb" => LogicalType::Jsonb,
        "jsonpath" => LogicalType::Jsonpath,
        "bytea" => LogicalType::Bytea,
        "oid" => LogicalType::Oid,
        "name" => LogicalType::Name,
        "\"char\"" => LogicalType::SingleChar,
        "regclass" => LogicalType::Regclass,
        "regtype" => LogicalType::Regtype,
        "regproc" => LogicalType::Regproc,
        "regnamespace" => LogicalType::Regnamespace,
        "int2vector" => LogicalType::Int2Vector,
        "oidvector" => LogicalType::OidVector,
        "record" => LogicalType::Record(Vec::new()),
        "void" => LogicalType::Void,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_come_back_from_their_names() {
        let types = [
            LogicalType::Boolean,
            LogicalType::NUMERIC,
            LogicalType::Numeric {
                precision: 12,
                scale: 2,
            },
            LogicalType::Varchar(None),
            LogicalType::Varchar(Some(10)),
            LogicalType::Char(3),
            LogicalType::TimestampTz,
            LogicalType::SingleChar,
            LogicalType::Array(Box::new(LogicalType::Numeric {
                precision: 38,
                scale: 0,
            })),
        ];
        for data_type in types {
            assert_eq!(parse_type_name(&data_type.to_string()), Some(data_type));
        }
        for wrong in ["", "numeric(39,0)", "numeric(2,3)", "text(3)", "no such type"] {
            assert_eq!(parse_type_name(wrong), None, "{wrong}");
        }
    }
}
