//! Joining the rows of two inputs: by equal keys, by the nearest key, or each with each.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use frame_core::{Error, QueryError, Result, Scalar, Span};
use frame_expr::{common_type, quoted, type_name};

use super::{Plan, Wanted};
use crate::Catalog;

/// Which rows a join gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// The pairs that match.
    Inner,
    /// The pairs that match, and the left rows without a match beside nulls.
    Left,
    /// The pairs that match, and then the right rows without a match beside nulls.
    Right,
    /// The pairs that match and the left rows without a match, and then the right rows without one.
    Full,
    /// The left rows that have a match, once each.
    Semi,
    /// The left rows without a match.
    Anti,
    /// Every pair.
    Cross,
    /// Each left row beside the nearest right row, or beside nulls.
    AsOf,
}

impl JoinKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [Self::Inner, Self::Left, Self::Right, Self::Full, Self::Semi, Self::Anti, Self::Cross, Self::AsOf];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inner => "inner",
            Self::Left => "left",
            Self::Right => "right",
            Self::Full => "full",
            Self::Semi => "semi",
            Self::Anti => "anti",
            Self::Cross => "cross",
            Self::AsOf => "asof",
        }
    }

    /// Whether right rows without a match come out.
    pub fn keeps_right(self) -> bool {
        matches!(self, Self::Right | Self::Full)
    }

    /// Whether only left columns come out.
    pub fn is_filter(self) -> bool {
        matches!(self, Self::Semi | Self::Anti)
    }
}

/// A column of each side that must be equal; what the two are called.
#[derive(Debug, Clone, Eq)]
pub struct KeyPair {
    /// The column of the left side.
    pub left: String,
    /// The column of the right side.
    pub right: String,
    /// Where the pair stands in the query text, if it does.
    pub span: Span,
}

impl PartialEq for KeyPair {
    fn eq(&self, other: &Self) -> bool {
        (&self.left, &self.right) == (&other.left, &other.right)
    }
}

impl KeyPair {
    /// A column of this name on both sides.
    pub fn same(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { left: name.clone(), right: name, span: Span::default() }
    }
}

impl fmt::Display for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.left))?;
        if self.left == self.right { Ok(()) } else { write!(f, " = {}", quoted(&self.right)) }
    }
}

/// Where the nearest right row is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// At or below the left value; the last of equal right rows.
    Backward,
    /// At or above the left value; the first of equal right rows.
    Forward,
    /// On both sides; the one below if both are as far.
    Nearest,
}

impl Direction {
    /// Every direction.
    pub const ALL: [Self; 3] = [Self::Backward, Self::Forward, Self::Nearest];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
            Self::Nearest => "nearest",
        }
    }
}

/// How the nearest right row is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsOf {
    /// The columns whose values are to be near each other.
    pub on: KeyPair,
    /// Where to look.
    pub direction: Direction,
    /// The farthest that counts: a duration for times, a number for numbers.
    pub within: Option<Scalar>,
}

/// How many rows of one side may match a row of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Keys are there once on both sides.
    OneToOne,
    /// Keys are there once on the right side.
    ManyToOne,
    /// Keys are there once on the left side.
    OneToMany,
    /// Anything.
    ManyToMany,
}

impl Expect {
    /// Every expectation.
    pub const ALL: [Self; 4] = [Self::OneToOne, Self::ManyToOne, Self::OneToMany, Self::ManyToMany];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::OneToOne => "1:1",
            Self::ManyToOne => "n:1",
            Self::OneToMany => "1:n",
            Self::ManyToMany => "n:n",
        }
    }

    /// Whether keys must be there once on the left side.
    pub fn left_once(self) -> bool {
        matches!(self, Self::OneToOne | Self::OneToMany)
    }

    /// Whether keys must be there once on the right side.
    pub fn right_once(self) -> bool {
        matches!(self, Self::OneToOne | Self::ManyToOne)
    }
}

