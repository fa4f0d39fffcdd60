//! Patterns of file names: `*`, `?`, `[a-z]`, `[!a-z]`. One name at a time; no pattern crosses a folder.

/// Whether a name has signs of a pattern.
pub(super) fn is_pattern(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

/// Whether a name is one that a pattern stands for. A star gives back characters only to the last star, so that time is bounded by the
/// product of both lengths.
pub(super) fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while place < name.len() {
        let step = match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => class(&pattern[at..], name[place]),
            Some(character) => (*character == name[place]).then_some(1),
            None => None,
        };
        match (step, star) {
            (Some(length), _) => {
                at += length;
                place += 1;
            }
            (None, Some((star_at, star_place))) => {
                star = Some((star_at, star_place + 1));
                at = star_at + 1;
                place = star_place + 1;
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|character| *character == '*')
}

/// The length of the class `[a-z]` or `[!a-z]` that the pattern begins with, if the character is in it; without an end, `[` is itself.
fn class(pattern: &[char], character: char) -> Option<usize> {
    let Some(end) = pattern
        .iter()
        .skip(2)
        .position(|character| *character == ']')
        .map(|at| at + 2)
    else {
        return (character == '[').then_some(1);
    };
    let (is_negated, mut rest) = match pattern[1] {
        '!' | '^' => (true, &pattern[2..end]),
        _ => (false, &pattern[1..end]),
    };
    let mut is_in = false;
    while let Some(first) = rest.first() {
        match rest {
            [from, '-', to, more @ ..] => {
                is_in |= (*from..=*to).contains(&character);
                rest = more;
            }
            _ => {
                is_in |= *first == character;
                rest = &rest[1..];
            }
        }
    }
    (is_in != is_negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_names() {
        let cases = [
            ("*", "", true),
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("?", "é", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[a", "[a", true),
            ("a[", "a[", true),
            ("**", "abc", true),
            ("", "a", false),
        ];
        for (pattern, name, expected) in cases {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(
                matches(&characters(pattern), &characters(name)),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
