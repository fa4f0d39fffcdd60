//! Advisory locks: numbers that sessions agree to take turns by. They protect nothing by themselves, and nothing else here waits for
//! anybody. Held by a session until it gives them back or ends, or by a transaction until that ends; a statement that is a transaction
//! by itself holds them while it runs.
//!
//! A request is granted where no other session holds the lock in a mode that conflicts, and nobody who waits for it came before; who
//! holds it in some mode already need not stand in line. Whoever would close a circle of sessions that wait for each other is
//! refused at once.

use crate::activity::Running;
use crate::error::{Error, Result, SqlState};
use crate::functions::AdvisoryKey;
use crate::limits::ADVISORY_LOCKS_MAX;
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often somebody who waits looks whether that was cancelled, and whether a statement that held the lock has ended.
const NAP: Duration = Duration::from_millis(10);

/// All advisory locks of a database.
#[derive(Debug, Default)]
pub(crate) struct AdvisoryLocks {
    state: Mutex<State>,
    released: Condvar,
}

/// A session, as locks know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Its number among those of this process.
    pub(crate) session: u64,
    /// Its number for clients.
    pub(crate) process_id: i32,
}

/// Whether a lock lets others have it in the same mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Shared,
    Exclusive,
}

impl Mode {
    /// Postgres's name of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Shared => "ShareLock",
            Mode::Exclusive => "ExclusiveLock",
        }
    }

    fn conflicts(self, other: Mode) -> bool {
        self == Mode::Exclusive || other == Mode::Exclusive
    }
}

/// How long a lock is held.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    Session,
    Transaction,
    /// Until this statement, a transaction by itself, has ended.
    Statement(Weak<Running>),
}

/// What somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) owner: Owner,
    pub(crate) mode: Mode,
    pub(crate) scope: Scope,
}

/// A lock that is held or waited for, for `pg_locks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LockInfo {
    pub(crate) key: AdvisoryKey,
    pub(crate) process_id: i32,
    pub(crate) mode: Mode,
    /// Since when it is waited for (microseconds since 1970 UTC); none where it is held.
    pub(crate) waits_since: Option<i64>,
}

#[derive(Debug, Default)]
struct State {
    locks: BTreeMap<AdvisoryKey, Lock>,
    /// Numbers of what was taken by transactions, and of those who wait, in the order in which they came.
    last_number: u64,
}

#[derive(Debug, Default)]
struct Lock {
    held: Vec<Held>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Held {
    owner: Owner,
    mode: Mode,
    hold: Hold,
}

#[derive(Debug)]
enum Hold {
    /// Given back as often as it was taken.
    Session {
        count: u64,
    },
    /// Taken as the transactions' so manieth.
    Transaction {
        number: u64,
    },
    Statement(Weak<Running>),
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    owner: Owner,
    mode: Mode,
    since: i64,
}

impl Lock {
    /// Statements that have ended hold nothing.
    fn forget_ended(&mut self) {
        self.held
            .retain(|held| !matches!(&held.hold, Hold::Statement(running) if running.strong_count() == 0));
    }

    /// The sessions that keep a request from being granted; `number` is its place among those who wait.
    fn blockers(&self, owner: Owner, mode: Mode, number: u64) -> Vec<Owner> {
        let is_other = |other: Owner| other.session != owner.session;
        let held = self
            .held
            .iter()
            .filter(|held| is_other(held.owner) && held.mode.conflicts(mode));
        let mut blockers: Vec<Owner> = held.map(|held| held.owner).collect();
        let has_some = self.held.iter().any(|held| !is_other(held.owner));
        if !has_some {
            let waiting = self.waiting.iter().filter(|waiting| waiting.number < number);
            let before = waiting.filter(|waiting| is_other(waiting.owner) && waiting.mode.conflicts(mode));
            blockers.extend(before.map(|waiting| waiting.owner));
        }
        blockers
    }

