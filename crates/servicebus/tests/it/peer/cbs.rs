//! The `$cbs` node of the peer: takes any token, and answers with the scripted status.

use fe2o3_amqp::acceptor::LinkEndpoint;
use fe2o3_amqp::{Receiver, Sender};
use fe2o3_amqp_types::messaging::{AmqpValue, ApplicationProperties, Body, Message, Properties};
use fe2o3_amqp_types::primitives::{SimpleValue, Value};
use tokio::task::JoinSet;

use super::Shared;

/// The links to `$cbs`, as far as they are there.
pub(super) enum Half {
    Nothing,
    Requests(Receiver),
    Replies(Sender),
    Both,
}

impl Half {
    /// One link more; with both there the node begins to work.
    pub(super) fn with(self, link: LinkEndpoint, tasks: &mut JoinSet<()>, shared: &Shared) -> Self {
        match (self, link) {
            (Self::Requests(requests), LinkEndpoint::Sender(replies))
            | (Self::Replies(replies), LinkEndpoint::Receiver(requests)) => {
                tasks.spawn(serve(requests, replies, shared.clone()));
                Self::Both
            }
            (_, LinkEndpoint::Receiver(requests)) => Self::Requests(requests),
            (_, LinkEndpoint::Sender(replies)) => Self::Replies(replies),
        }
    }
}

async fn serve(mut requests: Receiver, mut replies: Sender, shared: Shared) {
    while let Ok(request) = requests.recv::<Body<Value>>().await {
        requests.accept(&request).await.unwrap();
        let message = request.into_message();
        let properties = message.application_properties.unwrap();
        let Some(SimpleValue::String(audience)) = properties.0.get("name") else { return };
        let Body::Value(AmqpValue(Value::String(token))) = message.body else { return };
        shared.see(|seen| seen.tokens.push((audience.clone(), token)));
        let status = shared.script.lock().unwrap().token_statuses.pop_front().unwrap_or(202);
        let asked = message.properties.unwrap();
        let reply = Message::builder()
            .properties(Properties { correlation_id: asked.message_id, ..Properties::default() })
            .application_properties(
                ApplicationProperties::builder()
                    .insert("status-code", status)
                    .insert("status-description", "as the script says")
                    .build(),
            )
            .value(Value::Null)
            .build();
        if replies.send(reply).await.is_err() {
            return;
        }
    }
}
