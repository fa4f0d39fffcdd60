//! Expressions that begin at the text's start, so that their groups are found in one pass over it: each optional piece is left in in
//! one alternative and out in the next, until every alternative knows by the next byte alone how it goes on. Backtracking tries
//! the same in the same order, one step at a time, and takes several times longer. What cannot be taken apart so is left to it.

use super::steps::Steps;
use regex_automata::Input;
use regex_automata::dfa::onepass::{Cache, Config, DFA};
use regex_automata::nfa::thompson::Compiler;
use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};
use std::ops::Range;
use std::rc::Rc;

/// Alternatives at most.
const ALTERNATIVES_MAX: usize = 8;
/// The most memory that one may take.
const ALTERNATIVE_BYTES_MAX: usize = 1 << 20;

/// The alternatives of an expression, the first that matches counts.
#[derive(Debug)]
pub(super) struct OnePass {
    alternatives: Vec<Alternative>,
    group_count: usize,
}

#[derive(Debug)]
enum Alternative {
    Steps(Steps),
    Automaton(Box<DFA>),
}

/// A search through texts, and where the groups of the last match lie.
#[derive(Debug)]
pub(super) struct OnePassSearch {
    one_pass: Rc<OnePass>,
    /// Of those that are automata.
    caches: Vec<Option<Cache>>,
    slots: Vec<Option<NonMaxUsize>>,
}

impl OnePass {
    /// Of an expression whose groups, the whole match among them, are so many; `None` where it is not of this kind.
    pub(super) fn of(expression: &Hir, group_count: usize) -> Option<Self> {
        if !expression.properties().look_set_prefix().contains(Look::Start) {
            return None;
        }
        let mut alternatives = vec![Vec::new()];
        for piece in pieces(expression) {
            alternatives = extended(alternatives, piece)?;
        }
        let is_taken_apart = alternatives.len() > 1;
        let alternatives = alternatives
            .into_iter()
            .map(|pieces| Alternative::of(pieces, is_taken_apart));
        let alternatives = alternatives.collect::<Option<Vec<_>>>()?;
        Some(OnePass {
            alternatives,
            group_count,
        })
    }
}

impl OnePassSearch {
    pub(super) fn new(one_pass: &Rc<OnePass>) -> Self {
        OnePassSearch {
            caches: one_pass.alternatives.iter().map(Alternative::cache).collect(),
            slots: vec![None; one_pass.group_count * 2],
            one_pass: one_pass.clone(),
        }
    }

    /// The match in a text, if it begins at this place; its groups are known then.
    pub(super) fn find(&mut self, text: &str, start: usize) -> Option<Range<usize>> {
        for (alternative, cache) in self.one_pass.alternatives.iter().zip(&mut self.caches) {
            self.slots.fill(None);
            let is_match = match (alternative, cache) {
                (Alternative::Steps(steps), _) => start == 0 && steps.find(text, &mut self.slots),
                (Alternative::Automaton(automaton), Some(cache)) => {
                    let input = Input::new(text).range(start..);
                    // The search is anchored by the expression, the only thing that could be wrong with it.
                    matches!(automaton.try_search_slots(cache, &input, &mut self.slots), Ok(Some(_)))
                }
                (Alternative::Automaton(_), None) => false,
            };
            if is_match {
                return self.group(0);
            }
        }
        None
    }

    /// Where a group lies; 0 is the whole match.
    pub(super) fn group(&self, number: usize) -> Option<Range<usize>> {
        let slot = |at: usize| self.slots.get(at).copied().flatten().map(NonMaxUsize::get);
        Some(slot(number * 2)?..slot(number * 2 + 1)?)
    }
}

impl Alternative {
    /// Of the pieces of a concatenation. Where there is but one alternative an automaton is no better than what the library does.
    fn of(pieces: Vec<Hir>, may_be_automaton: bool) -> Option<Self> {
        match Steps::of(&pieces) {
            Some(steps) => Some(Alternative::Steps(steps)),
            None if may_be_automaton => Some(Alternative::Automaton(Box::new(compiled(&Hir::concat(pieces))?))),
            None => None,
        }
    }

    fn cache(&self) -> Option<Cache> {
        match self {
            Alternative::Steps(_) => None,
            Alternative::Automaton(automaton) => Some(automaton.create_cache()),
        }
    }
}

fn pieces(expression: &Hir) -> &[Hir] {
    match expression.kind() {
        HirKind::Concat(pieces) => pieces,
        _ => std::slice::from_ref(expression),
    }
}

/// Alternatives with another piece at their end.
fn extended(alternatives: Vec<Vec<Hir>>, piece: &Hir) -> Option<Vec<Vec<Hir>>> {
    let optional = match piece.kind() {
        HirKind::Repetition(Repetition {
            min: 0,
            max: Some(1),
            greedy: true,
            sub,
        }) if sub.properties().explicit_captures_len() == 0 => Some(sub),
        _ => None,
    };
    let mut longer = Vec::with_capacity(alternatives.len() * 2);
    for before in alternatives {
        let with = |piece: &Hir| before.iter().chain([piece]).cloned().collect::<Vec<_>>();
        match optional {
            // Both alternatives must come to this piece at the same place.
            Some(sub) if before.last().is_none_or(ends_where_it_must) => {
                longer.push(with(sub));
                longer.push(before);
            }
            _ => longer.push(with(piece)),
        }
    }
    (longer.len() <= ALTERNATIVES_MAX).then_some(longer)
}

