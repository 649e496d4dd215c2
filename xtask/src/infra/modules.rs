//! What is passed: by modules to the files they name, by parameter files to `main.bicep`.

use super::finding::{Finding, listed};
use super::names::parameters;
use super::syntax::{Declaration, Expr, File, Kind, What};
use super::types::{Context, Type};

/// Checks every module of a file.
pub(crate) fn check(context: Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, block) in context.file.modules() {
        let Some(target) = context.module(&block.of) else {
            let wrong = format!("there is no file {}", block.of);
            findings.push(context.file.finding(block.of_at, wrong));
            continue;
        };
        let object = block.object();
        for property in object.properties() {
            let key = property.key.literal().unwrap_or_default();
            if !["name", "params", "scope", "dependsOn"].contains(&key.as_str()) {
                let wrong =
                    format!("a module has no `{key}`; it has: dependsOn, name, params, scope");
                findings.push(context.file.finding(property.at, wrong));
            }
        }
        let passed = object.property("params").map_or(&[][..], Expr::properties);
        let passed = passed.iter().filter_map(|one| Some((one.key.literal()?, &one.value)));
        let passed: Vec<_> = passed.collect();
        findings.extend(check_passed(context, object, &passed, target));
    }
    findings
}

/// Checks a parameter file, whose text says what it is `using`, against the file that it names.
pub(crate) fn check_parameters(context: Context<'_>) -> Vec<Finding> {
    let file = context.file;
    let using = file.text.lines().position(|line| line.starts_with("using "));
    let start = Expr { at: super::finding::Spot::START, kind: Kind::Null };
    let Some(using) = using else {
        return vec![file.finding(start.at, "has no `using 'main.bicep'` line")];
    };
    let line = file.text.lines().nth(using).unwrap_or_default();
    let named = line.trim_start_matches("using ").trim().trim_matches('\'');
    let Some(target) = context.module(named) else {
        let at = super::finding::Spot { line: using + 1, column: 7 };
        return vec![
            file.finding(at, format!("there is no file {named}; right would be main.bicep")),
        ];
    };
    let mut findings = Vec::new();
    let mut passed: Vec<(String, &Expr)> = Vec::new();
    for declaration in &file.declarations {
        let What::Var(value) = &declaration.what else { continue };
        if passed.iter().any(|(name, _)| *name == declaration.name) {
            let wrong = format!("parameter `{}` is given twice", declaration.name);
            findings.push(file.finding(declaration.at, wrong));
        }
        passed.push((declaration.name.clone(), value));
    }
    findings.extend(check_passed(context, &start, &passed, target));
    findings
}

fn check_passed(
    context: Context<'_>,
    at: &Expr,
    passed: &[(String, &Expr)],
    target: &File,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut wrong = |at: &Expr, wrong: String| findings.push(context.file.finding(at.at, wrong));
    for (name, value) in passed {
        let Some(parameter) = parameters(target).find(|one| one.name == *name) else {
            let has = listed(parameters(target).map(|one| one.name.as_str()));
            wrong(value, format!("{} has no parameter `{name}`; it has: {has}", target.path));
            continue;
        };
        if let Some(problem) = unfit(context, value, parameter) {
            wrong(value, format!("parameter `{name}` {problem}"));
        }
    }
    for parameter in parameters(target) {
        let is_needed = matches!(parameter.what, What::Param { default: None, .. });
        if is_needed && !passed.iter().any(|(name, _)| *name == parameter.name) {
            wrong(at, format!("parameter `{}` of {} is missing", parameter.name, target.path));
        }
    }
    findings
}

/// What is wrong with a value for a parameter, and what would be right.
fn unfit(context: Context<'_>, value: &Expr, parameter: &Declaration) -> Option<String> {
    let What::Param { kind, .. } = &parameter.what else { return None };
    let (is, wanted) = (context.type_of(value), Type::written(kind)?);
    if !is.fits(wanted) {
        return Some(format!("is of type {is}; right would be {wanted}"));
    }
    if let (Some(text), Some(allowed)) = (value.literal(), allowed(parameter))
        && !allowed.contains(&text)
    {
        return Some(format!("is '{text}'; right would be {}", allowed.join(" or ")));
    }
    let (size, least, most) = match (&value.kind, value.literal()) {
        (Kind::Number(number), _) => (*number, "minValue", "maxValue"),
        (_, Some(text)) => (i64::try_from(text.len()).ok()?, "minLength", "maxLength"),
        (_, None) => return None,
    };
    let least = bound(parameter, least).filter(|least| size < *least);
    let most = bound(parameter, most).filter(|most| *most < size);
    match (least, most) {
        (Some(least), _) => Some(format!("is {size}; right would be at least {least}")),
        (None, Some(most)) => Some(format!("is {size}; right would be at most {most}")),
        (None, None) => None,
    }
}

fn allowed(parameter: &Declaration) -> Option<Vec<String>> {
    let Kind::Array(all) = &parameter.decorator("allowed")?.first()?.kind else { return None };
    all.iter().map(Expr::literal).collect()
}

fn bound(parameter: &Declaration, decorator: &str) -> Option<i64> {
    let Kind::Number(bound) = parameter.decorator(decorator)?.first()?.kind else { return None };
    Some(bound)
}
