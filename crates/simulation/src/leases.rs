//! The lease container: every write is conditional on the version it was decided on.

use crate::fate::Call;
use crate::port::Port;
use crate::world::{State, Wrong};
use domain::Fault;
use domain::ports::{
    Begin, Created, Deleted, Lag, Lease, Leases, Listed, NewLease, Part, Tag, Written,
};
use std::collections::BTreeMap;

/// The leases on the feed.
#[derive(Debug, Default)]
pub(crate) struct LeaseStore {
    leases: BTreeMap<String, Lease>,
    is_begun: bool,
    is_locked: bool,
    version: u64,
}

impl LeaseStore {
    fn tag(&mut self) -> Tag {
        self.version += 1;
        Tag(self.version.to_string())
    }

    /// Somebody who asks nobody takes the lease of this place, and gives no sign of life.
    pub(crate) fn seize(&mut self, place: usize) {
        let tag = self.tag();
        if let Some(lease) = self.leases.values_mut().nth(place) {
            (lease.owner, lease.tag) = (Some("thief".into()), tag);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.leases.len()
    }
}

impl State {
    fn create_lease(&mut self, new: NewLease) -> Created {
        let token = new.part.token();
        if self.leases.leases.contains_key(&token) {
            return Created::Exists;
        }
        let NewLease { part, continuation, properties, at } = new;
        if let Some(place) = place(continuation.as_deref()) {
            self.ledger.begun_at.insert(token.clone(), place);
        }
        let (stored_at, tag) = (self.now(), self.leases.tag());
        let (owner, written_at) = (None, at);
        let lease = Lease { part, owner, continuation, written_at, stored_at, properties, tag };
        self.leases.leases.insert(token, lease);
        Created::Done
    }

    fn write_lease(&mut self, mut lease: Lease) -> Written {
        let token = lease.part.token();
        if self.leases.leases.get(&token).map(|known| &known.tag) != Some(&lease.tag) {
            return Written::Changed;
        }
        lease.tag = self.leases.tag();
        lease.stored_at = self.now();
        let mut read_to = place(lease.continuation.as_deref());
        if self.wrong == Some(Wrong::CheckpointAhead) {
            read_to = read_to.map(|_| self.store.lsn);
            lease.continuation = read_to.map(|place| place.to_string());
        }
        let tag = lease.tag.clone();
        if let Some(to) = read_to {
            self.check_place(&lease.part, to);
        }
        self.leases.leases.insert(token, lease);
        Written::Done(tag)
    }

    fn delete_lease(&mut self, lease: &Lease) -> Deleted {
        let token = lease.part.token();
        match self.leases.leases.get(&token) {
            Some(known) if known.tag != lease.tag => Deleted::Changed,
            Some(_) | None => {
                self.leases.leases.remove(&token);
                self.ledger.begun_at.remove(&token);
                Deleted::Done
            }
        }
    }

    fn begin(&mut self) -> Begin {
        match (self.leases.is_begun, std::mem::replace(&mut self.leases.is_locked, true)) {
            (true, _) => Begin::Done,
            (false, true) => Begin::Others,
            (false, false) => Begin::Mine,
        }
    }
}

impl Leases for Port {
    async fn begin(&self) -> Result<Begin, Fault> {
        self.call(lease("begin", ""), |state, _| state.begin()).await
    }

    async fn begun(&self) -> Result<(), Fault> {
        self.call(lease("begun", ""), |state, _| state.leases.is_begun = true).await
    }

    async fn list(&self) -> Result<Listed, Fault> {
        let list = |state: &mut State, _| Listed {
            leases: state.leases.leases.values().cloned().collect(),
            strangers: Vec::new(),
        };
        self.call(lease("list", ""), list).await
    }

    async fn read(&self, part: &Part) -> Result<Option<Lease>, Fault> {
        let token = part.token();
        let call = lease("read", &token);
        self.call(call, move |state, _| state.leases.leases.get(&token).cloned()).await
    }

    async fn create(&self, new: NewLease) -> Result<Created, Fault> {
        let call = lease("create", &new.part.token());
        self.call(call, move |state, _| state.create_lease(new)).await
    }

    async fn write(&self, given: &Lease) -> Result<Written, Fault> {
        let given = given.clone();
        let call = lease("write", &given.part.token());
        self.call(call, move |state, _| state.write_lease(given)).await
    }

    async fn delete(&self, given: &Lease) -> Result<Deleted, Fault> {
        let given = given.clone();
        let call = lease("delete", &given.part.token());
        self.call(call, move |state, _| state.delete_lease(&given)).await
    }

    async fn lags(&self) -> Result<Vec<Lag>, Fault> {
        let lags = |state: &mut State, _| {
            let last = state.store.lsn;
            let lag = |lease: &Lease| Lag {
                token: lease.part.token(),
                owner: lease.owner.clone(),
                continuation: lease.continuation.clone(),
                written_at: lease.written_at,
                behind: place(lease.continuation.as_deref()).map(|at| last.saturating_sub(at)),
            };
            state.leases.leases.values().map(lag).collect()
        };
        self.call(lease("lags", ""), lags).await
    }
}

fn lease(what: &'static str, token: &str) -> Call {
    Call::Lease(what, token.to_owned())
}

fn place(continuation: Option<&str>) -> Option<u64> {
    continuation.and_then(|continuation| continuation.parse().ok())
}
