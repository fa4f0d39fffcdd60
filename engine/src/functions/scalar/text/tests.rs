//! Functions of text as a table, answers as PostgreSQL 15 gives them.

use crate::functions::scalar::testing::*;
use crate::types::{Literal, LogicalType};

#[track_caller]
fn gives(name: &str, arguments: &[Typed], expected: &str) {
    check(name, arguments, text(expected));
}

#[test]
fn case() {
    for (argument, expected) in [
        ("ToM", "tom"),
        ("", ""),
        ("ÄÖÜ Straße 7", "äöü straße 7"),
        ("ΣΑΣ", "σασ"),
    ] {
        gives("lower", &[text(argument)], expected);
    }
    gives("upper", &[text("straße")], "STRAßE");
    gives("upper", &[text("tom")], "TOM");
    gives(
        "initcap",
        &[text("hELLO wORLD-foo_bar 1abc élan")],
        "Hello World-Foo_Bar 1abc Élan",
    );
}

#[test]
fn lengths() {
    check("length", &[text("añb")], integer(3));
    check("octet_length", &[text("añb")], integer(4));
    check("bit_length", &[text("añb")], integer(32));
    check("char_length", &[text("añb ")], integer(4));
    check("length", &[bytea(&[1, 2])], integer(2));
    let char = (Literal::Text("ab".to_owned()), LogicalType::Char(5));
    check("octet_length", &[char], integer(5));
}

#[test]
fn parts() {
    for (count, left, right) in [
        (2, "ab", "bc"),
        (-1, "ab", "bc"),
        (-5, "", ""),
        (0, "", ""),
        (9, "abc", "abc"),
    ] {
        gives("left", &[text("abc"), integer(count)], left);
        gives("right", &[text("abc"), integer(count)], right);
    }
    gives("left", &[text("äöü"), integer(2)], "äö");
    gives("right", &[text("äöü"), integer(2)], "öü");
    let substring = |value, start, count, expected| {
        gives("substring", &[text(value), integer(start), integer(count)], expected);
    };
    substring("abcdef", 0, 3, "ab");
    substring("abcdef", 2, 3, "bcd");
    substring("äöüß", 2, 2, "öü");
    substring("abc", i32::MIN, i32::MAX, "");
    substring("abc", i32::MAX, i32::MAX, "");
    gives("substring", &[text("abcdef"), integer(-1)], "abcdef");
    gives("substr", &[text("abc"), integer(2)], "bc");
    gives("substr", &[text("abc"), integer(10)], "");
    let message = "negative substring length not allowed";
    check_error("substring", &[text("abc"), integer(1), integer(-1)], "22011", message);
    gives("substring", &[text("foobar"), text("o(.)b")], "o");
    gives("substring", &[text("foobar"), text("o.b")], "oob");
    check("substring", &[text("foobar"), text("x")], null(LogicalType::Text));
    check("substring", &[bytea(&[1, 2, 3]), integer(2), integer(1)], bytea(&[2]));
    gives("split_part", &[text("a,b,c"), text(","), integer(2)], "b");
    gives("split_part", &[text("a,b,c"), text(","), integer(-1)], "c");
    gives("split_part", &[text("a,b,c"), text(","), integer(-4)], "");
    gives("split_part", &[text("abc"), text(""), integer(1)], "abc");
    gives("split_part", &[text("abc"), text(""), integer(2)], "");
    let message = "field position must not be zero";
    check_error("split_part", &[text("a"), text("b"), integer(0)], "22023", message);
    gives("btrim", &[text("xyxabcyx"), text("xy")], "abc");
    gives("ltrim", &[text("  ab ")], "ab ");
    gives("rtrim", &[text(" ab  ")], " ab");
    check("btrim", &[bytea(&[0, 7, 0]), bytea(&[0])], bytea(&[7]));
}

#[test]
fn places() {
    check("strpos", &[text("abc"), text("")], integer(1));
    check("strpos", &[text("héllo"), text("l")], integer(3));
    check("position", &[text("abc"), text("x")], integer(0));
    check("strpos", &[bytea(&[1, 2]), bytea(&[2])], integer(2));
    check("ascii", &[text("é")], integer(233));
    check("ascii", &[text("")], integer(0));
    gives("chr", &[integer(8364)], "€");
    check_error("chr", &[integer(0)], "54000", "null character not permitted");
    check_error("chr", &[integer(-1)], "22023", "character number must be positive");
    let message = "requested character not valid for encoding: 55296";
    check_error("chr", &[integer(55296)], "54000", message);
}