/// Joins the rows of two inputs.
///
/// The order of the left rows stays; the matches of a left row are in the order of the right rows. Null equals nothing, NaN equals NaN,
/// and −0.0 equals 0.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The rows whose order is kept.
    pub left: Box<Plan>,
    /// The rows that are looked up.
    pub right: Box<Plan>,
    /// Which rows come out.
    pub kind: JoinKind,
    /// The columns that must be equal.
    pub keys: Vec<KeyPair>,
    /// For a join to the nearest row.
    pub as_of: Option<AsOf>,
    /// What is checked of the keys.
    pub expect: Option<Expect>,
    /// What the right side is called; `right` if nothing is said.
    pub alias: Option<String>,
    /// The right columns that come out behind the alias; `None` for those whose name the left side has (the optimizer writes them down
    /// before it drops columns).
    pub prefixed: Option<Vec<String>>,
}

/// Where a column of a join comes from, by its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinColumn {
    /// From the left side.
    Left(usize),
    /// From the right side.
    Right(usize),
    /// A key: from the left side, or from the right side in rows that have no left one.
    Either(usize, usize),
}

impl Join {
    /// What stands in front of right columns.
    pub fn prefix(&self) -> &str {
        self.alias.as_deref().unwrap_or("right")
    }

    /// What a right column is called in the result, if it is there.
    pub fn output(&self, name: &str, left: &Schema) -> String {
        let is_prefixed = match &self.prefixed {
            Some(names) => names.iter().any(|known| known == name),
            None => left.field_with_name(name).is_ok(),
        };
        if is_prefixed { format!("{}.{name}", self.prefix()) } else { name.to_owned() }
    }

    /// The names of the right columns that need the alias.
    pub(crate) fn collisions(&self, left: &Schema, right: &Schema) -> Vec<String> {
        let names = right.fields().iter().map(|field| field.name());
        names.filter(|name| self.output(name, left) != **name).cloned().collect()
    }

    /// Where each column of the result comes from, and what it is called and of which type.
    ///
    /// # Errors
    /// `UnknownColumn` for keys, `Type` for keys whose types do not go together, `DuplicateColumn`.
    pub fn columns(&self, left: &Schema, right: &Schema) -> Result<(Vec<JoinColumn>, Schema)> {
        let pairs = self.keys.iter().map(|pair| self.checked(pair, left, right)).collect::<Result<Vec<_>>>()?;
        if let Some(as_of) = &self.as_of {
            let (.., common) = self.checked(&as_of.on, left, right)?;
            as_of.check(&common)?;
        }
        let (mut columns, mut fields) = (Vec::new(), Vec::new());
        for (place, field) in left.fields().iter().enumerate() {
            let pair = pairs.iter().find(|(left, ..)| *left == place).filter(|_| self.kind.keeps_right());
            columns.push(pair.map_or(JoinColumn::Left(place), |(_, right, _)| JoinColumn::Either(place, *right)));
            let of = pair.map_or_else(|| field.data_type().clone(), |(.., common)| common.clone());
            fields.push(Field::new(field.name(), of, true));
        }
        let is_shown = |place: usize| !self.kind.is_filter() && pairs.iter().all(|(_, key, _)| *key != place);
        for (place, field) in right.fields().iter().enumerate().filter(|(place, _)| is_shown(*place)) {
            let name = self.output(field.name(), left);
            if fields.iter().any(|other| *other.name() == name) {
                let error = Error::new(QueryError::DuplicateColumn { name }).at(self.right.place());
                return Err(error.hint("give the right side a name of its own: join 'file.csv' as b on …"));
            }
            columns.push(JoinColumn::Right(place));
            fields.push(Field::new(name, field.data_type().clone(), true));
        }
        Ok((columns, Schema::new(fields)))
    }

    /// The places of the two columns of a pair, and the type that both are compared as.
    fn checked(&self, pair: &KeyPair, left: &Schema, right: &Schema) -> Result<(usize, usize, DataType)> {
        let place = |name: &str, schema: &Schema, side: &str| {
            schema.index_of(name).map_err(|_| {
                let known = schema.fields().iter().map(|field| field.name().clone()).collect();
                let error = Error::new(QueryError::UnknownColumn { name: name.to_owned(), known }).at(pair.span);
                let advice = error.advice().unwrap_or_default();
                error.hint(format!("on the {side} side of the join   {advice}"))
            })
        };
        let (at, to) = (place(&pair.left, left, "left")?, place(&pair.right, right, "right")?);
        let (of_left, of_right) = (left.field(at).data_type(), right.field(to).data_type());
        let common = common_type(of_left, of_right).ok_or_else(|| {
            let found = format!("{} and {}", type_name(of_left), type_name(of_right));
            Error::new(QueryError::Type { operation: format!("a join on `{pair}`"), found })
                .at(pair.span)
                .hint("convert one of them first, for example `cast id to text`, or name its type: --types id=text")
        })?;
        Ok((at, to, common))
    }

