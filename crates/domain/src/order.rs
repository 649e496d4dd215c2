//! The order: what can be done to it, and what each deed leads to.

use crate::value::{AccountNumber, Fingerprint, Quantity};
use crate::{Aggregate, Change, Event, Key, Sequence, Timestamp};

/// An order's state. Stores read and write every field; rules stay in this file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: Key,
    /// Whose it is.
    pub account_number: AccountNumber,
    /// How many pieces.
    pub quantity: Quantity,
    /// How far it has come.
    pub status: Status,
    /// The sequence of its latest event.
    pub version: Sequence,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// What it was placed with.
    pub fingerprint: Fingerprint,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Open: it can be changed, cancelled and shipped.
    Placed,
    /// Called off.
    Cancelled,
    /// On its way to the customer.
    Shipped,
}

/// What a client asks for when it places an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The order's id.
    pub id: Key,
    /// Whose it is.
    pub account_number: AccountNumber,
    /// How many pieces.
    pub quantity: Quantity,
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderEvent {
    /// It was placed.
    Placed {
        /// By whom.
        account_number: AccountNumber,
        /// How many pieces.
        quantity: Quantity,
    },
    /// Its quantity was changed.
    QuantityChanged {
        /// What it was.
        previous: Quantity,
        /// What it is.
        quantity: Quantity,
    },
    /// It was called off.
    Cancelled,
    /// It was shipped.
    Shipped {
        /// How many pieces.
        quantity: Quantity,
    },
}

/// What came of asking something of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It changes.
    Changed(Change<Order>),
    /// It is as asked already: no change, no event.
    Unchanged,
    /// Its state forbids it.
    Refused(Refusal),
}

/// Why an order's state forbids what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing can be done to a cancelled order.
    #[error("the order is cancelled")]
    Cancelled,
    /// Nothing can be done to a shipped order.
    #[error("the order is shipped")]
    Shipped,
}

impl Order {
    /// A new order and its first event.
    pub fn place(placement: Placement, now: Timestamp) -> Change<Self> {
        let Placement { id, account_number, quantity } = placement;
        let event = OrderEvent::Placed { account_number: account_number.clone(), quantity };
        let fingerprint = Fingerprint::of(&account_number, quantity);
        let order = Self {
            id,
            account_number,
            quantity,
            status: Status::Placed,
            version: Sequence::FIRST,
            placed_at: now,
            updated_at: now,
            fingerprint,
        };
        Change::new(order, event, now)
    }

    /// Whether this order was placed with exactly that.
    pub fn was_placed_as(&self, placement: &Placement) -> bool {
        self.id == placement.id
            && self.fingerprint == Fingerprint::of(&placement.account_number, placement.quantity)
    }

    /// Asks for another quantity; only an open order takes one.
    pub fn change_quantity(&self, quantity: Quantity, now: Timestamp) -> Decision {
        match self.status {
            Status::Cancelled => Decision::Refused(Refusal::Cancelled),
            Status::Shipped => Decision::Refused(Refusal::Shipped),
            Status::Placed if self.quantity == quantity => Decision::Unchanged,
            Status::Placed => {
                let event = OrderEvent::QuantityChanged { previous: self.quantity, quantity };
                self.becoming(|order| order.quantity = quantity, event, now)
            }
        }
    }

    /// Calls the order off; a shipped one cannot be.
    pub fn cancel(&self, now: Timestamp) -> Decision {
        match self.status {
            Status::Cancelled => Decision::Unchanged,
            Status::Shipped => Decision::Refused(Refusal::Shipped),
            Status::Placed => {
                self.becoming(|order| order.status = Status::Cancelled, OrderEvent::Cancelled, now)
            }
        }
    }

    /// Ships the order; a cancelled one cannot be.
    pub fn ship(&self, now: Timestamp) -> Decision {
        match self.status {
            Status::Shipped => Decision::Unchanged,
            Status::Cancelled => Decision::Refused(Refusal::Cancelled),
            Status::Placed => self.becoming(
                |order| order.status = Status::Shipped,
                OrderEvent::Shipped { quantity: self.quantity },
                now,
            ),
        }
    }

    fn becoming(
        &self,
        change: impl FnOnce(&mut Self),
        event: OrderEvent,
        now: Timestamp,
    ) -> Decision {
        let mut order = self.clone();
        change(&mut order);
        order.version = self.version.next();
        order.updated_at = now;
        Decision::Changed(Change::new(order, event, now))
    }
}

impl Aggregate for Order {
    type Event = OrderEvent;

    fn key(&self) -> &Key {
        &self.id
    }

    fn version(&self) -> Sequence {
        self.version
    }
}

impl Event for OrderEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::Placed { .. } => "OrderPlaced",
            Self::QuantityChanged { .. } => "OrderQuantityChanged",
            Self::Cancelled => "OrderCancelled",
            Self::Shipped { .. } => "OrderShipped",
        }
    }
}

#[cfg(test)]
mod tests;