#[test]
fn changes() {
    gives("replace", &[text("aaa"), text("a"), text("bb")], "bbbbbb");
    gives("replace", &[text("abc"), text(""), text("x")], "abc");
    gives("translate", &[text("12345"), text("143"), text("ax")], "a2x5");
    gives("lpad", &[text("hi"), integer(5), text("xy")], "xyxhi");
    gives("lpad", &[text("hello"), integer(2)], "he");
    gives("lpad", &[text("hi"), integer(-1), text("x")], "");
    gives("lpad", &[text("hi"), integer(5), text("")], "hi");
    gives("rpad", &[text("hi"), integer(5)], "hi   ");
    gives("rpad", &[text("hi"), integer(5), text("äö")], "hiäöä");
    gives("repeat", &[text("ab"), integer(3)], "ababab");
    gives("repeat", &[text("ab"), integer(-1)], "");
    check_error(
        "repeat",
        &[text("ab"), integer(i32::MAX)],
        "54000",
        "requested length too large",
    );
    check_error(
        "lpad",
        &[text("ab"), integer(i32::MAX)],
        "54000",
        "requested length too large",
    );
    gives("reverse", &[text("añb")], "bña");
    gives("to_hex", &[integer(-1)], "ffffffff");
    gives("to_hex", &[bigint(255)], "ff");
    gives(
        "overlay",
        &[text("Txxxxas"), text("hom"), integer(2), integer(4)],
        "Thomas",
    );
    gives("overlay", &[text("abc"), text("X"), integer(10)], "abcX");
    gives("overlay", &[text("abc"), text("X"), integer(2), integer(-1)], "aXabc");
    let message = "negative substring length not allowed";
    check_error("overlay", &[text("abc"), text("X"), integer(0)], "22011", message);
    check(
        "overlay",
        &[bytea(&[1, 2, 3]), bytea(&[255]), integer(2)],
        bytea(&[1, 255, 3]),
    );
}

#[test]
fn concatenation() {
    gives("||", &[text("a"), text("b")], "ab");
    check("||", &[text("a"), null(LogicalType::Text)], null(LogicalType::Text));
    gives("||", &[text("a"), boolean(true)], "atrue");
    check("||", &[bytea(&[1]), bytea(&[2])], bytea(&[1, 2]));
    let array = |values: &[Literal]| {
        (
            Literal::Array(values.to_vec()),
            LogicalType::Array(Box::new(LogicalType::Integer)),
        )
    };
    let int = Literal::Integer;
    check(
        "||",
        &[array(&[int(1), int(2)]), integer(3)],
        array(&[int(1), int(2), int(3)]),
    );
    check("||", &[integer(0), array(&[int(1)])], array(&[int(0), int(1)]));
    check(
        "||",
        &[array(&[int(1)]), array(&[int(2), Literal::Null])],
        array(&[int(1), int(2), Literal::Null]),
    );
    check(
        "||",
        &[array(&[int(1)]), null(LogicalType::Integer)],
        array(&[int(1), Literal::Null]),
    );
    let no_array = null(LogicalType::Array(Box::new(LogicalType::Integer)));
    check("||", &[no_array.clone(), array(&[int(1)])], array(&[int(1)]));
    check("||", &[no_array.clone(), no_array.clone()], no_array);
    gives("concat", &[text("a"), null(LogicalType::Text), text("b")], "ab");
    gives(
        "concat_ws",
        &[text(","), text("a"), null(LogicalType::Text), text("b")],
        "a,b",
    );
    check(
        "concat_ws",
        &[null(LogicalType::Text), text("a")],
        null(LogicalType::Text),
    );
}

