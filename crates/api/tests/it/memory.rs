//! A store of orders in memory, which can be told to fail, and where another writer can cut in.

use domain::order::{Decision, Order};
use domain::ports::{Aggregates, Basis, Continuation, ListQuery, Page, Stored, Tag};
use domain::value::Quantity;
use domain::{Change, Entry, Envelope, EventState, Fault, Json, Key, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

/// The store.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    orders: BTreeMap<Key, Order>,
    events: BTreeMap<Key, Vec<Entry>>,
    planned: VecDeque<Plan>,
    calls: Vec<&'static str>,
}

/// What the next call that it fits will meet.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Any call fails; nothing happens.
    Fail(Fault),
    /// A write happens, and its answer is lost.
    LoseAnswer,
    /// Another writer sets this quantity just before a write.
    CutIn(u32),
}

impl Memory {
    /// Plans what the next calls will meet, in this order.
    pub(crate) fn plan(&self, plans: impl IntoIterator<Item = Plan>) {
        self.lock().planned.extend(plans);
    }

    /// The calls since the last time this was asked.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.lock().calls)
    }

    /// The types of all events of an order.
    pub(crate) fn events(&self, key: &str) -> Vec<String> {
        let inner = self.lock();
        let events = inner.events.get(&id(key)).into_iter().flatten();
        events.map(|entry| entry.envelope.event_type.to_string()).collect()
    }

    /// Sets how far the events of an order have come, from the first on.
    pub(crate) fn set_states(&self, key: &str, states: impl IntoIterator<Item = EventState>) {
        let mut inner = self.lock();
        for (entry, state) in inner.events.entry(id(key)).or_default().iter_mut().zip(states) {
            entry.state = state;
        }
    }

    /// Lets all events of an order expire.
    pub(crate) fn expire_events(&self, key: &str) {
        self.lock().events.remove(&id(key));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no test panics under this lock")
    }

    fn call(&self, name: &'static str) -> Result<MutexGuard<'_, Inner>, Fault> {
        let mut inner = self.lock();
        inner.calls.push(name);
        match inner.planned.pop_front_if(|plan| matches!(plan, Plan::Fail(_))) {
            Some(Plan::Fail(fault)) => Err(fault),
            _ => Ok(inner),
        }
    }
}

impl Aggregates<Order> for Memory {
    async fn commit(&self, change: Change<Order>, basis: Basis) -> Result<(), Fault> {
        let mut inner = self.call("commit")?;
        match inner.planned.pop_front() {
            Some(Plan::CutIn(quantity)) => inner.cut_in(&change.state().id, quantity),
            Some(Plan::LoseAnswer) => {
                inner.write(change, &basis)?;
                return Err(Fault::Unanswered("connection reset".into()));
            }
            Some(Plan::Fail(fault)) => return Err(fault),
            None => {}
        }
        inner.write(change, &basis)
    }

    async fn load(&self, key: &Key) -> Result<Option<Stored<Order>>, Fault> {
        let found = self.call("load")?.orders.get(key).cloned();
        Ok(found.map(|state| Stored { tag: tag(&state), state }))
    }

    async fn list(&self, query: ListQuery) -> Result<Page<Order>, Fault> {
        let ListQuery { filter, limit, continuation } = query;
        let inner = self.call("list")?;
        let mut items: Vec<Order> = inner.orders.values().cloned().collect();
        items.retain(|order| match &filter {
            Some((field, value)) => {
                assert_eq!(*field, "accountNumber");
                order.account_number.as_str() == value
            }
            None => true,
        });
        let place = |at: Timestamp, key: &Key| Reverse((at, key.clone()));
        items.sort_by_key(|order| place(order.placed_at, &order.id));
        if let Some(Continuation { placed_at, key }) = continuation {
            let last = place(placed_at, &key);
            items.retain(|order| last < place(order.placed_at, &order.id));
        }
        let is_last = items.len() <= limit;
        items.truncate(limit);
        let end =
            |order: &Order| Continuation { placed_at: order.placed_at, key: order.id.clone() };
        let continuation = if is_last { None } else { items.last().map(end) };
        Ok(Page { items, continuation })
    }

    async fn history(&self, key: &Key) -> Result<Vec<Entry>, Fault> {
        Ok(self.call("history")?.events.get(key).cloned().unwrap_or_default())
    }

    async fn ready(&self) -> Result<(), Fault> {
        self.call("ready").map(drop)
    }
}

impl Inner {
    fn write(&mut self, change: Change<Order>, basis: &Basis) -> Result<(), Fault> {
        let found = self.orders.get(&change.state().id).map(tag);
        let fits = match basis {
            Basis::New => found.is_none(),
            Basis::Loaded(tag) => found.as_ref() == Some(tag),
        };
        if !fits {
            return Err(Fault::Conflict);
        }
        let (order, events) = change.into_parts();
        let at_rest = events.into_iter().map(|envelope| Entry {
            envelope: Envelope {
                data: Json::from_valid(r#"{"orderId":"…"}"#),
                key: envelope.key,
                sequence: envelope.sequence,
                event_type: envelope.event_type,
                occurred_at: envelope.occurred_at,
                traceparent: envelope.traceparent,
            },
            state: EventState::Pending,
        });
        self.events.entry(order.id.clone()).or_default().extend(at_rest);
        self.orders.insert(order.id.clone(), order);
        Ok(())
    }

    fn cut_in(&mut self, key: &Key, quantity: u32) {
        let order = self.orders.get(key).expect("there is an order to change").clone();
        let basis = Basis::Loaded(tag(&order));
        let quantity = Quantity::try_from(i128::from(quantity)).expect("a valid quantity");
        if let Decision::Changed(change) = order.change_quantity(quantity, order.updated_at) {
            self.write(change, &basis).expect("nobody else is here");
        }
    }
}

fn tag(order: &Order) -> Tag {
    Tag(order.version.to_string())
}

fn id(key: &str) -> Key {
    key.parse().expect("tests give valid ids")
}