    pub(super) fn schema(&self, catalog: &dyn Catalog) -> Result<SchemaRef> {
        let (left, right) = (self.left.schema(catalog)?, self.right.schema(catalog)?);
        Ok(Arc::new(self.columns(&left, &right)?.1))
    }

    /// What is wanted of the left and of the right side.
    pub(super) fn wanted(&self, wanted: &Wanted, catalog: &dyn Catalog) -> Result<Vec<Wanted>> {
        let pairs = || self.keys.iter().chain(self.as_of.iter().map(|as_of| &as_of.on));
        let rights = || pairs().map(|pair| pair.right.clone());
        let left = wanted.as_ref().map(|names| names.iter().cloned().chain(pairs().map(|pair| pair.left.clone())).collect());
        if self.kind.is_filter() {
            return Ok(vec![left, Some(rights().collect())]);
        }
        let Some(names) = wanted else { return Ok(vec![None, None]) };
        let (of_left, of_right) = (self.left.schema(catalog)?, self.right.schema(catalog)?);
        let shown = of_right.fields().iter().map(|field| field.name());
        let shown = shown.filter(|name| names.contains(&self.output(name, &of_left))).cloned();
        Ok(vec![left, Some(shown.chain(rights()).collect())])
    }

    /// What stands behind the right side in the query text.
    pub fn conditions(&self) -> String {
        let joined = |pairs: &[KeyPair]| pairs.iter().map(KeyPair::to_string).collect::<Vec<_>>().join(", ");
        let expect = self.expect.map(|expect| format!(" expect {}", expect.word())).unwrap_or_default();
        match &self.as_of {
            _ if self.kind == JoinKind::Cross => String::new(),
            None => format!(" on {}{expect}", joined(&self.keys)),
            Some(as_of) => {
                let within = as_of.within.as_ref().map(|within| format!(" within {within}")).unwrap_or_default();
                let per = if self.keys.is_empty() { String::new() } else { format!(" per {}", joined(&self.keys)) };
                format!(" on {} {}{within}{per}{expect}", as_of.on, as_of.direction.word())
            }
        }
    }

    pub(super) fn explain(&self) -> String {
        let alias = self.alias.as_ref().map(|alias| format!(" as {}", quoted(alias))).unwrap_or_default();
        format!("join {}{alias}{}", self.kind.word(), self.conditions())
    }
}

impl AsOf {
    /// Whether values of this type have distances that `within` can measure.
    fn check(&self, data_type: &DataType) -> Result<()> {
        let is_time = matches!(data_type, DataType::Timestamp(..) | DataType::Date32 | DataType::Time64(_) | DataType::Duration(_));
        let is_number = data_type.is_floating() || data_type.is_integer() && *data_type != DataType::UInt64;
        if !is_time && !is_number {
            let error = QueryError::Type { operation: format!("the nearest `{}`", self.on), found: type_name(data_type) };
            return Err(Error::new(error)
                .at(self.on.span)
                .hint("it takes times, dates, ints and floats; what must be equal stands behind `per`"));
        }
        let fits = match &self.within {
            None => true,
            Some(Scalar::Duration(micros)) => is_time && *micros >= 0,
            Some(Scalar::Int(number)) => is_number && *number >= 0,
            Some(Scalar::Float(number)) => is_number && *number >= 0.0,
            Some(_) => false,
        };
        if fits {
            return Ok(());
        }
        let within = self.within.as_ref().map(Scalar::to_string).unwrap_or_default();
        let error =
            QueryError::Type { operation: format!("`within {within}` of {}", type_name(data_type)), found: "that distance".to_owned() };
        let hint = if is_time {
            "give a duration that is not negative: within 5s, within 7d"
        } else {
            "give a number that is not negative: within 10"
        };
        Err(Error::new(error).at(self.on.span).hint(hint))
    }
}
