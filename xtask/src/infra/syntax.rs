//! A Bicep file as values: its declarations and their expressions, each with its place.

use super::finding::{Finding, Spot};

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root of the project.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) declarations: Vec<Declaration>,
}

/// `param`, `var`, `resource`, `module` or `output`.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) at: Spot,
    pub(crate) name: String,
    pub(crate) decorators: Vec<Decorator>,
    pub(crate) what: What,
}

/// What is declared.
#[derive(Debug)]
pub(crate) enum What {
    /// With its type as it is written.
    Param {
        kind: String,
        default: Option<Expr>,
    },
    Var(Expr),
    Resource(Block),
    Module(Block),
    /// With its type as it is written.
    Output {
        kind: String,
        value: Expr,
    },
}

/// A resource or a module.
#[derive(Debug)]
pub(crate) struct Block {
    /// `type@version`, or the path of a module.
    pub(crate) of: String,
    pub(crate) of_at: Spot,
    pub(crate) is_existing: bool,
    pub(crate) condition: Option<Expr>,
    /// An object, or a loop over one.
    pub(crate) body: Expr,
}

/// `@name(arguments)`.
#[derive(Debug)]
pub(crate) struct Decorator {
    pub(crate) name: String,
    pub(crate) arguments: Vec<Expr>,
}

/// An expression and where it begins.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) at: Spot,
    pub(crate) kind: Kind,
}

/// What an expression is.
#[derive(Debug)]
pub(crate) enum Kind {
    Text(Vec<Piece>),
    Number(i64),
    Bool(bool),
    Null,
    Name(String),
    Member(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
    Unary(Operator, Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    Object(Vec<Property>),
    Array(Vec<Expr>),
    For(Box<Loop>),
}

/// As it is written: `==`, `!`, `??` …
pub(crate) type Operator = String;

/// `[for names in over: body]`.
#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) names: Vec<String>,
    pub(crate) over: Expr,
    pub(crate) body: Expr,
}

/// A part of a text.
#[derive(Debug)]
pub(crate) enum Piece {
    Literal(String),
    Value(Expr),
}

/// `key: value`.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) at: Spot,
    /// A text, since keys may be made of values.
    pub(crate) key: Expr,
    pub(crate) value: Expr,
}

impl File {
    /// What a name means in an expression: outputs have their own names.
    pub(crate) fn named(&self, name: &str) -> Option<&Declaration> {
        let is_meant = |one: &&Declaration| one.name == name && !one.is_output();
        self.declarations.iter().find(is_meant)
    }

    /// All modules, by the name of their symbol.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&Declaration, &Block)> {
        self.declarations.iter().filter_map(|declaration| match &declaration.what {
            What::Module(block) => Some((declaration, block)),
            What::Param { .. } | What::Var(_) | What::Resource(_) | What::Output { .. } => None,
        })
    }

    /// All resources, by the name of their symbol.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (&Declaration, &Block)> {
        self.declarations.iter().filter_map(|declaration| match &declaration.what {
            What::Resource(block) => Some((declaration, block)),
            What::Param { .. } | What::Var(_) | What::Module(_) | What::Output { .. } => None,
        })
    }

    /// A finding in this file.
    pub(crate) fn finding(&self, at: Spot, wrong: impl Into<String>) -> Finding {
        Finding::new(&self.path, at, wrong)
    }
}

impl Declaration {
    /// Whether it is seen from outside only.
    pub(crate) fn is_output(&self) -> bool {
        matches!(self.what, What::Output { .. })
    }

    /// The arguments of the decorator of this name.
    pub(crate) fn decorator(&self, name: &str) -> Option<&[Expr]> {
        let decorator = self.decorators.iter().find(|decorator| decorator.name == name);
        decorator.map(|decorator| decorator.arguments.as_slice())
    }
}

impl Block {
    /// The object that each instance is made of.
    pub(crate) fn object(&self) -> &Expr {
        if let Kind::For(each) = &self.body.kind { &each.body } else { &self.body }
    }

    /// A property of that object.
    pub(crate) fn property(&self, key: &str) -> Option<&Expr> {
        self.object().property(key)
    }
}

impl Expr {
    /// The value of a property, where this is an object that has it.
    pub(crate) fn property(&self, key: &str) -> Option<&Self> {
        let has_key = |property: &&Property| property.key.literal().as_deref() == Some(key);
        self.properties().iter().find(has_key).map(|property| &property.value)
    }

    /// The properties, where this is an object.
    pub(crate) fn properties(&self) -> &[Property] {
        if let Kind::Object(properties) = &self.kind { properties } else { &[] }
    }

    /// The text, where this is one without values in it.
    pub(crate) fn literal(&self) -> Option<String> {
        let Kind::Text(pieces) = &self.kind else { return None };
        let literal = |piece: &Piece| match piece {
            Piece::Literal(text) => Some(text.clone()),
            Piece::Value(_) => None,
        };
        pieces.iter().map(literal).collect()
    }

    /// The expressions right inside this one.
    pub(crate) fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Number(_) | Kind::Bool(_) | Kind::Null | Kind::Name(_) => vec![],
            Kind::Text(pieces) => pieces.iter().filter_map(Piece::value).collect(),
            Kind::Member(of, _) | Kind::Unary(_, of) => vec![of],
            Kind::Index(one, two) | Kind::Binary(_, one, two) => vec![one, two],
            Kind::Call(_, all) | Kind::Array(all) => all.iter().collect(),
            Kind::Choice(condition, yes, no) => vec![condition, yes, no],
            Kind::Object(all) => all.iter().flat_map(|one| [&one.key, &one.value]).collect(),
            Kind::For(inner) => vec![&inner.over, &inner.body],
        }
    }

    /// This expression and all inside it.
    pub(crate) fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        for part in self.parts() {
            part.walk(visit);
        }
    }
}

impl Piece {
    fn value(&self) -> Option<&Expr> {
        match self {
            Self::Literal(_) => None,
            Self::Value(value) => Some(value),
        }
    }
}
