//! What the environment says, checked whole: all mistakes at once.
//!
//! | variable | meaning |
//! |---|---|
//! | `COSMOS_ENDPOINT`, `COSMOS_KEY`, `COSMOS_DATABASE`, `COSMOS_CONTAINER` | see [`cosmos::Settings`] |
//! | `FUNCTIONS_CUSTOMHANDLER_PORT` | the port on which the Functions host expects this process |
//! | `LISTEN` | where to listen without a Functions host; 127.0.0.1:8080 |
//! | `RUST_LOG` | what is logged; `info` |

use cosmos::Settings;
use std::net::{Ipv4Addr, SocketAddr};
use tracing_subscriber::filter::Targets;

/// All that the process is told.
#[derive(Debug)]
pub(crate) struct Config {
    /// The store.
    pub(crate) store: Settings,
    /// Where to listen, and for whom.
    pub(crate) listen: Listen,
    /// What to log: levels by target. `EnvFilter` would bring a regex engine for its filters by span.
    pub(crate) log: Targets,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listen {
    /// The Functions host, on this machine.
    ForHost(SocketAddr),
    /// Anybody who reaches this address.
    Alone(SocketAddr),
}

impl Listen {
    /// Where.
    pub(crate) const fn address(self) -> SocketAddr {
        match self {
            Self::ForHost(address) | Self::Alone(address) => address,
        }
    }
}

impl Config {
    /// Reads the environment; every mistake names its variable and what would be right.
    pub(crate) fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let store = Settings::read(&var);
        let store =
            store.map_err(|wrong| mistakes.extend(wrong.iter().map(ToString::to_string))).ok();
        let listen = listen(&var).map_err(|wrong| mistakes.push(wrong)).ok();
        let log = log(&var).map_err(|wrong| mistakes.push(wrong)).ok();
        match (store, listen, log) {
            (Some(store), Some(listen), Some(log)) => Ok(Self { store, listen, log }),
            (_, _, _) => Err(mistakes),
        }
    }
}

fn listen(var: &impl Fn(&str) -> Option<String>) -> Result<Listen, String> {
    let given = |name| var(name).filter(|given| !given.trim().is_empty());
    if let Some(port) = given(PORT) {
        return match port.trim().parse() {
            Ok(port) => Ok(Listen::ForHost((Ipv4Addr::LOCALHOST, port).into())),
            Err(_) => Err(format!("{PORT} is {port:?}; the Functions host sets it to a port")),
        };
    }
    let address = given(LISTEN).unwrap_or_else(|| "127.0.0.1:8080".into());
    match address.trim().parse() {
        Ok(address) => Ok(Listen::Alone(address)),
        Err(_) => {
            Err(format!("{LISTEN} is {address:?}; write an address and a port: 127.0.0.1:8080"))
        }
    }
}

fn log(var: &impl Fn(&str) -> Option<String>) -> Result<Targets, String> {
    let given = var(LOG).filter(|given| !given.trim().is_empty());
    let given = given.unwrap_or_else(|| "info".into());
    given.parse().map_err(|_| format!("{LOG} is {given:?}; write info, or api=debug,info"))
}

const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
const LISTEN: &str = "LISTEN";
const LOG: &str = "RUST_LOG";

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// The key that every emulator has.
    const KEY: &str =
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";
    const STORE: [(&str, &str); 2] =
        [("COSMOS_ENDPOINT", "http://127.0.0.1:8081"), ("COSMOS_KEY", KEY)];

    fn read(vars: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        Config::read(|name| {
            let found = vars.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn check(vars: &[(&str, &str)], expect: Expect) {
        let said = match read(&[&STORE, vars].concat()) {
            Ok(config) => format!("{:?}", config.listen),
            Err(mistakes) => mistakes.join("\n"),
        };
        expect.assert_eq(&said);
    }

    #[test]
    fn alone_it_listens_on_loopback_unless_told_otherwise() {
        check(&[], expect!["Alone(127.0.0.1:8080)"]);
        check(&[("LISTEN", " ")], expect!["Alone(127.0.0.1:8080)"]);
        check(&[("LISTEN", " 0.0.0.0:80 ")], expect!["Alone(0.0.0.0:80)"]);
        check(&[("FUNCTIONS_CUSTOMHANDLER_PORT", "")], expect!["Alone(127.0.0.1:8080)"]);
    }

    #[test]
    fn behind_the_functions_host_it_listens_where_the_host_says() {
        check(
            &[("FUNCTIONS_CUSTOMHANDLER_PORT", "7071"), ("LISTEN", "0.0.0.0:80")],
            expect!["ForHost(127.0.0.1:7071)"],
        );
    }

    #[test]
    fn every_mistake_is_said_with_what_would_be_right() {
        check(
            &[("LISTEN", "8080"), ("RUST_LOG", "api=loud=very")],
            expect![[r#"
                LISTEN is "8080"; write an address and a port: 127.0.0.1:8080
                RUST_LOG is "api=loud=very"; write info, or api=debug,info"#]],
        );
        check(
            &[("FUNCTIONS_CUSTOMHANDLER_PORT", "http")],
            expect![[
                r#"FUNCTIONS_CUSTOMHANDLER_PORT is "http"; the Functions host sets it to a port"#
            ]],
        );
    }

    #[test]
    fn mistakes_of_the_store_are_said_with_the_others() {
        let mistakes = read(&[("COSMOS_KEY", "?"), ("LISTEN", "x")]).unwrap_err();
        let said: Vec<_> = mistakes.iter().filter_map(|said| said.split(' ').next()).collect();
        assert_eq!(said, ["COSMOS_ENDPOINT", "COSMOS_KEY", "LISTEN"]);
    }
}
