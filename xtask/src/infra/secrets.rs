//! Keyless: nothing lists a key, no output holds one, and every id of a role is one that we mean.

use super::finding::Finding;
use super::names::expressions;
use super::syntax::{Expr, Kind, What};
use super::types::Context;

/// Checks a file for secrets and roles.
pub(crate) fn check(context: Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for declaration in &context.file.declarations {
        for expr in expressions(declaration) {
            expr.walk(&mut |part| findings.extend(role(context, part)));
            if declaration.is_output() {
                expr.walk(&mut |part| findings.extend(secret(context, part, &declaration.name)));
            }
        }
    }
    findings
}

fn secret(context: Context<'_>, expr: &Expr, output: &str) -> Option<Finding> {
    let said = match &expr.kind {
        Kind::Call(function, _) => function.contains("list").then_some(function),
        Kind::Member(_, member) => is_secret(member).then_some(member),
        Kind::Name(name) => is_secure(context, name).then_some(name),
        Kind::Text(_)
        | Kind::Number(_)
        | Kind::Bool(_)
        | Kind::Null
        | Kind::Index(..)
        | Kind::Unary(..)
        | Kind::Binary(..)
        | Kind::Choice(..)
        | Kind::Object(_)
        | Kind::Array(_)
        | Kind::For(_) => None,
    };
    let says = said?;
    let wrong = format!(
        "output `{output}` holds a secret (`{says}`), which every reader of the deployment sees; \
         read it where it is used, from an existing resource"
    );
    Some(context.file.finding(expr.at, wrong))
}

fn is_secret(member: &str) -> bool {
    let member = member.to_ascii_lowercase();
    ["key", "password", "secret", "connectionstring", "sastoken"]
        .iter()
        .any(|word| member.ends_with(word))
}

fn is_secure(context: Context<'_>, name: &str) -> bool {
    let declaration = context.file.named(name);
    declaration.is_some_and(|one| {
        matches!(one.what, What::Param { .. }) && one.decorator("secure").is_some()
    })
}

/// An id that is no role of ours, or stands without its name in the comment above it.
fn role(context: Context<'_>, expr: &Expr) -> Option<Finding> {
    let id = expr.literal().filter(|text| is_guid(text))?;
    let Some(name) = context.allowed.roles.get(&id) else {
        let known: Vec<_> =
            context.allowed.roles.iter().map(|(id, name)| format!("{id} ({name})")).collect();
        let wrong = format!("{id} is no role allowed here; there are: {}", known.join(", "));
        return Some(context.file.finding(expr.at, wrong));
    };
    let above = context.file.text.lines().nth(expr.at.line.checked_sub(2)?).unwrap_or_default();
    let comment = format!("// {name}");
    (above.trim() != comment).then(|| {
        let wrong = format!("{id} is {name}; right would be `{comment}` in the line above");
        context.file.finding(expr.at, wrong)
    })
}

fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}
