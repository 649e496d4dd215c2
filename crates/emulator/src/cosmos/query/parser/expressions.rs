//! Operators and their precedence.
//!
//! From loose to tight, as in the grammar of the service's own SDK:
//!
//! | level | operators |
//! |---|---|
//! | conditional | `a ? b : c` |
//! | coalesce | `??` |
//! | or, and | `OR`, then `AND` |
//! | test | `[NOT] IN`, `[NOT] BETWEEN`, `[NOT] LIKE` (they do not chain) |
//! | concatenation | <code>&#124;&#124;</code> |
//! | bits | <code>&#124;</code>, then `^`, then `&` |
//! | equality, order | `=` `!=` `<>`, then `<` `<=` `>` `>=` |
//! | shift | `<<` `>>` `>>>` |
//! | sum, product | `+` `-`, then `*` `/` `%` |
//! | unary | `NOT` `-` `+` `~` |
//!
//! Mind that `NOT` binds tightest: `NOT c.a = 1` reads `(NOT c.a) = 1`.

use super::Parser;
use crate::cosmos::query::ast::{BinaryOp, Expr, UnaryOp};
use crate::cosmos::query::error::QueryError;
use crate::cosmos::query::lexer::Kind;
use crate::cosmos::query::limits::OPERANDS_MAX;

impl Parser<'_> {
    /// Any scalar expression.
    pub(super) fn expr(&mut self) -> Result<Expr, QueryError> {
        self.nested(Self::conditional)
    }

    fn conditional(&mut self) -> Result<Expr, QueryError> {
        let condition = self.coalesce()?;
        if !self.symbol("?") {
            return Ok(condition);
        }
        let yes = self.expr()?;
        self.need_symbol(":")?;
        let no = self.expr()?;
        Ok(Expr::Conditional(Box::new([condition, yes, no])))
    }

    fn coalesce(&mut self) -> Result<Expr, QueryError> {
        self.operands(Self::or, |parser| parser.symbol("??"), Expr::Coalesce)
    }

    fn or(&mut self) -> Result<Expr, QueryError> {
        self.operands(Self::and, |parser| parser.word("OR"), Expr::Or)
    }

    fn and(&mut self) -> Result<Expr, QueryError> {
        self.operands(Self::test, |parser| parser.word("AND"), Expr::And)
    }

    /// Operands of one operator, gathered into one flat node.
    fn operands(
        &mut self,
        mut operand: impl FnMut(&mut Self) -> Result<Expr, QueryError>,
        mut operator: impl FnMut(&mut Self) -> bool,
        node: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, QueryError> {
        let first = operand(self)?;
        let mut operands = Vec::new();
        while operator(self) {
            self.room(operands.len())?;
            operands.push(operand(self)?);
        }
        if operands.is_empty() {
            return Ok(first);
        }
        operands.insert(0, first);
        Ok(node(operands))
    }

    fn test(&mut self) -> Result<Expr, QueryError> {
        let value = self.binary(0)?;
        let negated = self.at_word("NOT")
            && ["IN", "BETWEEN", "LIKE"].iter().any(|word| self.ahead_is_word(1, word));
        self.at += usize::from(negated);
        let test = if self.word("IN") {
            self.need_symbol("(")?;
            let among = self.list(Self::expr)?;
            self.need_symbol(")")?;
            Expr::In(Box::new(value), among)
        } else if self.word("BETWEEN") {
            let low = self.binary(0)?;
            self.need_word("AND")?;
            Expr::Between(Box::new([value, low, self.binary(0)?]))
        } else if self.word("LIKE") {
            let pattern = self.binary(0)?;
            let escape = if self.word("ESCAPE") { Some(self.escape()?) } else { None };
            Expr::Like(Box::new([value, pattern]), escape)
        } else {
            return Ok(value);
        };
        Ok(if negated { Expr::Unary(UnaryOp::Not, Box::new(test)) } else { test })
    }

    fn escape(&mut self) -> Result<char, QueryError> {
        let single = match &self.peek().kind {
            Kind::Text(text) => {
                let mut chars = text.chars();
                chars.next().filter(|_| chars.next().is_none())
            }
            Kind::Word(_) | Kind::Parameter(_) | Kind::Number(_) | Kind::Symbol(_) | Kind::End => {
                None
            }
        };
        let single = single.ok_or_else(|| self.unexpected("a text of one character"))?;
        self.advance();
        Ok(single)
    }

    /// Operators of `lowest` precedence and above; those of one level share one flat node.
    fn binary(&mut self, lowest: u8) -> Result<Expr, QueryError> {
        let mut left = self.unary()?;
        let mut built = None;
        while let Some((level, op)) = self.operator().filter(|(level, _)| lowest <= *level) {
            self.advance();
            let right = self.binary(level + 1)?;
            if let (Expr::Chain(_, rest), true) = (&mut left, built == Some(level)) {
                self.room(rest.len())?;
                rest.push((op, right));
            } else {
                left = Expr::Chain(Box::new(left), vec![(op, right)]);
            }
            built = Some(level);
        }
        Ok(left)
    }

    fn operator(&self) -> Option<(u8, BinaryOp)> {
        let Kind::Symbol(symbol) = self.peek().kind else { return None };
        let found = OPERATORS.iter().find(|(written, ..)| *written == symbol)?;
        Some((found.1, found.2))
    }

    fn unary(&mut self) -> Result<Expr, QueryError> {
        let op = match self.peek().kind {
            Kind::Symbol("-") => UnaryOp::Minus,
            Kind::Symbol("+") => UnaryOp::Plus,
            Kind::Symbol("~") => UnaryOp::BitNot,
            Kind::Word(word) if word.eq_ignore_ascii_case("NOT") => UnaryOp::Not,
            Kind::Word(_)
            | Kind::Parameter(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::Symbol(_)
            | Kind::End => return self.primary(),
        };
        self.advance();
        let operand = self.nested(Self::unary)?;
        Ok(Expr::Unary(op, Box::new(operand)))
    }

    fn room(&self, operands: usize) -> Result<(), QueryError> {
        if operands < OPERANDS_MAX {
            return Ok(());
        }
        let what = format!("more than {OPERANDS_MAX} operators in a row");
        Err(QueryError::limit(self.offset(), what))
    }
}

/// How an operator is written, how tight it binds, and what it is.
pub(in crate::cosmos::query) const OPERATORS: [(&str, u8, BinaryOp); 19] = [
    ("||", 0, BinaryOp::Concat),
    ("|", 1, BinaryOp::BitOr),
    ("^", 2, BinaryOp::BitXor),
    ("&", 3, BinaryOp::BitAnd),
    ("=", 4, BinaryOp::Equal),
    ("!=", 4, BinaryOp::NotEqual),
    ("<>", 4, BinaryOp::NotEqual),
    ("<", 5, BinaryOp::Less),
    ("<=", 5, BinaryOp::LessOrEqual),
    (">", 5, BinaryOp::Greater),
    (">=", 5, BinaryOp::GreaterOrEqual),
    ("<<", 6, BinaryOp::ShiftLeft),
    (">>", 6, BinaryOp::ShiftRight),
    (">>>", 6, BinaryOp::ShiftRightZero),
    ("+", 7, BinaryOp::Add),
    ("-", 7, BinaryOp::Subtract),
    ("*", 8, BinaryOp::Multiply),
    ("/", 8, BinaryOp::Divide),
    ("%", 8, BinaryOp::Modulo),
];
