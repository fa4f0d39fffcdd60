//! A simulated disk: knows what was synced and what was only written, and fails on demand. What survives a power loss is what
//! was synced, plus any part of the rest: whole, cut short, or with some 512-byte sectors never written. The same seed
//! always loses the same bytes.

use super::memory::{exists, missing, names_below};
use super::{AppendFile, Disk, FileBytes};
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Sectors are written whole or not at all.
const SECTOR_BYTES: usize = 512;

/// What goes wrong, and when. Calls are counted from 1 since the disk was made or the fault was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The n-th call fails once; a write puts half of its bytes.
    Once(u64),
    /// The n-th call and every later one that changes the disk fail.
    From(u64),
    /// The process dies in the n-th call: it may or may not have taken effect, and every later call fails.
    Crash(u64),
    /// The n-th sync fails, and its bytes are dropped though readable.
    Sync(u64),
    /// Writes fail beyond so many bytes on the disk.
    Full(u64),
}

/// How the machine went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerLoss {
    /// Only the process died: everything written is there.
    ProcessOnly,
    /// Nothing unsynced survived.
    LosesUnsynced,
    /// Some of the unsynced survived, by this seed.
    Tears(u64),
}

#[derive(Clone, Debug, Default)]
struct Content {
    /// What reads see.
    written: Vec<u8>,
    /// What a power loss leaves for sure.
    synced: Vec<u8>,
}

type File = Arc<Mutex<Content>>;

#[derive(Default)]
struct State {
    names: BTreeMap<PathBuf, File>,
    durable_names: BTreeMap<PathBuf, File>,
    folders: BTreeSet<PathBuf>,
    fault: Option<Fault>,
    calls: u64,
    syncs: u64,
    dead: bool,
}

/// A disk for tests. Clones are the same disk.
#[derive(Clone, Default)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

enum Verdict {
    Proceed,
    /// Do half of it, then fail.
    Half,
    Fail,
    /// Do it, then fail.
    ProceedThenFail,
}

impl FaultyDisk {
    /// An empty disk.
    pub fn new() -> Self {
        FaultyDisk::default()
    }

    /// Sets what goes wrong from now on; counting begins anew.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.state.lock();
        state.fault = fault;
        state.calls = 0;
        state.syncs = 0;
        state.dead = false;
    }

    /// Calls since the last fault was set that could have failed.
    pub fn calls(&self) -> u64 {
        self.state.lock().calls
    }

    /// Whether the process died in some call, which its caller may have taken lightly.
    pub fn is_dead(&self) -> bool {
        self.state.lock().dead
    }

    /// The disk as the next process finds it.
    pub fn restarted(&self, loss: PowerLoss) -> FaultyDisk {
        let state = self.state.lock();
        let names = match loss {
            PowerLoss::ProcessOnly => state.names.clone(),
            PowerLoss::LosesUnsynced => state.durable_names.clone(),
            PowerLoss::Tears(seed) => torn_names(&state, seed),
        };
        let mut files: BTreeMap<PathBuf, File> = BTreeMap::new();
        for (position, (path, file)) in names.iter().enumerate() {
            let content = file.lock();
            let bytes = match loss {
                PowerLoss::ProcessOnly => content.written.clone(),
                PowerLoss::LosesUnsynced => content.synced.clone(),
                PowerLoss::Tears(seed) => torn_bytes(&content, mix(seed ^ position as u64)),
            };
            // A process's death leaves unsynced bytes unsynced: a power loss may still take them.
            let synced = match loss {
                PowerLoss::ProcessOnly => content.synced.clone(),
                _ => bytes.clone(),
            };
            let content = Content { written: bytes, synced };
            files.insert(path.clone(), Arc::new(Mutex::new(content)));
        }
        let durable_names = match loss {
            PowerLoss::ProcessOnly => state
                .durable_names
                .iter()
                .map(|(path, file)| {
                    let same = names.iter().find(|(_, other)| Arc::ptr_eq(file, other));
                    let file = match same {
                        Some((name, _)) => files[name].clone(),
                        None => Arc::new(Mutex::new(file.lock().clone())),
                    };
                    (path.clone(), file)
                })
                .collect(),
            _ => files.clone(),
        };
        let state = State {
            durable_names,
            names: files,
            folders: state.folders.clone(),
            ..State::default()
        };
        FaultyDisk {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Changes one byte of a file, synced: rot.
    pub fn flip(&self, path: &Path, offset: usize, mask: u8) {
        let state = self.state.lock();
        let mut content = state.names[path].lock();
        content.written[offset] ^= mask;
        if let Some(byte) = content.synced.get_mut(offset) {
            *byte ^= mask;
        }
    }

    /// Cuts a file to a length, synced.
    pub fn cut(&self, path: &Path, length_bytes: usize) {
        let state = self.state.lock();
        let mut content = state.names[path].lock();
        content.written.truncate(length_bytes);
        content.synced = content.written.clone();
    }

    fn ask(&self, changes: bool, write: bool) -> Verdict {
        let mut state = self.state.lock();
        if state.dead {
            return Verdict::Fail;
        }
        if !changes {
            return Verdict::Proceed;
        }
        state.calls += 1;
        let call = state.calls;
        match state.fault {
            Some(Fault::Once(at)) if call == at => match write {
                true => Verdict::Half,
                false => Verdict::Fail,
            },
            Some(Fault::From(at)) if call >= at => Verdict::Fail,
            Some(Fault::Crash(at)) if call == at => {
                state.dead = true;
                match (write, at % 2) {
                    (true, _) => Verdict::Half,
                    (false, 0) => Verdict::ProceedThenFail,
                    (false, _) => Verdict::Fail,
                }
            }
            _ => Verdict::Proceed,
        }
    }

    /// Runs a change of names under the fault plan.
    fn change<T>(&self, operation: &'static str, path: &Path, act: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        match self.ask(true, false) {
            Verdict::Proceed => act(&mut self.state.lock()),
            Verdict::ProceedThenFail => {
                act(&mut self.state.lock())?;
                Err(injected(operation, path))
            }
            Verdict::Fail | Verdict::Half => Err(injected(operation, path)),
        }
    }

    fn look<T>(&self, operation: &'static str, path: &Path, act: impl FnOnce(&State) -> Result<T>) -> Result<T> {
        match self.ask(false, false) {
            Verdict::Proceed => act(&self.state.lock()),
            _ => Err(injected(operation, path)),
        }
    }
}

