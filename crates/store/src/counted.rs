//! How many rows there are, for bounds.

use rusqlite::Connection;

use crate::StoreError;

/// The number that a `SELECT count(*)` tells.
pub(crate) fn count(
    connection: &Connection,
    sql: &str,
    of: impl rusqlite::Params,
) -> Result<usize, StoreError> {
    let n: i64 = connection.prepare_cached(sql)?.query_row(of, |row| row.get(0))?;
    Ok(usize::try_from(n).unwrap_or_default())
}
