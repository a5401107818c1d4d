//! The tables, version by version.
//!
//! A migration that was in a release never changes: what comes later is one more at the end.

use rusqlite::{Connection, Transaction};

/// Each brings the file from the version of its index to the next one.
const MIGRATIONS: &[&str] = &[
    // 1: rooms and their pictures.
    "CREATE TABLE rooms (
        name TEXT NOT NULL PRIMARY KEY,
        changed_ms INTEGER NOT NULL,
        state TEXT NOT NULL
     ) STRICT;
     CREATE INDEX rooms_by_change ON rooms (changed_ms);
     CREATE TABLE covers (
        room TEXT NOT NULL PRIMARY KEY,
        image BLOB NOT NULL
     ) STRICT;",
    // 2: rooms that were set up, and their keys.
    "CREATE TABLE room_rules (
        room TEXT NOT NULL PRIMARY KEY,
        made_ms INTEGER NOT NULL,
        watch TEXT NOT NULL,
        password BLOB
     ) STRICT;
     CREATE TABLE room_keys (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        room TEXT NOT NULL REFERENCES room_rules (room) ON DELETE CASCADE,
        name TEXT NOT NULL,
        hash BLOB NOT NULL,
        made_ms INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX room_keys_by_room ON room_keys (room);",
    // 3: limits of rooms, invitations, keys that sign tokens, the owner, the audit log.
    "ALTER TABLE room_rules ADD COLUMN chat TEXT NOT NULL DEFAULT 'everybody';
     ALTER TABLE room_rules ADD COLUMN max_viewers INTEGER;
     ALTER TABLE room_rules ADD COLUMN max_kbps INTEGER;
     ALTER TABLE room_keys ADD COLUMN used_ms INTEGER;
     CREATE TABLE room_invites (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        room TEXT NOT NULL REFERENCES room_rules (room) ON DELETE CASCADE,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        hash BLOB NOT NULL,
        made_ms INTEGER NOT NULL,
        expires_ms INTEGER,
        uses INTEGER,
        used INTEGER NOT NULL DEFAULT 0
     ) STRICT;
     CREATE INDEX room_invites_by_room ON room_invites (room);
     CREATE TABLE invite_uses (
        invite INTEGER NOT NULL REFERENCES room_invites (id) ON DELETE CASCADE,
        person BLOB NOT NULL,
        PRIMARY KEY (invite, person)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE token_keys (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        secret TEXT NOT NULL,
        made_ms INTEGER NOT NULL,
        used_ms INTEGER
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE owner (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        password TEXT NOT NULL,
        made_ms INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE logins (
        hash BLOB NOT NULL PRIMARY KEY,
        made_ms INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        by TEXT NOT NULL,
        ip TEXT,
        deed TEXT NOT NULL,
        subject TEXT NOT NULL
     ) STRICT;",
    // 4: webhooks and their queue, records of broadcasts.
    "CREATE TABLE webhooks (
        id TEXT NOT NULL PRIMARY KEY,
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        secret TEXT NOT NULL,
        made_ms INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE deliveries (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
        id TEXT NOT NULL,
        room TEXT NOT NULL,
        event TEXT NOT NULL,
        body TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        next_ms INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        tried_ms INTEGER,
        code INTEGER,
        error TEXT
     ) STRICT;
     CREATE INDEX deliveries_by_webhook ON deliveries (webhook, n);
     CREATE INDEX deliveries_waiting ON deliveries (webhook, room, n) WHERE state = 'waiting';
     CREATE INDEX deliveries_done ON deliveries (webhook, n) WHERE state <> 'waiting';
     CREATE TABLE broadcasts (
        id TEXT NOT NULL PRIMARY KEY,
        room TEXT NOT NULL,
        began_ms INTEGER NOT NULL,
        ended_ms INTEGER,
        record TEXT NOT NULL
     ) STRICT;
     CREATE INDEX broadcasts_by_room ON broadcasts (room, id);
     CREATE INDEX broadcasts_open ON broadcasts (id) WHERE ended_ms IS NULL;",
    // 5: a room that had a key once asks for one for ever.
    "ALTER TABLE room_rules ADD COLUMN had_key INTEGER NOT NULL DEFAULT 0;
     UPDATE room_rules SET had_key = 1 WHERE room IN (SELECT room FROM room_keys);",
    // 6: recordings.
    "CREATE TABLE recordings (
        id TEXT NOT NULL PRIMARY KEY,
        room TEXT NOT NULL,
        began_ms INTEGER NOT NULL,
        ended_ms INTEGER,
        record TEXT NOT NULL
     ) STRICT;
     CREATE INDEX recordings_by_room ON recordings (room, id);
     CREATE INDEX recordings_open ON recordings (id) WHERE ended_ms IS NULL;",
    // 7: who has a room recorded; clips; how much space recordings take.
    "ALTER TABLE room_rules ADD COLUMN record TEXT;
     ALTER TABLE recordings ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
     CREATE TABLE clips (
        id TEXT NOT NULL PRIMARY KEY,
        room TEXT NOT NULL,
        made_ms INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        record TEXT NOT NULL
     ) STRICT;
     CREATE INDEX clips_by_room ON clips (room, id);",
];

/// The version of a file that this program writes.
#[allow(clippy::cast_possible_wrap, reason = "a handful")]
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// The version of a file; 0 when it is new.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a file to [`VERSION`], all of it or nothing.
pub(crate) fn migrate(transaction: &Transaction<'_>, from: i64) -> rusqlite::Result<()> {
    let done = usize::try_from(from).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)
}
