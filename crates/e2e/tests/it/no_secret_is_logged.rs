//! Neither program writes a key, a signature or a token to its log, however much it is to log.

use crate::support::states;
use anyhow::{Context, Result};
use e2e::world::{COSMOS_KEY, World};

#[tokio::test]
async fn no_secret_is_logged_even_when_everything_is() -> Result<()> {
    let mut world = World::at_rest().await?;
    world.api.set("RUST_LOG", "trace");
    world.relay.set("RUST_LOG", "trace");
    world.api.start().await?;
    world.relay.start().await?;
    let order = world.client.place("A-17", 3).await?;
    states(&world.client, &order, &["processed"]).await?;
    let key = COSMOS_KEY.trim_end_matches('=');
    let secrets = [key, "SAS_KEY_VALUE", "SharedAccessSignature", "type%3Dmaster", "type=master"];
    for name in ["api", "relay"] {
        let log = std::fs::read_to_string(world.logs().join(format!("{name}.log")))?;
        assert!(log.contains("TRACE"), "{name} logs everything");
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{name} logs {secret}");
        }
    }
    let said = world.operate_with(&["parked"], &[("RUST_LOG", "trace")]).await?;
    for secret in secrets {
        let line = said.err.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the operator's tool logs {secret}");
    }
    said.err.contains("TRACE").then_some(()).context("the operator's tool logs everything")
}
