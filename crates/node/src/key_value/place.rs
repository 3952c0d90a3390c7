//! Where the store of a function is: here, or at the site that it moved to or comes from.

use serde::{Deserialize, Serialize};

/// Where a store is, as one site knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Counts the moves of the store; who knows of more knows better.
    pub term: u32,
    /// Where.
    pub home: Home,
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Home {
    /// Here, as every store that nobody moved.
    #[default]
    Here,
    /// At that site.
    At(String),
    /// All of it is here, and that site may not have let go of it yet.
    Sealed(String),
}

/// Something that a guest asks of a store, sent to where that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// A value.
    Get(String),
    /// Sets it.
    Set(String, Vec<u8>),
    /// Removes it.
    Delete(String),
    /// Some keys after one.
    Keys(Option<String>, usize),
    /// Adds to a number.
    Increment(String, i64),
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// A value.
    Value(Option<Vec<u8>>),
    /// It is done.
    Done,
    /// Keys.
    Keys(Vec<String>),
    /// A sum.
    Sum(i64),
    /// It cannot be, as told.
    Refused(String),
    /// The store is elsewhere.
    Elsewhere(Place),
    /// It is moving just now.
    Moving,
}

/// A part of a store that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Some values; with the first, nothing of another try counts any more.
    Values {
        /// Whether it is the first.
        is_first: bool,
        /// Keys and values.
        values: Vec<(String, Vec<u8>)>,
    },
    /// That was all.
    Seal,
    /// The other site has let go: the store is here.
    Begin,
}
