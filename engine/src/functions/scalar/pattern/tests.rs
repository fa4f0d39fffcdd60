//! Patterns as a table, answers as PostgreSQL 15 gives them.

use crate::functions::scalar::testing::*;
use crate::types::LogicalType;

#[test]
fn like() {
    let cases = [
        ("abc", "abc", true),
        ("abc", "ab", false),
        ("abc", "a%", true),
        ("abc", "%c", true),
        ("abc", "a%c", true),
        ("ac", "a%c", true),
        ("a", "a%a", false),
        ("abc", "%b%", true),
        ("abc", "%x%", false),
        ("abc", "_b_", true),
        ("äbc", "_bc", true),
        ("abcabd", "%ab_", true),
        ("abcabd", "%a_c%b%", true),
        ("abcabd", "%bd%c%", false),
        ("aXbXc", "a%X%c", true),
        ("", "%", true),
        ("", "_", false),
        ("", "", true),
        ("a%c", "a\\%c", true),
        ("abc", "a\\%c", false),
        ("a\\c", "a\\\\c", true),
        ("abc", "abc\\", false),
        ("mississippi", "%iss%ip_i", true),
        ("mississippi", "m%iss%iss%iss%", false),
        ("日本語", "日_語", true),
        ("日本語", "__", false),
    ];
    for (value, pattern, expected) in cases {
        check("~~", &[text(value), text(pattern)], boolean(expected));
        check("!~~", &[text(value), text(pattern)], boolean(!expected));
    }
    for (value, pattern, expected) in [
        ("ABC", "a%", true),
        ("ÄB", "äb", true),
        ("abc", "%B_", true),
        ("x", "Y", false),
    ] {
        check("~~*", &[text(value), text(pattern)], boolean(expected));
        check("!~~*", &[text(value), text(pattern)], boolean(!expected));
    }
    check("~~", &[text("x"), null(LogicalType::Text)], null(LogicalType::Boolean));
    let message = "LIKE pattern must not end with escape character";
    check_error("~~", &[text("abcd"), text("abc\\")], "22025", message);
    check("like_escape", &[text("a#%\\b"), text("#")], text("a\\%\\\\b"));
    check("like_escape", &[text("a\\b"), text("")], text("a\\\\b"));
    check("like_escape", &[text("a\\%"), text("\\")], text("a\\%"));
    check_error(
        "like_escape",
        &[text("a"), text("xx")],
        "22025",
        "invalid escape string",
    );
}

#[test]
fn similar_to() {
    check(
        "similar_to_escape",
        &[text("a%b_(c|d)[x%]\\%.^$")],
        text("^(?:a.*b.(?:c|d)[x%]\\%\\.\\^\\$)$"),
    );
    check("similar_to_escape", &[text("a#%"), text("#")], text("^(?:a\\%)$"));
    check_error(
        "similar_to_escape",
        &[text("a"), text("xx")],
        "22025",
        "invalid escape string",
    );
}

#[test]
fn regular_expressions() {
    let cases = [
        ("thomas", "t.*ma", true),
        ("a\nb", "a.b", true),
        ("a\nb", "(?n)a.b", false),
        ("a", "a{", false),
        ("x{", "x{", true),
        ("aaa", "^a{2,3}$", true),
        ("a foo b", "\\mfoo\\M", true),
        ("afoo", "\\mfoo\\M", false),
        ("foo", "[[:<:]]foo[[:>:]]", true),
        ("a\\b", "a\\\\b", true),
        ("x-y", "x[a&&b-]y", true),
        ("x[y", "x[[]y", true),
        ("x]y", "x[]]y", true),
        ("ab", "(?x)a b", true),
        ("ab", "a b", false),
        ("AB", "(?i)ab", true),
        ("7", "^\\d$", true),
        ("a+b", "***=a+b", true),
        ("tab\there", "[\\t]", true),
    ];
    for (value, pattern, expected) in cases {
        check("~", &[text(value), text(pattern)], boolean(expected));
        check("!~", &[text(value), text(pattern)], boolean(!expected));
    }
    check("~*", &[text("ABC"), text("b")], boolean(true));
    check("!~*", &[text("ABC"), text("b")], boolean(false));
    check("~", &[integer(5)], integer(-6));
    check(
        "regexp_like",
        &[text("Hello World"), text("world$"), text("i")],
        boolean(true),
    );
    let errors = [
        ("(", "parentheses () not balanced"),
        ("[", "brackets [] not balanced"),
        ("*a", "quantifier operand invalid"),
        ("a**", "quantifier operand invalid"),
        ("a{2,1}", "invalid repetition count(s)"),
        ("a{300}", "invalid repetition count(s)"),
        ("\\q", "invalid escape \\ sequence"),
    ];
    for (pattern, reason) in errors {
        let message = format!("invalid regular expression: {reason}");
        check_error("~", &[text("x"), text(pattern)], "2201B", &message);
    }
    let message = "back references in regular expressions are not supported";
    check_error("~", &[text("x"), text("(a)\\1")], "0A000", message);
    let message = "look-around constraints in regular expressions are not supported";
    check_error("~", &[text("x"), text("(?=a)")], "0A000", message);
}

