//! Orders and their events as JSON at rest: written by name, pinned by golden texts.
//!
//! The store adds `id`, `partitionKey` and `type`. Fields that are not known are skipped, so that
//! an older version reads what a newer one wrote.

use cosmos::{Form, Moment};
use domain::order::{Order, OrderEvent, Status};
use domain::value::{AccountNumber, Fingerprint, Quantity};
use domain::{Key, Sequence};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// The form of an order.
#[derive(Debug)]
pub(crate) enum OrderForm {}

/// The fields of an order's document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderDocument {
    account_number: String,
    quantity: u32,
    status: StatusText,
    version: u32,
    placed_at: Moment,
    updated_at: Moment,
    /// Documents of before there were fingerprints have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StatusText {
    Placed,
    Cancelled,
    Shipped,
}

/// What an event says, by the names that consumers read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventData {
    order_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_quantity: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
}

impl Form for OrderForm {
    type Aggregate = Order;
    type State = OrderDocument;
    type Data = EventData;

    const TYPE: &'static str = "order";

    fn state(order: &Order) -> OrderDocument {
        let Order {
            id: _,
            account_number,
            quantity,
            status,
            version,
            placed_at,
            updated_at,
            fingerprint,
        } = order;
        OrderDocument {
            account_number: account_number.to_string(),
            quantity: quantity.get(),
            status: match status {
                Status::Placed => StatusText::Placed,
                Status::Cancelled => StatusText::Cancelled,
                Status::Shipped => StatusText::Shipped,
            },
            version: version.get(),
            placed_at: Moment(*placed_at),
            updated_at: Moment(*updated_at),
            fingerprint: Some(fingerprint.to_string()),
        }
    }

    fn data(key: &Key, event: &OrderEvent) -> EventData {
        let (account_number, previous, quantity) = match event {
            OrderEvent::Placed { account_number, quantity } => {
                (Some(account_number.to_string()), None, Some(quantity))
            }
            OrderEvent::QuantityChanged { previous, quantity } => {
                (None, Some(previous), Some(quantity))
            }
            OrderEvent::Cancelled => (None, None, None),
            OrderEvent::Shipped { quantity } => (None, None, Some(quantity)),
        };
        EventData {
            order_id: key.to_string(),
            account_number,
            previous_quantity: previous.map(|previous| previous.get()),
            quantity: quantity.map(|quantity| quantity.get()),
        }
    }

    fn aggregate(id: Key, document: OrderDocument) -> Result<Order, String> {
        let OrderDocument {
            account_number,
            quantity,
            status,
            version,
            placed_at,
            updated_at,
            fingerprint,
        } = document;
        let account_number: AccountNumber =
            account_number.parse().map_err(|error| wrong("accountNumber", error))?;
        let quantity =
            Quantity::try_from(i128::from(quantity)).map_err(|error| wrong("quantity", error))?;
        let fingerprint = match fingerprint {
            Some(text) => text.parse().map_err(|error| wrong("fingerprint", error))?,
            // The best that is known of what it was placed with.
            None => Fingerprint::of(&account_number, quantity),
        };
        Ok(Order {
            id,
            account_number,
            quantity,
            status: match status {
                StatusText::Placed => Status::Placed,
                StatusText::Cancelled => Status::Cancelled,
                StatusText::Shipped => Status::Shipped,
            },
            version: Sequence::new(version).ok_or("version is 0")?,
            placed_at: placed_at.0,
            updated_at: updated_at.0,
            fingerprint,
        })
    }
}

fn wrong(field: &str, error: impl Display) -> String {
    format!("{field} {error}")
}

#[cfg(test)]
mod tests;
