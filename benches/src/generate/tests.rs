//! What holds for every generated table: the same seed gives the same bytes, another seed does not, chunks fit the schema.

use super::*;

/// Every table there is.
fn tables(seed: u64) -> Vec<Box<dyn Table>> {
    let suites = [Suite::Questions, Suite::Hits];
    suites.iter().flat_map(|suite| suite.tables(20_000, seed)).collect()
}

#[test]
fn the_same_seed_gives_the_same_rows_and_another_one_does_not() {
    for ((first, again), other) in tables(1).iter().zip(tables(1)).zip(tables(2)) {
        let last = first.chunk_count() - 1;
        assert_eq!(first.chunk(last), again.chunk(last), "{}", first.name());
        assert_eq!(first.chunk(last), first.chunk(last), "{}", first.name());
        if !["locations", "dates"].contains(&first.name()) {
            assert_ne!(first.chunk(last), other.chunk(last), "{}", first.name());
        }
    }
}

#[test]
fn chunks_have_the_schema_and_the_rows_promised() {
    for table in tables(1) {
        let mut rows = 0;
        for chunk in 0..table.chunk_count() {
            let batch = table.chunk(chunk);
            assert_eq!(batch.schema(), table.schema(), "{}", table.name());
            rows += batch.num_rows() as u64;
        }
        let estimate = table.row_count_estimate();
        assert!(
            rows.abs_diff(estimate) <= estimate / 10,
            "{}: {rows} of about {estimate}",
            table.name()
        );
    }
}

#[test]
fn suites_are_found_by_name() {
    for (name, suite) in Suite::ALL {
        assert_eq!(Suite::named(name), Some(suite));
    }
    assert_eq!(Suite::named("nothing"), None);
}
