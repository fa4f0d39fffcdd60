//! Ids of texts that all workers of a query share. A value of a dictionary is interned once, by whoever meets it first; from then on the rows
//! that have it are known by their codes, and neither hashed nor compared. Never forgets a text.

use super::interner::{CHUNK_ROWS, Copies, TextInterner, VIEW_INLINE_MAX, is_same, text_views};
use super::rows::view_hash;
use crate::error::Result;
use crate::functions::kernel::encoded::{distinct_values, with_values};
use crate::limits::dictionaries_max;
use crate::operators::gather::constant;
use crate::operators::split::Split;
use crate::pipeline::Reservation;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, UInt32Array};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use stoa_storage::vector::constant_of;

/// Interners that texts are spread over by their hashes, a power of two: workers seldom wait for each other.
const SHARDS: usize = 64;

/// An id that was not asked for yet.
const UNKNOWN: u32 = u32::MAX;

/// Once one in so many values of a dictionary was needed, all are interned, one after the other as they lie in memory ..
const VALUES_PER_NEEDED_MAX: usize = 4;
/// .. so many at a time: workers that need the same dictionary share them out.
const PIECE_VALUES: usize = 4096;

/// Buffers are held on to up to so many times the bytes of their values.
const ADOPTED_WASTE_MAX: usize = 2;

/// Ids have 32 bits, and a text takes this many bytes and more.
const BYTES_MAX: usize = 24 << 32;

/// Texts up to which each is copied to be handed out; more come as a dictionary of all.
const FEW_ROWS: usize = 256;

/// See the module. Ids begin with 1 and are fairly dense; that of NULL is 0.
pub(crate) struct SharedInterner {
    data_type: DataType,
    shards: Vec<Mutex<TextInterner>>,
    /// The latest ones last.
    dictionaries: Mutex<Vec<Arc<DictionaryIds>>>,
    /// The buffers of dictionaries whose values stay where they are.
    adopted: Mutex<Vec<Buffer>>,
    bytes: AtomicUsize,
    reservation: Mutex<Reservation>,
    is_full: AtomicBool,
    /// As of some moment.
    texts: Mutex<Option<Arc<Texts>>>,
}

/// The ids of a dictionary's values, as far as they were needed.
struct DictionaryIds {
    values: ArrayRef,
    ids: Vec<AtomicU32>,
    needed_count: AtomicUsize,
    /// Which pieces of the values have ids as a whole; held by who sees to it.
    pieces: Vec<Mutex<bool>>,
    /// Once all are interned: whether they stay where they are.
    are_adopted: OnceLock<bool>,
}

/// All texts, shard by shard.
struct Texts {
    values: ArrayRef,
    /// The place of each shard's first text.
    starts: Vec<usize>,
}

impl SharedInterner {
    /// For texts or byte strings.
    pub(crate) fn new(data_type: &DataType, reservation: Reservation) -> Self {
        SharedInterner {
            data_type: data_type.clone(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            dictionaries: Mutex::default(),
            adopted: Mutex::default(),
            bytes: AtomicUsize::new(0),
            reservation: Mutex::new(reservation),
            is_full: AtomicBool::new(false),
            texts: Mutex::default(),
        }
    }

    /// Whether there is no room for more texts.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    fn account(&self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        let mut reservation = self.reservation.lock();
        if bytes > reservation.bytes() && (bytes > BYTES_MAX || !reservation.try_resize(bytes)) {
            self.is_full.store(true, Ordering::Relaxed);
        }
    }

