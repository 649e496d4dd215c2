//! What requests may say, in terms of OpenAPI: the bounds are the domain's own.

use domain::Key;
use domain::value::Quantity;
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
