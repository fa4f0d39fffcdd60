//! Templates of numbers (`'FM999,990.00'`) taken apart and written: what `to_char` does with numbers.

use super::number::scientific;
use super::template::Letters;
use super::template_write::ordinal_ending;
use crate::error::{Error, Result, SqlState};

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    Literal(char),
    /// `9`
    Digit,
    /// `0`
    Zero,
    /// `.` or `D`
    Point,
    /// `,` or `G`
    Group,
    /// `L`
    Currency,
    /// `S`
    Sign,
    /// `MI`
    Minus,
    /// `PL`
    Plus,
    /// `SG`
    PlusMinus,
    /// `PR`
    Brackets,
    /// `RN`
    Roman(Letters),
    /// `TH`
    Ordinal(Letters),
    /// `V`
    Shift,
    /// `EEEE`
    Exponent,
    /// `FM`
    Bare,
    /// `B`, `C`, `SP`: known, without effect.
    Nothing,
}

/// Where `S` puts the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SignPlace {
    Before,
    After,
}

/// A template taken apart, with what its parts say together.
#[derive(Clone, Debug)]
pub(super) struct NumberTemplate {
    pub(super) parts: Vec<Part>,
    /// Digits before the point.
    before: usize,
    /// Digits behind it.
    pub(super) after: usize,
    has_point: bool,
    bare: bool,
    /// The position (from 0) of the first `0` before the point.
    zero_start: Option<usize>,
    /// Digits up to the last `0`.
    zero_end: usize,
    sign: Option<SignPlace>,
    /// Digits before `S`.
    digits_before_sign: usize,
    brackets: bool,
    minus: bool,
    plus: bool,
    pub(super) roman: bool,
    /// `V`: the number times ten to the power of the digits that follow.
    pub(super) shift: Option<usize>,
    pub(super) exponent: bool,
}

const WORDS: &[(&str, Part)] = &[
    ("EEEE", Part::Exponent),
    ("FM", Part::Bare),
    ("MI", Part::Minus),
    ("PL", Part::Plus),
    ("PR", Part::Brackets),
    ("RN", Part::Roman(Letters::Upper)),
    ("rn", Part::Roman(Letters::Lower)),
    ("SG", Part::PlusMinus),
    ("SP", Part::Nothing),
    ("TH", Part::Ordinal(Letters::Upper)),
    ("th", Part::Ordinal(Letters::Lower)),
    ("S", Part::Sign),
    ("V", Part::Shift),
    ("D", Part::Point),
    (".", Part::Point),
    ("G", Part::Group),
    (",", Part::Group),
    ("L", Part::Currency),
    ("9", Part::Digit),
    ("0", Part::Zero),
    ("B", Part::Nothing),
    ("C", Part::Nothing),
];

fn syntax(message: &str) -> Error {
    Error::user(SqlState::SYNTAX_ERROR, message)
}

impl NumberTemplate {
    /// Takes a template apart.
    ///
    /// # Errors
    /// 42601 where parts contradict each other.
    pub(super) fn parse(template: &str) -> Result<Self> {
        let mut parsed = NumberTemplate {
            parts: Vec::new(),
            before: 0,
            after: 0,
            has_point: false,
            bare: false,
            zero_start: None,
            zero_end: 0,
            sign: None,
            digits_before_sign: 0,
            brackets: false,
            minus: false,
            plus: false,
            roman: false,
            shift: None,
            exponent: false,
        };
        let mut rest = template;
        while !rest.is_empty() {
            let lower = |word: &str| rest.get(..word.len()).is_some_and(|here| here == word.to_lowercase());
            let found = WORDS.iter().find(|(word, part)| {
                rest.starts_with(*word) || !matches!(part, Part::Roman(_) | Part::Ordinal(_)) && lower(word)
            });
            if let Some((word, part)) = found {
                parsed.add(*part)?;
                parsed.parts.push(*part);
                rest = rest.get(word.len()..).unwrap_or("");
            } else {
                rest = parsed.literal(rest);
            }
        }
        Ok(parsed)
    }

