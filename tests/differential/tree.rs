//! A statement as a tree of texts, of which parts can be left out: what is generated is rendered, and what fails is reduced. Knows
//! nothing of SQL but what the parts are called.

use crate::kind::Kind;

/// What a part is; it may stand where another one of the same tag stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Expression(Kind),
    Source,
    Query,
    Clause,
}

#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Text(String),
    Sequence(Vec<Tree>),
    /// Parts of which some can be left out.
    List {
        items: Vec<Tree>,
        separator: &'static str,
        least: usize,
    },
    /// A part with texts that could stand in its place.
    Part {
        tag: Tag,
        simpler: Vec<String>,
        inner: Box<Tree>,
    },
}

impl Tree {
    pub(crate) fn text(text: impl Into<String>) -> Tree {
        Tree::Text(text.into())
    }

    pub(crate) fn part(tag: Tag, simpler: Vec<String>, inner: Tree) -> Tree {
        let inner = Box::new(inner);
        Tree::Part { tag, simpler, inner }
    }

    /// A clause that can be left out.
    pub(crate) fn clause(parts: Vec<Tree>) -> Tree {
        Tree::part(Tag::Clause, vec![String::new()], Tree::Sequence(parts))
    }

    pub(crate) fn nothing() -> Tree {
        Tree::Text(String::new())
    }

    pub(crate) fn list(items: Vec<Tree>, least: usize) -> Tree {
        Tree::List {
            items,
            separator: ", ",
            least,
        }
    }

    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Tree::Text(part) => text.push_str(part),
            Tree::Sequence(parts) => parts.iter().for_each(|part| part.write(text)),
            Tree::List { items, separator, .. } => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push_str(separator);
                    }
                    item.write(text);
                }
            }
            Tree::Part { inner, .. } => inner.write(text),
        }
    }

    /// All trees that are one step simpler, the simplest first.
    pub(crate) fn simpler(&self) -> Vec<Tree> {
        let mut found = self.steps();
        found.sort_by_cached_key(|tree| tree.render().len());
        found
    }

    fn steps(&self) -> Vec<Tree> {
        match self {
            Tree::Text(_) => Vec::new(),
            Tree::Sequence(parts) => each(parts, Tree::Sequence),
            Tree::List {
                items,
                separator,
                least,
            } => {
                let list = |items: Vec<Tree>| Tree::List {
                    items,
                    separator,
                    least: *least,
                };
                let mut found = Vec::new();
                if items.len() > *least {
                    for left_out in 0..items.len() {
                        let mut rest = items.clone();
                        rest.remove(left_out);
                        found.push(list(rest));
                    }
                }
                if items.len() / 2 >= (*least).max(2) {
                    found.push(list(items[..items.len() / 2].to_vec()));
                    found.push(list(items[items.len() / 2..].to_vec()));
                }
                found.extend(each(items, list));
                found
            }
            Tree::Part { tag, simpler, inner } => {
                let current = inner.render();
                let shorter = simpler.iter().filter(|text| text.len() < current.len());
                let mut found: Vec<Tree> = shorter.map(Tree::text).collect();
                inner.below(*tag, &mut found);
                found.extend(inner.steps().into_iter().map(|inner| Tree::Part {
                    tag: *tag,
                    simpler: simpler.clone(),
                    inner: Box::new(inner),
                }));
                found
            }
        }
    }

    /// The nearest parts of the same tag below.
    fn below(&self, wanted: Tag, found: &mut Vec<Tree>) {
        match self {
            Tree::Text(_) => {}
            Tree::Sequence(parts) | Tree::List { items: parts, .. } => {
                parts.iter().for_each(|part| part.below(wanted, found));
            }
            Tree::Part { tag, inner, .. } => match *tag == wanted {
                true if wanted != Tag::Clause => found.push(self.clone()),
                _ => inner.below(wanted, found),
            },
        }
    }
}

/// The parts with each of them replaced by what is simpler.
fn each(parts: &[Tree], build: impl Fn(Vec<Tree>) -> Tree) -> Vec<Tree> {
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        for simpler in part.steps() {
            let mut rest = parts.to_vec();
            rest[index] = simpler;
            found.push(build(rest));
        }
    }
    found
}
