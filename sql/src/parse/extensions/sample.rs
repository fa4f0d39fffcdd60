//! DuckDB's samples. `USING SAMPLE ..`, which the parser library does not know, becomes a mark in CLUSTER BY, which Stoa does not have:
//! a call of a name that no statement can hold. Behind TABLESAMPLE, `10%` becomes `10 PERCENT`, `reservoir(..)` becomes `ROW (..)`.

use super::rewrite::is_keyword;
use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, TableSampleMethod, TableSampleUnit, Value,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// The name of the call that carries a sample.
const MARK: &str = "\0sample";

/// USING SAMPLE as its mark carries it.
pub(crate) struct UsingSample<'a> {
    pub(crate) method: Option<TableSampleMethod>,
    pub(crate) quantity: &'a Expr,
    pub(crate) unit: TableSampleUnit,
    pub(crate) seed: Option<&'a Value>,
}

/// Whether what stands in CLUSTER BY is nothing, or a sample's mark.
pub(crate) fn is_sample(cluster_by: &[Expr]) -> bool {
    cluster_by.is_empty() || sample_arguments(cluster_by).is_some()
}

/// The sample that a mark carries.
pub(crate) fn sample_arguments(cluster_by: &[Expr]) -> Option<UsingSample<'_>> {
    let [Expr::Function(function)] = cluster_by else {
        return None;
    };
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    if function.name.to_string() != format!("\"{MARK}\"") {
        return None;
    }
    let arguments: Vec<&Expr> = list
        .args
        .iter()
        .filter_map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
            _ => None,
        })
        .collect();
    let text = |expression: &Expr| match expression {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    let (method, unit, quantity, seed) = match arguments.as_slice() {
        [method, unit, quantity] => (method, unit, *quantity, None),
        [method, unit, quantity, Expr::Value(seed)] => (method, unit, *quantity, Some(&seed.value)),
        _ => return None,
    };
    Some(UsingSample {
        method: match text(method)?.as_str() {
            "BERNOULLI" => Some(TableSampleMethod::Bernoulli),
            "SYSTEM" => Some(TableSampleMethod::System),
            "RESERVOIR" => Some(TableSampleMethod::Row),
            _ => None,
        },
        quantity,
        unit: match text(unit)?.as_str() {
            "PERCENT" => TableSampleUnit::Percent,
            _ => TableSampleUnit::Rows,
        },
        seed,
    })
}

/// A sample read from the tokens.
struct Clause {
    method: Option<String>,
    quantity: Token,
    unit: &'static str,
    seed: Option<Token>,
    /// How many tokens it takes.
    length: usize,
}

/// Rewrites one statement's tokens.
pub(super) fn rewrite(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is_sample = |token: &TokenWithSpan| {
        is_keyword(&token.token, Keyword::SAMPLE) || is_keyword(&token.token, Keyword::TABLESAMPLE)
    };
    if !tokens.iter().any(is_sample) {
        return tokens;
    }
    let mut rewritten: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 8);
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        let next = tokens.get(place + 1);
        if is_keyword(&token.token, Keyword::USING)
            && next.is_some_and(|next| is_keyword(&next.token, Keyword::SAMPLE))
            && let Some(clause) = read(tokens.get(place + 2..).unwrap_or_default())
        {
            let span = token.span;
            let at = insertion(&rewritten);
            let mark = mark(&clause).into_iter().map(|token| TokenWithSpan { token, span });
            rewritten.splice(at..at, mark);
            place += 2 + clause.length;
            continue;
        }
        rewritten.push(token.clone());
        place += 1;
        if is_keyword(&token.token, Keyword::TABLESAMPLE) {
            place += table_sample(tokens.get(place..).unwrap_or_default(), &mut rewritten);
        }
    }
    rewritten
}

/// Copies what stands behind TABLESAMPLE up to its quantity, as the parser library knows it, and tells how many tokens that were.
fn table_sample(rest: &[TokenWithSpan], rewritten: &mut Vec<TokenWithSpan>) -> usize {
    let mut place = 0;
    if let Some(method) = rest.first()
        && word(&method.token).as_deref() == Some("RESERVOIR")
    {
        rewritten.push(TokenWithSpan {
            token: Token::make_keyword("ROW"),
            span: method.span,
        });
        place += 1;
    }
    while let Some(token) = rest.get(place) {
        match &token.token {
            Token::Mod => {
                let behind_number = rewritten
                    .last()
                    .is_some_and(|before| matches!(before.token, Token::Number(..)));
                let percent = TokenWithSpan {
                    token: Token::make_keyword("PERCENT"),
                    span: token.span,
                };
                rewritten.push(if behind_number { percent } else { token.clone() });
                return place + 1;
            }
            Token::Number(..) | Token::LParen | Token::Word(_) if place < 4 => rewritten.push(token.clone()),
            _ => return place,
        }
        place += 1;
    }
    place
}

