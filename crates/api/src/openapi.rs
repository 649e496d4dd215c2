//! The OpenAPI document, generated from the code.
//!
//! It is served as it stands in `openapi.json` beside the sources; a test generates it anew and
//! holds both equal, so that a change of the API shows in review.

mod answers;
mod requests;

pub(crate) use answers::{Away, Changed, Unanswered};
pub(crate) use requests::{PlacementBody, QuantityBody};

use crate::routes::Answer;
use crate::{cancel, change_quantity, health, history, list, place, read, ship};
use http::{HeaderValue, header};
use utoipa::openapi::RefOr;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};
use warp::reply::Response;

/// Generates the document.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Get this document
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "service",
    operation_id = "openApi",
    responses((status = 200, description = "OpenAPI", content_type = "application/json"))
)]
#[expect(clippy::unnecessary_wraps, reason = "a row of the routes, like every other")]
pub(crate) fn answer() -> Answer {
    let mut response = Response::new(include_str!("../openapi.json").into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Orders",
        description = "An order service that cannot lose an event",
        license(name = "MIT", identifier = "MIT"),
    ),
    paths(
        list::list,
        place::place,
        read::read,
        change_quantity::change_quantity,
        cancel::cancel,
        ship::ship,
        history::history,
        health::live,
        health::ready,
        answer,
    ),
    modifiers(&FunctionKey, &Bounds),
    security((), ("functionKey" = []))
)]
struct Document;

/// The key that the Functions host asks for, if the service runs behind one.
struct FunctionKey;

impl Modify for FunctionKey {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let key = ApiKeyValue::with_description(
            "x-functions-key",
            "Behind the Functions host, orders need a key; health and this document do not",
        );
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(key));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("functionKey", scheme);
    }
}

/// The bounds of parameters, which the attributes of a route cannot take from the domain.
struct Bounds;

impl Modify for Bounds {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let items = document.paths.paths.values_mut();
        let operations = items.flat_map(|item| [&mut item.get, &mut item.post, &mut item.patch]);
        let parameters = operations.flatten().filter_map(|operation| operation.parameters.as_mut());
        for parameter in parameters.flatten() {
            let RefOr::T(parameter) = parameter else { continue };
            if let Some(schema) = requests::parameter(&parameter.name) {
                parameter.schema = Some(schema.into());
            }
        }
    }
}
