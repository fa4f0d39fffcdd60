//! Row limits and full buffers against a scripted source of batches.

use super::*;
use arrow_array::{ArrayRef, Int64Array};
use std::collections::VecDeque;
use std::task::{Poll, Waker};
use stoa_engine::Error;
use stoa_engine::rows::{ResultColumn, RowSource};
use stoa_engine::types::LogicalType;

struct Script(VecDeque<Result<Option<RowBatch>>>);

impl RowSource for Script {
    fn poll_batch(&mut self, _: &Waker) -> Poll<Result<Option<RowBatch>>> {
        Poll::Ready(self.0.pop_front().unwrap_or(Ok(None)))
    }
}

fn cursor(batches: Vec<Result<Option<RowBatch>>>) -> RowCursor {
    let columns: Arc<[ResultColumn]> = Arc::from(vec![ResultColumn {
        origin: None,
        name: "n".into(),
        data_type: LogicalType::BigInt,
    }]);
    let rows = Rows::new(columns, Box::new(Script(batches.into())));
    RowCursor::new(rows, RowsTag::Select, &[Format::Binary], FormatSettings::default())
}

fn batch(row_count: usize) -> Result<Option<RowBatch>> {
    let array: ArrayRef = Arc::new(Int64Array::from_iter_values(0..row_count as i64));
    Ok(Some(RowBatch {
        columns: vec![array],
        row_count,
    }))
}

const ROW_BYTES: usize = 19;

#[test]
fn a_limit_at_the_last_row_is_a_limit_and_then_the_end() {
    let mut cursor = cursor(vec![batch(3), batch(0), batch(2)]);
    let mut out = Vec::new();
    let mut rows_left = 5;
    assert_eq!(
        cursor.fill(&mut out, usize::MAX, &mut rows_left).unwrap(),
        Filled::Limit
    );
    assert_eq!((out.len(), rows_left), (5 * ROW_BYTES, 0));
    let mut rows_left = 5;
    assert_eq!(cursor.fill(&mut out, usize::MAX, &mut rows_left).unwrap(), Filled::End);
    assert_eq!((out.len(), rows_left), (5 * ROW_BYTES, 5));
}

#[test]
fn limits_split_batches_and_span_them() {
    let mut cursor = cursor(vec![batch(4), batch(4)]);
    let mut counts = Vec::new();
    loop {
        let mut out = Vec::new();
        let mut rows_left = 3;
        let filled = cursor.fill(&mut out, usize::MAX, &mut rows_left).unwrap();
        counts.push(out.len() / ROW_BYTES);
        if filled == Filled::End {
            break;
        }
    }
    assert_eq!(counts, [3, 3, 2]);
}

#[test]
fn a_full_buffer_goes_on_where_it_stopped() {
    let mut cursor = cursor(vec![batch(4)]);
    let mut rows_left = u64::MAX;
    let mut out = Vec::new();
    assert_eq!(
        cursor.fill(&mut out, ROW_BYTES * 3, &mut rows_left).unwrap(),
        Filled::Full
    );
    assert_eq!(out.len(), ROW_BYTES * 3);
    assert_eq!(out[out.len() - 1], 2);
    out.clear();
    assert_eq!(
        cursor.fill(&mut out, ROW_BYTES * 3, &mut rows_left).unwrap(),
        Filled::End
    );
    assert_eq!(out[out.len() - 1], 3);
    assert_eq!(u64::MAX - rows_left, 4);
}

#[test]
fn an_error_comes_after_the_rows_before_it() {
    let mut cursor = cursor(vec![batch(2), Err(Error::Internal("broken".into()))]);
    let mut out = Vec::new();
    assert!(cursor.fill(&mut out, usize::MAX, &mut { u64::MAX }).is_err());
    assert_eq!(out.len(), 2 * ROW_BYTES);
}
