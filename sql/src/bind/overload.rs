//! Which overload of a function a call means: Postgres's rules (chapter 10 of its manual) over type kinds.

use super::coerce::{Level, can_coerce, is_implicit, type_of_kind};
use super::common_type::{Category, category, common_type_of, is_preferred};
use crate::catalog::{FunctionInfo, Parameter, Signature};
use crate::types::{LogicalType, TypeKind};

/// The chosen overload.
#[derive(Debug)]
pub(super) struct Resolved {
    /// What each argument must be coerced to.
    pub(super) arguments: Vec<LogicalType>,
    /// The type of the answer.
    pub(super) returns: LogicalType,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No overload takes these types.
    None,
    /// Several do, equally well.
    Ambiguous,
}

struct Candidate<'s> {
    signature: &'s Signature,
    /// One per argument.
    parameters: Vec<Parameter>,
}

/// Chooses the overload for arguments of the given types.
pub(super) fn resolve(function: &FunctionInfo, arguments: &[LogicalType]) -> Result<Resolved, Failure> {
    let mut candidates: Vec<Candidate<'_>> = function
        .signatures
        .iter()
        .filter_map(|signature| expand(signature, arguments.len()))
        .filter(|candidate| accepts(candidate, arguments))
        .collect();
    if let Some(index) = candidates
        .iter()
        .position(|candidate| exact_matches(candidate, arguments) == arguments.len())
    {
        return finish(&candidates.swap_remove(index), arguments);
    }
    if let Some(assumed) = same_type_assumed(arguments)
        && let Some(index) = candidates
            .iter()
            .position(|candidate| exact_matches(candidate, &assumed) == assumed.len())
    {
        return finish(&candidates.swap_remove(index), arguments);
    }
    keep_best(&mut candidates, |candidate| exact_matches(candidate, arguments));
    keep_best(&mut candidates, |candidate| preferred_matches(candidate, arguments));
    if candidates.len() > 1 && arguments.contains(&LogicalType::Unknown) {
        decide_unknown(&mut candidates, arguments)?;
    }
    match candidates.first() {
        Some(best) => finish(best, arguments),
        None => Err(Failure::None),
    }
}

/// One parameter per argument; `None` where the counts do not fit.
fn expand<'s>(signature: &'s Signature, count: usize) -> Option<Candidate<'s>> {
    let mut parameters = signature.parameters.to_vec();
    if signature.variadic {
        let last = *parameters.last()?;
        if count < parameters.len() {
            return None;
        }
        parameters.resize(count, last);
    }
    (parameters.len() == count).then_some(Candidate { signature, parameters })
}

fn accepts(candidate: &Candidate<'_>, arguments: &[LogicalType]) -> bool {
    candidate
        .parameters
        .iter()
        .zip(arguments)
        .all(|(parameter, argument)| match parameter {
            Parameter::Kind(kind) => argument.kind() == *kind || is_implicit(argument.kind(), *kind),
            Parameter::ArrayOf(kind) => match argument {
                LogicalType::Unknown => true,
                LogicalType::Array(element) => element.kind() == *kind || is_implicit(element.kind(), *kind),
                _ => false,
            },
            Parameter::AnyArray => matches!(argument, LogicalType::Array(_) | LogicalType::Unknown),
            Parameter::AnyElement | Parameter::Any => true,
        })
        && element_type(candidate, arguments).is_some()
}

fn is_exact(parameter: Parameter, argument: &LogicalType) -> bool {
    match (parameter, argument) {
        (Parameter::Kind(kind), argument) => argument.kind() == kind,
        (Parameter::ArrayOf(kind), LogicalType::Array(element)) => element.kind() == kind,
        (Parameter::AnyArray, LogicalType::Array(_)) => true,
        _ => false,
    }
}

fn exact_matches(candidate: &Candidate<'_>, arguments: &[LogicalType]) -> usize {
    let pairs = candidate.parameters.iter().zip(arguments);
    pairs
        .filter(|(parameter, argument)| is_exact(**parameter, argument))
        .count()
}

fn preferred_matches(candidate: &Candidate<'_>, arguments: &[LogicalType]) -> usize {
    let pairs = candidate.parameters.iter().zip(arguments);
    pairs
        .filter(|(parameter, argument)| match parameter {
            _ if argument.kind() == TypeKind::Unknown => false,
            Parameter::Kind(kind) => {
                argument.kind() == *kind || is_preferred(*kind) && category(*kind) == category(argument.kind())
            }
            other => is_exact(**other, argument),
        })
        .count()
}

fn keep_best(candidates: &mut Vec<Candidate<'_>>, score: impl Fn(&Candidate<'_>) -> usize) {
    let Some(best) = candidates.iter().map(&score).max() else {
        return;
    };
    candidates.retain(|candidate| score(candidate) == best);
}

