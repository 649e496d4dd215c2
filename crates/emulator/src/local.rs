//! One process that serves Cosmos DB, Service Bus and control: bind, announce, serve, stop.

use crate::{
    clock::Clock,
    control::Control,
    cosmos::Cosmos,
    faults::Faults,
    port::{Taken, bind_tcp},
    servicebus::{ConfigErrors, ServiceBus, Topology},
    store::{BadRow, OpenError, Opened, Store},
};
use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Where the three parts listen; port 0 picks a free one.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Cosmos DB over HTTP.
    pub cosmos: SocketAddr,
    /// Service Bus over AMQP.
    pub servicebus: SocketAddr,
    /// Faults, splits, clock and state; loopback only.
    pub control: SocketAddr,
    /// Administration of Service Bus over HTTP; where nothing is said, Microsoft's port if it is
    /// free, or another.
    pub admin: Option<SocketAddr>,
}

/// Where Microsoft's emulator serves the administration of Service Bus.
const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5_300);

/// What exists when the emulator starts.
#[derive(Debug)]
pub struct Entities {
    shop: bool,
    topology: Topology,
}

impl Entities {
    /// The shop's database and topic; `empty` leaves both out, `config` replaces the topic.
    ///
    /// # Errors
    /// Everything that is wrong with `config`, at once.
    pub fn new(config: Option<&str>, empty: bool) -> Result<Self, ConfigErrors> {
        let topology = match config {
            Some(text) => Topology::from_config_json(text)?,
            None if empty => Topology::default(),
            None => Topology::shop(),
        };
        Ok(Self { shop: !empty, topology })
    }
}

/// Why the emulator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Every address that cannot be had. Free them, or give others.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Taken(Vec<Taken>),
    /// Give a loopback address.
    #[error(
        "--control {at} is not a loopback address: faults and clock jumps are for this machine \
         alone; use 127.0.0.1:{port}", at = .0, port = .0.port()
    )]
    ControlOffLoopback(SocketAddr),
    /// What the words of the cause say.
    #[error("--data {}", .0.display())]
    Data(PathBuf, #[source] OpenError),
}

/// Everything bound, and nothing served yet.
#[derive(Debug)]
pub struct Local {
    cosmos: (Arc<Cosmos>, TcpListener),
    servicebus: (Arc<ServiceBus>, TcpListener),
    control: (Arc<Control>, TcpListener),
    admin: TcpListener,
    at: Addresses,
    /// Where everything is stored. The last field: it is dropped after all that uses it.
    data: Option<(PathBuf, Store)>,
}

/// The parts of one process.
struct Parts {
    cosmos: Arc<Cosmos>,
    servicebus: Arc<ServiceBus>,
    control: Arc<Control>,
}

/// Takes the three ports and builds the services.
///
/// # Errors
/// Names every address that cannot be had, with what to do about it.
pub async fn bind(
    addresses: Addresses,
    entities: Entities,
    data: Option<PathBuf>,
) -> Result<Local, StartError> {
    if !addresses.control.ip().is_loopback() {
        return Err(StartError::ControlOffLoopback(addresses.control));
    }
    let cosmos = bind_tcp("--cosmos", addresses.cosmos).await;
    let servicebus = bind_tcp("--servicebus", addresses.servicebus).await;
    let control = bind_tcp("--control", addresses.control).await;
    let admin = bind_admin(addresses.admin).await;
    match (cosmos, servicebus, control, admin) {
        (Ok(cosmos), Ok(servicebus), Ok(control), Ok(admin)) => {
            Local::new([cosmos, servicebus, control, admin], &entities, data)
        }
        (cosmos, servicebus, control, admin) => {
            let taken = [cosmos.err(), servicebus.err(), control.err(), admin.err()];
            Err(StartError::Taken(taken.into_iter().flatten().collect()))
        }
    }
}

