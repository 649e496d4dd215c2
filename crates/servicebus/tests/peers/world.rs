//! The brokers, and the words the tests are written in.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use domain::ports::Publisher as _;
use domain::retry::Patience;
use domain::{Envelope, Fault, Json, Sequence};
use servicebus::{
    Account, Credential, Entity, Login, MessageReceiver, Namespace, Received, ServiceBusConsumer,
    ServiceBusPublisher, Tuning,
};

/// No test waits longer than this for anything: a broker that boots takes some seconds, and on a
/// busy machine many.
const PATIENCE: Duration = Duration::from_mins(2);

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
        ServiceBusPublisher::with_tuning(self.account(), queue, "/orders", tuning()).unwrap()
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

/// The production bounds, with pauses that a test can wait for.
fn tuning() -> Tuning {
    let reconnect = Patience {
        pause_min: Duration::from_millis(10),
        pause_max: Duration::from_millis(200),
        attempts_max: None,
    };
    Tuning { reconnect, ..Tuning::default() }
}

/// A queue that no other test, and no other broker's run, knows.
pub(crate) fn queue(prefix: &str) -> String {
    format!("{prefix}-{:016x}", fastrand::u64(..))
}

/// Waits, but not for ever.
pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it took too long")
}

/// The events `first..=last` of an order, each with so many bytes of data.
pub(crate) fn events(key: &str, first: u32, last: u32, bytes: usize) -> Vec<Envelope> {
    let event = |number| Envelope {
        key: key.parse().unwrap(),
        sequence: Sequence::new(number).unwrap(),
        event_type: "OrderPlaced".into(),
        occurred_at: domain::Timestamp::UNIX_EPOCH,
        data: Json::from_valid(format!("\"{}\"", "x".repeat(bytes))),
        traceparent: None,
    };
    (first..=last).map(event).collect()
}

/// Publishes, and again after a transient fault, as the relay would.
pub(crate) async fn publish(publisher: &ServiceBusPublisher, events: &[Envelope]) -> usize {
    let attempts = async {
        loop {
            match publisher.publish(events).await {
                Ok(taken) => return taken,
                Err(Fault::Unanswered(_) | Fault::Unavailable(_)) => (),
                Err(fault) => panic!("not transient: {}", domain::Chain(&fault)),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    bounded(attempts).await
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