    fn add(&mut self, request: &Request, number: u64) {
        let (owner, mode) = (request.owner, request.mode);
        let mut own = self
            .held
            .iter_mut()
            .filter(|held| held.owner == owner && held.mode == mode);
        let hold = match &request.scope {
            Scope::Session => {
                if let Some(count) = own.find_map(|held| match &mut held.hold {
                    Hold::Session { count } => Some(count),
                    _ => None,
                }) {
                    *count += 1;
                    return;
                }
                Hold::Session { count: 1 }
            }
            Scope::Transaction if own.any(|held| matches!(held.hold, Hold::Transaction { .. })) => return,
            Scope::Transaction => Hold::Transaction { number },
            Scope::Statement(running) => Hold::Statement(running.clone()),
        };
        self.held.push(Held { owner, mode, hold });
    }
}

impl State {
    /// Takes a lock, if nobody has it or came before.
    fn grant(&mut self, key: AdvisoryKey, request: &Request, waiting: Option<u64>) -> Result<bool> {
        let is_full = self.locks.len() >= ADVISORY_LOCKS_MAX && !self.locks.contains_key(&key);
        if is_full {
            self.forget_free();
        }
        if is_full && self.locks.len() >= ADVISORY_LOCKS_MAX {
            let message = format!("more than {ADVISORY_LOCKS_MAX} advisory locks are held");
            return Err(Error::user(SqlState::OUT_OF_MEMORY, message));
        }
        self.last_number += 1;
        let lock = self.locks.entry(key).or_default();
        lock.forget_ended();
        let is_free = lock
            .blockers(request.owner, request.mode, waiting.unwrap_or(u64::MAX))
            .is_empty();
        if is_free {
            lock.add(request, self.last_number);
        }
        Ok(is_free)
    }

    fn forget_free(&mut self) {
        self.locks.retain(|_, lock| {
            lock.forget_ended();
            !lock.held.is_empty() || !lock.waiting.is_empty()
        });
    }

    /// Takes out what is held so; true where there was any.
    fn release(&mut self, mut goes: impl FnMut(&mut Held) -> bool) -> bool {
        let mut found = false;
        for lock in self.locks.values_mut() {
            lock.held.retain_mut(|held| {
                let goes = goes(held);
                found |= goes;
                !goes
            });
        }
        if found {
            self.forget_free();
        }
        found
    }

    /// Whether a session waits, through others, for itself.
    fn is_circle(&self, origin: Owner) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![origin];
        while let Some(owner) = open.pop() {
            for lock in self.locks.values() {
                let own = lock.waiting.iter().filter(|waiting| waiting.owner == owner);
                for blocker in own.flat_map(|waiting| lock.blockers(owner, waiting.mode, waiting.number)) {
                    if blocker == origin {
                        return true;
                    }
                    if seen.insert(blocker.session) {
                        open.push(blocker);
                    }
                }
            }
        }
        false
    }
}

impl AdvisoryLocks {
    /// Takes a lock if it is free; false where it is not.
    ///
    /// # Errors
    /// 53200 beyond [`ADVISORY_LOCKS_MAX`].
    pub(crate) fn try_lock(&self, key: AdvisoryKey, request: &Request) -> Result<bool> {
        let mut state = self.state.lock();
        let granted = state.grant(key, request, None)?;
        if !granted {
            state.forget_free();
        }
        Ok(granted)
    }

    /// Takes a lock as soon as it is free.
    ///
    /// # Errors
    /// 40P01 where others wait for what this session has; 53200 beyond [`ADVISORY_LOCKS_MAX`]; what `check` says, which is asked
    /// again and again.
    pub(crate) fn lock(
        &self,
        key: AdvisoryKey,
        request: &Request,
        now: i64,
        check: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let mut state = self.state.lock();
        if state.grant(key, request, None)? {
            return Ok(());
        }
        state.last_number += 1;
        let number = state.last_number;
        state.locks.entry(key).or_default().waiting.push_back(Waiting {
            number,
            owner: request.owner,
            mode: request.mode,
            since: now,
        });
        let outcome = match state.is_circle(request.owner) {
            true => Err(deadlock_error(key, request)),
            false => loop {
                if let Err(error) = check() {
                    break Err(error);
                }
                self.released.wait_for(&mut state, NAP);
                match state.grant(key, request, Some(number)) {
                    Ok(false) => {}
                    Ok(true) => break Ok(()),
                    Err(error) => break Err(error),
                }
            },
        };
        if let Some(lock) = state.locks.get_mut(&key) {
            lock.waiting.retain(|waiting| waiting.number != number);
        }
        state.forget_free();
        // Whoever stood behind may be the next.
        self.released.notify_all();
        outcome
    }

