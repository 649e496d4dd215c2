//! A custom handler for the tests of the Functions host: carries every connection to the test.
//!
//! `HANDLER_BACKEND` is where the test listens. `HANDLER_EXIT`, if set, ends it at once with that
//! code. `HANDLER_SILENT`, if set, keeps it from listening.

use std::{env, error::Error, net::SocketAddr, process::ExitCode};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "its log lines are what is tested")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    println!("started as {}", env::var("FUNCTIONS_CUSTOMHANDLER_WORKER_ID")?);
    eprintln!("this is a Warning");
    eprintln!("this is worse");
    if let Ok(code) = env::var("HANDLER_EXIT") {
        return Ok(ExitCode::from(code.parse::<u8>()?));
    }
    if env::var("HANDLER_SILENT").is_ok() {
        std::future::pending::<()>().await;
    }
    let backend: SocketAddr = env::var("HANDLER_BACKEND")?.parse()?;
    let port: u16 = env::var("FUNCTIONS_CUSTOMHANDLER_PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let mut connections = JoinSet::new();
    loop {
        let (mut host, _) = listener.accept().await?;
        connections.spawn(async move {
            let mut test = TcpStream::connect(backend).await?;
            copy_bidirectional(&mut host, &mut test).await
        });
    }
}
