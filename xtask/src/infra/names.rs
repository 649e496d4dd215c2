//! Names: each that is used is declared, each that is declared is used and described, and what is
//! called or loaded exists.

use super::finding::{Finding, listed};
use super::syntax::{Declaration, Expr, File, Kind, What};
use super::types::{Context, Type, beside};
use std::collections::BTreeSet;
use std::path::Path;

/// Checks a file's names.
pub(crate) fn check(context: Context<'_>, root: &Path) -> Vec<Finding> {
    let mut checker = Checker { context, root, used: BTreeSet::new(), findings: Vec::new() };
    for declaration in &context.file.declarations {
        for expr in expressions(declaration) {
            checker.expression(expr, &mut Vec::new());
        }
    }
    for declaration in &context.file.declarations {
        checker.declared(declaration);
    }
    checker.findings
}

/// The expressions of a declaration.
pub(crate) fn expressions(declaration: &Declaration) -> Vec<&Expr> {
    match &declaration.what {
        What::Param { default, .. } => default.iter().collect(),
        What::Var(value) | What::Output { value, .. } => vec![value],
        What::Resource(block) | What::Module(block) => {
            block.condition.iter().chain([&block.body]).collect()
        }
    }
}

struct Checker<'a> {
    context: Context<'a>,
    root: &'a Path,
    used: BTreeSet<&'a str>,
    findings: Vec<Finding>,
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, at: &Expr, wrong: String) {
        self.findings.push(self.context.file.finding(at.at, wrong));
    }

    /// `inner` holds the names of the loops around the expression.
    fn expression(&mut self, expr: &'a Expr, inner: &mut Vec<&'a str>) {
        if let Kind::Name(name) = &expr.kind {
            self.name(expr, name, inner);
        } else if let Kind::Call(function, arguments) = &expr.kind {
            self.call(expr, function, arguments);
        } else if let Kind::Member(of, member) = &expr.kind {
            self.member(expr, of, member);
        }
        if let Kind::For(each) = &expr.kind {
            self.expression(&each.over, inner);
            let outside = inner.len();
            inner.extend(each.names.iter().map(String::as_str));
            self.expression(&each.body, inner);
            inner.truncate(outside);
        } else {
            expr.parts().into_iter().for_each(|part| self.expression(part, inner));
        }
    }

    fn name(&mut self, expr: &Expr, name: &'a str, inner: &[&str]) {
        if inner.contains(&name) {
            return;
        }
        self.used.insert(name);
        if self.context.file.named(name).is_none() {
            let declarations = &self.context.file.declarations;
            let known = listed(
                declarations.iter().filter(|one| !one.is_output()).map(|one| one.name.as_str()),
            );
            self.wrong(expr, format!("`{name}` is declared nowhere; there are: {known}"));
        }
    }

    fn call(&mut self, expr: &Expr, function: &str, arguments: &[Expr]) {
        if !self.context.allowed.functions.contains_key(function) {
            let known = listed(self.context.allowed.functions.keys().map(String::as_str));
            self.wrong(
                expr,
                format!("`{function}` is not a function allowed here; there are: {known}"),
            );
        }
        if function == "loadTextContent" {
            self.loaded(expr, arguments);
        }
    }

    fn loaded(&mut self, expr: &Expr, arguments: &[Expr]) {
        let Some(named) = arguments.first().and_then(Expr::literal) else {
            return self
                .wrong(expr, "loadTextContent takes the path of a file as a plain text".into());
        };
        let path = beside(&self.context.file.path, &named);
        let Ok(text) = std::fs::read_to_string(self.root.join(&path)) else {
            return self.wrong(expr, format!("there is no file {path}"));
        };
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&text) {
            self.wrong(expr, format!("{path} is not JSON: {error}"));
        }
    }

    fn member(&mut self, expr: &Expr, of: &Expr, member: &str) {
        let Kind::Member(module, outputs) = &of.kind else { return };
        let Kind::Name(module) = &module.kind else { return };
        let block = self.context.file.modules().find(|(one, _)| one.name == *module);
        let (Some((_, block)), true) = (block, outputs == "outputs") else { return };
        let Some(file) = self.context.module(&block.of) else { return };
        if self.context.output(of, member).is_none() {
            let known = file.declarations.iter().filter(|one| one.is_output());
            let known = listed(known.map(|one| one.name.as_str()));
            self.wrong(expr, format!("{} has no output `{member}`; it has: {known}", file.path));
        }
    }

    fn declared(&mut self, declaration: &Declaration) {
        let Declaration { at, name, what, .. } = declaration;
        let is_used = self.used.contains(name.as_str());
        let (word, needs_use, kind) = match what {
            What::Param { kind, .. } => ("parameter", true, Some(kind)),
            What::Var(_) => ("variable", true, None),
            What::Resource(block) => ("existing resource", block.is_existing, None),
            What::Module(_) => ("module", false, None),
            What::Output { kind, .. } => ("output", false, Some(kind)),
        };
        if needs_use && !is_used {
            let wrong = format!("{word} `{name}` is used nowhere; use it or take it away");
            self.findings.push(self.context.file.finding(*at, wrong));
        }
        let Some(kind) = kind else { return };
        if Type::written(kind).is_none() {
            let wrong = format!(
                "{word} `{name}` has type `{kind}`; right would be array, bool, int, object or string"
            );
            self.findings.push(self.context.file.finding(*at, wrong));
        }
        let described =
            declaration.decorator("description").and_then(|texts| texts.first()?.literal());
        if described.is_none_or(|text| text.trim().is_empty()) {
            let wrong =
                format!("{word} `{name}` has no description; write @description('…') above it");
            self.findings.push(self.context.file.finding(*at, wrong));
        }
    }
}

/// The file's parameters.
pub(crate) fn parameters(file: &File) -> impl Iterator<Item = &Declaration> {
    file.declarations.iter().filter(|one| matches!(one.what, What::Param { .. }))
}