    /// Texts that have ids.
    pub(crate) fn text_count(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().text_count()).sum()
    }

    /// An id per row, as a column without NULLs; of a column of ids itself.
    ///
    /// # Errors
    /// Those of Arrow's kernels.
    pub(crate) fn ids(&self, column: &ArrayRef) -> Result<ArrayRef> {
        if let Some(value) = constant_of(column) {
            return constant(&self.ids_of_values(&value), column.len());
        }
        match column.data_type() {
            DataType::UInt32 => Ok(column.clone()),
            DataType::Dictionary(_, _) => Ok(self.ids_of_codes(column)),
            DataType::RunEndEncoded(_, _) => match distinct_values(column) {
                Some(values) => with_values(column, self.ids_of_values(&values)),
                None => Ok(self.ids_of_values(&stoa_storage::vector::flatten(column))),
            },
            _ => Ok(self.ids_of_values(column)),
        }
    }

    fn ids_of_codes(&self, column: &ArrayRef) -> ArrayRef {
        let dictionary = column.as_dictionary::<UInt32Type>();
        let known = self.dictionary(dictionary.values());
        let codes = dictionary.keys().values();
        let nulls = dictionary.keys().nulls().filter(|nulls| nulls.null_count() > 0);
        let mut ids = known.look_up(codes, nulls);
        if ids.contains(&UNKNOWN) {
            let missing = known.missing(codes, &ids);
            let needed_before = known.needed_count.fetch_add(missing.len(), Ordering::Relaxed);
            match (needed_before + missing.len()) * VALUES_PER_NEEDED_MAX >= known.ids.len() {
                true => self.intern_all(&known),
                false => {
                    self.intern_codes(&known, &missing, false);
                }
            }
            ids = known.look_up(codes, nulls);
        }
        Arc::new(UInt32Array::new(ids.into(), None))
    }

    /// Gives codes ids; how many of their texts are new.
    fn intern_codes(&self, known: &DictionaryIds, codes: &[u32], adopts: bool) -> usize {
        self.intern(&known.values, codes, adopts, |code, id| {
            known.ids[code as usize].store(id, Ordering::Relaxed);
        })
    }

    /// Gives a piece of the values ids, unless they have some; how many of its texts are new.
    fn intern_piece(&self, known: &DictionaryIds, piece: usize, is_whole: &mut bool, adopts: bool) -> usize {
        if std::mem::replace(is_whole, true) {
            return 0;
        }
        let start = piece * PIECE_VALUES;
        let codes = start as u32..known.ids.len().min(start + PIECE_VALUES) as u32;
        let missing: Vec<u32> = codes.filter(|code| known.id(*code) == UNKNOWN).collect();
        self.intern_codes(known, &missing, adopts)
    }

    fn intern_all(&self, known: &DictionaryIds) {
        let adopts = *known.are_adopted.get_or_init(|| self.begins_adoption(known));
        for (piece, is_whole) in known.pieces.iter().enumerate() {
            if let Some(mut is_whole) = is_whole.try_lock() {
                self.intern_piece(known, piece, &mut is_whole, adopts);
            }
        }
        // What others had in hand.
        for (piece, is_whole) in known.pieces.iter().enumerate() {
            self.intern_piece(known, piece, &mut is_whole.lock(), adopts);
        }
    }

    /// Whether a dictionary's values are to stay where they are: there are many, the first ones are mostly new, and most bytes of its
    /// buffers are theirs. Otherwise it would be held on to for little.
    fn begins_adoption(&self, known: &DictionaryIds) -> bool {
        let Some(first) = known.pieces.first().filter(|_| known.pieces.len() > 1) else {
            return false;
        };
        let new_count = self.intern_piece(known, 0, &mut first.lock(), false);
        let (views, buffers) = text_views(&known.values);
        let lengths = views.iter().map(|view| *view as u32);
        let long = lengths.filter(|length| *length > VIEW_INLINE_MAX);
        let used: usize = long.map(|length| length as usize).sum();
        let held: usize = buffers.iter().map(Buffer::len).sum();
        if new_count * 2 < PIECE_VALUES || held > used * ADOPTED_WASTE_MAX {
            return false;
        }
        let mut adopted = self.adopted.lock();
        for buffer in buffers {
            if !adopted.iter().any(|known| is_same(known, buffer)) {
                self.bytes.fetch_add(buffer.len(), Ordering::Relaxed);
                adopted.push(buffer.clone());
            }
        }
        true
    }

    fn ids_of_values(&self, values: &ArrayRef) -> ArrayRef {
        let mut ids = vec![0; values.len()];
        let rows: Vec<u32> = (0..values.len() as u32).collect();
        self.intern(values, &rows, false, |row, id| ids[row as usize] = id);
        Arc::new(UInt32Array::from(ids))
    }

    fn dictionary(&self, values: &ArrayRef) -> Arc<DictionaryIds> {
        let mut dictionaries = self.dictionaries.lock();
        let known = dictionaries.iter().find(|known| Arc::ptr_eq(&known.values, values));
        if let Some(known) = known {
            return known.clone();
        }
        if dictionaries.len() >= dictionaries_max() {
            let oldest = dictionaries.remove(0);
            self.bytes.fetch_sub(oldest.memory_bytes(), Ordering::Relaxed);
        }
        let known = Arc::new(DictionaryIds::new(values));
        self.bytes.fetch_add(known.memory_bytes(), Ordering::Relaxed);
        dictionaries.push(known.clone());
        known
    }

    /// Calls `take` with some places of a plain column and the ids of their values, which stay where they are if they are adopted; how
    /// many of them are new.
    fn intern(&self, values: &ArrayRef, places: &[u32], adopts: bool, mut take: impl FnMut(u32, u32)) -> usize {
        let (views, buffers) = text_views(values);
        let hashes: Vec<u64> = places
            .iter()
            .map(|place| view_hash(views[*place as usize], buffers))
            .collect();
        let nulls = values.nulls().filter(|nulls| nulls.null_count() > 0);
        let split = Split::new(&hashes, 64 - SHARDS.trailing_zeros(), SHARDS);
        let (mut near, mut new_count) = (Vec::with_capacity(CHUNK_ROWS), 0);
        for (shard, range) in split.partitions() {
            let mut interner = self.shards[shard].lock();
            let (before, texts_before) = (interner.memory_bytes(), interner.text_count());
            let adopted = adopts.then(|| interner.adopt(buffers));
            for rows in split.order()[range].chunks(CHUNK_ROWS) {
                near.clear();
                near.extend(rows.iter().map(|row| hashes[*row as usize]));
                let of_rows = rows.iter().map(|row| views[places[*row as usize] as usize]);
                interner.prepare(&near, of_rows, buffers);
                for (row, hash) in rows.iter().zip(&near) {
                    let place = places[*row as usize];
                    let id = match nulls.is_some_and(|nulls| nulls.is_null(place as usize)) {
                        true => 0,
                        false => {
                            let id = interner.id(views[place as usize], *hash, buffers, adopted);
                            (id - 1) * SHARDS as u32 + shard as u32 + 1
                        }
                    };
                    take(place, id);
                }
            }
            new_count += interner.text_count() - texts_before;
            self.bytes
                .fetch_add(interner.memory_bytes() - before, Ordering::Relaxed);
        }
        self.account();
        new_count
    }

    /// The texts of ids.
    ///
    /// # Errors
    /// Those of Arrow's kernels.
    pub(crate) fn values(&self, ids: &ArrayRef) -> Result<ArrayRef> {
        if ids.len() < FEW_ROWS {
            return Ok(self.few_values(ids.as_primitive()));
        }
        let texts = self.gathered();
        let place = |id: Option<u32>| {
            let id = id?.checked_sub(1)?;
            Some((texts.starts[id as usize % SHARDS] + id as usize / SHARDS) as u32)
        };
        let places: UInt32Array = ids.as_primitive::<UInt32Type>().iter().map(place).collect();
        Ok(Arc::new(DictionaryArray::try_new(places, texts.values.clone())?))
    }

    /// The texts of ids, copied one by one.
    fn few_values(&self, ids: &UInt32Array) -> ArrayRef {
        let mut copies = Copies::default();
        for id in ids {
            match id.and_then(|id| id.checked_sub(1)).map(|id| id as usize) {
                Some(id) => copies.push(&self.shards[id % SHARDS].lock(), id / SHARDS),
                None => copies.push_null(),
            }
        }
        copies.finish(&self.data_type)
    }

    /// All texts of now.
    fn gathered(&self) -> Arc<Texts> {
        let mut gathered = self.texts.lock();
        let mut shards: Vec<_> = self.shards.iter().map(|shard| shard.lock()).collect();
        let mut starts = vec![0];
        for shard in &shards {
            starts.push(starts[starts.len() - 1] + shard.text_count());
        }
        match &*gathered {
            Some(texts) if texts.values.len() == starts[SHARDS] => texts.clone(),
            _ => {
                let interners = shards.iter_mut().map(|shard| &mut **shard);
                let texts = Arc::new(Texts {
                    values: TextInterner::all_values(interners, &self.data_type),
                    starts,
                });
                gathered.insert(texts).clone()
            }
        }
    }
}

