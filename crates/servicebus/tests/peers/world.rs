//! The brokers, and the words the tests are written in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use servicebus::{
    Account, Credential, Entity, Login, MessageReceiver, Namespace, Received, ServiceBusConsumer,
    ServiceBusPublisher,
};

use crate::words::tuning;
pub(crate) use crate::words::{bounded, events, publish};

/// How long something that comes may take, or something that must not come is waited for.
pub(crate) const WAIT: Duration = Duration::from_secs(30);
pub(crate) const LULL: Duration = Duration::from_millis(500);

/// A broker of another make.
pub(crate) struct Broker {
    pub(crate) name: &'static str,
    at: SocketAddr,
    pid: PathBuf,
    login: Login,
    /// Whether it takes a batch apart, as Service Bus does.
    pub(crate) knows_batches: bool,
    /// Whether it answers a settlement, as Service Bus does.
    answers_settling: bool,
}

pub(crate) fn rabbitmq() -> Broker {
    let login = Login::Plain { user: "guest".to_owned(), password: "guest".to_owned() };
    Broker::of("RabbitMQ", "PEER_RABBITMQ", login, false)
}

pub(crate) fn rhea() -> Broker {
    Broker::of("rhea", "PEER_RHEA", Login::Anonymous, true)
}

pub(crate) fn brokers() -> [Broker; 2] {
    [rabbitmq(), rhea()]
}

impl Broker {
    fn of(name: &'static str, variable: &str, login: Login, is_like_azure: bool) -> Self {
        let told = |variable: &str| {
            let told = std::env::var(variable);
            told.unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask peers`"))
        };
        let pid = told(&format!("{variable}_PID")).into();
        let (knows_batches, answers_settling) = (is_like_azure, is_like_azure);
        let at = told(variable).parse().unwrap();
        Self { name, at, pid, login, knows_batches, answers_settling }
    }

    pub(crate) fn account(&self) -> Account {
        self.account_as(self.login.clone())
    }

    pub(crate) fn account_as(&self, login: Login) -> Account {
        Account::new(Namespace::on_this_machine(self.at).unwrap(), Credential::login(login))
    }

    pub(crate) fn publisher(&self, queue: &str) -> ServiceBusPublisher {
        let tuning = tuning(Duration::from_millis(10), Duration::from_millis(200));
        ServiceBusPublisher::with_tuning(self.account(), queue, "/orders", tuning).unwrap()
    }

    pub(crate) async fn consumer(&self, queue: &str) -> ServiceBusConsumer {
        let (account, queue) = (self.account(), Entity::queue(queue));
        let consumer = bounded(ServiceBusConsumer::open(&account, &queue)).await.unwrap();
        if self.answers_settling { consumer } else { consumer.settling_alone() }
    }

    pub(crate) async fn receiver(&self, queue: &str) -> MessageReceiver {
        bounded(self.consumer(queue).await.receiver()).await.unwrap()
    }

    /// Sends its process a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = std::fs::read_to_string(&self.pid).unwrap();
        let sent = Command::new("kill").args(["-s", name, pid.trim()]).status().unwrap();
        assert!(sent.success(), "{}: {pid}", self.name);
    }
}

/// A queue that no other test, and no other broker's run, knows.
pub(crate) fn queue(prefix: &str) -> String {
    format!("{prefix}-{:016x}", fastrand::u64(..))
}

/// Receives so many messages, or as many as come.
pub(crate) async fn receive(receiver: &mut MessageReceiver, count: usize) -> Vec<Received> {
    let mut got = Vec::new();
    while got.len() < count {
        let more = receiver.receive(count - got.len(), WAIT);
        let more = bounded(more).await.unwrap();
        if more.is_empty() {
            break;
        }
        got.extend(more);
    }
    got
}

/// Whether nothing comes for a while.
pub(crate) async fn is_empty(receiver: &mut MessageReceiver) -> bool {
    bounded(receiver.receive(1, LULL)).await.unwrap().is_empty()
}

pub(crate) fn ids(got: &[Received]) -> Vec<&str> {
    got.iter().filter_map(|message| message.message_id.as_deref()).collect()
}