#[test]
fn regexp_functions() {
    let replace = |value, pattern, with, expected| {
        check(
            "regexp_replace",
            &[text(value), text(pattern), text(with), text("g")],
            text(expected),
        );
    };
    replace("abc", "b*", "X", "XaXXcX");
    replace("abc", "", "-", "-a-b-c-");
    replace("foobarbaz", "b(..)", "X\\1Y\\\\\\&", "fooXarY\\barXazY\\baz");
    check("regexp_replace", &[text("foo"), text("o"), text("\\9")], text("fo"));
    // What takes the rest of a text takes it whole, line ends included, and only where it stands for all alternatives.
    for (value, pattern, replacement, expected) in [
        (
            "http://www.a.org/x\ny",
            "^https?://(?:www\\.)?([^/]+)/.*$",
            "\\1",
            "a.org",
        ),
        ("http://www./x", "^https?://(?:www\\.)?([^/]+)/.*$", "\\1", "www."),
        ("no address", "^https?://(?:www\\.)?([^/]+)/.*$", "\\1", "no address"),
        ("abc", "b.*$", "[\\&]", "a[bc]"),
        ("abc", "b.*$", "-", "a-"),
        ("", ".*$", "x", "x"),
        ("abcd", "b|c.*$", "-", "a-cd"),
        ("ab.*", "b\\.*$", "-", "ab.*"),
        ("ab...", "b\\.*$", "-", "a-"),
        ("a\\bc", "\\\\.*$", "-", "a-"),
    ] {
        check(
            "regexp_replace",
            &[text(value), text(pattern), text(replacement)],
            text(expected),
        );
    }
    let lines = [text("ab\nb"), text("b.*$"), text("-"), text("ng")];
    check("regexp_replace", &lines, text("a-\n-"));
    check(
        "regexp_replace",
        &[text("xbcbd"), text("b.*$"), text("-"), text("g")],
        text("x-"),
    );
    check("regexp_count", &[text("abcb"), text("b.*$")], integer(1));
    check("regexp_substr", &[text("abcb"), text("b.*$")], text("bcb"));
    check(
        "regexp_replace",
        &[text("foobar"), text("o"), text("\\")],
        text("f\\obar"),
    );
    check(
        "regexp_replace",
        &[text("foobar"), text("o"), text("X"), integer(3)],
        text("foXbar"),
    );
    let vowel = [
        text("A PostgreSQL function"),
        text("a|e|i|o|u"),
        text("X"),
        integer(1),
        integer(4),
        text("i"),
    ];
    check("regexp_replace", &vowel, text("A PostgreSQL fXnction"));
    check(
        "regexp_replace",
        &[text("aaa"), text("a"), text("b"), integer(2), integer(0)],
        text("abb"),
    );
    check(
        "regexp_replace",
        &[text("aaa"), text("a"), text("b"), integer(10)],
        text("aaa"),
    );
    check("regexp_count", &[text("abc"), text("b*")], integer(4));
    check(
        "regexp_count",
        &[text("123456789012"), text("\\d\\d\\d"), integer(2)],
        integer(3),
    );
    check(
        "regexp_instr",
        &[text("äbcabc"), text("b(c)"), integer(1), integer(2), integer(1)],
        integer(7),
    );
    check("regexp_instr", &[text("abc"), text("x")], integer(0));
    let substr = [
        text("ABCDEFGHI"),
        text("(c)(..)"),
        integer(1),
        integer(1),
        text("i"),
        integer(2),
    ];
    check("regexp_substr", &substr, text("DE"));
    check(
        "regexp_substr",
        &[text("abc"), text("b"), integer(5)],
        null(LogicalType::Text),
    );
    check(
        "regexp_match",
        &[text("foobarbequebaz"), text("(bar)(beque)")],
        text_array(&[Some("bar"), Some("beque")]),
    );
    check("regexp_match", &[text("foobar"), text("o")], text_array(&[Some("o")]));
    check("regexp_match", &[text("abc"), text("(x)?b")], text_array(&[None]));
    check(
        "regexp_match",
        &[text("foobar"), text("x")],
        null(LogicalType::Array(Box::new(LogicalType::Text))),
    );
    let split = |value, pattern, parts: &[&str]| {
        let parts: Vec<_> = parts.iter().map(|part| Some(*part)).collect();
        check(
            "regexp_split_to_array",
            &[text(value), text(pattern)],
            text_array(&parts),
        );
    };
    split("abc", "b*", &["a", "c"]);
    split("a,b,,c", ",", &["a", "b", "", "c"]);
    split("", "x", &[""]);
    split("abc", "", &["a", "b", "c"]);
    split("the quick  brown", "\\s+", &["the", "quick", "brown"]);
    check("starts_with", &[text("alphabet"), text("alph")], boolean(true));
    check("^@", &[text("alphabet"), text("beta")], boolean(false));
    let value = "22023";
    check_error(
        "regexp_count",
        &[text("a"), text("a"), integer(0)],
        value,
        "invalid value for parameter \"start\": 0",
    );
    let message = "regexp_match() does not support the \"global\" option";
    check_error("regexp_match", &[text("a"), text("a"), text("g")], value, message);
    let message = "invalid regular expression option: \"y\"";
    check_error(
        "regexp_replace",
        &[text("a"), text("a"), text("b"), text("y")],
        value,
        message,
    );
}
