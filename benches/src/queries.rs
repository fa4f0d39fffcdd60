//! The statements of `benches/queries`, compiled in: what `benches/compare` asks of every database, `quickstart` and `billion`
//! ask of this one.

/// The tables of all questions.
pub const QUESTIONS_SCHEMA: &str = include_str!("../queries/questions/schema.stoa.sql");
/// The table of sales alone.
pub const SALES_SCHEMA: &str = include_str!("../queries/sales/schema.stoa.sql");
/// The table of events alone.
pub const EVENTS_SCHEMA: &str = include_str!("../queries/events/schema.stoa.sql");

/// A named statement.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// Its file's name without the number.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! queries {
    ($folder:literal, $($file:literal)*) => {
        &[$(Query {
            name: $file,
            text: include_str!(concat!("../queries/", $folder, "/", $file, ".sql")),
        }),*]
    };
}

/// The questions of a company, 1 to 8.
pub const QUESTIONS: &[Query] = queries!("questions",
    "1_conversion_this_hour" "2_trending_products" "3_order_value_by_region" "4_funnel" "5_campaigns_yesterday"
    "6_flash_sale_by_minute" "7_category_by_month" "8_daily_revenue_of_a_year");

/// What is asked of sales.
pub const SALES: &[Query] = queries!("sales",
    "01_count" "02_min_max_sum" "03_daily_revenue" "04_daily_revenue_scanned" "05_daily_revenue_of_a_year"
    "06_daily_revenue_of_a_year_scanned" "07_by_region" "08_by_region_and_channel" "09_by_month" "10_top_products"
    "11_filtered_sum" "12_discounts_of_a_quarter" "13_one_product" "14_one_customer" "15_top_customers_of_a_quarter"
    "16_active_customers_by_month" "17_largest_sales");

impl Query {
    /// The sentence at the head of the file, if it has one.
    pub fn sentence(&self) -> &'static str {
        self.text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("-- "))
            .filter(|line| !line.starts_with("stoa-setting"))
            .unwrap_or_default()
    }

    /// The statement without comments and semicolon.
    pub fn statement(&self) -> String {
        let lines = self.text.lines().filter(|line| !line.starts_with("--"));
        lines
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .trim_end_matches(';')
            .to_owned()
    }

    /// Settings that hold for it: lines `-- stoa-setting: name = value`.
    pub fn settings(&self) -> Vec<(&'static str, &'static str)> {
        let lines = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("-- stoa-setting:"));
        lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect()
    }
}

/// The statement of a schema that makes a table.
pub fn create_table(schema: &'static str, table: &str) -> Option<&'static str> {
    let head = format!("CREATE TABLE {table} ");
    schema
        .split_inclusive(';')
        .map(str::trim)
        .find(|statement| statement.starts_with(&head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_compiled_in_and_the_parts_are_found() {
        for (folder, queries) in [("questions", QUESTIONS), ("sales", SALES)] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("queries")
                .join(folder);
            let names = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let files = names
                .filter(|name| name.ends_with(".sql") && name.matches('.').count() == 1)
                .count();
            assert_eq!(files, queries.len());
            assert!(
                queries
                    .iter()
                    .all(|query| query.statement().ends_with(|last: char| last != ';'))
            );
        }
        assert_eq!(SALES[3].settings(), [("stoa.use_metadata", "off")]);
        assert!(SALES[3].statement().starts_with("SELECT"));
        assert_eq!(QUESTIONS[0].sentence(), "What is our conversion rate this hour?");
        assert_eq!(SALES[3].sentence(), "");
    }

    #[test]
    fn every_statement_parses() {
        for schema in [QUESTIONS_SCHEMA, SALES_SCHEMA, EVENTS_SCHEMA] {
            stoa_sql::parse(schema).unwrap();
        }
        for query in QUESTIONS.iter().chain(SALES) {
            assert_eq!(stoa_sql::parse(query.text).unwrap().len(), 1, "{}", query.name);
        }
    }

    #[test]
    fn tables_are_found_in_schemas() {
        for table in ["products", "customers", "locations", "dates", "events", "sales"] {
            let statement = create_table(QUESTIONS_SCHEMA, table).unwrap();
            assert!(statement.ends_with(");") || statement.ends_with(");"), "{statement}");
        }
        assert_eq!(create_table(SALES_SCHEMA, "events"), None);
        let own = create_table(QUESTIONS_SCHEMA, "sales").unwrap();
        assert_eq!(
            own,
            SALES_SCHEMA.trim(),
            "the two definitions of sales must stay the same"
        );
        assert_eq!(create_table(QUESTIONS_SCHEMA, "events").unwrap(), EVENTS_SCHEMA.trim());
    }
}
