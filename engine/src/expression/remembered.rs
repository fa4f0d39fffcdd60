//! A function's answers for the values of a dictionary that many batches share: computed once for all values, as soon as so many of its
//! rows have come that this is worth it. Does not decide whether a function may be computed so.

use crate::limits::dictionaries_max;
use arrow_array::ArrayRef;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// One row must have come for so many values.
const VALUES_PER_ROW_MAX: usize = 16;

/// The answers of one call.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    dictionaries: Mutex<Vec<Arc<Answers>>>,
}

#[derive(Debug)]
struct Answers {
    values: ArrayRef,
    /// The other arguments, of length 1.
    constants: Vec<ArrayRef>,
    rows_seen: AtomicUsize,
    /// `None` where some value has no answer but an error.
    answer: OnceLock<Option<ArrayRef>>,
}

impl Remembered {
    /// The answers for the values, `None` if they are not worth computing (yet) or cannot all be.
    pub(super) fn answers(
        &self,
        values: &ArrayRef,
        constants: Vec<ArrayRef>,
        row_count: usize,
        compute: impl FnOnce() -> Option<ArrayRef>,
    ) -> Option<ArrayRef> {
        let known = self.find(values, constants);
        let rows_seen = known.rows_seen.fetch_add(row_count, Ordering::Relaxed) + row_count;
        match rows_seen * VALUES_PER_ROW_MAX >= values.len() {
            true => known.answer.get_or_init(compute).clone(),
            false => None,
        }
    }

    fn find(&self, values: &ArrayRef, constants: Vec<ArrayRef>) -> Arc<Answers> {
        let mut dictionaries = self.dictionaries.lock();
        let known = dictionaries
            .iter()
            .find(|known| Arc::ptr_eq(&known.values, values) && known.constants == constants);
        if let Some(known) = known {
            return known.clone();
        }
        if dictionaries.len() >= dictionaries_max() {
            dictionaries.remove(0);
        }
        let answers = Arc::new(Answers {
            values: values.clone(),
            constants,
            rows_seen: AtomicUsize::new(0),
            answer: OnceLock::new(),
        });
        dictionaries.push(answers.clone());
        answers
    }
}