    /// Gives a session's lock back once; false where the session does not have it.
    pub(crate) fn unlock(&self, key: AdvisoryKey, owner: Owner, mode: Mode) -> bool {
        let mut state = self.state.lock();
        let Some(lock) = state.locks.get_mut(&key) else {
            return false;
        };
        let mut own = lock
            .held
            .iter_mut()
            .filter(|held| held.owner == owner && held.mode == mode);
        let count = own.find_map(|held| match &mut held.hold {
            Hold::Session { count } => Some(count),
            _ => None,
        });
        let Some(count) = count else { return false };
        *count -= 1;
        if *count == 0 {
            let is_empty = |held: &Held| held.owner == owner && matches!(held.hold, Hold::Session { count: 0 });
            lock.held.retain(|held| !is_empty(held));
            state.forget_free();
            self.released.notify_all();
        }
        true
    }

    /// Gives back all that a session has beyond its transaction.
    pub(crate) fn unlock_all(&self, owner: Owner) {
        self.release(|held| held.owner == owner && matches!(held.hold, Hold::Session { .. }));
    }

    /// The session has ended.
    pub(crate) fn end_session(&self, owner: Owner) {
        self.release(|held| held.owner == owner);
    }

    /// The session's transaction has ended.
    pub(crate) fn end_transaction(&self, owner: Owner) {
        self.release(|held| held.owner == owner && matches!(held.hold, Hold::Transaction { .. }));
    }

    /// Stands for what transactions have taken so far.
    pub(crate) fn mark(&self) -> u64 {
        self.state.lock().last_number
    }

    /// What the session's transaction took since a mark is given back.
    pub(crate) fn release_since(&self, owner: Owner, mark: u64) {
        let is_later = |held: &Held| matches!(held.hold, Hold::Transaction { number } if number > mark);
        self.release(|held| held.owner == owner && is_later(held));
    }

    fn release(&self, goes: impl Fn(&Held) -> bool) {
        let mut state = self.state.lock();
        if !state.locks.is_empty() && state.release(|held| goes(held)) {
            self.released.notify_all();
        }
    }

    /// What is held and waited for.
    pub(crate) fn list(&self) -> Vec<LockInfo> {
        let mut state = self.state.lock();
        state.forget_free();
        let mut infos: Vec<LockInfo> = Vec::new();
        for (key, lock) in &state.locks {
            let held = lock.held.iter().map(|held| (held.owner, held.mode, None));
            let waiting = lock.waiting.iter();
            let waiting = waiting.map(|waiting| (waiting.owner, waiting.mode, Some(waiting.since)));
            for (owner, mode, waits_since) in held.chain(waiting) {
                let info = LockInfo {
                    key: *key,
                    process_id: owner.process_id,
                    mode,
                    waits_since,
                };
                // A session may have a lock for itself and for its transaction.
                if infos.last() != Some(&info) {
                    infos.push(info);
                }
            }
        }
        infos
    }
}

fn deadlock_error(key: AdvisoryKey, request: &Request) -> Error {
    let error = stoa_sql::Error::new(SqlState("40P01"), "deadlock detected");
    let (name, process_id) = (request.mode.name(), request.owner.process_id);
    Error::Sql(error.with_detail(format!(
        "Process {process_id} would wait for {name} on advisory lock {key}, whose holders wait for process {process_id}."
    )))
}

/// The locks, and whose they are.
#[derive(Clone, Debug)]
pub(crate) struct SessionLocks {
    pub(crate) locks: Arc<AdvisoryLocks>,
    pub(crate) owner: Owner,
}

/// Gives back all that a session has when it ends.
#[derive(Debug)]
pub(crate) struct UntilSessionEnds(pub(crate) SessionLocks);

