//! What requests may say, in terms of OpenAPI: the bounds are the domain's own.

use domain::Key;
use domain::value::{IdempotencyKey, Quantity};
use std::borrow::Cow;
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// The body that places an order.
pub(crate) enum PlacementBody {}

/// The body that changes a quantity.
pub(crate) enum QuantityBody {}

impl ToSchema for PlacementBody {
    fn name() -> Cow<'static, str> {
        "Placement".into()
    }
}

impl PartialSchema for PlacementBody {
    fn schema() -> RefOr<Schema> {
        object("What an order is placed with; PascalCase names are accepted too, others are not")
            .property("orderId", key("Its id; without one it is derived or made up", "order-17"))
            .property("accountNumber", key("Whose it is", "A-17"))
            .property("quantity", quantity())
            .required("accountNumber")
            .required("quantity")
            .into()
    }
}

impl ToSchema for QuantityBody {
    fn name() -> Cow<'static, str> {
        "QuantityChange".into()
    }
}

impl PartialSchema for QuantityBody {
    fn schema() -> RefOr<Schema> {
        object("The quantity that is wanted")
            .property("quantity", quantity())
            .required("quantity")
            .into()
    }
}

/// What a parameter of this name may be, where its type alone does not say it.
pub(super) fn parameter(name: &str) -> Option<Schema> {
    let (pattern, len_max) = match name {
        "id" | "accountNumber" => ("^[A-Za-z0-9._-]+$", Key::LEN_MAX),
        "Idempotency-Key" => ("^[!-~]+$", IdempotencyKey::LEN_MAX),
        "If-Match" | "If-None-Match" => (ENTITY_TAGS, ENTITY_TAGS_LEN_MAX),
        _ => return None,
    };
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    Some(text.min_length(Some(1)).max_length(Some(len_max)).into())
}

/// `*`, or entity tags with commas between them (RFC 9110, section 13.1).
const ENTITY_TAGS: &str = r#"^(\*|(W/)?"[^"]*"([ \t]*,[ \t]*(W/)?"[^"]*")*)$"#;
/// Far above any list that a client has a use for; the server's own limit is that of all headers.
const ENTITY_TAGS_LEN_MAX: usize = 1024;

fn object(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description))
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
}

fn key(description: &str, example: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .min_length(Some(1))
        .max_length(Some(Key::LEN_MAX))
        .pattern(Some("^[A-Za-z0-9._-]+$"))
        .examples([example])
        .build()
}

fn quantity() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .description(Some("How many pieces"))
        .minimum(Some(1))
        .maximum(Some(Quantity::MAX))
        .examples([3])
        .build()
}
