//! An account: where the namespace is and what opens it, as the environment says.

use crate::credential::{Credential, Identity, SharedKey};
use crate::namespace::{Namespace, Problem, Problems, parse_connection_string};

/// A namespace and what opens it. Shows no secret.
#[derive(Debug, Clone)]
pub struct Account {
    namespace: Namespace,
    credential: Credential,
    entity_path: Option<String>,
}

impl Account {
    /// Reads `SERVICEBUS_CONNECTION` (a connection string) or `SERVICEBUS_NAMESPACE` (a host
    /// name, with Entra ID: the managed identity where `IDENTITY_ENDPOINT` is set, of
    /// `AZURE_CLIENT_ID` if given, else the developer's own login). Does no I/O.
    ///
    /// # Errors
    ///
    /// All mistakes at once, each with the variable's name and what would be right.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let given = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        match (given("SERVICEBUS_CONNECTION"), given("SERVICEBUS_NAMESPACE")) {
            (Some(text), None) => Self::from_connection_string(text.trim())
                .map_err(|problems| problems.within("SERVICEBUS_CONNECTION")),
            (None, Some(host)) => Self::from_host(host.trim(), identity(given)),
            (Some(_), Some(_)) => Err(Problem::new(
                "SERVICEBUS_CONNECTION, SERVICEBUS_NAMESPACE",
                "both are set",
                "one of them: a connection string, or a host name with Entra ID",
            )
            .into()),
            (None, None) => Err(Problem::new(
                "SERVICEBUS_NAMESPACE",
                "neither it nor SERVICEBUS_CONNECTION is set",
                "the host name, like `contoso.servicebus.windows.net`",
            )
            .into()),
        }
    }

    /// An account from a connection string.
    ///
    /// # Errors
    ///
    /// All mistakes in it at once.
    pub fn from_connection_string(text: &str) -> Result<Self, Problems> {
        let parsed = parse_connection_string(text)?;
        let key = SharedKey::new(parsed.key_name, parsed.key.0);
        Ok(Self {
            namespace: parsed.namespace,
            credential: Credential::shared_key(key),
            entity_path: parsed.entity_path,
        })
    }

    /// An account from a namespace and any credential.
    pub fn new(namespace: Namespace, credential: Credential) -> Self {
        Self { namespace, credential, entity_path: None }
    }

    /// Where the namespace is.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// What opens it.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Whether the credential can open this entity or something below it.
    pub(crate) fn allows(&self, address: &str) -> Result<(), Problem> {
        let Some(only) = &self.entity_path else { return Ok(()) };
        let is_within = address.split_at_checked(only.len()).is_some_and(|(start, rest)| {
            start.eq_ignore_ascii_case(only) && (rest.is_empty() || rest.starts_with('/'))
        });
        if is_within {
            return Ok(());
        }
        Err(Problem::new(
            "SERVICEBUS_CONNECTION, EntityPath",
            format!("the key opens only `{only}`, not `{address}`"),
            format!("`EntityPath={address}` with a key of it, or a key of the namespace"),
        ))
    }

    fn from_host(host: &str, identity: Identity) -> Result<Self, Problems> {
        let namespace = Namespace::from_host(host);
        let credential = Credential::entra(identity)
            .map_err(|error| Problem::new("IDENTITY_ENDPOINT", error.to_string(), "unset"));
        match (namespace, credential) {
            (Ok(namespace), Ok(credential)) => Ok(Self::new(namespace, credential)),
            (Err(problem), Ok(_)) | (Ok(_), Err(problem)) => Err(problem.into()),
            (Err(first), Err(second)) => Err(Problems::from(first).and(second)),
        }
    }
}

fn identity(given: impl Fn(&str) -> Option<String>) -> Identity {
    match given("IDENTITY_ENDPOINT") {
        Some(_) => Identity::Managed { client_id: given("AZURE_CLIENT_ID") },
        None => Identity::Developer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: &str = "Endpoint=sb://localhost;SharedAccessKeyName=n;SharedAccessKey=k;\
                              UseDevelopmentEmulator=true";

    fn read(variables: &[(&str, &str)]) -> Result<Account, Problems> {
        Account::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_connection_string_brings_its_key() {
        let account = read(&[("SERVICEBUS_CONNECTION", CONNECTION)]).unwrap();
        assert_eq!(format!("{:?}", account.credential()), "SharedKey(n)");
    }

    #[test]
    fn a_host_name_means_entra_id() {
        let host = ("SERVICEBUS_NAMESPACE", "contoso.servicebus.windows.net");
        let account = read(&[host]).unwrap();
        assert!(format!("{:?}", account.credential()).starts_with("Entra("));
        let managed = [host, ("IDENTITY_ENDPOINT", "http://127.0.0.1:1"), ("IDENTITY_HEADER", "x")];
        assert!(read(&managed).is_ok());
    }

    #[test]
    fn a_managed_identity_is_used_where_azure_offers_one() {
        let given = |name: &str| match name {
            "IDENTITY_ENDPOINT" => Some("http://127.0.0.1:1".to_owned()),
            "AZURE_CLIENT_ID" => Some("id".to_owned()),
            _ => None,
        };
        assert_eq!(identity(given), Identity::Managed { client_id: Some("id".to_owned()) });
        assert_eq!(identity(|_| None), Identity::Developer);
    }

    #[test]
    fn one_of_both_variables_is_wanted() {
        for variables in [
            &[][..],
            &[("SERVICEBUS_CONNECTION", " ")][..],
            &[("SERVICEBUS_CONNECTION", CONNECTION), ("SERVICEBUS_NAMESPACE", "a.b")][..],
        ] {
            let problems = read(variables).unwrap_err().to_string();
            assert!(problems.contains("SERVICEBUS_CONNECTION"), "{problems}");
            assert!(problems.contains("SERVICEBUS_NAMESPACE"), "{problems}");
        }
    }

    #[test]
    fn a_problem_names_the_variable_and_the_key() {
        let problems = read(&[("SERVICEBUS_CONNECTION", "Endpoint=sb://x")]).unwrap_err();
        let places: Vec<&str> = problems.iter().map(Problem::place).collect();
        assert_eq!(
            places,
            [
                "SERVICEBUS_CONNECTION, SharedAccessKeyName",
                "SERVICEBUS_CONNECTION, SharedAccessKey"
            ]
        );
    }

    #[test]
    fn a_key_of_one_entity_opens_only_that() {
        let text = format!("{CONNECTION};EntityPath=orders");
        let account = Account::from_connection_string(&text).unwrap();
        assert!(account.allows("orders").is_ok());
        assert!(account.allows("Orders/Subscriptions/all").is_ok());
        for other in ["orders2", "order", "invoices", "ordér"] {
            assert!(account.allows(other).is_err(), "{other}");
        }
    }
}
