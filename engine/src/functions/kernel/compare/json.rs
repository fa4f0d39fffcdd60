//! The order of jsonb values: object > array > boolean > number > string > null; objects and arrays by size first, then pair by
//! pair. Reads normalized text; never validates it.

use std::cmp::Ordering;

/// How two jsonb values, in normalized text, order.
pub(crate) fn compare_jsonb(left: &str, right: &str) -> Ordering {
    if left == right {
        return Ordering::Equal;
    }
    let (left, right) = (Node::read(left), Node::read(right));
    match (left, right) {
        // Postgres quirk kept since its first version: an empty array at the top comes before everything.
        (Node::Array(items), other)
            if items.is_empty() && !matches!(&other, Node::Array(items) if items.is_empty()) =>
        {
            let _ = other;
            Ordering::Less
        }
        (other, Node::Array(items)) if items.is_empty() => {
            let _ = other;
            Ordering::Greater
        }
        (left, right) => left.compare(&right),
    }
}

/// Appends bytes that compare as the value does among other jsonb values, and are the same for equal ones.
pub(crate) fn jsonb_key(text: &str, key: &mut Vec<u8>) {
    match Node::read(text) {
        // See `compare_jsonb`.
        Node::Array(items) if items.is_empty() => key.push(0),
        node => node.write_key(key),
    }
}

/// A text between others: its end comes before whatever could follow.
fn write_text_key(text: &str, key: &mut Vec<u8>) {
    for byte in text.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(u8::MAX);
        }
    }
    key.extend_from_slice(&[0, 0]);
}

