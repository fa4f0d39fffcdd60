//! What a request says of its session: headers of producers, and `setting.NAME` parameters. Whether the values make sense is for the
//! engine to say.

use super::answer::Failure;
use hyper::HeaderMap;

/// Settings of a session by name, in the order in which they are set.
pub(super) type Settings = Vec<(String, String)>;

/// The headers that are settings.
const HEADERS: [(&str, &str); 3] = [
    ("stoa-producer", "stoa.producer"),
    ("stoa-epoch", "stoa.producer_epoch"),
    ("stoa-token", "stoa.producer_token"),
];

/// The settings that headers and parameters name; takes these parameters out.
///
/// # Errors
/// 400 where one is there twice, empty, or without what it goes with.
pub(super) fn settings(headers: &HeaderMap, parameters: &mut Vec<(String, String)>) -> Result<Settings, Failure> {
    let mut settings = Settings::new();
    for (header, setting) in HEADERS {
        let mut values = headers.get_all(header).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => continue,
            (Some(value), None) => std::str::from_utf8(value.as_bytes()).ok(),
            (Some(_), Some(_)) => None,
        };
        match value.map(str::trim).filter(|value| !value.is_empty()) {
            Some(value) => settings.push((setting.to_owned(), value.to_owned())),
            None => {
                return Err(Failure::malformed(format!(
                    "the header {header} must be there once, with a value"
                )));
            }
        }
    }
    let has = |header: &str| headers.contains_key(header);
    if has("stoa-token") && !has("stoa-producer") {
        return Err(Failure::malformed(
            "a batch with a Stoa-Token is of a producer: Stoa-Producer says of which one",
        ));
    }
    if has("stoa-epoch") && !has("stoa-token") {
        return Err(Failure::malformed(
            "a Stoa-Epoch is that of a batch: Stoa-Token says of which one",
        ));
    }
    let given = std::mem::take(parameters);
    for (name, value) in given {
        match name.strip_prefix("setting.") {
            Some(setting) => settings.push((setting.to_owned(), value)),
            None => parameters.push((name, value)),
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)], parameters: &[(&str, &str)]) -> Option<Settings> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        let parameters = parameters.iter();
        let mut parameters = parameters
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        settings(&headers, &mut parameters).ok()
    }

    #[test]
    fn a_batch_is_named_whole_or_not_at_all() {
        let producer = ("stoa-producer", "web-1");
        let read_pairs = read(
            &[producer, ("stoa-token", " 7 ")],
            &[("setting.TimeZone", "UTC"), ("x", "1")],
        )
        .unwrap();
        let expected = [
            ("stoa.producer", "web-1"),
            ("stoa.producer_token", "7"),
            ("TimeZone", "UTC"),
        ];
        assert_eq!(
            read_pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert!(read(&[producer], &[]).is_some());
        assert!(read(&[("stoa-token", "7")], &[]).is_none());
        assert!(read(&[producer, ("stoa-token", "")], &[]).is_none());
        assert!(read(&[producer, ("stoa-token", "7"), ("stoa-token", "8")], &[]).is_none());
        assert!(read(&[producer, ("stoa-epoch", "7")], &[]).is_none());
    }
}
