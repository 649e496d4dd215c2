//! What subcommands work with, each opened only where it is needed.

use super::answer::Trouble;
use crate::config::Settings;
use crate::round::Relay;
use crate::setup;
use cosmos::{Container, CosmosDesk, CosmosLeases, CosmosOutbox, Patience};
use domain::{Chain, Timestamp};
use indicatif::{ProgressBar, ProgressStyle};
use nix::unistd::{Uid, User};
use servicebus::{Account, Administration, ServiceBusPublisher};
use std::sync::Arc;

/// The environment and the clock.
pub(super) struct Tools<'a> {
    pub(super) get: &'a dyn Fn(&str) -> Option<String>,
    pub(super) clock: fn() -> Timestamp,
}

impl Tools<'_> {
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn settings(&self) -> Result<Settings, Trouble> {
        Settings::read(self.get).map_err(|mistakes| Trouble::Environment(setup::texts(mistakes)))
    }

    /// The events, as an operator works on them.
    pub(super) fn desk(&self) -> Result<CosmosDesk, Trouble> {
        Ok(self.desk_and_leases()?.0)
    }

    /// The same, and the leases on the feed.
    pub(super) fn desk_and_leases(&self) -> Result<(CosmosDesk, CosmosLeases), Trouble> {
        let (container, leases) = self.store()?;
        Ok((CosmosDesk::new(container), leases))
    }

    /// How the broker's entities were made, and the topic's name.
    pub(super) fn administration(&self) -> Result<(Administration, String), Trouble> {
        let account = Account::from_variables(self.get);
        let made = account.and_then(|account| Administration::from_variables(account, self.get));
        let made = made.map_err(|wrong| Trouble::Environment(setup::texts(wrong.iter())))?;
        Ok((made, setup::topic(self.get)))
    }

    /// A relay that was told nothing yet.
    pub(super) fn relay(&self) -> Result<Relay<CosmosOutbox, ServiceBusPublisher>, Trouble> {
        let own = both(self.settings(), self.publisher());
        let ((settings, publisher), (container, _)) = both(own, self.store())?;
        Ok(Relay::new(CosmosOutbox::new(container), publisher, settings.limits))
    }

    /// Who does this: as Entra ID says or, with a key that anyone may hold, the system's user.
    pub(super) async fn who(&self, desk: &CosmosDesk) -> Result<String, Trouble> {
        let named = desk.who(self.now()).await;
        let named = named.map_err(super::answer::failed("learn who you are"))?;
        Ok(named.unwrap_or_else(system_user))
    }

    fn store(&self) -> Result<(Arc<Container>, CosmosLeases), Trouble> {
        let settings = cosmos::Settings::read(self.get);
        let settings = settings.map_err(|wrong| Trouble::Environment(setup::texts(wrong)))?;
        let open = settings.open_with_leases(Patience::default());
        open.map_err(|error| Trouble::Refused(format!("cannot open the store: {}", Chain(&error))))
    }

    fn publisher(&self) -> Result<ServiceBusPublisher, Trouble> {
        setup::publisher(self.get).map_err(Trouble::Environment)
    }
}

/// Both, or every mistake that keeps from either, each once.
pub(super) fn both<A, B>(
    one: Result<A, Trouble>,
    other: Result<B, Trouble>,
) -> Result<(A, B), Trouble> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(Trouble::Environment(mut mistakes)), Err(Trouble::Environment(more))) => {
            let new = more.into_iter().filter(|mistake| !mistakes.contains(mistake));
            let new: Vec<_> = new.collect();
            mistakes.extend(new);
            Err(Trouble::Environment(mistakes))
        }
        (Err(trouble), _) | (_, Err(trouble)) => Err(trouble),
    }
}

/// Progress on standard error, where that is a terminal, and nowhere else.
pub(super) fn progress(total: u64, what: &str) -> ProgressBar {
    let template = format!("{what} {{bar:30}} {{pos}} of {{len}}, {{eta}} left");
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn system_user() -> String {
    let uid = Uid::current();
    match User::from_uid(uid) {
        Ok(Some(user)) => format!("{} (system user)", user.name),
        Ok(None) | Err(_) => format!("uid {uid} (system user)"),
    }
}