impl DictionaryIds {
    fn new(values: &ArrayRef) -> Self {
        let piece_count = values.len().div_ceil(PIECE_VALUES);
        DictionaryIds {
            values: values.clone(),
            ids: (0..values.len()).map(|_| AtomicU32::new(UNKNOWN)).collect(),
            needed_count: AtomicUsize::new(0),
            pieces: (0..piece_count).map(|_| Mutex::new(false)).collect(),
            are_adopted: OnceLock::new(),
        }
    }

    fn memory_bytes(&self) -> usize {
        self.ids.len() * size_of::<AtomicU32>()
    }

    #[inline]
    fn id(&self, code: u32) -> u32 {
        self.ids[code as usize].load(Ordering::Relaxed)
    }

    fn look_up(&self, codes: &[u32], nulls: Option<&NullBuffer>) -> Vec<u32> {
        match nulls {
            None => codes.iter().map(|code| self.id(*code)).collect(),
            Some(nulls) => codes
                .iter()
                .zip(nulls)
                .map(|(code, is_valid)| if is_valid { self.id(*code) } else { 0 })
                .collect(),
        }
    }

    /// The codes of rows that have no id, each once and ascending: as their values lie in memory.
    fn missing(&self, codes: &[u32], ids: &[u32]) -> Vec<u32> {
        let rows = codes.iter().zip(ids).filter(|(_, id)| **id == UNKNOWN);
        let mut missing: Vec<u32> = rows.map(|(code, _)| *code).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.retain(|code| self.id(*code) == UNKNOWN);
        missing
    }
}
