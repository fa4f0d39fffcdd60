//! What stands in a request's target: the parts of a path and the parameters behind the question mark, percent-decoded. Pure; knows no
//! names.

/// The parameters in their order, each name once.
///
/// # Errors
/// A sentence.
pub(super) fn parameters(query: &str) -> Result<Vec<(String, String)>, String> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name, true)?;
        if parameters.iter().any(|(known, _)| *known == name) {
            return Err(format!("the parameter \"{name}\" is there twice"));
        }
        // Lists are taken apart before they are decoded, so that a comma can be part of a name.
        let value = match name.as_str() {
            "columns" => value.to_owned(),
            _ => decoded(value, true)?,
        };
        parameters.push((name, value));
    }
    Ok(parameters)
}

/// The names in a list of the target, which stand between separators.
///
/// # Errors
/// A sentence.
pub(super) fn names(list: &str, separator: char, plus_is_blank: bool) -> Result<Vec<String>, String> {
    let names = list.split(separator).map(|name| decoded(name, plus_is_blank));
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    match names.iter().any(|name| name.is_empty() || name.contains('\0')) {
        true => Err(format!("\"{list}\" has an empty name, or one that no name can be")),
        false => Ok(names),
    }
}

/// An SQL identifier that means exactly this name.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn decoded(text: &str, plus_is_blank: bool) -> Result<String, String> {
    let wrong = || format!("\"{text}\" is not percent-encoded UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit().ok_or_else(wrong)?, digit().ok_or_else(wrong)?);
                (high * 16 + low) as u8
            }
            b'+' if plus_is_blank => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_before_they_are_decoded() {
        assert_eq!(names("events", '.', false).unwrap(), ["events"]);
        assert_eq!(names("a%2Eb.c%22d+e", '.', false).unwrap(), ["a.b", "c\"d+e"]);
        assert_eq!(names("a%2Cb,%C3%A9+f", ',', true).unwrap(), ["a,b", "é f"]);
        for wrong in ["", ".", "a.", "a..b", "%", "%4", "%4g", "%FF", "a%00b"] {
            assert!(names(wrong, '.', false).is_err(), "{wrong}");
        }
        assert_eq!(quoted("a\"; DROP TABLE b; --"), "\"a\"\"; DROP TABLE b; --\"");
    }

    #[test]
    fn parameters_come_once() {
        let found = parameters("columns=a%2Cb,c&header=true&&x=%3D+%2B&y").unwrap();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            found,
            [("columns", "a%2Cb,c"), ("header", "true"), ("x", "= +"), ("y", "")]
        );
        assert!(parameters("a=1&%61=2").is_err());
        assert!(parameters("a=%").is_err());
        assert!(parameters("").unwrap().is_empty());
    }

    #[test]
    fn no_bytes_make_it_panic() {
        use proptest::prelude::*;
        proptest!(|(text in ".{0,40}")| {
            let _ = parameters(&text);
            let _ = names(&text, '.', false);
        });
    }
}
