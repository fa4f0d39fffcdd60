//! Templates of dates and times (`'YYYY-MM-DD HH24:MI'`) taken apart, once for all rows.

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A character that stands for itself.
    Literal(char),
    /// A field.
    Field {
        pattern: Pattern,
        /// As it is written, for errors.
        word: &'static str,
        /// `FM`: without padding.
        bare: bool,
        /// `TM`: names in the language of the session, which is English; without padding.
        translated: bool,
        /// `TH`, `th`: with the ending of an ordinal number.
        ordinal: Option<Letters>,
    },
    /// `FX`: what follows is read to the letter.
    Exact,
}

/// How letters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    Upper,
    Capitalized,
    Lower,
}

/// A field of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Hour12,
    Hour24,
    Minute,
    Second,
    /// So many digits of the second's fraction.
    Fraction(u8),
    Millisecond,
    Microsecond,
    SecondOfDay,
    /// AM and PM, with points or without.
    Meridiem(Letters, bool),
    /// AD and BC, with points or without.
    Era(Letters, bool),
    /// `Y,YYY`
    YearWithComma,
    /// The last so many digits of the year.
    Year(u8),
    IsoYear(u8),
    MonthName(Letters),
    MonthShort(Letters),
    Month,
    MonthRoman(Letters),
    DayName(Letters),
    DayShort(Letters),
    DayOfYear,
    IsoDayOfYear,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    WeekOfMonth,
    WeekOfYear,
    IsoWeek,
    Century,
    Julian,
    Quarter,
    Zone(Letters),
    ZoneHour,
    ZoneMinute,
    ZoneOffset,
}

/// Longer words before those they begin with. Where the letters' case does not matter, both all-upper and all-lower are words.
const WORDS: &[(&str, Pattern)] = &[
    ("A.D.", Pattern::Era(Letters::Upper, true)),
    ("B.C.", Pattern::Era(Letters::Upper, true)),
    ("a.d.", Pattern::Era(Letters::Lower, true)),
    ("b.c.", Pattern::Era(Letters::Lower, true)),
    ("AD", Pattern::Era(Letters::Upper, false)),
    ("BC", Pattern::Era(Letters::Upper, false)),
    ("ad", Pattern::Era(Letters::Lower, false)),
    ("bc", Pattern::Era(Letters::Lower, false)),
    ("A.M.", Pattern::Meridiem(Letters::Upper, true)),
    ("P.M.", Pattern::Meridiem(Letters::Upper, true)),
    ("a.m.", Pattern::Meridiem(Letters::Lower, true)),
    ("p.m.", Pattern::Meridiem(Letters::Lower, true)),
    ("AM", Pattern::Meridiem(Letters::Upper, false)),
    ("PM", Pattern::Meridiem(Letters::Upper, false)),
    ("am", Pattern::Meridiem(Letters::Lower, false)),
    ("pm", Pattern::Meridiem(Letters::Lower, false)),
    ("MONTH", Pattern::MonthName(Letters::Upper)),
    ("Month", Pattern::MonthName(Letters::Capitalized)),
    ("month", Pattern::MonthName(Letters::Lower)),
    ("MON", Pattern::MonthShort(Letters::Upper)),
    ("Mon", Pattern::MonthShort(Letters::Capitalized)),
    ("mon", Pattern::MonthShort(Letters::Lower)),
    ("DAY", Pattern::DayName(Letters::Upper)),
    ("Day", Pattern::DayName(Letters::Capitalized)),
    ("day", Pattern::DayName(Letters::Lower)),
    ("DY", Pattern::DayShort(Letters::Upper)),
    ("Dy", Pattern::DayShort(Letters::Capitalized)),
    ("dy", Pattern::DayShort(Letters::Lower)),
    ("RM", Pattern::MonthRoman(Letters::Upper)),
    ("rm", Pattern::MonthRoman(Letters::Lower)),
    ("TZH", Pattern::ZoneHour),
    ("TZM", Pattern::ZoneMinute),
    ("TZ", Pattern::Zone(Letters::Upper)),
    ("tzh", Pattern::ZoneHour),
    ("tzm", Pattern::ZoneMinute),
    ("tz", Pattern::Zone(Letters::Lower)),
    ("OF", Pattern::ZoneOffset),
    ("HH24", Pattern::Hour24),
    ("HH12", Pattern::Hour12),
    ("HH", Pattern::Hour12),
    ("MI", Pattern::Minute),
    ("MM", Pattern::Month),
    ("MS", Pattern::Millisecond),
    ("SSSSS", Pattern::SecondOfDay),
    ("SSSS", Pattern::SecondOfDay),
    ("SS", Pattern::Second),
    ("US", Pattern::Microsecond),
    ("FF1", Pattern::Fraction(1)),
    ("FF2", Pattern::Fraction(2)),
    ("FF3", Pattern::Fraction(3)),
    ("FF4", Pattern::Fraction(4)),
    ("FF5", Pattern::Fraction(5)),
    ("FF6", Pattern::Fraction(6)),
    ("Y,YYY", Pattern::YearWithComma),
    ("YYYY", Pattern::Year(4)),
    ("YYY", Pattern::Year(3)),
    ("YY", Pattern::Year(2)),
    ("Y", Pattern::Year(1)),
    ("IYYY", Pattern::IsoYear(4)),
    ("IYY", Pattern::IsoYear(3)),
    ("IY", Pattern::IsoYear(2)),
    ("IDDD", Pattern::IsoDayOfYear),
    ("ID", Pattern::IsoDayOfWeek),
    ("IW", Pattern::IsoWeek),
    ("I", Pattern::IsoYear(1)),
    ("DDD", Pattern::DayOfYear),
    ("DD", Pattern::Day),
    ("D", Pattern::DayOfWeek),
    ("WW", Pattern::WeekOfYear),
    ("W", Pattern::WeekOfMonth),
    ("CC", Pattern::Century),
    ("J", Pattern::Julian),
    ("Q", Pattern::Quarter),
];

