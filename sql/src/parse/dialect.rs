//! Stoa's dialect: PostgreSQL's, plus `FOR SYSTEM_TIME AS OF` behind a table, `BETWEEN SYMMETRIC`, `ORDER BY ALL` and what may stand
//! behind `*`. Everything else is handed to [`PostgreSqlDialect`]: when the parser is updated, a method it begins to override must be added here too.

use sqlparser::ast::{BinaryOperator, Expr};
use sqlparser::dialect::{BindPlaceholderStyle, Dialect, PostgreSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;
use std::any::TypeId;

/// PostgreSQL with time travel.
#[derive(Debug)]
pub(crate) struct StoaDialect;

const BASE: PostgreSqlDialect = PostgreSqlDialect {};

impl Dialect for StoaDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn supports_table_versioning(&self) -> bool {
        true
    }

    fn supports_order_by_all(&self) -> bool {
        true
    }

    fn supports_select_wildcard_exclude(&self) -> bool {
        true
    }

    fn supports_select_wildcard_replace(&self) -> bool {
        true
    }

    fn supports_select_wildcard_rename(&self) -> bool {
        true
    }

    fn parse_infix(
        &self,
        parser: &mut Parser,
        expression: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        between(parser, expression)
    }

    fn supports_cte_materialization(&self) -> bool {
        BASE.supports_cte_materialization()
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        BASE.identifier_quote_style(identifier)
    }

    fn ordered_bind_placeholder_style(&self) -> Option<BindPlaceholderStyle> {
        BASE.ordered_bind_placeholder_style()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        BASE.is_delimited_identifier_start(ch)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        BASE.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        BASE.is_identifier_part(ch)
    }

    fn supports_unicode_string_literal(&self) -> bool {
        BASE.supports_unicode_string_literal()
    }

    fn is_reserved_for_identifier(&self, kw: Keyword) -> bool {
        BASE.is_reserved_for_identifier(kw)
    }

    fn is_table_alias(&self, kw: &Keyword, parser: &mut Parser) -> bool {
        // CLUSTER BY carries USING SAMPLE, see `extensions::sample`.
        let is_mark = *kw == Keyword::CLUSTER && parser.peek_keyword(Keyword::BY);
        !is_mark && BASE.is_table_alias(kw, parser)
    }

    // FOR UPDATE may follow a column.
    fn is_column_alias(&self, kw: &Keyword, parser: &mut Parser) -> bool {
        *kw != Keyword::FOR && BASE.is_column_alias(kw, parser)
    }

    fn supports_string_literal_column_alias(&self, _explicit: bool) -> bool {
        BASE.supports_string_literal_column_alias(_explicit)
    }

    fn supports_string_literal_table_alias(&self, _explicit: bool) -> bool {
        BASE.supports_string_literal_table_alias(_explicit)
    }

    fn is_custom_operator_part(&self, ch: char) -> bool {
        BASE.is_custom_operator_part(ch)
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        BASE.get_next_precedence(parser)
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        BASE.supports_filter_during_aggregation()
    }

    fn supports_group_by_expr(&self) -> bool {
        BASE.supports_group_by_expr()
    }

    fn supports_drop_group(&self) -> bool {
        BASE.supports_drop_group()
    }

    fn supports_alter_user_as_alter_role(&self) -> bool {
        BASE.supports_alter_user_as_alter_role()
    }

    fn supports_create_group(&self) -> bool {
        BASE.supports_create_group()
    }

    fn supports_create_role_if_not_exists(&self) -> bool {
        BASE.supports_create_role_if_not_exists()
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        BASE.prec_value(prec)
    }

    fn allow_extract_custom(&self) -> bool {
        BASE.allow_extract_custom()
    }

    fn allow_extract_single_quotes(&self) -> bool {
        BASE.allow_extract_single_quotes()
    }

    fn supports_create_index_with_clause(&self) -> bool {
        BASE.supports_create_index_with_clause()
    }

    fn supports_sql_option_without_value(&self) -> bool {
        BASE.supports_sql_option_without_value()
    }

    fn supports_explain_with_utility_options(&self) -> bool {
        BASE.supports_explain_with_utility_options()
    }

    fn supports_listen_notify(&self) -> bool {
        BASE.supports_listen_notify()
    }

    fn supports_exclude_constraint(&self) -> bool {
        BASE.supports_exclude_constraint()
    }

    fn supports_factorial_operator(&self) -> bool {
        BASE.supports_factorial_operator()
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        BASE.supports_bitwise_shift_operators()
    }

    fn supports_tilde_like_match_operator(&self) -> bool {
        BASE.supports_tilde_like_match_operator()
    }

    fn supports_comparison_in_between_low_bound(&self) -> bool {
        BASE.supports_comparison_in_between_low_bound()
    }

    fn supports_comment_on(&self) -> bool {
        BASE.supports_comment_on()
    }

    fn supports_load_extension(&self) -> bool {
        BASE.supports_load_extension()
    }

    fn supports_named_fn_args_with_colon_operator(&self) -> bool {
        BASE.supports_named_fn_args_with_colon_operator()
    }

    fn supports_named_fn_args_with_expr_name(&self) -> bool {
        BASE.supports_named_fn_args_with_expr_name()
    }

    fn supports_named_fn_args_with_assignment_operator(&self) -> bool {
        BASE.supports_named_fn_args_with_assignment_operator()
    }

    fn supports_empty_projections(&self) -> bool {
        BASE.supports_empty_projections()
    }

    fn supports_nested_comments(&self) -> bool {
        BASE.supports_nested_comments()
    }

    fn supports_copy_from_stdin_data(&self) -> bool {
        BASE.supports_copy_from_stdin_data()
    }

    fn supports_string_escape_constant(&self) -> bool {
        BASE.supports_string_escape_constant()
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        BASE.supports_numeric_literal_underscores()
    }

    fn supports_non_decimal_integer_literals(&self) -> bool {
        BASE.supports_non_decimal_integer_literals()
    }

    fn supports_array_typedef_with_brackets(&self) -> bool {
        BASE.supports_array_typedef_with_brackets()
    }

    fn supports_geometric_types(&self) -> bool {
        BASE.supports_geometric_types()
    }

    fn supports_order_by_using_operator(&self) -> bool {
        BASE.supports_order_by_using_operator()
    }

    fn supports_set_names(&self) -> bool {
        BASE.supports_set_names()
    }

    fn supports_alter_column_type_using(&self) -> bool {
        BASE.supports_alter_column_type_using()
    }

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        BASE.supports_left_associative_joins_without_parens()
    }

    fn supports_notnull_operator(&self) -> bool {
        BASE.supports_notnull_operator()
    }

    fn supports_interval_options(&self) -> bool {
        BASE.supports_interval_options()
    }

    fn is_interval_qualifier(&self, kw: Keyword) -> bool {
        BASE.is_interval_qualifier(kw)
    }

    fn supports_insert_table_alias(&self) -> bool {
        BASE.supports_insert_table_alias()
    }

    fn supports_create_table_like_parenthesized(&self) -> bool {
        BASE.supports_create_table_like_parenthesized()
    }

    fn supports_select_wildcard_with_alias(&self) -> bool {
        BASE.supports_select_wildcard_with_alias()
    }

    fn supports_comma_separated_trim(&self) -> bool {
        BASE.supports_comma_separated_trim()
    }

    fn supports_xml_expressions(&self) -> bool {
        BASE.supports_xml_expressions()
    }

    fn is_custom_type_typed_string(&self, first_keyword: Keyword, qualified: bool) -> bool {
        BASE.is_custom_type_typed_string(first_keyword, qualified)
    }

    fn supports_aliased_function_args(&self) -> bool {
        BASE.supports_aliased_function_args()
    }

    fn supports_comment_optimizer_hint(&self) -> bool {
        BASE.supports_comment_optimizer_hint()
    }

    fn supports_add_column_if_not_exists(&self) -> bool {
        BASE.supports_add_column_if_not_exists()
    }

    fn supports_attach_partition_of(&self) -> bool {
        BASE.supports_attach_partition_of()
    }

    fn supports_detach_partition_of(&self) -> bool {
        BASE.supports_detach_partition_of()
    }

    fn supports_table_inheritance_markers(&self) -> bool {
        BASE.supports_table_inheritance_markers()
    }

    fn supports_column_generic_options(&self) -> bool {
        BASE.supports_column_generic_options()
    }
}

