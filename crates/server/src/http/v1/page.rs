//! Lists, a page at a time.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::{Deserialize, Serialize};

use super::operator::bad;
use crate::ApiError;

/// Items of a page, unless asked otherwise.
const USUAL: usize = 50;
/// Items of a page, at most.
const MOST: usize = 200;

/// Which page is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    /// Where the page before ended.
    pub(super) cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    items: Vec<T>,
    /// The `cursor` of the next page, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Page {
    /// How many items to look for: one more than the page has, to know whether there is a next one.
    pub(super) fn n(&self) -> Result<usize, ApiError> {
        match self.limit.unwrap_or(USUAL) {
            n @ 1..=MOST => Ok(n + 1),
            _ => Err(bad(format!("limit is 1 to {MOST}"))),
        }
    }

    /// The page: `items` are [`Self::n`] at most, and `key` is where a page that ends with one goes on.
    pub(super) fn of<T>(&self, mut items: Vec<T>, key: impl FnOnce(&T) -> String) -> List<T> {
        let n = self.limit.unwrap_or(USUAL);
        let has_more = items.len() > n;
        items.truncate(n);
        let next = items.last().filter(|_| has_more).map(key);
        List { items, next }
    }
}

impl<T> List<T> {
    /// The same list in another form.
    pub(super) fn map<U>(self, form: impl FnMut(T) -> U) -> Json<List<U>> {
        Json(List { items: self.items.into_iter().map(form).collect(), next: self.next })
    }
}

/// All there is.
pub(super) fn all<T>(items: Vec<T>) -> Json<List<T>> {
    Json(List { items, next: None })
}

/// Reads what is asked for.
pub(super) fn asked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, ApiError> {
    query.map(|Query(asked)| asked).map_err(|error| bad(error.body_text()))
}
