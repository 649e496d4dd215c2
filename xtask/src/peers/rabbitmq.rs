//! RabbitMQ as a process of our own: nothing of the distribution's service is used or touched,
//! whether that runs or not, but for the program itself.

use super::kept::Kept;
use super::{emptied, free_address};
use anyhow::{Context, Result, bail};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// The program itself. `rabbitmq-server` on the path is a wrapper that changes to another user.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A broker of its own, with the name server that Erlang wants beside it.
pub(crate) struct RabbitMq {
    server: Kept,
    /// Erlang's name server; it would else be started as a daemon that outlives us.
    _epmd: Kept,
}

impl RabbitMq {
    /// Starts it, with everything that it writes in `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        if !Path::new(SERVER).exists() {
            bail!("{SERVER} is missing; `apt-get install rabbitmq-server` brings it");
        }
        emptied(folder)?;
        let (at, names, nodes) = (free_address()?, free_address()?, free_address()?);
        let write = |file: &str, text: &str| {
            let path = folder.join(file);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        };
        write("rabbitmq.conf", &format!("listeners.tcp.1 = {at}\n"))?;
        write("enabled_plugins", "[rabbitmq_amqp1_0].\n")?;
        write("rabbitmq-env.conf", "")?;
        let mut epmd = Command::new("epmd");
        epmd.args(["-address", "127.0.0.1", "-port", &names.port().to_string()]);
        let epmd = Kept::start(epmd, names, folder, "epmd")?;
        let server = Kept::start(command(folder, names, nodes), at, folder, "server")?;
        Ok(Self { server, _epmd: epmd })
    }

    /// Where it speaks AMQP 1.0.
    pub(crate) fn at(&self) -> SocketAddr {
        self.server.at
    }

    /// The file that holds the id of the process that runs now.
    pub(crate) fn pid_file(&self) -> &Path {
        self.server.pid_file()
    }
}

fn command(folder: &Path, names: SocketAddr, nodes: SocketAddr) -> Command {
    let mut server = Command::new(SERVER);
    let node = format!("peers-{}@localhost", std::process::id());
    // The script then becomes the server instead of waiting for it, so that there is one process.
    server.env("RUNNING_UNDER_SYSTEMD", "true");
    // Where the cookie is kept that lets nodes talk to each other.
    server.env("HOME", folder);
    server.env("ERL_EPMD_ADDRESS", "127.0.0.1").env("ERL_EPMD_PORT", names.port().to_string());
    server.env("RABBITMQ_NODENAME", node);
    server.env("RABBITMQ_DIST_PORT", nodes.port().to_string());
    let here = "-kernel inet_dist_use_interface {127,0,0,1}";
    server.env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", here);
    server.env("RABBITMQ_LOGS", "-");
    for (variable, name) in [
        ("RABBITMQ_CONF_ENV_FILE", "rabbitmq-env.conf"),
        ("RABBITMQ_CONFIG_FILE", "rabbitmq.conf"),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", "advanced.config"),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", "enabled_plugins"),
        ("RABBITMQ_MNESIA_BASE", "mnesia"),
        ("RABBITMQ_LOG_BASE", "log"),
        ("RABBITMQ_PID_FILE", "rabbitmq.pid"),
        ("RABBITMQ_GENERATED_CONFIG_DIR", "config"),
    ] {
        server.env(variable, folder.join(name));
    }
    server
}
