//! The routes: what is answered where.
//!
//! A rejection says «another row», and nothing else: whatever a use case has to say is a reply.
//! `HEAD` goes wherever `GET` goes. The last row of a path names the methods it does have.

use crate::asked::asked;
use crate::body::body;
use crate::problem::{Problem, respond};
use crate::{cancel, change_quantity, health, history, list, openapi, place, read, ship};
use domain::order::Order;
use domain::ports::Aggregates;
use std::convert::Infallible;
use std::sync::Arc;
use warp::filters::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection, any, get, head, patch, path, post, reject};

/// What a use case comes to.
pub(crate) type Answer = Result<Response, Problem>;

/// Every route, and an answer for whatever is no route.
pub fn routes<S: Aggregates<Order> + 'static>(
    store: Arc<S>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    let known = orders(&store)
        .or(order(&store))
        .unify()
        .or(deeds(&store))
        .unify()
        .or(service(&store))
        .unify();
    let unknown = any().map(|| Err(Problem::NoRoute));
    no_trailing_slash().and(known).or(unknown).unify().map(respond)
}

/// All orders: listed, and placed.
fn orders<S: Aggregates<Order> + 'static>(
    store: &Arc<S>,
) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone + use<S> {
    let orders = path!("api" / "orders");
    let query = warp::query::raw().or(any().map(String::new)).unify();

    let list = orders.and(reads()).and(query).and(with(store)).then(list::list);
    let place = orders.and(post()).and(asked()).and(body()).and(with(store)).then(place::place);
    list.or(place).unify().or(orders.map(|| only("GET, HEAD, POST"))).unify()
}

/// One order: read, and changed; and what happened to it.
fn order<S: Aggregates<Order> + 'static>(
    store: &Arc<S>,
) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone + use<S> {
    let order = path!("api" / "orders" / String);
    let events = path!("api" / "orders" / String / "events");

    let read = order.and(reads()).and(asked()).and(with(store)).then(read::read);
    let change = order.and(patch()).and(asked()).and(body()).and(with(store));
    let change = change.then(change_quantity::change_quantity);
    let history = events.and(reads()).and(with(store)).then(history::history);
    read.or(change)
        .unify()
        .or(order.map(|_| only("GET, HEAD, PATCH")))
        .unify()
        .or(history)
        .unify()
        .or(events.map(|_| only("GET, HEAD")))
        .unify()
}

/// What is done to an order rather than written into it.
fn deeds<S: Aggregates<Order> + 'static>(
    store: &Arc<S>,
) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone + use<S> {
    let cancel = path!("api" / "orders" / String / "cancel");
    let ship = path!("api" / "orders" / String / "ship");
    let asked = || post().and(asked()).and(body());

    let cancels = cancel.and(asked()).and(with(store)).then(cancel::cancel);
    let ships = ship.and(asked()).and(with(store)).then(ship::ship);
    let only_post = cancel.or(ship).unify().map(|_| only("POST"));
    cancels.or(ships).unify().or(only_post).unify()
}

/// How the service is, and what it offers: open to everybody.
fn service<S: Aggregates<Order> + 'static>(
    store: &Arc<S>,
) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone + use<S> {
    let live = path!("api" / "health" / "live");
    let ready = path!("api" / "health" / "ready");
    let document = path!("api" / "openapi.json");

    let ping = path::end().and(reads()).map(|| Ok(Response::default()));
    let lives = live.and(reads()).map(health::live);
    let readies = ready.and(reads()).and(with(store)).then(health::ready);
    let documents = document.and(reads()).map(openapi::answer);
    let only_get = live.or(ready).unify().or(document).unify().or(path::end()).unify();
    let only_get = only_get.map(|| only("GET, HEAD"));
    ping.or(lives).unify().or(readies).unify().or(documents).unify().or(only_get).unify()
}

/// `GET` and `HEAD`; the server leaves the body of the second out.
fn reads() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    get().or(head()).unify()
}

/// Hands the store to a use case.
fn with<S: Send + Sync + 'static>(
    store: &Arc<S>,
) -> impl Filter<Extract = (Arc<S>,), Error = Infallible> + Clone + use<S> {
    let store = Arc::clone(store);
    any().map(move || Arc::clone(&store))
}

/// The last row of a path: it exists, and the method does not.
fn only(allow: &'static str) -> Answer {
    Err(Problem::WrongMethod { allow })
}

/// `/api/orders/` is another name than `/api/orders`, and warp takes one for the other.
///
/// The end first: a target that is no path, such as that of `CONNECT host:1`, ends there too, and
/// warp panics where it is asked for the full path of one.
fn no_trailing_slash() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    let check = |path: FullPath| {
        let is_other = path.as_str().ends_with('/');
        std::future::ready(if is_other { Err(reject::not_found()) } else { Ok(()) })
    };
    path::end().or(path::full().and_then(check).untuple_one()).unify()
}
