//! `cargo xtask peers`: the client of Service Bus against brokers that this project did not write.
//!
//! RabbitMQ (from the distribution) and a small broker on npm's rhea, each a process of its own on
//! a port of its own. They are kept: a test that kills one meets it again, restarted. The tests are
//! `crates/servicebus/tests/peers`, which nothing else runs.

mod kept;
mod rabbitmq;

use crate::conformance::install_node;
use crate::run;
use anyhow::{Context, Result, bail};
use kept::Kept;
use rabbitmq::RabbitMq;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What to test.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Only tests whose name contains this
    filter: Option<String>,
}

/// The broker on rhea, and what it needs.
const RHEA: &str = "crates/servicebus/tests/peers/rhea";
/// A broker takes some seconds to boot; on a busy machine many.
const READY_WITHIN: Duration = Duration::from_mins(2);
/// How often a broker is asked whether it serves.
const GLANCE: Duration = Duration::from_millis(50);

/// Starts both brokers and runs the tests against them.
pub(crate) fn peers(root: &Path, arguments: &Arguments) -> Result<()> {
    let folder = root.join("target/peers");
    let rhea = start_rhea(root, &folder)?;
    let rabbitmq = RabbitMq::start(&folder.join("rabbitmq"))?;
    let building = Instant::now();
    // Of the whole workspace, so that the dependencies are those that the other tests are built of.
    let of_peers = ["--locked", "--workspace", "--test", "peers"];
    let mut clippy = run::cargo(&["clippy"]);
    run::quietly("clippy", clippy.args(of_peers).args(["--", "-Dwarnings"]))?;
    let mut build = run::cargo(&["test", "--no-run"]);
    run::quietly("peers' tests", build.args(of_peers))?;
    run::step("peers' tests built", building);
    let starting = Instant::now();
    await_amqp(rhea.at, "rhea")?;
    await_amqp(rabbitmq.at(), "RabbitMQ")?;
    run::step("brokers ready", starting);
    let mut test = run::cargo(&["test", "--quiet"]);
    test.args(of_peers).args(&arguments.filter);
    // One at a time: some of them restart the broker.
    test.args(["--", "--test-threads=1"]);
    test.env("PEER_RHEA", rhea.at.to_string()).env("PEER_RHEA_PID", rhea.pid_file());
    test.env("PEER_RABBITMQ", rabbitmq.at().to_string());
    test.env("PEER_RABBITMQ_PID", rabbitmq.pid_file());
    run::run(&mut test)
}

fn start_rhea(root: &Path, folder: &Path) -> Result<Kept> {
    let home = folder.join("rhea");
    install_node(&home, &root.join(RHEA))?;
    let at = free_address()?;
    let mut node = Command::new("node");
    node.arg(root.join(RHEA).join("peer.js")).arg(at.port().to_string());
    node.env("NODE_PATH", home.join("node_modules"));
    Kept::start(node, at, folder, "rhea")
}

/// An address that was free just now: a broker that is restarted comes back to it.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?)
}

/// Waits until AMQP is spoken there.
fn await_amqp(at: SocketAddr, name: &str) -> Result<()> {
    let begun = Instant::now();
    while !speaks_amqp(at).unwrap_or(false) {
        if READY_WITHIN < begun.elapsed() {
            bail!("{name} does not serve at {at}; its log is in target/peers");
        }
        std::thread::sleep(GLANCE);
    }
    Ok(())
}

/// Whether the header of SASL is answered with the same.
fn speaks_amqp(at: SocketAddr) -> std::io::Result<bool> {
    const SASL: [u8; 8] = *b"AMQP\x03\x01\x00\x00";
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(&SASL)?;
    let mut answer = [0; 8];
    stream.read_exact(&mut answer)?;
    Ok(answer == SASL)
}

/// An empty folder.
fn emptied(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
