//! Answers that several routes give, in terms of OpenAPI.

use crate::problem::Document;
use crate::view::OrderView;
use utoipa::ToResponse;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// 200: a change was made, or had been before.
pub(crate) enum Changed {}

/// 503: the store cannot be read.
pub(crate) enum Away {}

/// 503: the store cannot be written, or did not say whether it was.
pub(crate) enum Unanswered {}

impl<'r> ToResponse<'r> for Changed {
    fn response() -> (&'r str, RefOr<Response>) {
        let order = Ref::from_schema_name(<OrderView as utoipa::ToSchema>::name());
        let content = ContentBuilder::new().schema(Some(order)).build();
        let version = HeaderBuilder::new().description(Some("Its version")).build();
        let response = ResponseBuilder::new().description("The order as it is now");
        ("Changed", response.content("application/json", content).header("ETag", version).into())
    }
}

impl<'r> ToResponse<'r> for Away {
    fn response() -> (&'r str, RefOr<Response>) {
        ("Away", unavailable("The store is busy or away"))
    }
}

impl<'r> ToResponse<'r> for Unanswered {
    fn response() -> (&'r str, RefOr<Response>) {
        let description = "The store is busy or away, or did not answer: then orderId names what \
                           may have been placed or changed";
        ("Unanswered", unavailable(description))
    }
}

fn unavailable(description: &str) -> RefOr<Response> {
    let problem = Ref::from_schema_name(<Document<'_> as utoipa::ToSchema>::name());
    let content = ContentBuilder::new().schema(Some(problem)).build();
    let seconds = HeaderBuilder::new().description(Some("Seconds")).build();
    let response = ResponseBuilder::new().description(description);
    response.content("application/problem+json", content).header("Retry-After", seconds).into()
}