    fn literal<'t>(&mut self, rest: &'t str) -> &'t str {
        let mut characters = rest.chars();
        match characters.next() {
            Some('"') => {
                while let Some(character) = characters.next() {
                    match character {
                        '"' => break,
                        '\\' => self.parts.extend(characters.next().map(Part::Literal)),
                        other => self.parts.push(Part::Literal(other)),
                    }
                }
            }
            Some('\\') if characters.as_str().starts_with('"') => {
                characters.next();
                self.parts.push(Part::Literal('"'));
            }
            Some(other) => self.parts.push(Part::Literal(other)),
            None => {}
        }
        characters.as_str()
    }

    fn add(&mut self, part: Part) -> Result<()> {
        if self.exponent && part != Part::Exponent {
            return Err(syntax("\"EEEE\" must be the last pattern used"));
        }
        match part {
            Part::Digit | Part::Zero => self.add_digit(part == Part::Zero)?,
            Part::Point => {
                if self.has_point {
                    return Err(syntax("multiple decimal points"));
                }
                if self.shift.is_some() {
                    return Err(syntax("cannot use \"V\" and decimal point together"));
                }
                self.has_point = true;
            }
            Part::Bare => self.bare = true,
            Part::Sign => self.add_sign()?,
            Part::Minus | Part::Plus | Part::PlusMinus => {
                if self.sign.is_some() {
                    let name = match part {
                        Part::Minus => "MI",
                        Part::Plus => "PL",
                        _ => "SG",
                    };
                    return Err(syntax(&format!("cannot use \"S\" and \"{name}\" together")));
                }
                self.minus |= part != Part::Plus;
                self.plus |= part != Part::Minus;
            }
            Part::Brackets => {
                if self.sign.is_some() || self.plus || self.minus {
                    return Err(syntax("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together"));
                }
                self.brackets = true;
            }
            Part::Roman(_) => self.roman = true,
            Part::Shift => {
                if self.has_point {
                    return Err(syntax("cannot use \"V\" and decimal point together"));
                }
                self.shift = Some(0);
            }
            Part::Exponent => self.add_exponent()?,
            Part::Group | Part::Currency | Part::Ordinal(_) | Part::Nothing | Part::Literal(_) => {}
        }
        Ok(())
    }

    fn add_digit(&mut self, zero: bool) -> Result<()> {
        if self.brackets {
            let shown = if zero { "0" } else { "9" };
            return Err(syntax(&format!("\"{shown}\" must be ahead of \"PR\"")));
        }
        if let (Some(shift), false) = (&mut self.shift, zero) {
            *shift += 1;
            return Ok(());
        }
        if zero && self.zero_start.is_none() && !self.has_point {
            self.zero_start = Some(self.before);
        }
        match self.has_point {
            true => self.after += 1,
            false => self.before += 1,
        }
        if zero {
            self.zero_end = self.before + self.after;
        }
        Ok(())
    }

    fn add_sign(&mut self) -> Result<()> {
        if self.sign.is_some() {
            return Err(syntax("cannot use \"S\" twice"));
        }
        if self.plus || self.minus || self.brackets {
            return Err(syntax("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together"));
        }
        self.digits_before_sign = self.before;
        self.sign = Some(if self.has_point {
            SignPlace::After
        } else {
            SignPlace::Before
        });
        Ok(())
    }

    fn add_exponent(&mut self) -> Result<()> {
        if self.exponent {
            return Err(syntax("cannot use \"EEEE\" twice"));
        }
        let others = self.bare || self.sign.is_some() || self.brackets || self.minus || self.plus;
        if others || self.roman || self.shift.is_some() {
            let error = stoa_sql::Error::new(SqlState::SYNTAX_ERROR, "\"EEEE\" is incompatible with other formats");
            let detail = "\"EEEE\" may only be used together with digit and decimal point patterns.";
            return Err(error.with_detail(detail).into());
        }
        self.exponent = true;
        Ok(())
    }

    /// Writes a number in scientific form, as `EEEE` has it.
    pub(super) fn write_scientific(&self, value: f64, out: &mut String) {
        if !value.is_finite() {
            // Hashes where the digits would be: there are none.
            out.push(if value < 0.0 { '-' } else { ' ' });
            out.push('#');
            out.push('.');
            out.extend(std::iter::repeat_n('#', self.after + 4));
            return;
        }
        if !value.is_sign_negative() {
            out.push(' ');
        }
        out.push_str(&scientific(value, self.after));
    }

    /// Writes a number given as digits (`123.45`, rounded to [`Self::after`] decimals) and sign.
    pub(super) fn write(&self, digits: &str, negative: bool, out: &mut String) {
        Writer::new(self, digits, negative).run(out);
    }
}

