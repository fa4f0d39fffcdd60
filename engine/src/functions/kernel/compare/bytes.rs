//! Comparisons of text and bytes through their views: most are decided by length and first four bytes.

use super::satisfies;
use crate::functions::kernel::bits::test_each;
use arrow_array::types::ByteViewType;
use arrow_array::{Array, GenericByteViewArray};
use arrow_buffer::BooleanBuffer;
use std::cmp::Ordering;
use stoa_sql::plan::CompareOp;

/// The longest value that lies in its view.
const INLINE_BYTES_MAX: usize = 12;

/// The first four bytes of a view's value as a number that orders as they do, zeros where the value ends.
#[inline(always)]
fn prefix(view: u128) -> u32 {
    ((view >> 32) as u32).swap_bytes()
}

/// The length and the first four bytes.
#[inline(always)]
fn head(view: u128) -> u64 {
    view as u64
}

fn bytes_at<T: ByteViewType + ?Sized>(array: &GenericByteViewArray<T>, row: usize) -> &[u8] {
    array.value(row).as_ref()
}

/// One bit per row: `value op constant`, the constant being the only value of its array.
pub(super) fn compare_constant<T: ByteViewType + ?Sized>(
    op: CompareOp,
    values: &GenericByteViewArray<T>,
    constant: &GenericByteViewArray<T>,
) -> BooleanBuffer {
    let wanted = bytes_at(constant, 0);
    let wanted_view = constant.views().first().copied().unwrap_or(0);
    let views = values.views();
    let equal = || {
        if wanted.len() <= INLINE_BYTES_MAX {
            return test_each(views, |view| view == wanted_view);
        }
        let wanted_head = head(wanted_view);
        BooleanBuffer::collect_bool(views.len(), |row| {
            head(views[row]) == wanted_head && bytes_at(values, row) == wanted
        })
    };
    match op {
        CompareOp::Equal | CompareOp::NotDistinct => equal(),
        CompareOp::NotEqual | CompareOp::Distinct => !&equal(),
        _ => {
            let wanted_prefix = prefix(wanted_view);
            BooleanBuffer::collect_bool(views.len(), |row| {
                let ordering = match prefix(views[row]).cmp(&wanted_prefix) {
                    Ordering::Equal => bytes_at(values, row).cmp(wanted),
                    decided => decided,
                };
                satisfies(op, ordering)
            })
        }
    }
}

/// One bit per row: `left op right`.
pub(super) fn compare_pairs<T: ByteViewType + ?Sized>(
    op: CompareOp,
    left: &GenericByteViewArray<T>,
    right: &GenericByteViewArray<T>,
) -> BooleanBuffer {
    let (left_views, right_views) = (left.views(), right.views());
    let length = left.len().min(right.len());
    let equal = || {
        BooleanBuffer::collect_bool(length, |row| {
            let (one, other) = (left_views[row], right_views[row]);
            if head(one) != head(other) {
                return false;
            }
            if one as u32 as usize <= INLINE_BYTES_MAX {
                return one == other;
            }
            bytes_at(left, row) == bytes_at(right, row)
        })
    };
    match op {
        CompareOp::Equal | CompareOp::NotDistinct => equal(),
        CompareOp::NotEqual | CompareOp::Distinct => !&equal(),
        CompareOp::Greater | CompareOp::GreaterOrEqual => compare_pairs(op.flipped(), right, left),
        _ => BooleanBuffer::collect_bool(length, |row| {
            let ordering = match prefix(left_views[row]).cmp(&prefix(right_views[row])) {
                Ordering::Equal => bytes_at(left, row).cmp(bytes_at(right, row)),
                decided => decided,
            };
            satisfies(op, ordering)
        }),
    }
}
