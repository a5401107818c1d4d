//! Invitations to rooms that were set up, and who has used them.

use rusqlite::{Connection, Row, params};

use crate::counted::count;
use crate::{Store, StoreError};

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRow {
    /// Names it; never used again.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// What it makes of who uses it: a word of the caller's.
    pub role: String,
    /// What its code was made to, by the caller.
    pub hash: Vec<u8>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// Until when it holds, likewise.
    pub expires_ms: Option<i64>,
    /// How many people may use it.
    pub uses: Option<u32>,
    /// How many have.
    pub used: u32,
    /// Who has, where their number is limited.
    pub people: Vec<Vec<u8>>,
}

/// An invitation that is to be made.
#[derive(Debug, Clone)]
pub struct NewInvite {
    /// What people call it.
    pub name: String,
    /// What it makes of who uses it: a word of the caller's.
    pub role: String,
    /// What its code was made to.
    pub hash: Vec<u8>,
    /// Now, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// Until when it holds, likewise.
    pub expires_ms: Option<i64>,
    /// How many people may use it.
    pub uses: Option<u32>,
}

impl Store {
    /// Gives a room that was set up one more invitation, of at most `most`; `None` when it has as many.
    ///
    /// # Errors
    /// When it cannot be written, and when the room was not set up.
    pub async fn add_invite(
        &self,
        room: &str,
        new: NewInvite,
        most: usize,
    ) -> Result<Option<InviteRow>, StoreError> {
        let room = room.to_owned();
        self.call(move |connection| {
            let n =
                count(connection, "SELECT count(*) FROM room_invites WHERE room = ?1", [&room])?;
            if n >= most {
                return Ok(None);
            }
            let NewInvite { name, role, hash, made_ms, expires_ms, uses } = new;
            connection
                .prepare_cached(
                    "INSERT INTO room_invites (room, name, role, hash, made_ms, expires_ms, uses)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![room, name, role, hash, made_ms, expires_ms, uses])?;
            let id = connection.last_insert_rowid();
            let people = Vec::new();
            let row =
                InviteRow { id, name, role, hash, made_ms, expires_ms, uses, used: 0, people };
            Ok(Some(row))
        })
        .await
    }

    /// Says that an invitation was used; by whom, where the number of people is limited.
    ///
    /// # Errors
    /// When it cannot be written. An invitation that is gone is no error.
    pub async fn invite_used(&self, id: i64, person: Option<Vec<u8>>) -> Result<(), StoreError> {
        self.call(move |connection| {
            let n = connection
                .prepare_cached("UPDATE room_invites SET used = used + 1 WHERE id = ?1")?
                .execute([id])?;
            if let (1.., Some(person)) = (n, person) {
                connection
                    .prepare_cached(
                        "INSERT OR IGNORE INTO invite_uses (invite, person) VALUES (?1, ?2)",
                    )?
                    .execute(params![id, person])?;
            }
            Ok(())
        })
        .await
    }

    /// Takes an invitation back; whether it was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delete_invite(&self, room: &str, id: i64) -> Result<bool, StoreError> {
        let room = room.to_owned();
        self.call(move |connection| {
            let sql = "DELETE FROM room_invites WHERE room = ?1 AND id = ?2";
            Ok(connection.execute(sql, params![room, id])? > 0)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<InviteRow> {
    Ok(InviteRow {
        id: row.get(0)?,
        name: row.get(1)?,
        role: row.get(2)?,
        hash: row.get(3)?,
        made_ms: row.get(4)?,
        expires_ms: row.get(5)?,
        uses: row.get(6)?,
        used: row.get(7)?,
        people: Vec::new(),
    })
}

/// The invitations to a room, oldest first.
pub(crate) fn invites_of(
    connection: &Connection,
    room: &str,
) -> Result<Vec<InviteRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, role, hash, made_ms, expires_ms, uses, used FROM room_invites
         WHERE room = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([room], read)?.collect::<Result<Vec<_>, _>>()?;
    let mut people =
        connection.prepare_cached("SELECT person FROM invite_uses WHERE invite = ?1")?;
    rows.into_iter()
        .map(|row| {
            let all = people.query_map([row.id], |it| it.get(0))?.collect::<Result<_, _>>()?;
            Ok(InviteRow { people: all, ..row })
        })
        .collect()
}
