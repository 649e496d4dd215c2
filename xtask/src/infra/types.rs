//! The type of an expression, as far as it can be told without asking Azure.

use super::allowed::Allowed;
use super::syntax::{Expr, File, Kind, What};
use std::collections::BTreeMap;
use std::fmt;

/// A type. `Any` where only Azure knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Any,
    Null,
    String,
    Int,
    Bool,
    Object,
    Array,
}

impl Type {
    /// The type of this name, as Bicep writes it.
    pub(crate) fn written(word: &str) -> Option<Self> {
        let types = [Self::String, Self::Int, Self::Bool, Self::Object, Self::Array];
        types.into_iter().find(|of| of.word() == word)
    }

    /// Whether a value of this type may stand where `wanted` is. Null leaves a property out.
    pub(crate) fn fits(self, wanted: Self) -> bool {
        self == wanted || matches!(self, Self::Any | Self::Null) || wanted == Self::Any
    }

    fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Null => "null",
            Self::String => "string",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Object => "object",
            Self::Array => "array",
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Null, known) | (known, Self::Null) => known,
            (one, other) if one == other => one,
            (_, _) => Self::Any,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is needed to tell types: the file, the files of its modules by path, and the functions.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) file: &'a File,
    pub(crate) files: &'a BTreeMap<String, File>,
    pub(crate) allowed: &'a Allowed,
}

impl<'a> Context<'a> {
    /// The type of an expression.
    pub(crate) fn type_of(self, expr: &Expr) -> Type {
        match &expr.kind {
            Kind::Text(_) => Type::String,
            Kind::Number(_) => Type::Int,
            Kind::Bool(_) => Type::Bool,
            Kind::Null => Type::Null,
            Kind::Object(_) => Type::Object,
            Kind::Array(_) | Kind::For(_) => Type::Array,
            Kind::Name(name) => self.type_of_name(name),
            Kind::Member(of, member) => self.type_of_member(of, member),
            Kind::Index(_, _) => Type::Any,
            Kind::Call(function, _) => self.returned(function),
            Kind::Unary(operator, _) => {
                if operator == "!" {
                    Type::Bool
                } else {
                    Type::Int
                }
            }
            Kind::Binary(operator, left, right) => self.type_of_binary(operator, left, right),
            Kind::Choice(_, yes, no) => self.type_of(yes).or(self.type_of(no)),
        }
    }

    /// The file of a module that this file names by its path.
    pub(crate) fn module(self, path: &str) -> Option<&'a File> {
        self.files.get(&beside(&self.file.path, path))
    }

    fn type_of_name(self, name: &str) -> Type {
        let Some(declaration) = self.file.named(name) else { return Type::Any };
        match &declaration.what {
            What::Param { kind, .. } | What::Output { kind, .. } => {
                Type::written(kind).unwrap_or(Type::Any)
            }
            What::Var(value) => self.type_of(value),
            What::Resource(_) | What::Module(_) => Type::Any,
        }
    }

    fn type_of_member(self, of: &Expr, member: &str) -> Type {
        if let Some(output) = self.output(of, member) {
            return Type::written(output).unwrap_or(Type::Any);
        }
        let Kind::Name(name) = &of.kind else { return Type::Any };
        let what = self.file.named(name).map(|declaration| &declaration.what);
        match (what, member) {
            (Some(What::Resource(_) | What::Module(_)), "id" | "name") => Type::String,
            (_, _) => Type::Any,
        }
    }

    /// The type, as written, of the output that `module.outputs.name` means.
    pub(crate) fn output(self, of: &Expr, output: &str) -> Option<&'a str> {
        let Kind::Member(module, outputs) = &of.kind else { return None };
        let Kind::Name(module) = &module.kind else { return None };
        let What::Module(block) = &self.file.named(module)?.what else { return None };
        let (true, Some(file)) = (outputs == "outputs", self.module(&block.of)) else {
            return None;
        };
        file.declarations.iter().find_map(|declaration| match &declaration.what {
            What::Output { kind, .. } if declaration.name == output => Some(kind.as_str()),
            What::Output { .. }
            | What::Param { .. }
            | What::Var(_)
            | What::Resource(_)
            | What::Module(_) => None,
        })
    }

    fn returned(self, function: &str) -> Type {
        let returned = self.allowed.functions.get(function);
        returned.and_then(|word| Type::written(word)).unwrap_or(Type::Any)
    }

    fn type_of_binary(self, operator: &str, left: &Expr, right: &Expr) -> Type {
        match operator {
            "+" | "-" | "*" | "/" | "%" => Type::Int,
            "??" => self.type_of(left).or(self.type_of(right)),
            _ => Type::Bool,
        }
    }
}

/// The path of a file that is named in another, from the root.
pub(crate) fn beside(path: &str, named: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{folder}/{named}")
}
