//! What the caller may do, by the actions of all roles that reach a scope.

use serde_json::Value;

/// What a deployment does beyond making resources.
pub(crate) const NEEDED: [&str; 3] = [
    "Microsoft.Resources/deployments/write",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write",
];
/// What prod does too, and what taking prod away needs.
pub(crate) const LOCKS: &str = "Microsoft.Authorization/locks/write";

/// Which of the needed actions no role allows.
pub(crate) fn missing<'a>(permissions: &Value, needed: &[&'a str]) -> Vec<&'a str> {
    let roles = permissions.get("value").and_then(Value::as_array);
    let allows =
        |action: &str| roles.is_some_and(|all| all.iter().any(|role| allows(role, action)));
    needed.iter().copied().filter(|action| !allows(action)).collect()
}

fn allows(role: &Value, action: &str) -> bool {
    let names = |list: &str| {
        let list = role.get(list).and_then(Value::as_array);
        list.is_some_and(|all| all.iter().filter_map(Value::as_str).any(|name| fits(name, action)))
    };
    names("actions") && !names("notActions")
}

/// Whether a pattern with `*` names the action; letters count the same in both cases.
fn fits(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = action.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_owner_may_everything() {
        let owner = json!({"value": [{"actions": ["*"], "notActions": []}]});
        assert!(missing(&owner, &NEEDED).is_empty());
    }

    #[test]
    fn a_contributor_may_not_give_roles() {
        let not = ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"];
        let contributor = json!({"value": [{"actions": ["*"], "notActions": not}]});
        assert_eq!(missing(&contributor, &NEEDED), [NEEDED[1]]);
    }

    #[test]
    fn roles_add_up() {
        let contributor =
            json!({"actions": ["*"], "notActions": ["Microsoft.Authorization/*/write"]});
        let access = json!({"actions": ["Microsoft.Authorization/*"], "notActions": []});
        assert!(missing(&json!({"value": [contributor, access]}), &NEEDED).is_empty());
    }

    #[test]
    fn nobody_may_nothing() {
        assert_eq!(missing(&json!({"value": []}), &NEEDED), NEEDED);
    }

    #[test]
    fn patterns_name_whole_actions() {
        assert!(fits("a/*/c", "A/b/C") && fits("*/write", "a/write") && fits("a", "A"));
        assert!(!fits("a", "ab") && !fits("*/write", "a/writer") && !fits("a/*", "b/a/c"));
    }
}
