//! SELECT and its clauses.
//!
//! ```text
//! query   SELECT [DISTINCT] [TOP n] (* | VALUE expr | expr [[AS] alias], …)
//!         [FROM source (JOIN source)*] [WHERE expr] [GROUP BY expr, …]
//!         [ORDER BY expr [ASC | DESC], …] [OFFSET n LIMIT n]
//! source  alias IN place | place [[AS] alias]
//! place   name path | ( query )
//! n       a whole number | @parameter
//! ```

use super::Parser;
use crate::cosmos::query::ast::{
    Bound, Collection, Expr, Field, Name, OrderKey, Select, Shape, Source, Step, Window,
};
use crate::cosmos::query::error::QueryError;
use crate::cosmos::query::lexer::Kind;
use crate::cosmos::query::limits::JOINS_MAX;

impl Parser<'_> {
    /// `SELECT [DISTINCT] [TOP n] … [FROM …] [WHERE …] [GROUP BY …] [ORDER BY …] [OFFSET …]`
    pub(super) fn select(&mut self) -> Result<Select, QueryError> {
        self.nested(Self::select_here)
    }

    fn select_here(&mut self) -> Result<Select, QueryError> {
        let offset = self.offset();
        self.need_word("SELECT")?;
        let mut distinct = self.word("DISTINCT");
        let top = if self.word("TOP") { Some(self.bound()?) } else { None };
        distinct |= self.word("DISTINCT");
        let shape = self.shape()?;
        let sources = if self.at_word("FROM") { self.from()? } else { self.no_from()? };
        let filter = self.filter()?;
        let group_by = if self.word("GROUP") { self.group_by()? } else { Vec::new() };
        let order_by = if self.word("ORDER") { self.order_by()? } else { Vec::new() };
        let window = if self.word("OFFSET") { Some(self.window()?) } else { None };
        let grouping = None;
        Ok(Select {
            distinct,
            top,
            shape,
            sources,
            filter,
            group_by,
            order_by,
            window,
            offset,
            grouping,
        })
    }

    /// `FROM c WHERE …`, as a patch states its condition.
    pub(super) fn condition(&mut self) -> Result<Select, QueryError> {
        let offset = self.offset();
        let sources = self.from()?;
        let filter = self.filter()?;
        Ok(Select {
            distinct: false,
            top: None,
            shape: Shape::Value(Expr::Literal(true.into())),
            sources,
            filter,
            group_by: Vec::new(),
            order_by: Vec::new(),
            window: None,
            offset,
            grouping: None,
        })
    }

    fn shape(&mut self) -> Result<Shape, QueryError> {
        if self.symbol("*") {
            return Ok(Shape::Star);
        }
        if self.word("VALUE") {
            return Ok(Shape::Value(self.expr()?));
        }
        let mut fields = self.list(Self::field)?;
        let unnamed = fields.iter_mut().filter(|field| field.name.is_empty());
        for (number, field) in (1..).zip(unnamed) {
            field.name = format!("${number}");
        }
        Ok(Shape::Fields(fields))
    }

    /// `expression [[AS] alias]`; the name stays empty where nothing gives one.
    fn field(&mut self) -> Result<Field, QueryError> {
        let expr = self.expr()?;
        let named = self.word("AS") || self.at_alias();
        let name =
            if named { self.name("an alias")? } else { last_name(&expr).unwrap_or_default() };
        Ok(Field { name, named, expr })
    }

    /// Whether a word follows that can only be an alias.
    fn at_alias(&self) -> bool {
        matches!(self.peek().kind, Kind::Word(word) if !super::is_keyword(word))
    }

    /// Without FROM, only the clauses that follow it may come, or the end.
    fn no_from(&self) -> Result<Vec<Source>, QueryError> {
        let ended = self.peek().kind == Kind::End || self.ahead_is_symbol(0, ")");
        let goes_on = ["WHERE", "GROUP", "ORDER", "OFFSET"].iter().any(|word| self.at_word(word));
        if ended || goes_on { Ok(Vec::new()) } else { Err(self.unexpected("FROM")) }
    }

    fn from(&mut self) -> Result<Vec<Source>, QueryError> {
        self.need_word("FROM")?;
        let mut sources = vec![self.source()?];
        while self.word("JOIN") {
            if JOINS_MAX < sources.len() {
                let what = format!("more than {JOINS_MAX} joins");
                return Err(QueryError::limit(self.offset(), what));
            }
            sources.push(self.source()?);
        }
        Ok(sources)
    }

    /// `alias IN collection` or `collection [[AS] alias]`
    fn source(&mut self) -> Result<Source, QueryError> {
        if self.ahead_is_word(1, "IN") {
            let alias = Some(self.name("an alias")?);
            self.need_word("IN")?;
            let collection = self.collection()?;
            return Ok(Source { collection, alias, each: true });
        }
        let collection = self.collection()?;
        let named = self.word("AS") || self.at_alias();
        let alias = if named { Some(self.name("an alias")?) } else { natural_alias(&collection) };
        Ok(Source { collection, alias, each: false })
    }

    fn collection(&mut self) -> Result<Collection, QueryError> {
        if self.symbol("(") {
            let select = self.select()?;
            self.need_symbol(")")?;
            return Ok(Collection::Subquery(Box::new(select)));
        }
        let offset = self.offset();
        let text = self.name("a collection")?;
        let base = Expr::Variable(Name { text, offset });
        Ok(Collection::Path(self.path(base)?))
    }

    fn filter(&mut self) -> Result<Option<Expr>, QueryError> {
        if self.word("WHERE") { self.expr().map(Some) } else { Ok(None) }
    }

    fn group_by(&mut self) -> Result<Vec<Expr>, QueryError> {
        self.need_word("BY")?;
        self.list(Self::expr)
    }

    fn order_by(&mut self) -> Result<Vec<OrderKey>, QueryError> {
        self.need_word("BY")?;
        if self.at_word("RANK") && !self.ahead_is_symbol(1, ".") && !self.ahead_is_symbol(1, ",") {
            return Err(QueryError::unsupported(self.offset(), "ORDER BY RANK"));
        }
        self.list(|parser| {
            let expr = parser.expr()?;
            let descending = parser.word("DESC");
            let _ascending = !descending && parser.word("ASC");
            Ok(OrderKey { expr, descending })
        })
    }

    fn window(&mut self) -> Result<Window, QueryError> {
        let offset = self.bound()?;
        self.need_word("LIMIT")?;
        let limit = self.bound()?;
        Ok(Window { offset, limit })
    }

    /// A number of rows.
    fn bound(&mut self) -> Result<Bound, QueryError> {
        let token = self.peek();
        let bound = match &token.kind {
            Kind::Number(number) => number.as_u64().map(Bound::Number),
            Kind::Parameter(name) => {
                let name = Name { text: (*name).to_owned(), offset: token.offset };
                Some(Bound::Parameter(name))
            }
            Kind::Word(_) | Kind::Text(_) | Kind::Symbol(_) | Kind::End => None,
        };
        let bound = bound.ok_or_else(|| self.unexpected("a whole number or a parameter"))?;
        self.advance();
        Ok(bound)
    }
}

/// The name a source has without an alias: its own, or the last step of its path.
fn natural_alias(collection: &Collection) -> Option<String> {
    match collection {
        Collection::Path(Expr::Variable(name)) => Some(name.text.clone()),
        Collection::Path(path) => last_name(path),
        Collection::Subquery(_) => None,
    }
}

/// The name that an expression lends to its column.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others compute something unnamed")]
fn last_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Variable(name) => Some(name.text.clone()),
        Expr::Path(_, steps) => match steps.last() {
            Some(Step::Field(name)) => Some(name.clone()),
            Some(Step::Index(_) | Step::Computed(_)) | None => None,
        },
        _ => None,
    }
}
