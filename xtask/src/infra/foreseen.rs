//! Names: none is made of what only a running deployment knows, or what-if cannot foresee it.
//!
//! What-if tells a resource by its id. Where a name, a scope or a condition comes from an output of
//! another module, the id is known only once that module has run, and all that what-if says of the
//! resource is that it cannot be analysed:
//! <https://learn.microsoft.com/azure/azure-resource-manager/bicep/linter-rule-what-if-short-circuiting>.

use super::finding::Finding;
use super::syntax::{Block, Expr, Kind, What};
use super::types::Context;
use std::collections::BTreeSet;

/// Checks a file and, with what it passes to them, the files of its modules.
pub(crate) fn check(main: Context<'_>) -> Vec<Finding> {
    Reader { context: main, late: BTreeSet::new() }.check()
}

struct Reader<'a> {
    context: Context<'a>,
    /// Parameters that come from outputs of other modules.
    late: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let (resources, modules) = (self.context.file.resources(), self.context.file.modules());
        for (_, block) in resources.chain(modules).filter(|(_, block)| !block.is_existing) {
            findings.extend(identity(block).into_iter().filter_map(|part| self.wrong(part)));
        }
        for (_, block) in self.context.file.modules() {
            let Some(file) = self.context.module(&block.of) else { continue };
            let passed = block.property("params").map_or(&[][..], Expr::properties);
            let late = passed.iter().filter(|one| self.late_part(&one.value).is_some());
            let late = late.filter_map(|one| one.key.literal()).collect();
            let inside = Reader { context: Context { file, ..self.context }, late };
            findings.extend(inside.check());
        }
        findings
    }

    fn wrong(&self, part: &'a Expr) -> Option<Finding> {
        let late = self.late_part(part)?;
        let wrong = format!(
            "`{late}` is known only when another module has run, and what-if cannot foresee what is \
             named after it; right would be a name made of parameters and variables"
        );
        Some(self.context.file.finding(part.at, wrong))
    }

    /// The first name in an expression that is known too late.
    fn late_part(&self, expr: &'a Expr) -> Option<&'a str> {
        if let Kind::Name(name) = &expr.kind {
            return self.late_name(name);
        }
        if let Kind::Member(_, member) = &expr.kind
            && member == "outputs"
        {
            return Some(member);
        }
        expr.parts().into_iter().find_map(|part| self.late_part(part))
    }

    fn late_name(&self, name: &'a str) -> Option<&'a str> {
        if self.late.contains(name) {
            return Some(name);
        }
        let What::Var(value) = &self.context.file.named(name)?.what else { return None };
        self.late_part(value)
    }
}

/// What a block is told by: its name, where it is, whether it is, and how often.
fn identity(block: &Block) -> Vec<&Expr> {
    let how_often = if let Kind::For(each) = &block.body.kind { Some(&each.over) } else { None };
    let named = ["name", "scope"].into_iter().filter_map(|key| block.property(key));
    named.chain(block.condition.as_ref()).chain(how_often).collect()
}

#[cfg(test)]
mod tests {
    use crate::infra::tests::{BUS, COSMOS, MAIN, STORAGE, found};

    #[test]
    fn names_that_what_if_cannot_foresee_are_found() {
        found(&[
            (
                STORAGE,
                "guid(account.id, ownerName, ownerRole)",
                "guid(account.id, ownerName, ownerPrincipalId, ownerRole)",
                "`ownerPrincipalId` is known only when another module has run",
            ),
            (
                MAIN,
                "senderName: relayName",
                "senderName: relay.outputs.appName",
                "servicebus.bicep:102:9: `senderName` is known only when",
            ),
            (
                MAIN,
                "namespaceName: '${workload}-bus-${suffix}'",
                "namespaceName: '${cosmos.outputs.accountName}-bus'",
                "`namespaceName` is known only when",
            ),
            (
                BUS,
                "in receiverPrincipalIds:",
                "in [senderPrincipalId]:",
                "`senderPrincipalId` is known only when",
            ),
            (
                COSMOS,
                "= if (lockAgainstDeletion)",
                "= if (lockAgainstDeletion && !empty(workspaceId))",
                "`workspaceId` is known only when",
            ),
        ]);
    }
}