/// Only an address that was asked for is insisted on.
async fn bind_admin(asked: Option<SocketAddr>) -> Result<(TcpListener, SocketAddr), Taken> {
    let bound = bind_tcp("--admin", asked.unwrap_or(ADMIN)).await;
    if bound.is_ok() || asked.is_some() {
        return bound;
    }
    bind_tcp("--admin", SocketAddr::new(ADMIN.ip(), 0)).await
}

impl Local {
    fn new(
        bound: [(TcpListener, SocketAddr); 4],
        entities: &Entities,
        data: Option<PathBuf>,
    ) -> Result<Self, StartError> {
        let (parts, data) = match data {
            None => (Parts::in_memory(entities), None),
            Some(path) => {
                let stored = Parts::stored(entities, &path);
                let (parts, store) = match stored {
                    Ok(stored) => stored,
                    Err(error) => return Err(StartError::Data(path, error)),
                };
                (parts, Some((path, store)))
            }
        };
        let Parts { cosmos, servicebus, control } = parts;
        let [at_cosmos, at_servicebus, at_control, at_admin] = bound;
        Ok(Self {
            at: Addresses {
                cosmos: at_cosmos.1,
                servicebus: at_servicebus.1,
                control: at_control.1,
                admin: Some(at_admin.1),
            },
            cosmos: (cosmos, at_cosmos.0),
            servicebus: (servicebus, at_servicebus.0),
            control: (control, at_control.0),
            admin: at_admin.0,
            data,
        })
    }

    /// Where it listens now, with the ports that were picked.
    pub fn addresses(&self) -> Addresses {
        self.at
    }

    /// Prints the ready line, and on the log what a user should know about this run.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn announce(&self, out: &mut impl Write) -> io::Result<()> {
        let admin = self.at.admin.unwrap_or(ADMIN);
        let open = [
            ("--cosmos", self.at.cosmos),
            ("--servicebus", self.at.servicebus),
            ("--admin", admin),
        ];
        for (option, at) in open {
            if !at.ip().is_loopback() {
                tracing::warn!(
                    "{option} {at} is reachable from the network, and the keys are public: \
                     anyone who reaches it can read and change everything"
                );
            }
        }
        match &self.data {
            None => {
                tracing::info!("everything is kept in memory and is gone when this process ends");
            }
            Some((path, _)) => tracing::info!("everything is kept in {}", path.display()),
        }
        writeln!(out, "{}", ready_line(self.at))?;
        out.flush()
    }

    /// A hold on everything that is stored in memory.
    pub fn contents(&self) -> impl Sized + use<> {
        (Arc::clone(&self.cosmos.0), Arc::clone(&self.servicebus.0))
    }

    /// Serves until `stop`; a part that fails ends the others.
    ///
    /// # Errors
    /// What the first failing part reported.
    pub async fn serve(self, stop: CancellationToken) -> io::Result<()> {
        let mut parts = JoinSet::new();
        let Self { cosmos, servicebus, control, admin, at: _, data: _stored_until_the_end } = self;
        let (cosmos, listener) = cosmos;
        parts.spawn(cosmos.serve(listener, stop.clone()));
        let (servicebus, listener) = servicebus;
        parts.spawn(Arc::clone(&servicebus).serve(listener, stop.clone()));
        parts.spawn(servicebus.serve_admin(admin, stop.clone()));
        let (control, listener) = control;
        parts.spawn(control.serve(listener, stop.clone()));
        let mut outcome = Ok(());
        while let Some(ended) = parts.join_next().await {
            stop.cancel();
            outcome = outcome.and(ended.unwrap_or_else(|crash| Err(io::Error::other(crash))));
        }
        outcome
    }
}

impl Parts {
    fn in_memory(entities: &Entities) -> Self {
        let (clock, faults) = (Arc::new(Clock::new()), Arc::new(Faults::default()));
        let cosmos = Cosmos::new(Arc::clone(&clock), Arc::clone(&faults));
        if entities.shop {
            cosmos.provision_shop();
        }
        let servicebus =
            ServiceBus::new(Arc::clone(&clock), Arc::clone(&faults), &entities.topology);
        Self::of(clock, faults, cosmos, servicebus)
    }