/// The names a power loss leaves: those of synced folders, and each later change or not.
fn torn_names(state: &State, seed: u64) -> BTreeMap<PathBuf, File> {
    let mut names = state.durable_names.clone();
    if mix(seed).is_multiple_of(2) {
        return names;
    }
    for (position, (path, file)) in state.names.iter().enumerate() {
        if !mix(seed ^ (position as u64) << 8).is_multiple_of(3) {
            names.insert(path.clone(), file.clone());
        }
    }
    names
}

/// The bytes a power loss leaves of a file.
fn torn_bytes(content: &Content, seed: u64) -> Vec<u8> {
    let (written, synced) = (&content.written, &content.synced);
    if !written.starts_with(synced) {
        return if seed.is_multiple_of(2) {
            written.clone()
        } else {
            synced.clone()
        };
    }
    let unsynced = written.len() - synced.len();
    if unsynced == 0 {
        return written.clone();
    }
    let kept = (mix(seed) % (unsynced as u64 + 1)) as usize;
    let mut bytes = written[..synced.len() + kept].to_vec();
    let first = synced.len();
    for (number, start) in (first..bytes.len()).step_by(SECTOR_BYTES).enumerate() {
        if mix(seed ^ (number as u64) << 20).is_multiple_of(4) {
            let end = (start + SECTOR_BYTES).min(bytes.len());
            bytes[start..end].fill(0);
        }
    }
    bytes
}