/// `###` where a number has more digits than the template.
fn overflown(before: usize, after: usize) -> String {
    format!("{}.{}", "#".repeat(before), "#".repeat(after))
}

/// A number on its way through a template.
struct Writer<'t> {
    template: &'t NumberTemplate,
    /// Digits and point, in order, and how many of them are used.
    number: Vec<char>,
    used: usize,
    negative: bool,
    brackets: bool,
    sign_place: Option<SignPlace>,
    sign_written: bool,
    /// Places of the template before the first digit of the number.
    leading: usize,
    /// Digit places and points passed.
    place: usize,
    /// Whether a digit was written, so that a group separator makes sense.
    inside: bool,
    /// With `FM`, the last digit (or the point) that is not a zero at the end.
    last_relevant: Option<usize>,
    /// Where a sign or bracket at the end goes.
    place_count: usize,
}

impl<'t> Writer<'t> {
    fn new(template: &'t NumberTemplate, digits: &str, negative: bool) -> Self {
        let before = template.before + template.shift.unwrap_or(0);
        let whole = digits.find('.').unwrap_or(digits.len());
        let fits = whole <= before;
        let number: Vec<char> = match fits {
            true => digits.chars().collect(),
            false => overflown(before, digits.len().saturating_sub(whole + 1))
                .chars()
                .collect(),
        };
        let leading = before.saturating_sub(whole);
        let mut writer = Writer {
            template,
            number,
            used: 0,
            negative,
            brackets: template.brackets,
            sign_place: template.sign,
            sign_written: true,
            leading,
            place: 0,
            inside: false,
            last_relevant: None,
            place_count: (before + template.after).saturating_sub(1),
        };
        writer.prepare_sign(before);
        if template.bare && template.has_point {
            writer.last_relevant = writer.find_last_relevant();
        }
        if !writer.sign_written && leading == 0 {
            writer.place_count += 1;
        }
        writer
    }

    fn prepare_sign(&mut self, before: usize) {
        let template = self.template;
        if template.plus || template.minus {
            self.sign_written = template.minus || !template.plus;
            return;
        }
        if !self.negative && template.bare {
            self.brackets = false;
        }
        self.sign_written = !self.negative && template.bare && self.sign_place.is_none();
        if self.sign_place == Some(SignPlace::Before) && before == template.digits_before_sign {
            self.sign_place = Some(SignPlace::After);
        }
    }

    /// The last digit behind the point that is no zero, or the point; but a `0` of the template keeps its digit.
    fn find_last_relevant(&self) -> Option<usize> {
        let point = self.number.iter().position(|character| *character == '.')?;
        let last_digit = self.number.iter().rposition(|character| *character != '0');
        let last = last_digit.unwrap_or(point).max(point);
        if self.template.zero_end <= self.leading {
            return Some(last);
        }
        let kept = (self.template.zero_end - self.leading).min(self.number.len().saturating_sub(1));
        Some(last.max(kept))
    }

    fn run(&mut self, out: &mut String) {
        let template = self.template;
        for part in &template.parts {
            match part {
                Part::Digit | Part::Zero | Part::Point if !template.roman => {
                    self.digit(*part == Part::Zero, out);
                }
                Part::Group if self.inside => out.push(','),
                Part::Group if !template.bare => out.push(' '),
                Part::Currency => out.push(' '),
                Part::Minus if self.negative => out.push('-'),
                Part::Plus if !self.negative => out.push('+'),
                Part::Minus | Part::Plus if !template.bare => out.push(' '),
                Part::PlusMinus => out.push(if self.negative { '-' } else { '+' }),
                Part::Ordinal(letters) => self.ordinal(*letters, out),
                Part::Literal(character) => out.push(*character),
                _ => {}
            }
        }
    }

