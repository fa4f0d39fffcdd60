//! `current_setting(name [, missing_ok])`, `set_config(name, value, is_local)`

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static CURRENT_SETTING: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "current_setting",
            const {
                &[
                    signature(&[TEXT], returns::text),
                    signature(&[TEXT, BOOLEAN], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        "session",
        "The value of a setting; where there is none an error, or NULL if the second argument says so.",
        "current_setting('server_encoding')",
        "UTF8",
    ),
    execute: current,
};

pub(super) static SET_CONFIG: ScalarFunction = ScalarFunction {
    info: || {
        called_on_null(volatile(
            "set_config",
            const { &[signature(&[TEXT, TEXT, BOOLEAN], returns::text)] },
        ))
    },
    documentation: documentation(
        "session",
        "Gives a setting a value, for the transaction only if the third argument says so, and answers with it.",
        "set_config('timezone', 'Europe/Berlin', false)",
        "Europe/Berlin",
    ),
    execute: set,
};

fn current(call: &Call<'_>) -> Result<Value> {
    let names = call.texts(0)?;
    let missing_ok = match call.arguments.get(1) {
        Some(flags) => Some(flags.booleans()?),
        None => None,
    };
    call.map_texts_or_null(|row, out| {
        let name = names.value(row);
        match call.fact("setting", name) {
            Some(value) => {
                out.push_str(&value);
                Ok(true)
            }
            None if missing_ok.as_ref().is_some_and(|flags| flags.value(row)) => Ok(false),
            None => Err(Error::user(
                SqlState::UNDEFINED_OBJECT,
                format!("unrecognized configuration parameter \"{name}\""),
            )),
        }
    })
}

fn set(call: &Call<'_>) -> Result<Value> {
    let (names, values, local) = (call.texts(0)?, call.texts(1)?, call.argument(2)?.booleans()?);
    call.map_every_text(|row, out| {
        if names.is_null(row) {
            return Err(Error::user(SqlState("22004"), "SET requires parameter name"));
        }
        let value = (!values.is_null(row)).then(|| values.value(row));
        let transaction_only = !local.is_null(row) && local.value(row);
        let session = &call.statement.session;
        out.push_str(&session.change_setting(names.value(row), value, transaction_only)?);
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn settings() {
        knows("current_setting", &[text("work_mem")], text("4MB"));
        knows(
            "current_setting",
            &[text("foo.bar"), boolean(true)],
            null(LogicalType::Text),
        );
        let message = "unrecognized configuration parameter \"foo.bar\"";
        refuses("current_setting", &[text("foo.bar")], "42704", message);
        let nothing = null(LogicalType::Text);
        knows(
            "set_config",
            &[text("a.b"), text("x"), boolean(true)],
            text("a.b=x for now"),
        );
        knows(
            "set_config",
            &[text("a.b"), nothing.clone(), boolean(false)],
            text("a.b=default"),
        );
        refuses(
            "set_config",
            &[nothing, text("x"), boolean(false)],
            "22004",
            "SET requires parameter name",
        );
    }
}
