//! A query as the parser understood it.

use serde_json::Value;

/// A whole SELECT, outermost or nested.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Select {
    pub(super) distinct: bool,
    pub(super) top: Option<Bound>,
    pub(super) shape: Shape,
    /// The first source, then those of the JOINs. Empty without FROM.
    pub(super) sources: Vec<Source>,
    pub(super) filter: Option<Expr>,
    pub(super) group_by: Vec<Expr>,
    pub(super) order_by: Vec<OrderKey>,
    pub(super) window: Option<Window>,
    /// Where SELECT begins.
    pub(super) offset: usize,
    /// Set where rows are folded into groups.
    pub(super) grouping: Option<Box<Grouping>>,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// `*`
    Star,
    /// `VALUE expression`
    Value(Expr),
    /// `expression [AS name], …`: an object.
    Fields(Vec<Field>),
}

/// One entry of a SELECT list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// Its name in the result: the alias, the last step of the path, or `$n`.
    pub(super) name: String,
    /// Whether the name was written.
    pub(super) named: bool,
    pub(super) expr: Expr,
}

/// One source of rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Source {
    pub(super) collection: Collection,
    /// The name under which a row is known; a path that ends in an index has none.
    pub(super) alias: Option<String>,
    /// `alias IN collection`: the elements of an array, not the value itself.
    pub(super) each: bool,
}

/// What a source ranges over.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Collection {
    /// The container or an earlier alias, and a path from there.
    Path(Expr),
    /// `(SELECT …)`
    Subquery(Box<Select>),
}

/// One key of ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OrderKey {
    pub(super) expr: Expr,
    pub(super) descending: bool,
}

/// `OFFSET n LIMIT m`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    pub(super) offset: Bound,
    pub(super) limit: Bound,
}

/// A number of rows, written or given as a parameter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    Number(u64),
    Parameter(Name),
}

/// A name and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) offset: usize,
}

/// How rows are folded: what each group collects, and what becomes of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grouping {
    /// The aggregates of the SELECT clause, in order of appearance.
    pub(super) aggregates: Vec<(Aggregate, Expr)>,
    /// The SELECT clause, in which [`Expr::Held`] stands for keys and then aggregates.
    pub(super) shape: Shape,
}

/// An aggregate function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Avg,
    Count,
    Max,
    Min,
    Sum,
}

/// A scalar expression. Chains are flat, so that the depth of the tree is what the parser allows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Undefined,
    Literal(Value),
    Parameter(Name),
    Variable(Name),
    Path(Box<Self>, Vec<Step>),
    Unary(UnaryOp, Box<Self>),
    /// Operators of one level of precedence, from the left.
    Chain(Box<Self>, Vec<(BinaryOp, Self)>),
    And(Vec<Self>),
    Or(Vec<Self>),
    /// `a ?? b ?? c`
    Coalesce(Vec<Self>),
    /// `condition ? yes : no`
    Conditional(Box<[Self; 3]>),
    In(Box<Self>, Vec<Self>),
    /// `value BETWEEN low AND high`
    Between(Box<[Self; 3]>),
    /// `value LIKE pattern [ESCAPE c]`
    Like(Box<[Self; 2]>, Option<char>),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
    Call(Call),
    Aggregate(Aggregate, Box<Self>, usize),
    Exists(Box<Select>),
    /// `ARRAY(SELECT …)`
    Gather(Box<Select>),
    /// `(SELECT …)`: its only value.
    Single(Box<Select>),
    /// What the group at hand holds under this number: first its keys, then its aggregates.
    Held(usize),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Field(String),
    Index(usize),
    /// `[expression]`: a field or an index, as its value says.
    Computed(Expr),
}

/// A call of a built-in function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) function: &'static super::functions::Function,
    pub(super) arguments: Vec<Expr>,
    pub(super) offset: usize,
}

/// An operator before its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnaryOp {
    Not,
    Minus,
    Plus,
    BitNot,
}

/// An operator between two operands (`AND`, `OR` and `??` have nodes of their own).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BinaryOp {
    Concat,
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    ShiftLeft,
    ShiftRight,
    ShiftRightZero,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Expr {
    /// Hands every direct operand to `visit`; subqueries are not operands.
    pub(super) fn operands<E>(
        &mut self,
        visit: &mut dyn FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Undefined
            | Self::Literal(_)
            | Self::Parameter(_)
            | Self::Variable(_)
            | Self::Held(_)
            | Self::Exists(_)
            | Self::Gather(_)
            | Self::Single(_) => Ok(()),
            Self::Unary(_, of) | Self::Aggregate(_, of, _) => visit(of),
            Self::And(all) | Self::Or(all) | Self::Coalesce(all) | Self::Array(all) => {
                all.iter_mut().try_for_each(visit)
            }
            Self::Conditional(three) | Self::Between(three) => three.iter_mut().try_for_each(visit),
            Self::Like(two, _) => two.iter_mut().try_for_each(visit),
            Self::Object(fields) => fields.iter_mut().try_for_each(|(_, field)| visit(field)),
            Self::Call(call) => call.arguments.iter_mut().try_for_each(visit),
            Self::Path(base, steps) => {
                visit(base)?;
                steps.iter_mut().filter_map(Step::computed).try_for_each(visit)
            }
            Self::Chain(first, rest) => {
                visit(first)?;
                rest.iter_mut().try_for_each(|(_, operand)| visit(operand))
            }
            Self::In(value, among) => {
                visit(value)?;
                among.iter_mut().try_for_each(visit)
            }
        }
    }
}

impl Step {
    fn computed(&mut self) -> Option<&mut Expr> {
        match self {
            Self::Computed(expr) => Some(expr),
            Self::Field(_) | Self::Index(_) => None,
        }
    }
}

impl Shape {
    /// Hands every expression of the SELECT clause to `visit`.
    pub(super) fn each<E>(
        &mut self,
        visit: &mut dyn FnMut(&mut Expr) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Star => Ok(()),
            Self::Value(expr) => visit(expr),
            Self::Fields(fields) => fields.iter_mut().try_for_each(|field| visit(&mut field.expr)),
        }
    }
}
