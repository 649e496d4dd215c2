//! What a deployment would do, in plain words: what `az deployment group what-if` found.

use serde_json::Value;
use std::fmt;

/// What would happen, by resource.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Ids of what would be made.
    pub(crate) created: Vec<String>,
    /// Ids of what would be changed, and in what.
    pub(crate) changed: Vec<(String, Vec<String>)>,
    /// Ids of what would be deleted.
    pub(crate) deleted: Vec<String>,
    /// Ids of what Azure cannot foresee.
    pub(crate) unforeseen: Vec<String>,
    /// How many stay as they are.
    pub(crate) unchanged: usize,
}

impl Plan {
    /// Reads what `az` printed.
    pub(crate) fn read(told: &Value) -> Self {
        let mut plan = Self::default();
        let list = |name: &str| told.get(name).and_then(Value::as_array).into_iter().flatten();
        for change in list("changes").chain(list("potentialChanges")) {
            let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
            let id = text("resourceId").to_owned();
            match text("changeType") {
                "Create" => plan.created.push(id),
                "Modify" => plan.changed.push((id, differences(change.get("delta"), ""))),
                "Delete" => plan.deleted.push(id),
                // Those that the templates do not name stay too: deployments only add.
                "NoChange" | "Ignore" => plan.unchanged += 1,
                _ => plan.unforeseen.push(id),
            }
        }
        let skipped = list("diagnostics").filter(|one| is_skipped(one));
        let targets = skipped.filter_map(|one| one.get("target").and_then(Value::as_str));
        plan.unforeseen.extend(targets.map(str::to_owned));
        plan
    }

    /// Whether nothing would be touched.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { created, changed, deleted, unforeseen, unchanged: _ } = self;
        created.is_empty() && changed.is_empty() && deleted.is_empty() && unforeseen.is_empty()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created, changed, deleted, unforeseen, unchanged } = self;
        for id in created {
            writeln!(f, "  created   {}", short(id))?;
        }
        for (id, differences) in changed {
            writeln!(f, "  changed   {}: {}", short(id), differences.join("; "))?;
        }
        for id in deleted {
            writeln!(f, "  deleted   {}", short(id))?;
        }
        for id in unforeseen {
            writeln!(f, "  unknown   {} (Azure cannot foresee it)", short(id))?;
        }
        write!(
            f,
            "  {} created, {} changed, {} deleted, {} unknown, {unchanged} left as they are",
            created.len(),
            changed.len(),
            deleted.len(),
            unforeseen.len(),
        )
    }
}

/// Whether a note of Azure says that it left a module out: nothing is known of what is in there.
fn is_skipped(diagnostic: &Value) -> bool {
    let code = diagnostic.get("code").and_then(Value::as_str);
    code.is_some_and(|code| code.starts_with("NestedDeployment"))
}

/// Type and name of a resource: what follows the last `/providers/`.
fn short(id: &str) -> &str {
    id.rsplit_once("/providers/").map_or(id, |(_, short)| short)
}

/// Type and name of a resource that is no part of another one.
pub(crate) fn top_level(id: &str) -> Option<(String, &str)> {
    let mut parts = short(id).split('/');
    let (provider, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| (format!("{provider}/{kind}"), name))
}

fn differences(delta: Option<&Value>, above: &str) -> Vec<String> {
    let mut all = Vec::new();
    for one in delta.and_then(Value::as_array).into_iter().flatten() {
        let path = one.get("path").and_then(Value::as_str).unwrap_or_default();
        let path = if above.is_empty() { path.to_owned() } else { format!("{above}.{path}") };
        let children = differences(one.get("children"), &path);
        if !children.is_empty() {
            all.extend(children);
            continue;
        }
        let value = |name: &str| match one.get(name) {
            None | Some(Value::Null) => "nothing".to_owned(),
            Some(value) => value.to_string(),
        };
        all.push(format!("{path} from {} to {}", value("before"), value("after")));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    fn id(rest: &str) -> String {
        format!("/subscriptions/s/resourceGroups/g/providers/{rest}")
    }

    #[test]
    fn a_plan_says_what_is_touched_and_nothing_else() {
        let delta = json!([{"path": "properties", "propertyChangeType": "Modify", "children": [
            {"path": "a", "propertyChangeType": "Modify", "before": 1, "after": 2},
            {"path": "b", "propertyChangeType": "Create", "before": null, "after": "x"}]}]);
        let plan = Plan::read(&json!({"changes": [
            {"changeType": "Create", "resourceId": id("Microsoft.Web/sites/a")},
            {"changeType": "Modify", "resourceId": id("Microsoft.Web/sites/b"), "delta": delta},
            {"changeType": "Delete", "resourceId": id("Microsoft.Web/sites/c")},
            {"changeType": "NoChange", "resourceId": id("Microsoft.Web/sites/d")},
            {"changeType": "Ignore", "resourceId": id("Microsoft.Web/sites/e")},
            {"changeType": "Unsupported", "resourceId": id("Microsoft.Web/sites/f")}]}));
        expect![[r#"
            plan:
              created   Microsoft.Web/sites/a
              changed   Microsoft.Web/sites/b: properties.a from 1 to 2; properties.b from nothing to "x"
              deleted   Microsoft.Web/sites/c
              unknown   Microsoft.Web/sites/f (Azure cannot foresee it)
              1 created, 1 changed, 1 deleted, 1 unknown, 2 left as they are"#]]
        .assert_eq(&format!("plan:\n{plan}"));
        assert!(!plan.is_empty());
    }

    #[test]
    fn a_plan_of_nothing_is_empty() {
        let told = json!({"changes": [{"changeType": "NoChange", "resourceId": "a"}]});
        assert!(Plan::read(&told).is_empty());
    }

    #[test]
    fn what_azure_left_out_is_not_taken_for_nothing() {
        let same = json!({"changeType": "NoChange", "resourceId": "a"});
        let module =
            json!({"code": "NestedDeploymentShortCircuited", "target": id("d/deployments/m")});
        let maybe = json!({"changeType": "Modify", "resourceId": id("x/y/z")});
        let noise = json!({"code": "DeploymentOutputNotEvaluated", "target": "o"});
        let told = json!({"changes": [same], "diagnostics": [module, noise]});
        assert_eq!(Plan::read(&told).unforeseen, [id("d/deployments/m")]);
        let told = json!({"changes": [same], "potentialChanges": [maybe], "diagnostics": [noise]});
        assert_eq!(Plan::read(&told).changed, [(id("x/y/z"), vec![])]);
    }

    #[test]
    fn only_whole_resources_have_names_of_their_own() {
        let (site, part) = (id("Microsoft.Web/sites/a"), id("Microsoft.Web/sites/a/config/b"));
        assert_eq!(top_level(&site), Some(("Microsoft.Web/sites".to_owned(), "a")));
        assert_eq!(top_level(&part), None);
    }
}
