//! A program in a container, by testcontainers: started, paused and killed as its process would be.
//!
//! Whatever talks to Docker runs on a runtime of its own, so that a container may be started and
//! dropped where nothing can be awaited.

use anyhow::{Context, Result, anyhow};
use std::collections::{BTreeMap, HashMap};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use testcontainers::bollard::models::{
    HostConfig, NetworkConnectRequest, NetworkDisconnectRequest, PortBinding,
};
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::{ContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A container. Dropping it kills and removes it.
#[derive(Debug)]
pub struct Container {
    /// Its name, by which the others of its network reach it.
    pub name: String,
    /// Taken only when it is dropped.
    running: Option<Arc<ContainerAsync<GenericImage>>>,
    drains: JoinSet<()>,
}

/// How to start a container.
#[derive(Debug, Clone)]
pub struct Spec<'a> {
    /// The image's name and tag.
    pub image: (String, &'a str),
    /// What follows the entry point. A path of this machine is the same path inside.
    pub arguments: &'a [String],
    /// Its variables; of two with one name the last counts.
    pub variables: Vec<(String, String)>,
    /// The network that it sees.
    pub network: Network<'a>,
    /// Ports that are reached on loopback of this machine, by [`Container::port`].
    pub ports: &'a [u16],
    /// Files that are put into it: where, and what.
    pub files: &'a [(&'a str, &'a str)],
}

/// The network that a container sees.
#[derive(Debug, Clone, Copy)]
pub enum Network<'a> {
    /// That of this machine, as a process does.
    Host,
    /// A bridge of this name, made with its first container and removed with its last.
    Bridge(&'a str),
    /// That of another container, loopback included.
    Of(&'a Container),
}

/// Where a container's output goes, beside whoever waits for its lines.
#[derive(Debug)]
pub struct Output {
    /// Its log: both streams, or standard error alone where `lines` is given.
    pub log: PathBuf,
    /// Whoever waits for the lines of standard output.
    pub lines: Option<mpsc::UnboundedSender<String>>,
}

impl<'a> Spec<'a> {
    /// The image of one of our programs, on the network of this machine.
    pub fn of(program: &str, arguments: &'a [String]) -> Self {
        // `localhost` is no registry: an image that was not made is not looked for elsewhere.
        let image = (format!("localhost/{program}"), LOCAL_TAG);
        let (variables, network) = (Vec::new(), Network::Host);
        Self { image, arguments, variables, network, ports: &[], files: &[] }
    }
}

impl Container {
    /// Starts it; its image must be there, or be one that can be pulled.
    pub fn start(spec: &Spec<'_>, output: Option<Output>) -> Result<Self> {
        let (name, request) = request(spec)?;
        let image = &spec.image;
        let running = wait_for(async move { Ok(request.start().await?) });
        let running = running
            .with_context(|| format!("cannot start a container of {}:{}", image.0, image.1))?;
        let mut container = Self { name, running: Some(Arc::new(running)), drains: JoinSet::new() };
        if let Some(Output { log, lines }) = output {
            let running = container.running()?;
            let (out, err) = (running.stdout(true), running.stderr(true));
            let engine = engine()?.handle();
            container.drains.spawn_on(drain(out, log.clone(), lines), engine);
            container.drains.spawn_on(drain(err, log, None), engine);
        }
        Ok(container)
    }

    /// Runs it to its end: its exit code, standard output and standard error.
    pub async fn run(spec: &Spec<'_>) -> Result<(i32, Vec<u8>, Vec<u8>)> {
        let container = Self::start(spec, None)?;
        let running = container.running()?;
        on_engine(async move {
            let code = ended(&running).await?;
            Ok((code, running.stdout_to_vec().await?, running.stderr_to_vec().await?))
        })
        .await
    }

    /// Stops all of its processes where they are.
    pub fn pause(&self) -> Result<()> {
        let running = self.running()?;
        wait_for(async move { Ok(running.pause().await?) })
    }

    /// Lets them go on.
    pub fn resume(&self) -> Result<()> {
        let running = self.running()?;
        wait_for(async move { Ok(running.unpause().await?) })
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub async fn kill(&self) -> Result<()> {
        let running = self.running()?;
        on_engine(async move {
            if running.is_running().await? {
                docker_client_instance().await?.kill_container(running.id(), None).await?;
                ended(&running).await?;
            }
            Ok(())
        })
        .await
    }

    /// Asks it to stop, kills it after this time, and waits for its end: its exit code.
    pub async fn stop(&mut self, within: Duration) -> Result<i32> {
        let running = self.running()?;
        let seconds = i32::try_from(within.as_secs())?;
        on_engine(async move { Ok(running.stop_with_timeout(Some(seconds)).await?) }).await?;
        self.ended().await
    }

    /// Waits for its end, and until all that it wrote is in its log: its exit code.
    pub async fn ended(&mut self) -> Result<i32> {
        let running = self.running()?;
        let code = on_engine(async move { ended(&running).await }).await?;
        while self.drains.join_next().await.is_some() {}
        Ok(code)
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> Result<bool> {
        let running = self.running()?;
        wait_for(async move { Ok(!running.is_running().await?) })
    }

    /// The port of this machine behind which one of its ports is.
    pub fn port(&self, inner: u16) -> Result<u16> {
        let running = self.running()?;
        wait_for(async move { Ok(running.get_host_port_ipv4(ContainerPort::Tcp(inner)).await?) })
    }

    /// Takes it out of a network: what is under way goes nowhere, and nobody is told.
    pub async fn disconnect(&self, network: &str) -> Result<()> {
        let (network, container) = (network.to_owned(), self.name.clone());
        on_engine(async move {
            let request = NetworkDisconnectRequest { container, force: Some(true) };
            Ok(docker_client_instance().await?.disconnect_network(&network, request).await?)
        })
        .await
    }

    /// Puts it back into a network.
    pub async fn connect(&self, network: &str) -> Result<()> {
        let (network, container) = (network.to_owned(), self.name.clone());
        on_engine(async move {
            let request = NetworkConnectRequest { container, endpoint_config: None };
            Ok(docker_client_instance().await?.connect_network(&network, request).await?)
        })
        .await
    }

    fn running(&self) -> Result<Arc<ContainerAsync<GenericImage>>> {
        self.running.clone().context("the container is gone")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let running = self.running.take();
        // What cannot be removed now is removed by `cargo xtask e2e`, which knows the label.
        let _ = wait_for(async move {
            drop(running);
            Ok(())
        });
    }
}

/// A name for a container or a network that no other one has.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("e2e-{}-{number}-{what}", std::process::id())
}

fn request(spec: &Spec<'_>) -> Result<(String, ContainerRequest<GenericImage>)> {
    let (image, tag) = &spec.image;
    let name = unique(image.rsplit('/').next().unwrap_or(image));
    let mut generic = GenericImage::new(image.as_str(), tag);
    for port in spec.ports {
        generic = generic.with_exposed_port(ContainerPort::Tcp(*port));
    }
    let run = std::env::var("E2E_RUN").unwrap_or_default();
    let mut request = generic
        .with_container_name(&name)
        .with_label("outbox.e2e", run)
        .with_startup_timeout(STARTED_WITHIN)
        .with_cmd(spec.arguments);
    for path in spec.arguments.iter().filter(|one| Path::new(one).is_absolute()) {
        if !Path::new(path).exists() {
            std::fs::create_dir_all(path)?;
        }
        request = request.with_mount(Mount::bind_mount(path, path));
    }
    let variables: BTreeMap<_, _> = spec.variables.iter().cloned().collect();
    for (name, value) in variables {
        request = request.with_env_var(name, value);
    }
    for (path, text) in spec.files {
        request = request.with_copy_to(*path, text.as_bytes().to_vec());
    }
    let mode = match spec.network {
        Network::Host => "host".to_owned(),
        Network::Of(other) => format!("container:{}", other.name),
        Network::Bridge(bridge) => {
            request = request.with_network(bridge);
            bridge.to_owned()
        }
    };
    let ports = spec.ports.to_vec();
    let request = request.with_host_config_modifier(move |host| settle(host, &mode, &ports));
    Ok((name, request))
}

/// Ports are published on loopback alone: the keys of emulators are public.
fn settle(host: &mut HostConfig, mode: &str, ports: &[u16]) {
    let at = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: None };
    let published = ports.iter().map(|port| (format!("{port}/tcp"), Some(vec![at.clone()])));
    host.port_bindings = Some(published.collect::<HashMap<_, _>>());
    host.publish_all_ports = Some(false);
    host.network_mode = Some(mode.to_owned());
}

async fn ended(running: &ContainerAsync<GenericImage>) -> Result<i32> {
    while running.is_running().await? {
        tokio::time::sleep(PAUSE).await;
    }
    let code = running.exit_code().await?.context("it ended without a code")?;
    Ok(i32::try_from(code)?)
}

/// Copies a stream to its log, or its lines to whoever waits for them, until the container ends.
async fn drain(
    mut from: impl AsyncBufRead + Unpin,
    log: PathBuf,
    lines: Option<mpsc::UnboundedSender<String>>,
) {
    let Ok(mut log) = OpenOptions::new().create(true).append(true).open(log) else { return };
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).await.is_ok_and(|bytes| 0 < bytes) {
        match &lines {
            Some(lines) => {
                // Whoever had the line that it waited for reads no more.
                let _ = lines.send(String::from_utf8_lossy(&line).into_owned());
            }
            None if log.write_all(&line).is_err() => return,
            None => {}
        }
        line.clear();
    }
}

fn engine() -> Result<&'static Runtime> {
    static ENGINE: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    });
    ENGINE.as_ref().map_err(|error| anyhow!("no runtime for containers: {error}"))
}

async fn on_engine<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    engine()?.spawn(work).await.context("the work on a container was given up")?
}

/// [`on_engine`] for whoever cannot await.
fn wait_for<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let (sender, answer) = std::sync::mpsc::sync_channel(1);
    engine()?.spawn(async move { sender.send(work.await) });
    answer.recv().context("the work on a container was given up")?
}

/// The tag of the images that `cargo xtask e2e --backend containers --images local` makes.
const LOCAL_TAG: &str = "e2e";
/// Bounds a start, an image that is pulled included.
const STARTED_WITHIN: Duration = Duration::from_mins(5);
/// Between two looks at whether a container has ended.
const PAUSE: Duration = Duration::from_millis(50);
