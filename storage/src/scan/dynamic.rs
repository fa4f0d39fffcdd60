//! Conditions that tighten while a scan runs, as one reader sees them: made ready once per change, and left out for a while where
//! they turn out to let nearly everything pass.

use super::plan::TableScan;
use super::planned::Planned;
use crate::error::Result;
use std::sync::Arc;

/// Blocks for which a condition that does not pay is left out.
const PAUSE_BLOCKS: u32 = 32;

/// One reader's view of a scan's dynamic conditions.
#[derive(Debug, Default)]
pub(crate) struct DynamicFilters {
    known: Vec<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    planned: Arc<Planned>,
    /// Blocks for which single rows are not tested.
    pause: u32,
    /// The share of rows that passed last.
    share: f64,
}

impl DynamicFilters {
    /// The conditions as they are now.
    pub(crate) fn current(&mut self, scan: &TableScan) -> Result<Vec<Arc<Planned>>> {
        let sources = &scan.request.dynamic_predicates;
        self.known.resize_with(sources.len(), || None);
        let mut current = Vec::new();
        for (source, known) in sources.iter().zip(&mut self.known) {
            let Some(predicate) = source.current() else { continue };
            let known = match known {
                Some(known) if known.planned.is_of(&predicate) => known,
                _ => known.insert(Known {
                    planned: Arc::new(Planned::new(&scan.table, predicate)?),
                    pause: 0,
                    share: 0.0,
                }),
            };
            known.pause = known.pause.saturating_sub(1);
            current.push((known.share, known.planned.clone()));
        }
        // Those first that leave few rows to the others.
        current.sort_by(|left, right| left.0.total_cmp(&right.0));
        Ok(current.into_iter().map(|(_, planned)| planned).collect())
    }

    /// Whether single rows should be tested.
    pub(crate) fn is_useful(&self, planned: &Arc<Planned>) -> bool {
        let mut known = self.known.iter().flatten();
        known.all(|known| !Arc::ptr_eq(&known.planned, planned) || known.pause == 0)
    }

    /// How many of so many rows passed.
    pub(crate) fn learn(&mut self, planned: &Arc<Planned>, before: usize, after: usize) {
        for known in self.known.iter_mut().flatten() {
            if Arc::ptr_eq(&known.planned, planned) && before > 0 {
                known.share = after as f64 / before as f64;
                known.pause = if after * 4 > before * 3 { PAUSE_BLOCKS } else { 0 };
            }
        }
    }
}
