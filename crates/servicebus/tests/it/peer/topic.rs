//! The topic of the peer: answers each transfer as the script says.

use fe2o3_amqp::Delivery;
use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp_types::definitions::{Error, ErrorCondition};
use fe2o3_amqp_types::messaging::message::DecodeIntoMessage as _;
use fe2o3_amqp_types::messaging::{Body, Data, MessageId, Properties};
use fe2o3_amqp_types::primitives::{Symbol, Value};
use tokio::sync::mpsc::UnboundedSender;

use super::{Order, Shared, Transfer};

/// The answer to one transfer.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Accept,
    /// Say nothing until so many are unsettled, then accept them all.
    HoldUntil(usize),
    /// Never say anything.
    Ignore,
    Reject(&'static str),
    RejectSilently,
    Release,
    /// Settle nothing, and detach the link.
    Detach(&'static str),
    /// Settle nothing, and close the connection.
    Close(&'static str),
    /// Settle nothing, and cut the socket.
    Cut,
    /// Settle nothing, and fall silent with the socket open, as behind a dead router.
    Freeze,
    /// Accept, and give no more credit.
    AcceptThenStarve,
    /// Accept, and detach afterwards.
    AcceptThenDetach(&'static str),
}

pub(super) async fn serve(mut link: Receiver, shared: Shared, orders: UnboundedSender<Order>) {
    let mut held: Vec<DeliveryInfo> = Vec::new();
    while let Ok(delivery) = link.recv::<Body<Value>>().await {
        let act = shared.script.lock().unwrap().acts.pop_front().unwrap_or(Act::Accept);
        shared.see(|seen| {
            seen.transfers.push(transfer(&delivery));
            seen.unsettled_max = seen.unsettled_max.max(held.len() + 1);
        });
        let info = DeliveryInfo::from(&delivery);
        match act {
            Act::Accept => link.accept(info).await.unwrap(),
            Act::HoldUntil(count) => {
                held.push(info);
                if count <= held.len() {
                    link.accept_all(held.drain(..)).await.unwrap();
                }
            }
            Act::Ignore => held.push(info),
            Act::Reject(condition) => link.reject(info, error(condition)).await.unwrap(),
            Act::RejectSilently => link.reject(info, None).await.unwrap(),
            Act::Release => link.release(info).await.unwrap(),
            Act::AcceptThenDetach(condition) => {
                link.accept(info).await.unwrap();
                let _ = link.close_with_error(error(condition)).await;
                return;
            }
            Act::Detach(condition) => {
                let _ = link.close_with_error(error(condition)).await;
                return;
            }
            Act::Close(condition) => orders.send(Order::Close(error(condition))).unwrap(),
            Act::Cut => orders.send(Order::Cut).unwrap(),
            Act::Freeze => orders.send(Order::Freeze).unwrap(),
            Act::AcceptThenStarve => {
                link.set_credit_mode(CreditMode::Manual);
                link.set_credit(0).await.unwrap();
                link.accept(info).await.unwrap();
            }
        }
    }
}

fn error(condition: &str) -> Error {
    let condition = match condition {
        "amqp:connection:forced" => {
            ErrorCondition::from(fe2o3_amqp_types::definitions::ConnectionError::ConnectionForced)
        }
        other => ErrorCondition::Custom(Symbol::from(other)),
    };
    Error::new(condition, Some("as the script says".to_owned()), None)
}

fn transfer(delivery: &Delivery<Body<Value>>) -> Transfer {
    let is_batch = *delivery.message_format() == Some(0x8001_3700);
    let outer = delivery.message().properties.as_ref().unwrap();
    let ids = if let (true, Body::Data(sections)) = (is_batch, delivery.body()) {
        let inner = |Data(bytes): &Data| {
            let reader = serde_amqp::read::SliceReader::new(bytes);
            Data::decode_message_from_reader(reader).unwrap().properties.unwrap()
        };
        sections.iter().map(|section| id(&inner(section))).collect()
    } else {
        vec![id(outer)]
    };
    Transfer { ids, is_batch, session: outer.group_id.clone().unwrap() }
}

fn id(properties: &Properties) -> String {
    match &properties.message_id {
        Some(MessageId::String(id)) => id.clone(),
        other => panic!("a message id is a string, not {other:?}"),
    }
}
