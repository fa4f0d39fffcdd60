//! Decoded dictionaries of all segments of a store, within a bound: the ones that nobody used for longest go first, and are decoded again when
//! they are needed. Whoever has one in hand keeps it; what that takes is not counted here.

use crate::encoding::dictionary::Dictionary;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

/// See the module.
#[derive(Debug)]
pub(crate) struct HeldDictionaries {
    bytes_max: usize,
    queue: Mutex<Queue>,
}

/// What is held, the next to go first.
#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    slot: Weak<DictionarySlot>,
    bytes: usize,
}

/// The place of one column's dictionary.
#[derive(Debug, Default)]
pub(super) struct DictionarySlot {
    dictionary: Mutex<Option<Arc<Dictionary>>>,
    /// Since the queue looked at it last.
    was_used: AtomicBool,
}

impl HeldDictionaries {
    /// The newest one is held in any case.
    pub(crate) fn new(bytes_max: usize) -> Self {
        HeldDictionaries {
            bytes_max,
            queue: Mutex::default(),
        }
    }

    /// Puts a dictionary in its place, and takes others out of theirs until all fit (second chance: Corbató, "A paging experiment with the
    /// Multics system", 1968).
    pub(super) fn hold(&self, slot: &Arc<DictionarySlot>, dictionary: Arc<Dictionary>) {
        let bytes = dictionary.memory_bytes();
        *slot.dictionary.lock() = Some(dictionary);
        let mut queue = self.queue.lock();
        queue.bytes += bytes;
        if queue.bytes > self.bytes_max {
            queue.forget_closed();
        }
        let mut chances = queue.entries.len();
        while queue.bytes > self.bytes_max
            && let Some(entry) = queue.entries.pop_front()
        {
            let Some(oldest) = entry.slot.upgrade() else {
                queue.bytes -= entry.bytes;
                continue;
            };
            if chances > 0 && oldest.was_used.swap(false, Ordering::Relaxed) {
                chances -= 1;
                queue.entries.push_back(entry);
                continue;
            }
            *oldest.dictionary.lock() = None;
            queue.bytes -= entry.bytes;
        }
        queue.entries.push_back(Entry {
            slot: Arc::downgrade(slot),
            bytes,
        });
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.queue.lock().bytes
    }
}

impl Queue {
    /// Segments that were closed took their dictionaries along.
    fn forget_closed(&mut self) {
        let mut closed_bytes = 0;
        self.entries.retain(|entry| {
            let is_open = entry.slot.strong_count() > 0;
            closed_bytes += if is_open { 0 } else { entry.bytes };
            is_open
        });
        self.bytes -= closed_bytes;
    }
}

impl DictionarySlot {
    /// What is held there.
    pub(super) fn get(&self) -> Option<Arc<Dictionary>> {
        self.was_used.store(true, Ordering::Relaxed);
        self.dictionary.lock().clone()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.dictionary.lock().is_none()
    }
}

impl Default for HeldDictionaries {
    /// Without a bound.
    fn default() -> Self {
        HeldDictionaries::new(usize::MAX)
    }
}
