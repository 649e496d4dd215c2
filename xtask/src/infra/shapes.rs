//! Resources: each is of a type and version that is allowed, and says what that type has.

use super::allowed::{Field, Shape};
use super::finding::{Finding, listed};
use super::syntax::{Block, Expr, Kind, Property, What};
use super::types::{Context, Type};

/// Checks every resource of a file.
pub(crate) fn check(context: Context<'_>) -> Vec<Finding> {
    let mut checker = Checker { context, of: "", findings: Vec::new() };
    for (_, block) in context.file.resources() {
        checker.resource(block);
    }
    checker.findings
}

/// What Bicep itself reads of any resource.
const ANYWHERE: [&str; 3] = ["parent", "scope", "dependsOn"];

struct Checker<'a> {
    context: Context<'a>,
    of: &'a str,
    findings: Vec<Finding>,
}

impl<'a> Checker<'a> {
    fn wrong(&mut self, at: &Expr, wrong: &str) {
        self.findings.push(self.context.file.finding(at.at, format!("{}: {wrong}", self.of)));
    }

    fn resource(&mut self, block: &'a Block) {
        self.of = &block.of;
        let resources = &self.context.allowed.resources;
        let Some(shape) = resources.get(&block.of) else {
            let kind = block.of.split('@').next().unwrap_or_default();
            let is_other = |name: &&String| name.split('@').next() == Some(kind);
            let right = match resources.keys().find(is_other) {
                Some(version) => format!("right would be {version}"),
                None => "no such type is in xtask/src/infra/allowed.json".to_owned(),
            };
            let wrong = format!("{} is not allowed; {right}", block.of);
            return self.findings.push(self.context.file.finding(block.of_at, wrong));
        };
        self.parent(block);
        if block.is_existing {
            return;
        }
        let fields = if let Shape::Object(fields) = shape { fields.as_slice() } else { &[] };
        let said: Vec<&'a Property> = block.object().properties().iter().collect();
        let is_own = |one: &&Property| !ANYWHERE.contains(&text(&one.key).as_str());
        let said: Vec<&'a Property> = said.into_iter().filter(is_own).collect();
        self.object(block.object(), &said, fields);
    }

    /// A part of another resource names it as its parent, and nothing else does.
    fn parent(&mut self, block: &'a Block) {
        let kind = block.of.split('@').next().unwrap_or_default();
        let above = kind.rsplit_once('/').map_or("", |(above, _)| above);
        let is_part = above.contains('/');
        let Some(parent) = block.property("parent") else {
            if is_part {
                self.wrong(
                    block.object(),
                    &format!("has no parent; name the {above} it is part of"),
                );
            }
            return;
        };
        if self.kind_of(parent) != Some(above) {
            self.wrong(parent, &format!("its parent is wrong; right would be a {above}"));
        }
    }