/// `x [NOT] BETWEEN SYMMETRIC a AND b`: between them in either order, as Postgres takes it apart.
fn between(parser: &mut Parser, expression: &Expr) -> Option<Result<Expr, ParserError>> {
    let is = |place: usize, keyword: Keyword| matches!(&parser.peek_nth_token_ref(place).token, Token::Word(word) if word.keyword == keyword);
    let negated = is(0, Keyword::NOT);
    let place = usize::from(negated);
    if !is(place, Keyword::BETWEEN) {
        return None;
    }
    let symmetric = is(place + 1, Keyword::SYMMETRIC);
    if !symmetric && !is(place + 1, Keyword::ASYMMETRIC) {
        return None;
    }
    (0..place + 2).for_each(|_| parser.advance_token());
    let between = parser.parse_between(expression.clone(), negated);
    Some(between.map(|between| if symmetric { either_order(between) } else { between }))
}

fn either_order(between: Expr) -> Expr {
    let Expr::Between {
        expr,
        negated,
        low,
        high,
    } = between.clone()
    else {
        return between;
    };
    let op = if negated {
        BinaryOperator::And
    } else {
        BinaryOperator::Or
    };
    let turned = Expr::Between {
        expr,
        negated,
        low: high,
        high: low,
    };
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(between),
        op,
        right: Box::new(turned),
    }))
}