/// Whether a piece that goes on by the next byte alone has one end: nothing of it can follow its last character.
fn ends_where_it_must(piece: &Hir) -> bool {
    match piece.kind() {
        HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => true,
        HirKind::Capture(capture) => ends_where_it_must(&capture.sub),
        HirKind::Concat(pieces) => pieces.last().is_some_and(ends_where_it_must),
        _ => false,
    }
}

fn compiled(expression: &Hir) -> Option<DFA> {
    let nfa = Compiler::new().build_from_hir(expression).ok()?;
    let config = Config::new().size_limit(Some(ALTERNATIVE_BYTES_MAX));
    DFA::builder().configure(config).build_from_nfa(nfa).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups as backtracking finds them, where the expression is of this kind.
    fn check(expression: &str, texts: &[&str]) -> bool {
        let regex = ::regex::Regex::new(expression).unwrap();
        let hir = regex_syntax::parse(expression).unwrap();
        let Some(one_pass) = OnePass::of(&hir, regex.captures_len()) else {
            return false;
        };
        let mut search = OnePassSearch::new(&Rc::new(one_pass));
        for text in texts {
            for start in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                let mut expected = regex.capture_locations();
                let whole = regex.captures_read_at(&mut expected, text, start);
                assert_eq!(
                    search.find(text, start),
                    whole.map(|whole| whole.range()),
                    "{expression} {text}"
                );
                if whole.is_some() {
                    for group in 0..regex.captures_len() {
                        let expected = expected.get(group).map(|(start, end)| start..end);
                        assert_eq!(search.group(group), expected, "{expression} {text} {group}");
                    }
                }
            }
        }
        true
    }

    #[test]
    fn groups_are_those_of_backtracking() {
        let texts = [
            "",
            "http://www.example.com/a/b",
            "https://example.com/",
            "https://www./",
            "http://www.a",
            "ftp://www.x/",
            "http:///",
            "https://wwwexample.com/www.",
            "https://www.www.a/",
            "http://ñandú.es/ñ/",
            "aab",
            "ab",
            "aaab",
            "b",
            "xyz",
            "xz",
            "z",
            "12-34",
            "-5",
            "5",
            "abcabc",
            "abc",
            "-5.25e+10",
            "5.25",
            "a:b",
            "a::b",
        ];
        let taken = [
            r"^https?://(?:www\.)?([^/]+)/",
            r"^(https?)://(?:www\.)?([^/]+)/",
            r"^(?:xy)?(x?z)",
            r"^(?:-)?([0-9]+)",
            r"^([+-]?)(?:5)?([0-9.]*)$",
            r"^(a):(?::)?(.*)$",
            r"^(abc)(?:abc)?$",
        ];
        let is_taken: Vec<bool> = taken.iter().map(|expression| check(expression, &texts)).collect();
        assert!(is_taken[..4].iter().all(|taken| *taken) && is_taken[5], "{is_taken:?}");
        // Step by step, although nothing is optional: up to a character that must follow, to the end, a character of several.
        for expression in [
            r"^([^/]+)/",
            r"^([^:]*):([^:]*)$",
            r"^[a-c]([^-]*)",
            r"^(http)s://([^/]+)/([^/]*)",
        ] {
            assert!(check(expression, &texts), "{expression}");
        }
        // Not at the start, a piece before the optional one that could end elsewhere, what stops before it must, lazy.
        for expression in [
            r"https?://(?:www\.)?([^/]+)/",
            r"^a*(?:ab)?(b*)",
            r"^([^/]+)b",
            r"^([^/]+)[/b]",
            r"^([^/]+?)/",
            r"^(?:ab)??(.*)",
        ] {
            assert!(!check(expression, &texts), "{expression}");
        }
    }

    #[test]
    fn random_expressions_give_the_groups_of_backtracking() {
        let mut random = crate::operators::testing::Random::new(5);
        let parts = [
            "a", "b", "[ab]", "(a)", "(?:ab)?", "b?", "(b?)", "a*", "(?:a|b)", "(?:b)?", "([^a]+)", "[^b]*", "$",
        ];
        let mut taken = 0;
        for _ in 0..4_000 {
            let count = 1 + random.below(5);
            let expression: String = (0..count)
                .map(|_| parts[random.below(parts.len() as u64) as usize])
                .collect();
            let texts: Vec<String> = (0..12)
                .map(|_| {
                    (0..random.below(7))
                        .map(|_| if random.below(2) == 0 { 'a' } else { 'b' })
                        .collect()
                })
                .collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            taken += usize::from(check(&format!("^{expression}"), &texts));
        }
        assert!(taken > 200, "{taken}");
    }
}
