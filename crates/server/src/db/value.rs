//! Values that both databases store alike, and rows that are made of them.
use super::error::DbError;
use crate::{error::Error, ids::Id, time::Timestamp};
use std::fmt;

/// A parameter or a column. Times are `Int` (microseconds), ids are `Int`, JSON is `Text`.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL's null, of whatever type the place asks for.
    Null,
    /// `BIGINT`
    Int(i64),
    /// `TEXT`
    Text(String),
    /// `BOOLEAN`
    Bool(bool),
    /// `BYTEA`
    Bytes(Vec<u8>),
}

impl fmt::Debug for Value {
    /// The type only: parameters can be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}
impl Value {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "BIGINT",
            Self::Text(_) => "TEXT",
            Self::Bool(_) => "BOOLEAN",
            Self::Bytes(_) => "BYTEA",
        }
    }
}

macro_rules! into_value {
    ($($from:ty => |$v:ident| $value:expr),* $(,)?) => { $(
        impl From<$from> for Value {
            fn from($v: $from) -> Self {
                $value
            }
        }
    )* };
}
into_value! {
    i64 => |v| Self::Int(v),
    i32 => |v| Self::Int(v.into()),
    u32 => |v| Self::Int(v.into()),
    bool => |v| Self::Bool(v),
    String => |v| Self::Text(v),
    &String => |v| Self::Text(v.clone()),
    &str => |v| Self::Text(v.to_owned()),
    Vec<u8> => |v| Self::Bytes(v),
    &Vec<u8> => |v| Self::Bytes(v.clone()),
    &[u8] => |v| Self::Bytes(v.to_vec()),
    Timestamp => |v| Self::Int(v.as_micros()),
}
impl<const N: usize> From<[u8; N]> for Value {
    fn from(v: [u8; N]) -> Self {
        Self::Bytes(v.to_vec())
    }
}
impl<const N: usize> From<&[u8; N]> for Value {
    fn from(v: &[u8; N]) -> Self {
        Self::Bytes(v.to_vec())
    }
}
impl<K> From<Id<K>> for Value {
    fn from(v: Id<K>) -> Self {
        Self::Int(v.as_i64())
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}
impl<'a, T> From<&'a Option<T>> for Value
where
    &'a T: Into<Self>,
{
    fn from(v: &'a Option<T>) -> Self {
        v.as_ref().map_or(Self::Null, Into::into)
    }
}

/// What a column can be read as.
pub trait FromColumn: Sized {
    /// For messages, `BIGINT`.
    const TYPE: &'static str;
    /// `None` if the value is of another type.
    fn from_value(value: Value) -> Option<Self>;
}
macro_rules! from_column {
    ($($to:ty = $name:literal: $pattern:pat => $value:expr),* $(,)?) => { $(
        impl FromColumn for $to {
            const TYPE: &'static str = $name;
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    $pattern => Some($value),
                    _ => None,
                }
            }
        }
    )* };
}
from_column! {
    i64 = "BIGINT": Value::Int(v) => v,
    String = "TEXT": Value::Text(v) => v,
    Vec<u8> = "BYTEA": Value::Bytes(v) => v,
    Timestamp = "BIGINT": Value::Int(v) => Self::from_micros(v),
}
impl FromColumn for bool {
    const TYPE: &'static str = "BOOLEAN";
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bool(v) => Some(v),
            // SQLite has no type of its own for them.
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}
impl<K> FromColumn for Id<K> {
    const TYPE: &'static str = "BIGINT";
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(Self::from_i64)
    }
}
impl<T: FromColumn> FromColumn for Option<T> {
    const TYPE: &'static str = T::TYPE;
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// One row of an answer. Its columns are taken in the order of the `SELECT` or `RETURNING` list.
#[derive(Debug)]
pub struct Row {
    columns: std::vec::IntoIter<Value>,
    taken: usize,
}
impl Row {
    pub(super) fn new(columns: Vec<Value>) -> Self {
        Self { columns: columns.into_iter(), taken: 0 }
    }

    /// The next column.
    ///
    /// # Errors
    /// `INTERNAL` if there is none, or it is of another type.
    #[expect(clippy::should_implement_trait, reason = "each call has a type of its own")]
    pub fn next<T: FromColumn>(&mut self) -> Result<T, Error> {
        self.taken += 1;
        let value = self
            .columns
            .next()
            .ok_or_else(|| Error::internal(format!("the row has no column {}", self.taken)))?;
        let found = value.type_name();
        T::from_value(value)
            .ok_or_else(|| Error::internal(format!("column {} is {found}, read as {}", self.taken, T::TYPE)))
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, DbError> {
        match self.columns.len() {
            0 => Ok(value),
            left => Err(DbError::fault(format!("{left} columns of the row were not read"))),
        }
    }
}

/// What a row can be read as: a struct of a slice, a single column, or a tuple of up to six.
pub trait FromRow: Sized {
    /// Takes every column, in order.
    ///
    /// # Errors
    /// `INTERNAL` if the row has other columns.
    fn from_row(row: &mut Row) -> Result<Self, Error>;
}
impl<T: FromColumn> FromRow for T {
    fn from_row(row: &mut Row) -> Result<Self, Error> {
        row.next()
    }
}
macro_rules! tuples {
    ($(($($t:ident),+)),+ $(,)?) => { $(
        impl<$($t: FromColumn),+> FromRow for ($($t,)+) {
            fn from_row(row: &mut Row) -> Result<Self, Error> {
                Ok(($(row.next::<$t>()?,)+))
            }
        }
    )+ };
}
tuples! { (A), (A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E), (A, B, C, D, E, F) }