    fn ordinal(&self, letters: Letters, out: &mut String) {
        let overflown = self.number.first() == Some(&'#');
        if self.template.roman || overflown || self.negative || self.template.has_point {
            return;
        }
        let digits: String = self.number.iter().collect();
        out.push_str(ordinal_ending(&digits, letters));
    }

    /// `0.5` by `9.9` has a blank for the 0.
    fn is_blank_zero(&self) -> bool {
        self.template.zero_start.is_none()
            && self.used == 0
            && self.number.first() == Some(&'0')
            && self.template.after != 0
    }

    fn ends_at_point(&self) -> bool {
        self.last_relevant
            .is_some_and(|last| self.number.get(last) == Some(&'.'))
    }

    /// Whether a `0` of the template reaches this place before the number does.
    fn is_filled(&self) -> bool {
        self.template.zero_start.is_some_and(|start| start <= self.place)
    }

    fn digit(&mut self, zero: bool, out: &mut String) {
        self.inside = false;
        self.leading_sign(out);
        let bare = self.template.bare;
        if self.place < self.leading && !self.is_filled() {
            if !bare {
                out.push(' ');
            }
        } else if self.place < self.leading {
            out.push('0');
            self.inside = true;
        } else {
            self.number_character(zero, out);
        }
        self.trailing_sign(out);
        self.place += 1;
    }

    fn leading_sign(&mut self, out: &mut String) {
        let begins = self.place >= self.leading || self.template.zero_start == Some(self.place);
        if self.sign_written || !begins || self.is_blank_zero() && !self.ends_at_point() {
            return;
        }
        match self.sign_place {
            Some(SignPlace::Before) => out.push(if self.negative { '-' } else { '+' }),
            Some(SignPlace::After) => return,
            None if self.brackets => out.push(if self.negative { '<' } else { ' ' }),
            None if self.negative => out.push('-'),
            None if !self.template.bare => out.push(' '),
            None => {}
        }
        self.sign_written = true;
    }

    fn number_character(&mut self, zero: bool, out: &mut String) {
        let Some(character) = self.number.get(self.used).copied() else {
            return;
        };
        if character == '.' {
            out.push('.');
        } else if self.last_relevant.is_some_and(|last| self.used > last) && !zero {
            // A zero at the end that FM takes away.
        } else if self.is_blank_zero() {
            if !self.template.bare {
                out.push(' ');
            } else if self.ends_at_point() {
                out.push('0');
            }
        } else {
            out.push(character);
            self.inside = true;
        }
        self.used += 1;
    }

    fn trailing_sign(&self, out: &mut String) {
        let mut end = self.place_count + usize::from(self.leading > 0) + usize::from(self.template.has_point);
        if self.last_relevant == Some(self.used) {
            end = self.place;
        }
        if self.place + 1 != end {
            return;
        }
        if self.sign_written && self.brackets {
            out.push(if self.negative { '>' } else { ' ' });
        } else if self.sign_place == Some(SignPlace::After) {
            out.push(if self.negative { '-' } else { '+' });
        }
    }
}

/// A number from 1 to 3999 as Roman numerals; hashes for any other.
pub(super) fn roman(value: i64) -> String {
    const NUMERALS: [(i64, &str); 13] = [
        (1_000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..=3_999).contains(&value) {
        return "#".repeat(15);
    }
    let mut rest = value;
    let mut text = String::new();
    for (size, numeral) in NUMERALS {
        while rest >= size {
            text.push_str(numeral);
            rest -= size;
        }
    }
    text
}

impl NumberTemplate {
    /// Writes a number as Roman numerals, among whatever else the template has.
    pub(super) fn write_roman(&self, value: i64, out: &mut String) {
        let numerals = roman(value);
        for part in &self.parts {
            match part {
                Part::Roman(letters) => {
                    let numerals = match letters {
                        Letters::Lower => numerals.to_lowercase(),
                        _ => numerals.clone(),
                    };
                    let width = if self.bare { 0 } else { 15 };
                    out.push_str(&format!("{numerals:>width$}"));
                }
                Part::Literal(character) => out.push(*character),
                _ => {}
            }
        }
    }
}
