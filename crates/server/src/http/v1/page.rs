//! Lists in pages: `limit` and `cursor`.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

use super::operator::bad;
use crate::problem::Problem;

/// Entries of a page where none is asked for, and the most.
const LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// Which page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) limit: usize,
    /// Where the page before ended.
    pub(super) cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Raw {
    limit: Option<usize>,
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw: Result<Query<Raw>, QueryRejection> = Query::from_request_parts(parts, state).await;
        let Query(Raw { limit, cursor }) = raw.map_err(|_| bad("the query cannot be read"))?;
        let limit = limit.unwrap_or(LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(bad(format!("limit has to be 1 to {MAX_LIMIT}")));
        }
        Ok(Self { limit, cursor: cursor.filter(|it| !it.is_empty()) })
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(super) struct Items<T> {
    items: Vec<T>,
    /// The cursor of the next page, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> Items<T> {
    /// A list that has one page.
    pub(super) fn all(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// A page, and the cursor of the next one.
    pub(super) fn with_next(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }

    /// A page of rows of which one more than asked for was read; `cursor_of` names a row.
    pub(super) fn page<R>(
        mut rows: Vec<R>,
        limit: usize,
        cursor_of: impl Fn(&R) -> String,
        item: impl Fn(R) -> T,
    ) -> Self {
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(cursor_of);
        Self { items: rows.into_iter().map(item).collect(), next }
    }
}