#[test]
fn templates() {
    let template = |template: &str, arguments: &[Typed], expected: &str| {
        let mut all = vec![text(template)];
        all.extend_from_slice(arguments);
        gives("format", &all, expected);
    };
    template(
        "Hello %s %I %L %%",
        &[text("x"), text("a b"), text("it's")],
        "Hello x \"a b\" 'it''s' %",
    );
    template("%2$s %1$s", &[text("a"), text("b")], "b a");
    template("[%10s] [%-10s]", &[text("a"), text("b")], "[         a] [b         ]");
    template("%s|%L", &[null(LogicalType::Text), null(LogicalType::Text)], "|NULL");
    template("%1$s %s %s", &[text("a"), text("b"), text("c")], "a b c");
    template("[%*s]", &[text("-3"), text("a")], "[a  ]");
    template("%1s|%5L|%-5I|", &[text("x"), text("y"), text("z")], "x|  'y'|z    |");
    template("plain", &[], "plain");
    let fails = |template: &str, arguments: &[Typed], state, message| {
        let mut all = vec![text(template)];
        all.extend_from_slice(arguments);
        check_error("format", &all, state, message);
    };
    fails("%s", &[], "22023", "too few arguments for format()");
    fails(
        "%x",
        &[text("a")],
        "22023",
        "unrecognized format() type specifier \"x\"",
    );
    fails("%", &[], "22023", "unterminated format() type specifier");
    fails(
        "%0$s",
        &[text("a")],
        "22023",
        "format specifies argument 0, but arguments are numbered from 1",
    );
    let message = "null values cannot be formatted as an SQL identifier";
    fails("%I", &[null(LogicalType::Text)], "22004", message);
}

#[test]
fn quoting() {
    for (name, quoted) in [
        ("abc", "abc"),
        ("Abc", "\"Abc\""),
        ("a\"b", "\"a\"\"b\""),
        ("select", "\"select\""),
        ("", "\"\""),
        ("1a", "\"1a\""),
        ("name", "name"),
        ("a$b", "\"a$b\""),
        ("user", "\"user\""),
    ] {
        gives("quote_ident", &[text(name)], quoted);
    }
    gives("quote_literal", &[text("it's\\x")], "E'it''s\\\\x'");
    gives("quote_nullable", &[null(LogicalType::Text)], "NULL");
    gives("quote_nullable", &[text("x")], "'x'");
}

#[test]
fn encodings() {
    gives("encode", &[bytea(&[0, 1, 255]), text("hex")], "0001ff");
    gives("encode", &[bytea(&[0, 1, 255]), text("base64")], "AAH/");
    gives("encode", &[bytea(b"a"), text("base64")], "YQ==");
    gives(
        "encode",
        &[bytea(&[0, b'a', 255, b'\\']), text("escape")],
        "\\000a\\377\\\\",
    );
    let (Literal::Text(long), _) = evaluate("encode", &[bytea(&[b'x'; 100]), text("base64")]).unwrap() else {
        panic!("text")
    };
    assert_eq!(long.len(), 137);
    check("decode", &[text("AA\nH /"), text("base64")], bytea(&[0, 1, 255]));
    check("decode", &[text("YQ=="), text("base64")], bytea(b"a"));
    check("decode", &[text("00 01ff"), text("HEX")], bytea(&[0, 1, 255]));
    check(
        "decode",
        &[text("\\000a\\\\"), text("escape")],
        bytea(&[0, b'a', b'\\']),
    );
    let value = "22023";
    check_error(
        "encode",
        &[bytea(b"x"), text("foo")],
        value,
        "unrecognized encoding: \"foo\"",
    );
    check_error(
        "decode",
        &[text("0"), text("hex")],
        value,
        "invalid hexadecimal data: odd number of digits",
    );
    check_error(
        "decode",
        &[text("0g"), text("hex")],
        value,
        "invalid hexadecimal digit: \"g\"",
    );
    check_error(
        "decode",
        &[text("A"), text("base64")],
        value,
        "invalid base64 end sequence",
    );
    let message = "invalid symbol \"#\" found while decoding base64 sequence";
    check_error("decode", &[text("A#AA"), text("base64")], value, message);
    check_error(
        "decode",
        &[text("\\9"), text("escape")],
        "22P02",
        "invalid input syntax for type bytea",
    );
}

#[test]
fn arrays_of_parts() {
    let split = |arguments: &[Typed], parts: &[Option<&str>]| {
        check("string_to_array", arguments, text_array(parts));
    };
    split(
        &[text("a,b,,c"), text(",")],
        &[Some("a"), Some("b"), Some(""), Some("c")],
    );
    split(
        &[text("a,b"), null(LogicalType::Text)],
        &[Some("a"), Some(","), Some("b")],
    );
    split(&[text(""), text("x")], &[]);
    split(&[text("abc"), text("")], &[Some("abc")]);
    split(&[text("a,b,c"), text(","), text("b")], &[Some("a"), None, Some("c")]);
}