#[derive(Debug)]
enum Node<'a> {
    Null,
    /// The text between the quotes, escapes as they are.
    Text(std::borrow::Cow<'a, str>),
    Number(&'a str),
    Boolean(bool),
    Array(Vec<Node<'a>>),
    Object(Vec<(std::borrow::Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    fn read(text: &'a str) -> Self {
        Reader { text, at: 0 }.value()
    }

    fn rank(&self) -> u8 {
        match self {
            Node::Null => 0,
            Node::Text(_) => 1,
            Node::Number(_) => 2,
            Node::Boolean(_) => 3,
            Node::Array(_) => 4,
            Node::Object(_) => 5,
        }
    }

    /// Rank, size, contents.
    fn write_key(&self, key: &mut Vec<u8>) {
        let size = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes();
        key.push(self.rank() + 1);
        match self {
            Node::Null => {}
            Node::Text(text) => write_text_key(text, key),
            Node::Number(number) => Decimal::read(number).write_key(key),
            Node::Boolean(value) => key.push(u8::from(*value)),
            Node::Array(items) => {
                key.extend_from_slice(&size(items.len()));
                items.iter().for_each(|item| item.write_key(key));
            }
            Node::Object(pairs) => {
                key.extend_from_slice(&size(pairs.len()));
                for (name, value) in pairs {
                    write_text_key(name, key);
                    value.write_key(key);
                }
            }
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Node::Text(left), Node::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
            (Node::Number(left), Node::Number(right)) => compare_numbers(left, right),
            (Node::Boolean(left), Node::Boolean(right)) => left.cmp(right),
            (Node::Array(left), Node::Array(right)) => left.len().cmp(&right.len()).then_with(|| {
                let pairs = left.iter().zip(right);
                first_difference(pairs.map(|(left, right)| left.compare(right)))
            }),
            (Node::Object(left), Node::Object(right)) => left.len().cmp(&right.len()).then_with(|| {
                let pairs = left.iter().zip(right);
                first_difference(pairs.map(|((left_key, left), (right_key, right))| {
                    let keys = left_key.as_bytes().cmp(right_key.as_bytes());
                    keys.then_with(|| left.compare(right))
                }))
            }),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

fn first_difference(mut orderings: impl Iterator<Item = Ordering>) -> Ordering {
    orderings.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// By value, whatever the digits written: 1.0 is 1, 1e2 is 100.
fn compare_numbers(left: &str, right: &str) -> Ordering {
    let (left, right) = (Decimal::read(left), Decimal::read(right));
    match (left.sign(), right.sign()) {
        (one, other) if one != other => one.cmp(&other),
        (0, _) => Ordering::Equal,
        (1, _) => left.compare_size(&right),
        _ => right.compare_size(&left),
    }
}

/// 0.d1 d2 d3 .. times ten to the power, without leading or trailing zeros.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    power: i64,
}

impl Decimal {
    fn read(text: &str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let power = whole.len() as i64 - zeros as i64 + exponent.parse::<i64>().unwrap_or(0);
        Decimal {
            negative,
            digits,
            power,
        }
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => -1,
        }
    }

    /// Sign, power, digits; all turned around where it is negative.
    fn write_key(&self, key: &mut Vec<u8>) {
        let sign = self.sign();
        key.push(match sign {
            ..0 => 0,
            0 => 1,
            1.. => 2,
        });
        if sign == 0 {
            return;
        }
        let start = key.len();
        // Signed numbers compare as bytes once their sign bit is turned.
        key.extend_from_slice(&(self.power ^ i64::MIN).to_be_bytes());
        key.extend_from_slice(&self.digits);
        key.push(0);
        if sign < 0 {
            key.iter_mut().skip(start).for_each(|byte| *byte = !*byte);
        }
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        self.power
            .cmp(&other.power)
            .then_with(|| self.digits.cmp(&other.digits))
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip(&mut self) {
        while matches!(self.byte(), b' ' | b',' | b':' | b'\n' | b'\t' | b'\r') {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Node<'a> {
        self.skip();
        match self.byte() {
            b'"' => Node::Text(self.string()),
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                while self.more(b']') {
                    items.push(self.value());
                }
                Node::Array(items)
            }
            b'{' => {
                self.at += 1;
                let mut pairs = Vec::new();
                while self.more(b'}') {
                    pairs.push((self.string(), self.value()));
                }
                Node::Object(pairs)
            }
            _ => match self.word() {
                "true" => Node::Boolean(true),
                "false" => Node::Boolean(false),
                "null" => Node::Null,
                number => Node::Number(number),
            },
        }
    }

    /// Whether a list has another item; its end is passed.
    fn more(&mut self, end: u8) -> bool {
        self.skip();
        match self.byte() {
            0 => false,
            byte if byte == end => {
                self.at += 1;
                false
            }
            _ => true,
        }
    }

    fn word(&mut self) -> &'a str {
        let start = self.at;
        while !matches!(self.byte(), 0 | b',' | b']' | b'}' | b' ' | b':') {
            self.at += 1;
        }
        // Nothing a value begins with: step over it, so that reading always ends.
        if self.at == start {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or("")
    }

    fn string(&mut self) -> std::borrow::Cow<'a, str> {
        let start = self.at;
        self.at += 1;
        while !matches!(self.byte(), 0 | b'"') {
            self.at += if self.byte() == b'\\' { 2 } else { 1 };
        }
        self.at = (self.at + 1).min(self.text.len());
        let quoted = self.text.get(start..self.at).unwrap_or("");
        let inner = quoted.trim_matches('"');
        if !quoted.contains('\\') {
            return std::borrow::Cow::Borrowed(inner);
        }
        match serde_json::from_str::<String>(quoted) {
            Ok(text) => std::borrow::Cow::Owned(text),
            Err(_) => std::borrow::Cow::Borrowed(inner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{compare_jsonb, jsonb_key};

    const VALUES: [&str; 31] = [
        "null",
        "true",
        "false",
        "0",
        "0.0",
        "-0.0",
        "1",
        "1.0",
        "1.00",
        "10",
        "9",
        "9.5",
        "-1",
        "-1.5",
        "-10",
        "-9",
        "0.001",
        "1e2",
        "100",
        "\"\"",
        "\"a\"",
        "\"aa\"",
        "\"B\"",
        "\"\\n\"",
        "[]",
        "[[]]",
        "[1]",
        "[1.0]",
        "[0, 2]",
        "{\"a\": 1.0}",
        "{\"a\": 1}",
    ];

    #[test]
    fn keys_order_as_values_do() {
        let key = |text: &str| {
            let mut key = Vec::new();
            jsonb_key(text, &mut key);
            key
        };
        for left in VALUES {
            for right in VALUES {
                let expected = compare_jsonb(left, right);
                assert_eq!(key(left).cmp(&key(right)), expected, "{left} and {right}");
            }
        }
    }
}