fn word(token: &Token) -> Option<String> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        _ => None,
    }
}

fn method_name(token: Option<&TokenWithSpan>) -> Option<String> {
    let name = word(&token?.token)?;
    ["BERNOULLI", "SYSTEM", "RESERVOIR"]
        .contains(&name.as_str())
        .then_some(name)
}

/// `n`, `n ROWS`, `n%`, `n PERCENT`; each with `(method)` or `(method, seed)` behind it, or with the method before and parentheses
/// around it.
fn read(rest: &[TokenWithSpan]) -> Option<Clause> {
    let at = |place: usize| rest.get(place).map(|token| &token.token);
    if let Some(method) = method_name(rest.first()) {
        if at(1) != Some(&Token::LParen) {
            return None;
        }
        let (quantity, unit, length) = quantity(rest.get(2..)?)?;
        let unit = unit.unwrap_or(if method == "RESERVOIR" { "ROWS" } else { "PERCENT" });
        return (at(2 + length) == Some(&Token::RParen)).then_some(Clause {
            method: Some(method),
            quantity,
            unit,
            seed: None,
            length: length + 3,
        });
    }
    let (quantity, unit, length) = quantity(rest)?;
    let mut clause = Clause {
        method: None,
        quantity,
        unit: unit.unwrap_or("ROWS"),
        seed: None,
        length,
    };
    if at(length) == Some(&Token::LParen)
        && let Some(method) = method_name(rest.get(length + 1))
    {
        clause.method = Some(method);
        clause.length = match (at(length + 2)?, at(length + 3), at(length + 4)) {
            (Token::RParen, ..) => length + 3,
            (Token::Comma, Some(seed @ Token::Number(..)), Some(Token::RParen)) => {
                clause.seed = Some(seed.clone());
                length + 5
            }
            _ => return None,
        };
    }
    Some(clause)
}

fn quantity(rest: &[TokenWithSpan]) -> Option<(Token, Option<&'static str>, usize)> {
    let number = rest.first().map(|token| &token.token)?;
    if !matches!(number, Token::Number(..)) {
        return None;
    }
    let (unit, length) = match rest.get(1).map(|token| &token.token) {
        Some(Token::Mod) => (Some("PERCENT"), 2),
        Some(token) if word(token).as_deref() == Some("PERCENT") => (Some("PERCENT"), 2),
        Some(token) if word(token).as_deref() == Some("ROWS") => (Some("ROWS"), 2),
        _ => (None, 1),
    };
    Some((number.clone(), unit, length))
}

/// Where CLUSTER BY stands in the select that the tokens end in: before HAVING, WINDOW and QUALIFY.
fn insertion(tokens: &[TokenWithSpan]) -> usize {
    let mut at = tokens.len();
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().rev() {
        match &token.token {
            Token::RParen => depth += 1,
            Token::LParen if depth == 0 => break,
            Token::LParen => depth -= 1,
            Token::Word(word) if depth == 0 && word.quote_style.is_none() => match word.keyword {
                Keyword::SELECT => break,
                Keyword::HAVING | Keyword::WINDOW | Keyword::QUALIFY => at = place,
                _ => {}
            },
            _ => {}
        }
    }
    at
}

fn mark(clause: &Clause) -> Vec<Token> {
    let text = |value: &str| Token::SingleQuotedString(value.to_owned());
    let mut mark = vec![
        Token::make_keyword("CLUSTER"),
        Token::make_keyword("BY"),
        Token::Word(Word {
            value: MARK.to_owned(),
            quote_style: Some('"'),
            keyword: Keyword::NoKeyword,
        }),
        Token::LParen,
        text(clause.method.as_deref().unwrap_or_default()),
        Token::Comma,
        text(clause.unit),
        Token::Comma,
        clause.quantity.clone(),
    ];
    if let Some(seed) = &clause.seed {
        mark.extend([Token::Comma, seed.clone()]);
    }
    mark.push(Token::RParen);
    mark
}
