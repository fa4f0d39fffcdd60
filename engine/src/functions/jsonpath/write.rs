//! A path's text as Postgres prints it, but for one thing: an operator or condition with steps behind it stands in parentheses, which
//! Postgres leaves out at places. What is kept of a path is this text: it must say all that the path says.

use super::path::{Arithmetic, Expression, Head, Level, Path, Predicate, Step};
use super::with_stack;
use crate::functions::scalar::json::document::quote_into;

/// Appends a path's text.
pub(super) fn write(path: &Path, out: &mut String) {
    if !path.lax {
        out.push_str("strict ");
    }
    expression(&path.root, true, out);
}

/// How tightly an operator binds: what binds no tighter than what is around it stands in parentheses.
fn priority(node: &Expression) -> u8 {
    match &node.head {
        Head::Predicate(predicate) => predicate_priority(predicate),
        Head::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, ..) => 3,
        Head::Arithmetic(..) => 4,
        Head::Sign(..) => 5,
        _ => 6,
    }
}

fn predicate_priority(predicate: &Predicate) -> u8 {
    match predicate {
        Predicate::Or(..) => 0,
        Predicate::And(..) => 1,
        Predicate::Compare(..) | Predicate::StartsWith(..) => 2,
        _ => 6,
    }
}

/// `bracketed`: in parentheses where it has an operator.
fn expression(node: &Expression, bracketed: bool, out: &mut String) {
    with_stack(|| expression_inner(node, bracketed, out));
}

fn expression_inner(node: &Expression, bracketed: bool, out: &mut String) {
    if !node.steps.is_empty() && matches!(node.head, Head::Arithmetic(..) | Head::Sign(..) | Head::Predicate(_)) {
        in_parentheses(true, out, |out| head(node, false, out));
    } else {
        head(node, bracketed, out);
    }
    node.steps.iter().for_each(|node| step(node, out));
}

fn head(node: &Expression, bracketed: bool, out: &mut String) {
    let own = priority(node);
    match &node.head {
        Head::Root => out.push('$'),
        Head::Current => out.push('@'),
        Head::Last => out.push_str("last"),
        Head::Null => out.push_str("null"),
        Head::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Head::Number(digits) if node.steps.is_empty() => out.push_str(digits),
        Head::Number(digits) => {
            out.push('(');
            out.push_str(digits);
            out.push(')');
        }
        Head::Text(text) => quote_into(text, out),
        Head::Variable(name) => {
            out.push('$');
            quote_into(name, out);
        }
        Head::Arithmetic(operator, left, right) => {
            in_parentheses(bracketed, out, |out| {
                expression(left, priority(left) <= own, out);
                out.push_str(&format!(" {} ", operator.symbol()));
                expression(right, priority(right) <= own, out);
            });
        }
        Head::Sign(negative, operand) => in_parentheses(bracketed, out, |out| {
            out.push(if *negative { '-' } else { '+' });
            expression(operand, priority(operand) <= own, out);
        }),
        Head::Predicate(inner) => predicate(inner, bracketed, out),
    }
}

fn in_parentheses(bracketed: bool, out: &mut String, write: impl FnOnce(&mut String)) {
    if bracketed {
        out.push('(');
    }
    write(out);
    if bracketed {
        out.push(')');
    }
}

fn predicate(node: &Predicate, bracketed: bool, out: &mut String) {
    with_stack(|| predicate_inner(node, bracketed, out));
}

fn predicate_inner(node: &Predicate, bracketed: bool, out: &mut String) {
    let own = predicate_priority(node);
    match node {
        Predicate::And(left, right) | Predicate::Or(left, right) => in_parentheses(bracketed, out, |out| {
            predicate(left, predicate_priority(left) <= own, out);
            out.push_str(if own == 0 { " || " } else { " && " });
            predicate(right, predicate_priority(right) <= own, out);
        }),
        Predicate::Not(inner) => {
            out.push_str("!(");
            predicate(inner, false, out);
            out.push(')');
        }
        Predicate::IsUnknown(inner) => {
            out.push('(');
            predicate(inner, false, out);
            out.push_str(") is unknown");
        }
        Predicate::Exists(inner) => {
            out.push_str("exists (");
            expression(inner, false, out);
            out.push(')');
        }
        Predicate::Compare(comparison, left, right) => in_parentheses(bracketed, out, |out| {
            expression(left, priority(left) <= own, out);
            out.push_str(&format!(" {} ", comparison.symbol()));
            expression(right, priority(right) <= own, out);
        }),
        Predicate::StartsWith(whole, initial) => in_parentheses(bracketed, out, |out| {
            expression(whole, priority(whole) <= own, out);
            out.push_str(" starts with ");
            expression(initial, priority(initial) <= own, out);
        }),
        Predicate::LikeRegex(operand, pattern) => in_parentheses(bracketed, out, |out| {
            expression(operand, priority(operand) <= own, out);
            out.push_str(" like_regex ");
            quote_into(&pattern.text, out);
            if !pattern.written.is_empty() {
                out.push_str(&format!(" flag \"{}\"", pattern.written));
            }
        }),
    }
}

fn step(node: &Step, out: &mut String) {
    match node {
        Step::Key(key) => {
            out.push('.');
            quote_into(key, out);
        }
        Step::AnyKey => out.push_str(".*"),
        Step::AnyElement => out.push_str("[*]"),
        Step::Elements(subscripts) => {
            out.push('[');
            for (at, subscript) in subscripts.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                expression(&subscript.from, false, out);
                if let Some(to) = &subscript.to {
                    out.push_str(" to ");
                    expression(to, false, out);
                }
            }
            out.push(']');
        }
        Step::Descendants(Level::At(0), Level::Last) => out.push_str(".**"),
        Step::Descendants(first, last) if first == last => out.push_str(&format!(".**{{{}}}", level(*first))),
        Step::Descendants(first, last) => out.push_str(&format!(".**{{{} to {}}}", level(*first), level(*last))),
        Step::Filter(inner) => {
            out.push_str("?(");
            predicate(inner, false, out);
            out.push(')');
        }
        Step::Method(method) => out.push_str(&format!(".{}()", method.name())),
        Step::Datetime(template) => {
            out.push_str(".datetime(");
            if let Some(template) = template {
                quote_into(template, out);
            }
            out.push(')');
        }
    }
}

fn level(level: Level) -> String {
    match level {
        Level::At(level) => level.to_string(),
        Level::Last => "last".to_owned(),
    }
}