impl Drop for UntilSessionEnds {
    fn drop(&mut self) {
        self.0.locks.end_session(self.0.owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(session: u64, mode: Mode, scope: Scope) -> Request {
        let owner = Owner {
            session,
            process_id: session as i32,
        };
        Request { owner, mode, scope }
    }

    const KEY: AdvisoryKey = AdvisoryKey::One(1);
    const OTHER: AdvisoryKey = AdvisoryKey::Two(0, 1);

    #[test]
    fn modes_and_keys() {
        let locks = AdvisoryLocks::default();
        let shared = |session| request(session, Mode::Shared, Scope::Session);
        let exclusive = |session| request(session, Mode::Exclusive, Scope::Session);
        assert!(locks.try_lock(KEY, &shared(1)).unwrap());
        assert!(locks.try_lock(KEY, &shared(2)).unwrap());
        assert!(!locks.try_lock(KEY, &exclusive(1)).unwrap());
        assert!(locks.try_lock(OTHER, &exclusive(3)).unwrap());
        assert!(locks.unlock(KEY, shared(2).owner, Mode::Shared));
        assert!(!locks.unlock(KEY, shared(2).owner, Mode::Shared));
        assert!(locks.try_lock(KEY, &exclusive(1)).unwrap());
        assert!(!locks.try_lock(KEY, &shared(2)).unwrap());
        locks.unlock_all(shared(1).owner);
        assert!(locks.try_lock(KEY, &shared(2)).unwrap());
        locks.end_session(shared(2).owner);
        locks.end_session(shared(3).owner);
        assert!(locks.list().is_empty());
    }

    #[test]
    fn as_often_given_back_as_taken() {
        let locks = AdvisoryLocks::default();
        let first = request(1, Mode::Exclusive, Scope::Session);
        let second = request(2, Mode::Exclusive, Scope::Session);
        for _ in 0..3 {
            assert!(locks.try_lock(KEY, &first).unwrap());
        }
        for _ in 0..3 {
            assert!(!locks.try_lock(KEY, &second).unwrap());
            assert!(locks.unlock(KEY, first.owner, Mode::Exclusive));
        }
        assert!(locks.try_lock(KEY, &second).unwrap());
    }

    #[test]
    fn transactions_give_back_at_their_end_and_what_they_took_since_a_savepoint() {
        let locks = AdvisoryLocks::default();
        let own = request(1, Mode::Exclusive, Scope::Transaction);
        assert!(locks.try_lock(KEY, &own).unwrap());
        let mark = locks.mark();
        assert!(locks.try_lock(KEY, &own).unwrap());
        assert!(locks.try_lock(OTHER, &own).unwrap());
        locks.release_since(own.owner, mark);
        assert_eq!(locks.list().iter().map(|info| info.key).collect::<Vec<_>>(), [KEY]);
        assert!(!locks.unlock(KEY, own.owner, Mode::Exclusive));
        locks.end_transaction(own.owner);
        assert!(locks.list().is_empty());
    }

    #[test]
    fn waiting_ends_with_the_holder_or_a_cancellation() {
        let locks = Arc::new(AdvisoryLocks::default());
        let first = request(1, Mode::Exclusive, Scope::Session);
        let second = request(2, Mode::Exclusive, Scope::Session);
        assert!(locks.try_lock(KEY, &first).unwrap());
        let cancelled = || Err(Error::Cancelled(crate::error::CancelReason::User));
        assert!(locks.lock(KEY, &second, 0, &cancelled).is_err());
        let waiter = {
            let (locks, second) = (locks.clone(), second.clone());
            std::thread::spawn(move || locks.lock(KEY, &second, 0, &|| Ok(())))
        };
        while locks.list().len() < 2 {
            std::thread::sleep(NAP);
        }
        // Nobody gets in between, not even with the lock's first holder gone.
        assert!(!locks.try_lock(KEY, &request(3, Mode::Shared, Scope::Session)).unwrap());
        assert!(locks.unlock(KEY, first.owner, Mode::Exclusive));
        waiter.join().unwrap().unwrap();
        assert!(!locks.try_lock(KEY, &first).unwrap());
    }

    #[test]
    fn circles_are_refused() {
        let locks = Arc::new(AdvisoryLocks::default());
        let first = request(1, Mode::Exclusive, Scope::Session);
        let second = request(2, Mode::Exclusive, Scope::Session);
        assert!(locks.try_lock(KEY, &first).unwrap());
        assert!(locks.try_lock(OTHER, &second).unwrap());
        let waiter = {
            let (locks, second) = (locks.clone(), second.clone());
            std::thread::spawn(move || locks.lock(KEY, &second, 0, &|| Ok(())))
        };
        while locks.list().len() < 3 {
            std::thread::sleep(NAP);
        }
        let error = locks.lock(OTHER, &first, 0, &|| Ok(())).unwrap_err();
        assert_eq!(error.state(), SqlState("40P01"));
        locks.end_session(first.owner);
        waiter.join().unwrap().unwrap();
    }

    #[test]
    fn there_is_a_limit() {
        let locks = AdvisoryLocks::default();
        let own = request(1, Mode::Shared, Scope::Session);
        let count = i64::try_from(ADVISORY_LOCKS_MAX).unwrap();
        for key in 0..count {
            assert!(locks.try_lock(AdvisoryKey::One(key), &own).unwrap());
        }
        assert!(locks.try_lock(AdvisoryKey::One(0), &own).unwrap());
        let error = locks.try_lock(AdvisoryKey::One(count), &own).unwrap_err();
        assert_eq!(error.state(), SqlState::OUT_OF_MEMORY);
    }
}
