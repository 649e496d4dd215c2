//! Azure Service Bus over AMQP 1.0: publishes envelopes to a topic, and receives messages.
//!
//! Reading order: [`Account`] says where the namespace is and what opens it, `message` what an
//! event looks like, `outcome` what an answer means, `link` opens a connection,
//! [`ServiceBusPublisher`] keeps one and sends over it, [`ServiceBusConsumer`] receives;
//! [`Administration`] reads how topic and subscriptions were made.

mod account;
mod administration;
mod consumer;
mod credential;
mod link;
mod measure;
mod message;
mod namespace;
mod outcome;
mod publisher;
mod tls;
mod tuning;

pub use account::Account;
pub use administration::{Administration, Subscription, Topic};
pub use consumer::{Entity, MessageReceiver, Property, Received, ServiceBusConsumer};
pub use credential::{Credential, CredentialError, Identity, Login};
pub use measure::Measured;
pub use namespace::{Namespace, Problem, Problems, Transport};
pub use publisher::{ServiceBusPublisher, check_topic};
pub use tuning::Tuning;