/// Of two arguments of which one is untyped, both are taken to have the typed one's type.
fn same_type_assumed(arguments: &[LogicalType]) -> Option<Vec<LogicalType>> {
    match arguments {
        [LogicalType::Unknown, known] | [known, LogicalType::Unknown] if *known != LogicalType::Unknown => {
            Some(vec![known.clone(), known.clone()])
        }
        _ => None,
    }
}

/// Untyped arguments: text where a candidate takes it, otherwise the category all candidates agree on.
fn decide_unknown(candidates: &mut Vec<Candidate<'_>>, arguments: &[LogicalType]) -> Result<(), Failure> {
    for (index, argument) in arguments.iter().enumerate() {
        if *argument != LogicalType::Unknown {
            continue;
        }
        let category_at = |candidate: &Candidate<'_>| match candidate.parameters.get(index) {
            Some(Parameter::Kind(kind)) => category(*kind),
            Some(Parameter::ArrayOf(_) | Parameter::AnyArray) => Category::Array,
            _ => Category::Unknown,
        };
        let categories: Vec<Category> = candidates.iter().map(category_at).collect();
        let Some(first) = categories.first().copied() else {
            return Err(Failure::None);
        };
        let chosen = if categories.contains(&Category::String) {
            Category::String
        } else if categories.iter().all(|category| *category == first) {
            first
        } else {
            // Decided by the known arguments of the first (preferred) overload.
            continue;
        };
        candidates.retain(|candidate| category_at(candidate) == chosen);
        let preferred_at = |candidate: &Candidate<'_>| matches!(candidate.parameters.get(index), Some(Parameter::Kind(kind)) if is_preferred(*kind));
        if candidates.iter().any(preferred_at) {
            candidates.retain(preferred_at);
        }
    }
    // All known arguments of one type: the untyped ones are taken to have it too.
    let mut known = arguments.iter().filter(|argument| **argument != LogicalType::Unknown);
    if candidates.len() > 1
        && let Some(first) = known.next()
        && known.all(|other| other.kind() == first.kind())
    {
        let assumed = vec![first.clone(); arguments.len()];
        if candidates.iter().any(|candidate| accepts(candidate, &assumed)) {
            candidates.retain(|candidate| accepts(candidate, &assumed));
        }
    }
    if candidates.len() > 1 && arguments.iter().all(|argument| *argument == LogicalType::Unknown) {
        let kinds: Vec<_> = candidates
            .iter()
            .map(|candidate| candidate.parameters.clone())
            .collect();
        let Some(first) = kinds.first() else {
            return Err(Failure::None);
        };
        let differs = kinds.iter().any(|other| other != first);
        let is_number = |parameters: &Vec<Parameter>| {
            parameters
                .iter()
                .all(|parameter| matches!(parameter, Parameter::Kind(kind) if category(*kind) == Category::Number))
        };
        if differs && !kinds.iter().all(is_number) {
            return Err(Failure::Ambiguous);
        }
    }
    Ok(())
}

/// The `anyelement` of a call; `Unknown` where no place tells, `None` where places disagree.
fn element_type(candidate: &Candidate<'_>, arguments: &[LogicalType]) -> Option<LogicalType> {
    let mut element = LogicalType::Unknown;
    for (parameter, argument) in candidate.parameters.iter().zip(arguments) {
        let here = match (parameter, argument) {
            (Parameter::AnyElement, argument) => argument,
            (Parameter::AnyArray, LogicalType::Array(inner)) => inner,
            _ => continue,
        };
        element = common_type_of([&element, here]).ok()?;
    }
    let fits = |(parameter, argument): (&Parameter, &LogicalType)| match (parameter, argument) {
        (Parameter::AnyElement, argument) => can_coerce(argument, &element, Level::Implicit),
        _ => true,
    };
    candidate.parameters.iter().zip(arguments).all(fits).then_some(element)
}

fn finish(candidate: &Candidate<'_>, arguments: &[LogicalType]) -> Result<Resolved, Failure> {
    let element = match element_type(candidate, arguments).ok_or(Failure::None)? {
        LogicalType::Unknown => LogicalType::Text,
        element => element,
    };
    let targets: Vec<LogicalType> = candidate
        .parameters
        .iter()
        .zip(arguments)
        .map(|(parameter, argument)| match parameter {
            Parameter::Kind(TypeKind::Numeric) if *argument == LogicalType::Unknown => LogicalType::NUMERIC,
            Parameter::Kind(kind) => type_of_kind(*kind, argument),
            Parameter::ArrayOf(kind) => match argument {
                LogicalType::Array(inner) => LogicalType::Array(Box::new(type_of_kind(*kind, inner))),
                _ => LogicalType::Array(Box::new(type_of_kind(*kind, &LogicalType::Unknown))),
            },
            Parameter::AnyElement => element.clone(),
            Parameter::AnyArray => LogicalType::Array(Box::new(element.clone())),
            Parameter::Any if *argument == LogicalType::Unknown => LogicalType::Text,
            Parameter::Any => argument.clone(),
        })
        .collect();
    let returns = (candidate.signature.returns)(&targets);
    Ok(Resolved {
        arguments: targets,
        returns,
    })
}
