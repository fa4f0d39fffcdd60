//! Expressions whose every piece can take a text in one way only: literals, single characters, and everything up to a character that must
//! follow. They are matched step by step, without an automaton. What cannot be taken apart so is left to one.

use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// The pieces of an expression that begins at the text's start, in order.
#[derive(Debug)]
pub(super) struct Steps(Vec<Step>);

#[derive(Debug)]
enum Step {
    Literal(Box<[u8]>),
    /// One of these ASCII characters.
    OneOf(Box<[bool; 128]>),
    /// As many characters as there are before this ASCII one or the text's end; at least one, where none is not enough.
    Until {
        stop: u8,
        takes_none: bool,
    },
    /// The text's end.
    End,
    /// A place that is noted.
    Slot(usize),
}

impl Steps {
    /// Of the pieces of a concatenation; `None` where one of them is not of this kind.
    pub(super) fn of(pieces: &[Hir]) -> Option<Self> {
        let (first, rest) = pieces.split_first()?;
        if !matches!(first.kind(), HirKind::Look(Look::Start)) {
            return None;
        }
        let mut steps = Vec::new();
        rest.iter().try_for_each(|piece| append(piece, &mut steps))?;
        steps_are_certain(&steps).then_some(Steps(steps))
    }

    /// Matches from the text's start on and notes where its groups, the whole match first, begin and end; whether it matches.
    pub(super) fn find(&self, text: &str, slots: &mut [Option<NonMaxUsize>]) -> bool {
        let bytes = text.as_bytes();
        let mut at = 0;
        for step in &self.0 {
            let rest = &bytes[at..];
            at += match step {
                Step::Literal(literal) if rest.starts_with(literal) => literal.len(),
                Step::OneOf(set) if rest.first().is_some_and(|byte| set.get(*byte as usize) == Some(&true)) => 1,
                Step::Until { stop, takes_none } => match memchr::memchr(*stop, rest).unwrap_or(rest.len()) {
                    0 if !takes_none => return false,
                    taken => taken,
                },
                Step::End if rest.is_empty() => 0,
                Step::Slot(slot) => {
                    note(slots, *slot, at);
                    0
                }
                Step::Literal(_) | Step::OneOf(_) | Step::End => return false,
            };
        }
        note(slots, 0, 0);
        note(slots, 1, at);
        true
    }
}

fn note(slots: &mut [Option<NonMaxUsize>], slot: usize, at: usize) {
    if let Some(slot) = slots.get_mut(slot) {
        *slot = NonMaxUsize::new(at);
    }
}

fn append(piece: &Hir, steps: &mut Vec<Step>) -> Option<()> {
    match piece.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => steps.push(Step::Literal(literal.0.clone())),
        HirKind::Look(Look::End) => steps.push(Step::End),
        HirKind::Class(class) => steps.push(Step::OneOf(ascii_set(class)?)),
        HirKind::Concat(pieces) => pieces.iter().try_for_each(|piece| append(piece, steps))?,
        HirKind::Capture(capture) => {
            steps.push(Step::Slot(capture.index as usize * 2));
            append(&capture.sub, steps)?;
            steps.push(Step::Slot(capture.index as usize * 2 + 1));
        }
        HirKind::Repetition(Repetition {
            min: min @ (0 | 1),
            max: None,
            greedy: true,
            sub,
        }) => match sub.kind() {
            HirKind::Class(class) => steps.push(Step::Until {
                stop: all_but(class)?,
                takes_none: *min == 0,
            }),
            _ => return None,
        },
        _ => return None,
    }
    Some(())
}

/// What takes all that it can is right where nothing but the character at which it stops, or the text's end, can follow.
fn steps_are_certain(steps: &[Step]) -> bool {
    let mut places = steps.iter().enumerate();
    places.all(|(at, step)| {
        let Step::Until { stop, .. } = step else { return true };
        let mut following = steps[at + 1..].iter().filter(|step| !matches!(step, Step::Slot(_)));
        match following.next() {
            None | Some(Step::End) => true,
            Some(Step::Literal(literal)) => literal.first() == Some(stop),
            Some(Step::OneOf(_) | Step::Until { .. } | Step::Slot(_)) => false,
        }
    })
}

fn ascii_set(class: &Class) -> Option<Box<[bool; 128]>> {
    let mut set = Box::new([false; 128]);
    for (start, end) in ranges(class)? {
        set.get_mut(start as usize..=end as usize)?.fill(true);
    }
    Some(set)
}

/// The only character, an ASCII one, that a class does not have.
fn all_but(class: &Class) -> Option<u8> {
    let ranges = ranges(class)?;
    let stop = match ranges.as_slice() {
        [(0, before), (after, LAST)] if before + 2 == *after => before + 1,
        [(1, LAST)] => 0,
        _ => return None,
    };
    u8::try_from(stop).ok().filter(u8::is_ascii)
}

/// The last character.
const LAST: u32 = char::MAX as u32;

fn ranges(class: &Class) -> Option<Vec<(u32, u32)>> {
    match class {
        Class::Unicode(class) => Some(
            class
                .ranges()
                .iter()
                .map(|range| (range.start() as u32, range.end() as u32))
                .collect(),
        ),
        // Of bytes that need not be characters.
        Class::Bytes(_) => None,
    }
}