    /// What a directory holds; `entities` is added where it is new.
    fn stored(entities: &Entities, path: &Path) -> Result<(Self, Store), OpenError> {
        let opened = Opened::at(path)?;
        let parts = Self::load(entities, &opened);
        let parts = parts.map_err(|BadRow(why)| OpenError::Damaged(why))?;
        Ok((parts, opened.start()?))
    }

    fn load(entities: &Entities, opened: &Opened) -> Result<Self, BadRow> {
        let kept = (opened.rows(), opened.journal());
        let (clock, faults) = (Arc::new(Clock::stored(kept)?), Arc::new(Faults::default()));
        let cosmos = Cosmos::stored(kept, Arc::clone(&clock), Arc::clone(&faults))?;
        if entities.shop && opened.is_new() {
            cosmos.provision_shop();
        }
        let (its_clock, its_faults) = (Arc::clone(&clock), Arc::clone(&faults));
        let servicebus = ServiceBus::stored(kept, its_clock, its_faults, &entities.topology)?;
        Ok(Self::of(clock, faults, cosmos, servicebus))
    }

    fn of(
        clock: Arc<Clock>,
        faults: Arc<Faults>,
        cosmos: Arc<Cosmos>,
        servicebus: Arc<ServiceBus>,
    ) -> Self {
        let control = Control::new(clock, faults, Arc::clone(&cosmos), Arc::clone(&servicebus));
        Self { cosmos, servicebus, control: Arc::new(control) }
    }
}

/// The one line on stdout that tells a program where everything is.
fn ready_line(at: Addresses) -> String {
    let (cosmos, servicebus) = (reachable(at.cosmos), reachable(at.servicebus));
    let connection = format!(
        "Endpoint=sb://{servicebus};SharedAccessKeyName=RootManageSharedAccessKey;\
         SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    );
    // Addresses need no escape; the order of the fields is part of the contract.
    format!(
        r#"{{"ready":true,"cosmos":"http://{cosmos}","servicebus":"{connection}","control":"http://{}","admin":"http://{}"}}"#,
        at.control,
        reachable(at.admin.unwrap_or(ADMIN)),
    )
}

/// The address a client on this machine dials: loopback where it listens on all interfaces.
fn reachable(at: SocketAddr) -> SocketAddr {
    match at.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, at.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, at.port()).into(),
        IpAddr::V4(_) | IpAddr::V6(_) => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn at(cosmos: &str) -> Addresses {
        let at = |text: &str| text.parse().unwrap();
        Addresses {
            cosmos: at(cosmos),
            servicebus: at("127.0.0.1:5672"),
            control: at("127.0.0.1:8090"),
            admin: None,
        }
    }

    #[test]
    fn the_ready_line_is_the_contract() {
        expect![[r#"{"ready":true,"cosmos":"http://127.0.0.1:8081","servicebus":"Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;","control":"http://127.0.0.1:8090","admin":"http://127.0.0.1:5300"}"#]]
            .assert_eq(&ready_line(at("127.0.0.1:8081")));
    }

    #[test]
    fn listening_everywhere_is_announced_as_loopback() {
        assert!(ready_line(at("0.0.0.0:8081")).contains(r#""cosmos":"http://127.0.0.1:8081""#));
        assert!(ready_line(at("[::]:8081")).contains(r#""cosmos":"http://[::1]:8081""#));
    }

    #[tokio::test]
    async fn control_stays_on_loopback() {
        let mut addresses = at("127.0.0.1:0");
        addresses.control = "0.0.0.0:8090".parse().unwrap();
        let entities = Entities::new(None, true).unwrap();
        let error = bind(addresses, entities, None).await.unwrap_err();
        assert!(error.to_string().ends_with("use 127.0.0.1:8090"), "{error}");
    }
}