/// Splitmix64: every bit of the answer depends on every bit of the seed.
fn mix(seed: u64) -> u64 {
    let mut value = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

fn injected(operation: &'static str, path: &Path) -> Error {
    Error::Io {
        operation,
        path: path.to_path_buf(),
        source: std::io::Error::other("injected fault"),
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn AppendFile>> {
        let file = self.change("create", path, |state| {
            if state.names.contains_key(path) {
                return Err(exists(path));
            }
            let file = File::default();
            state.names.insert(path.to_path_buf(), file.clone());
            Ok(file)
        })?;
        Ok(Box::new(FaultyAppendFile {
            disk: self.clone(),
            path: path.to_path_buf(),
            file,
        }))
    }

    fn open_append(&self, path: &Path, length_bytes: u64) -> Result<Box<dyn AppendFile>> {
        let file = self.change("open", path, |state| {
            let file = state.names.get(path).cloned().ok_or_else(|| missing("open", path))?;
            file.lock().written.truncate(length_bytes as usize);
            Ok(file)
        })?;
        Ok(Box::new(FaultyAppendFile {
            disk: self.clone(),
            path: path.to_path_buf(),
            file,
        }))
    }

    fn map(&self, path: &Path) -> Result<Arc<dyn FileBytes>> {
        Ok(Arc::new(self.read(path)?))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.look("read", path, |state| {
            let file = state.names.get(path).ok_or_else(|| missing("read", path))?;
            Ok(file.lock().written.clone())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.change("rename", from, |state| {
            let file = state.names.remove(from).ok_or_else(|| missing("rename", from))?;
            state.names.insert(to.to_path_buf(), file);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.change("remove", path, |state| {
            state
                .names
                .remove(path)
                .map(drop)
                .ok_or_else(|| missing("remove", path))
        })
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        self.look("list", folder, |state| {
            Ok(names_below(folder, state.names.keys().chain(state.folders.iter())))
        })
    }

    fn create_folder(&self, folder: &Path) -> Result<()> {
        self.change("create folder", folder, |state| {
            state.folders.insert(folder.to_path_buf());
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        self.change("sync folder", folder, |state| {
            let inside = |path: &PathBuf| path.parent() == Some(folder);
            let names: Vec<_> = state.names.iter().filter(|(path, _)| inside(path)).collect();
            let names: Vec<_> = names
                .into_iter()
                .map(|(path, file)| (path.clone(), file.clone()))
                .collect();
            state.durable_names.retain(|path, _| !inside(path));
            state.durable_names.extend(names);
            Ok(())
        })
    }

    fn length_bytes(&self, path: &Path) -> Result<Option<u64>> {
        self.look("examine", path, |state| {
            Ok(state.names.get(path).map(|file| file.lock().written.len() as u64))
        })
    }

    fn free_bytes(&self) -> Result<u64> {
        // Never the truth: a full disk is met in the write itself.
        self.look("examine", Path::new(""), |_| Ok(u64::MAX))
    }

    fn describe(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }
}

struct FaultyAppendFile {
    disk: FaultyDisk,
    path: PathBuf,
    file: File,
}

impl FaultyAppendFile {
    /// Bytes that still fit, where the disk has a size.
    fn room(&self) -> Option<usize> {
        let state = self.disk.state.lock();
        let Some(Fault::Full(size)) = state.fault else {
            return None;
        };
        let used: usize = state.names.values().map(|file| file.lock().written.len()).sum();
        Some((size as usize).saturating_sub(used))
    }
}

impl AppendFile for FaultyAppendFile {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(room) = self.room()
            && room < bytes.len()
        {
            self.file.lock().written.extend_from_slice(&bytes[..room]);
            return Err(Error::Full {
                path: self.path.clone(),
            });
        }
        match self.disk.ask(true, true) {
            Verdict::Proceed => {
                self.file.lock().written.extend_from_slice(bytes);
                Ok(())
            }
            Verdict::ProceedThenFail | Verdict::Half => {
                self.file.lock().written.extend_from_slice(&bytes[..bytes.len() / 2]);
                Err(injected("write", &self.path))
            }
            Verdict::Fail => Err(injected("write", &self.path)),
        }
    }

    fn sync(&mut self) -> Result<()> {
        let fails = {
            let mut state = self.disk.state.lock();
            state.syncs += 1;
            matches!(state.fault, Some(Fault::Sync(at)) if state.syncs == at)
        };
        let verdict = self.disk.ask(true, false);
        if fails {
            return Err(injected("sync", &self.path));
        }
        let mut content = self.file.lock();
        match verdict {
            Verdict::Proceed => {
                content.synced = content.written.clone();
                Ok(())
            }
            Verdict::ProceedThenFail => {
                content.synced = content.written.clone();
                Err(injected("sync", &self.path))
            }
            Verdict::Fail | Verdict::Half => Err(injected("sync", &self.path)),
        }
    }

    fn length_bytes(&self) -> u64 {
        self.file.lock().written.len() as u64
    }
}
