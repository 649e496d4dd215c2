//! Where `az` learns of this cloud, and logs in: Entra ID in the manner of AD FS, which asks for no
//! discovery elsewhere.

use crate::server::{Answer, Asked, json};
use crate::world::{SUBSCRIPTION, TOKEN, World};
use serde_json::json;

/// The service principal.
pub(crate) const CLIENT: (&str, &str) = ("99999999-8888-7777-6666-555555555555", "its secret");

/// Answers, where it is about logging in.
pub(crate) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    let home = format!("https://localhost:{}", world.port);
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/metadata/endpoints") => Some(json(
            200,
            json!({
                "name": "Local", "portal": home, "resourceManager": format!("{home}/"),
                "graphAudience": home, "appServiceResourceId": home, "logAnalyticsResourceId": home,
                "authentication": {"loginEndpoint": format!("{home}/adfs"), "audiences": [home],
                    "tenant": "adfs", "identityProvider": "ADFS"},
                "suffixes": {"storage": "storage.local", "keyVaultDns": "vault.local"},
            }),
        )),
        ("GET", path) if path.ends_with("/.well-known/openid-configuration") => Some(json(
            200,
            json!({
                "issuer": format!("{home}/adfs"),
                "authorization_endpoint": format!("{home}/adfs/oauth2/authorize"),
                "token_endpoint": format!("{home}/adfs/oauth2/token"),
            }),
        )),
        ("POST", "/adfs/oauth2/token") => {
            let form = asked.text();
            if !form.contains("grant_type=client_credentials") || !form.contains(CLIENT.0) {
                return Some(json(400, json!({"error": "invalid_client"})));
            }
            Some(json(
                200,
                json!({
                    "token_type": "bearer", "expires_in": 3600, "access_token": TOKEN,
                }),
            ))
        }
        ("GET", "/subscriptions") => Some(json(
            200,
            json!({"value": [{
                "id": format!("/subscriptions/{SUBSCRIPTION}"), "subscriptionId": SUBSCRIPTION,
                "displayName": "Local", "state": "Enabled", "tenantId": "adfs",
            }]}),
        )),
        _ => None,
    }
}
