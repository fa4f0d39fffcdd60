//! Values in, values shown, values refused.

use super::*;

fn shown_after(name: &str, value: &str) -> Result<String> {
    let mut settings = Settings::new("ann");
    settings.set(name, Some(value))?;
    Ok(settings.get(name).unwrap())
}

#[test]
fn values_are_shown_as_postgres_shows_them() {
    let cases = [
        ("datestyle", "dmy", "ISO, DMY"),
        ("DateStyle", "ISO", "ISO, MDY"),
        ("timezone", "europe/berlin", "Europe/Berlin"),
        ("timezone", "-5", "<-05>+05"),
        ("timezone", "5.5", "<+05:30>-05:30"),
        ("statement_timeout", "5000", "5s"),
        ("statement_timeout", "1500", "1500ms"),
        ("statement_timeout", "2min", "2min"),
        ("statement_timeout", "0", "0"),
        ("stoa.memory_limit", "1GB", "1GB"),
        ("bytea_output", "ESCAPE", "escape"),
        ("transaction_read_only", "t", "on"),
        ("client_encoding", "utf-8", "UTF8"),
        ("standard_conforming_strings", "true", "on"),
        ("my.variable", "x", "x"),
    ];
    for (name, value, shown) in cases {
        assert_eq!(shown_after(name, value).unwrap(), shown, "{name} {value}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_its_code() {
    let cases = [
        ("no_such_thing", "1", "42704"),
        ("stoa.no_such_thing", "1", "42704"),
        ("server_version", "16", "55P02"),
        ("timezone", "Mars/Phobos", "22023"),
        ("statement_timeout", "-1", "22023"),
        ("statement_timeout", "5 parsecs", "22023"),
        ("stoa.batch_rows", "0", "22023"),
        ("stoa.disabled_passes", "nothing", "22023"),
        ("transaction_read_only", "maybe", "22023"),
        ("DateStyle", "German", "0A000"),
        ("client_encoding", "LATIN1", "0A000"),
        ("standard_conforming_strings", "off", "22023"),
    ];
    for (name, value, state) in cases {
        assert_eq!(shown_after(name, value).unwrap_err().state().0, state, "{name} {value}");
    }
}

#[test]
fn every_default_is_a_value_that_shows_as_itself() {
    let settings = Settings::new("ann");
    for definition in DEFINITIONS {
        let shown = value::normalize(definition, definition.default, definition.default).unwrap();
        assert_eq!(shown, definition.default, "{}", definition.name);
        assert!(definition.sentence.ends_with('.'), "{}", definition.name);
    }
    let names: Vec<String> = DEFINITIONS
        .iter()
        .map(|definition| definition.name.to_lowercase())
        .collect();
    assert!(names.is_sorted(), "SHOW ALL lists them by name");
    assert_eq!(&*settings.resolved().search_path, ["ann", "public"]);
    assert_eq!(settings.get("session_authorization").unwrap(), "ann");
}

#[test]
fn search_paths_are_read_with_their_quotes() {
    let mut settings = Settings::new("ann");
    settings.set("search_path", Some("a, \"B,c\" , \"$user\"")).unwrap();
    assert_eq!(&*settings.resolved().search_path, ["a", "B,c", "ann"]);
    settings.set("search_path", None).unwrap();
    assert_eq!(settings.changes_since(&Settings::new("ann")), []);
}
