//! Lists in pages: `limit` and `cursor`.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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

/// The query.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Entries of a page; 50 where it is missing.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw: Result<Query<Asked>, QueryRejection> =
            Query::from_request_parts(parts, state).await;
        let Query(Asked { limit, cursor }) = raw.map_err(|_| bad("the query cannot be read"))?;
        let limit = limit.unwrap_or(LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(bad(format!("limit has to be 1 to {MAX_LIMIT}")));
        }
        Ok(Self { limit, cursor: cursor.filter(|it| !it.is_empty()) })
    }
}

impl Page {
    /// How many rows to read: one more than the page has, to know whether there is a next one.
    pub(super) fn n(&self) -> usize {
        self.limit + 1
    }

    /// The page of [`Self::n`] rows at most; `cursor_of` names a row.
    pub(super) fn of<T>(
        &self,
        mut items: Vec<T>,
        cursor_of: impl FnOnce(&T) -> String,
    ) -> Items<T> {
        let has_more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = items.last().filter(|_| has_more).map(cursor_of);
        Items { items, next }
    }

    /// The page of a list that is in memory whole: what comes after the item that the cursor names. `name_of` rises, and
    /// names no two items alike; `read` reads such a name.
    pub(super) fn after<T, K: Ord + ToString>(
        &self,
        all: Vec<T>,
        name_of: impl Fn(&T) -> K,
        read: impl Fn(&str) -> Option<K>,
    ) -> Result<Items<T>, Problem> {
        let unknown = || bad("cursor is one of another list");
        let after = self.cursor.as_deref().map(|text| read(text).ok_or_else(unknown));
        let after = after.transpose()?;
        let is_next = |it: &T| after.as_ref().is_none_or(|after| name_of(it) > *after);
        let items = all.into_iter().filter(is_next).take(self.n()).collect();
        Ok(self.of(items, |it| name_of(it).to_string()))
    }
}

/// Reads the other fields of a query.
pub(super) fn asked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(asked)| asked).map_err(|error| bad(error.body_text()))
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Items<T> {
    items: Vec<T>,
    /// The cursor of the next page, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> Items<T> {
    /// The same list in another form.
    pub(super) fn map<U>(self, form: impl FnMut(T) -> U) -> Items<U> {
        Items { items: self.items.into_iter().map(form).collect(), next: self.next }
    }

    /// A list that has one page.
    pub(super) fn all(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
