//! Reads Bicep: tree-sitter's nodes made into the values of [`super::syntax`].
//!
//! Only what this project's files use. Anything else is a finding, as is what the grammar does not
//! know (typed variables, `...`, `resourceInput`): so nothing here goes unchecked.

use super::finding::{Finding, Spot};
use super::syntax::{Block, Declaration, Decorator, Expr, File, Kind, Loop, Piece, Property, What};
use anyhow::{Context, Result};
use tree_sitter::{Node, Parser};

/// Reads a Bicep file, or says where it is none.
pub(crate) fn bicep(path: &str, text: &str) -> Result<(File, Vec<Finding>)> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bicep::LANGUAGE.into()).context("cannot load the grammar")?;
    let tree = parser.parse(text, None).context("the parser gave up")?;
    let mut reader = Reader { path, text, findings: Vec::new() };
    reader.broken(tree.root_node());
    let declarations =
        if reader.findings.is_empty() { reader.declarations(tree.root_node()) } else { Vec::new() };
    let file = File { path: path.to_owned(), text: text.to_owned(), declarations };
    Ok((file, reader.findings))
}

/// Reads a parameter file: `using` and `param name = value` lines. There is no grammar for it, but
/// a `var` is written the same.
pub(crate) fn parameters(path: &str, text: &str) -> Result<(File, Vec<Finding>)> {
    let line = |line: &str| match line.strip_prefix("param ") {
        Some(rest) => format!("var   {rest}\n"),
        None if line.starts_with("using ") => "\n".to_owned(),
        None => format!("{line}\n"),
    };
    let (mut file, findings) = bicep(path, &text.lines().map(line).collect::<String>())?;
    text.clone_into(&mut file.text);
    Ok((file, findings))
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn wrong(&mut self, node: Node<'_>, wrong: String) {
        self.findings.push(Finding::new(self.path, spot(node), wrong));
    }

    fn text(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Finds where the text is not Bicep: the outermost error of each place.
    fn broken(&mut self, node: Node<'_>) {
        if node.is_error() {
            let start = self.text(node).lines().next().unwrap_or_default().to_owned();
            self.wrong(node, format!("cannot read `{start}`; right would be a Bicep declaration"));
        } else if node.is_missing() {
            self.wrong(node, format!("`{}` is missing here", node.kind()));
        } else if node.has_error() {
            let mut cursor = node.walk();
            let children: Vec<_> = node.children(&mut cursor).collect();
            for child in children {
                self.broken(child);
            }
        }
    }

    fn declarations(&mut self, root: Node<'_>) -> Vec<Declaration> {
        let mut decorators = Vec::new();
        let mut declarations = Vec::new();
        for node in named(root) {
            match node.kind() {
                "decorators" => decorators = self.decorators(node),
                "metadata_declaration" | "target_scope_assignment" => {}
                _ => {
                    let decorators = std::mem::take(&mut decorators);
                    declarations.extend(self.declaration(node, decorators));
                }
            }
        }
        declarations
    }

    fn decorators(&mut self, node: Node<'_>) -> Vec<Decorator> {
        let calls = named(node).into_iter().filter_map(|decorator| named(decorator).pop());
        let mut decorators = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            if let Kind::Call(name, arguments) = self.expression(call).kind {
                decorators.push(Decorator { name, arguments });
            }
        }
        decorators
    }

    fn declaration(&mut self, node: Node<'_>, decorators: Vec<Decorator>) -> Option<Declaration> {
        let parts = named(node);
        let name = self.text(*parts.first()?).to_owned();
        let (second, last) = (*parts.get(1)?, *parts.last()?);
        let what = match node.kind() {
            "parameter_declaration" => {
                let default = parts.get(2).map(|value| self.expression(*value));
                What::Param { kind: self.text(second).to_owned(), default }
            }
            "variable_declaration" => What::Var(self.tail(&parts, 1)?),
            "resource_declaration" => What::Resource(self.block(node, second, last)),
            "module_declaration" => What::Module(self.block(node, second, last)),
            "output_declaration" => {
                let value = self.tail(&parts, 2)?;
                What::Output { kind: self.text(second).to_owned(), value }
            }
            other => {
                self.wrong(node, format!("{other} is not used in this project's Bicep"));
                return None;
            }
        };
        Some(Declaration { at: spot(node), name, decorators, what })
    }

    fn tail(&mut self, parts: &[Node<'_>], from: usize) -> Option<Expr> {
        parts.get(from).map(|value| self.expression(*value))
    }

    fn block(&mut self, node: Node<'_>, of: Node<'_>, body: Node<'_>) -> Block {
        let mut cursor = node.walk();
        let is_existing = node.children(&mut cursor).any(|child| child.kind() == "existing");
        let (condition, body) = match (body.kind(), named(body).as_slice()) {
            ("if_statement", [condition, body]) => (Some(self.expression(*condition)), *body),
            _ => (None, body),
        };
        let of_at = spot(of);
        let of = self.expression(of).literal().unwrap_or_default();
        Block { of, of_at, is_existing, condition, body: self.expression(body) }
    }

    fn expression(&mut self, node: Node<'_>) -> Expr {
        let parts = named(node);
        let kind = match (node.kind(), parts.as_slice()) {
            ("string", _) => Kind::Text(self.pieces(&parts)),
            ("number", _) => Kind::Number(self.text(node).parse().unwrap_or_default()),
            ("boolean", _) => Kind::Bool(self.text(node) == "true"),
            ("null", _) => Kind::Null,
            ("identifier" | "compatible_identifier", _) => Kind::Name(self.text(node).to_owned()),
            ("parenthesized_expression", [inner]) => return self.expression(*inner),
            ("member_expression", [of, member]) => {
                Kind::Member(self.boxed(*of), self.text(*member).to_owned())
            }
            ("subscript_expression", [of, index]) => {
                Kind::Index(self.boxed(*of), self.boxed(*index))
            }
            ("call_expression", [function, arguments]) => {
                Kind::Call(self.text(*function).to_owned(), self.all(&named(*arguments)))
            }
            ("unary_expression", [of]) => Kind::Unary(operator(node), self.boxed(*of)),
            ("binary_expression", [left, right]) => {
                Kind::Binary(operator(node), self.boxed(*left), self.boxed(*right))
            }
            ("ternary_expression", [condition, yes, no]) => {
                Kind::Choice(self.boxed(*condition), self.boxed(*yes), self.boxed(*no))
            }
            ("object", _) => Kind::Object(self.properties(&parts)),
            ("array", [only]) if only.kind() == "for_statement" => return self.expression(*only),
            ("array", _) => Kind::Array(self.all(&parts)),
            ("for_statement", [names, over, body]) => Kind::For(Box::new(Loop {
                names: self.names(*names),
                over: self.expression(*over),
                body: self.expression(*body),
            })),
            (other, _) => {
                self.wrong(node, format!("{other} is not used in this project's Bicep"));
                Kind::Null
            }
        };
        Expr { at: spot(node), kind }
    }

    fn boxed(&mut self, node: Node<'_>) -> Box<Expr> {
        Box::new(self.expression(node))
    }

    fn all(&mut self, nodes: &[Node<'_>]) -> Vec<Expr> {
        nodes.iter().map(|node| self.expression(*node)).collect()
    }

    fn names(&self, node: Node<'_>) -> Vec<String> {
        let both = if node.kind() == "for_loop_parameters" { named(node) } else { vec![node] };
        both.into_iter().map(|name| self.text(name).to_owned()).collect()
    }

    fn properties(&mut self, nodes: &[Node<'_>]) -> Vec<Property> {
        let mut properties = Vec::new();
        for node in nodes {
            let parts = named(*node);
            let [key, value] = parts.as_slice() else {
                self.wrong(*node, "cannot read this property; right would be `key: value`".into());
                continue;
            };
            let key = if key.kind() == "string" {
                self.expression(*key)
            } else {
                let pieces = vec![Piece::Literal(self.text(*key).to_owned())];
                Expr { at: spot(*key), kind: Kind::Text(pieces) }
            };
            properties.push(Property { at: key.at, key, value: self.expression(*value) });
        }
        properties
    }

    fn pieces(&mut self, nodes: &[Node<'_>]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for node in nodes {
            match (node.kind(), named(*node).as_slice()) {
                ("interpolation", [value]) => pieces.push(Piece::Value(self.expression(*value))),
                ("escape_sequence", _) => pieces.push(Piece::Literal(escaped(self.text(*node)))),
                _ => pieces.push(Piece::Literal(self.text(*node).to_owned())),
            }
        }
        pieces
    }
}

fn escaped(sequence: &str) -> String {
    match sequence {
        r"\n" => "\n".to_owned(),
        r"\r" => "\r".to_owned(),
        r"\t" => "\t".to_owned(),
        other => other.trim_start_matches('\\').to_owned(),
    }
}

/// The one word of an expression that is no part of its operands.
fn operator(node: Node<'_>) -> String {
    let mut cursor = node.walk();
    let operator = node.children(&mut cursor).find(|child| !child.is_named());
    operator.map(|operator| operator.kind().to_owned()).unwrap_or_default()
}

/// The named children that mean something.
fn named(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    let is_comment = |child: &Node<'_>| child.kind().ends_with("comment");
    node.named_children(&mut cursor).filter(|child| !is_comment(child)).collect()
}

fn spot(node: Node<'_>) -> Spot {
    let start = node.start_position();
    Spot { line: start.row + 1, column: start.column + 1 }
}