/// The word a template goes on with.
fn word_at(rest: &str) -> Option<(&'static str, Pattern)> {
    let found = WORDS.iter().find(|(word, pattern)| {
        let same = rest.starts_with(*word);
        // Words with letters of a meaning of their own are listed in every form they have.
        let has_forms = matches!(
            pattern,
            Pattern::Era(..)
                | Pattern::Meridiem(..)
                | Pattern::MonthName(_)
                | Pattern::MonthShort(_)
                | Pattern::DayName(_)
                | Pattern::DayShort(_)
                | Pattern::MonthRoman(_)
                | Pattern::Zone(_)
        );
        same || !has_forms && rest.get(..word.len()).is_some_and(|here| here == word.to_lowercase())
    });
    found.copied()
}

impl Pattern {
    /// Whether it is of a date, of a time, of a zone.
    pub(super) fn kinds(self) -> (bool, bool, bool) {
        match self {
            Pattern::Hour12
            | Pattern::Hour24
            | Pattern::Minute
            | Pattern::Second
            | Pattern::Fraction(_)
            | Pattern::Millisecond
            | Pattern::Microsecond
            | Pattern::SecondOfDay
            | Pattern::Meridiem(..) => (false, true, false),
            Pattern::Zone(_) | Pattern::ZoneHour | Pattern::ZoneMinute | Pattern::ZoneOffset => (false, false, true),
            _ => (true, false, false),
        }
    }
}

/// Takes a template apart. Every text is a template: what is no pattern stands for itself.
pub(super) fn parse(template: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        let (mut bare, mut translated) = (false, false);
        if let Some(after) = strip(rest, "FM") {
            (bare, rest) = (true, after);
        } else if let Some(after) = strip(rest, "TM") {
            (translated, rest) = (true, after);
        }
        if let Some(after) = strip(rest, "FX") {
            nodes.push(Node::Exact);
            rest = after;
            continue;
        }
        if let Some((word, pattern)) = word_at(rest) {
            rest = rest.get(word.len()..).unwrap_or("");
            let ordinal = if let Some(after) = rest.strip_prefix("TH") {
                rest = after;
                Some(Letters::Upper)
            } else if let Some(after) = rest.strip_prefix("th") {
                rest = after;
                Some(Letters::Lower)
            } else {
                None
            };
            rest = rest.strip_prefix("SP").unwrap_or(rest);
            nodes.push(Node::Field {
                pattern,
                word,
                bare,
                translated,
                ordinal,
            });
            continue;
        }
        rest = literal(rest, &mut nodes);
    }
    nodes
}

/// Without a word in all-upper or all-lower letters before it.
fn strip<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    text.strip_prefix(word)
        .or_else(|| text.strip_prefix(word.to_lowercase().as_str()))
}

/// A quoted text, or one character; gives what comes after it.
fn literal<'t>(rest: &'t str, nodes: &mut Vec<Node>) -> &'t str {
    let mut characters = rest.chars();
    match characters.next() {
        Some('"') => {
            while let Some(character) = characters.next() {
                match character {
                    '"' => break,
                    '\\' => nodes.extend(characters.next().map(Node::Literal)),
                    other => nodes.push(Node::Literal(other)),
                }
            }
        }
        Some('\\') if characters.as_str().starts_with('"') => {
            characters.next();
            nodes.push(Node::Literal('"'));
        }
        Some(other) => nodes.push(Node::Literal(other)),
        None => {}
    }
    characters.as_str()
}