    /// The type, without version, of the resource that an expression means.
    fn kind_of(&self, expr: &Expr) -> Option<&'a str> {
        let name = if let Kind::Index(of, _) = &expr.kind { of } else { expr };
        let Kind::Name(name) = &name.kind else { return None };
        let What::Resource(block) = &self.context.file.named(name)?.what else { return None };
        block.of.split('@').next()
    }

    fn object(&mut self, at: &Expr, said: &[&'a Property], fields: &[Field]) {
        for property in said {
            let name = text(&property.key);
            let field = fields.iter().find(|field| field.name == name || field.name == "*");
            if let Some(field) = field {
                self.value(&property.value, &field.shape, &name);
            } else {
                let has = listed(fields.iter().map(|field| field.name.as_str()));
                let wrong = format!("has no property `{name}` here; it has: {has}");
                self.wrong(&property.key, &wrong);
            }
        }
        let is_said = |field: &Field| said.iter().any(|one| text(&one.key) == field.name);
        for field in fields.iter().filter(|field| field.is_required && !is_said(field)) {
            self.wrong(at, &format!("property `{}` is missing", field.name));
        }
    }

    fn value(&mut self, value: &'a Expr, shape: &Shape, name: &str) {
        if let Kind::Choice(_, yes, no) = &value.kind {
            self.value(yes, shape, name);
            return self.value(no, shape, name);
        }
        match shape {
            Shape::Any => {}
            Shape::Is(wanted) => self.fits(value, *wanted, name),
            Shape::Duration => self.duration(value, name),
            Shape::OneOf(words) => self.one_of(value, words, name),
            Shape::Each(each) => self.each(value, each, name),
            Shape::Object(fields) => {
                if let Kind::Object(said) = &value.kind {
                    self.object(value, &said.iter().collect::<Vec<_>>(), fields);
                } else {
                    self.fits(value, Type::Object, name);
                }
            }
        }
    }

    fn each(&mut self, value: &'a Expr, each: &Shape, name: &str) {
        if let Kind::Array(all) = &value.kind {
            for one in all {
                self.value(one, each, name);
            }
        } else if let Kind::For(inner) = &value.kind {
            self.value(&inner.body, each, name);
        } else {
            self.fits(value, Type::Array, name);
        }
    }

    fn duration(&mut self, value: &Expr, name: &str) {
        match value.literal().filter(|text| !is_duration(text)) {
            Some(text) => self.wrong(
                value,
                &format!("`{name}` is {text}; right would be a duration like PT5M or P7D"),
            ),
            None => self.fits(value, Type::String, name),
        }
    }

    fn one_of(&mut self, value: &Expr, words: &[String], name: &str) {
        let word = if let Kind::Bool(word) = &value.kind {
            Some(word.to_string())
        } else {
            value.literal()
        };
        let right = words.join(" or ");
        match word {
            Some(word) if words.contains(&word) => {}
            Some(word) => {
                self.wrong(value, &format!("`{name}` is {word}; right would be {right}"));
            }
            None if words.iter().any(|word| word == "true" || word == "false") => {
                self.wrong(value, &format!("`{name}` must be plainly {right}"));
            }
            None => self.fits(value, Type::String, name),
        }
    }

    fn fits(&mut self, value: &Expr, wanted: Type, name: &str) {
        let is = self.context.type_of(value);
        if !is.fits(wanted) {
            self.wrong(value, &format!("`{name}` is of type {is}; right would be {wanted}"));
        }
    }
}

/// Whether this is a duration as Azure reads them: days, hours, minutes and seconds, in whole numbers.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
    let is_said = !rest.is_empty() && !rest.ends_with('T');
    is_said && is_in_units(days, "D") && is_in_units(time, "HMS")
}

/// Whether this is numbers with a unit each, in this order.
fn is_in_units(text: &str, units: &str) -> bool {
    let mut units = units.chars();
    text.split_inclusive(|c: char| !c.is_ascii_digit()).all(|part| {
        let number = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = part.chars().next_back();
        !number.is_empty() && units.any(|known| Some(known) == unit)
    })
}

fn text(key: &Expr) -> String {
    key.literal().unwrap_or_else(|| "*".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infra::tests::{BUS, found};

    #[test]
    fn durations_are_told_from_what_only_looks_like_them() {
        for right in ["PT5M", "P14D", "PT1H30M", "P1DT12H", "PT90S"] {
            assert!(is_duration(right), "{right}");
        }
        for wrong in ["", "P", "PT", "5M", "PT5", "PTM", "P5M", "PT5M1H", "P1DT", "PT5m", "PT-5M"] {
            assert!(!is_duration(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_duration_is_found() {
        let alerts = "infra/bicep/modules/alerts.bicep";
        found(&[
            (BUS, "lockDuration: 'PT1M'", "lockDuration: '00:01:00'", "`lockDuration` is 00:01:00"),
            (
                BUS,
                "lockDuration: 'PT1M'",
                "lockDuration: 60",
                "is of type int; right would be string",
            ),
            (alerts, "windowSize: 'PT15M'", "windowSize: '15m'", "right would be a duration like"),
        ]);
    }
}
