//! What the store promises to whoever starts the server again.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::fs;

use store::{FILE_NAME, OpenError, RestoreError, RoomRow, Store};

fn row(name: &str, changed_ms: i64, state: &str) -> RoomRow {
    RoomRow { name: name.into(), changed_ms, state: state.into() }
}

fn names(rooms: &[RoomRow]) -> Vec<&str> {
    rooms.iter().map(|room| room.name.as_str()).collect()
}

#[tokio::test]
async fn rooms_and_pictures_are_there_again_the_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("made/at/first/start");
    let store = Store::open(&data).unwrap();
    store.save_room(row("old", 1, "{}"));
    store.save_room(row("new", 2, "first"));
    store.save_room(row("new", 3, "second"));
    store.save_cover("new", Some(vec![1, 2, 3]));
    store.save_cover("old", Some(vec![4]));
    store.save_cover("old", None);
    assert_eq!(store.cover("new").await, Ok(Some(vec![1, 2, 3])), "before it is on the disk, too");
    store.finish();

    let store = Store::open(&data).unwrap();
    let rooms = store.rooms(10).await.unwrap();
    assert_eq!(rooms, [row("new", 3, "second"), row("old", 1, "{}")]);
    assert_eq!(names(&store.rooms(1).await.unwrap()), ["new"]);
    assert_eq!(store.cover("new").await, Ok(Some(vec![1, 2, 3])));
    assert_eq!(store.cover("old").await, Ok(None));
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap();
    let second = Store::open(folder.path()).unwrap_err();
    assert!(matches!(second, OpenError::InUse { .. }), "{second}");
    assert!(second.to_string().contains("--data"), "{second}");
    first.finish();
    Store::open(folder.path()).unwrap().finish();
}

#[test]
fn a_file_that_cannot_be_used_is_named_and_left_as_it_is() {
    let cases: [(&str, Vec<u8>); 3] = [
        ("not a file of kaibo", b"this is a shopping list, long enough to look at\n".repeat(40)),
        ("not a file of kaibo", of_another_program()),
        ("newer kaibo", of_the_future()),
    ];
    for (says, bytes) in cases {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE_NAME);
        fs::write(&file, &bytes).unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().contains(FILE_NAME), "{error}");
        assert!(fs::read(&file).unwrap() == bytes, "the file was changed: {says}");
    }
}

fn of_another_program() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE contacts (name TEXT)").unwrap();
    drop(other);
    fs::read(file).unwrap()
}

/// A file as one more migration would leave it.
fn of_the_future() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path()).unwrap().finish();
    let file = folder.path().join(FILE_NAME);
    let later = rusqlite::Connection::open(&file).unwrap();
    let version: i64 = later.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    later.pragma_update(None, "user_version", version + 1).unwrap();
    later.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(later);
    fs::read(file).unwrap()
}

#[tokio::test]
async fn a_torn_file_is_told_as_damaged_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for n in 0..200 {
        store.save_room(row(&format!("room-{n}"), n, &"x".repeat(4_000)));
    }
    store.finish();
    let file = folder.path().join(FILE_NAME);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xA5);
    fs::write(&file, &bytes).unwrap();
    let damaged = Store::open(folder.path()).unwrap_err();
    assert!(matches!(damaged, OpenError::Damaged { .. }), "{damaged}");
    assert!(damaged.to_string().contains("kaibo restore"), "{damaged}");
    assert!(fs::read(&file).unwrap() == bytes, "the file was changed");
}

#[cfg(unix)]
#[test]
fn only_the_servers_user_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::open(&data).unwrap();
    store.save_room(row("one", 1, "{}"));
    for entry in fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        let is_lock = entry.file_name() == "kaibo.lock";
        assert!(is_lock || mode.trailing_zeros() >= 6, "{:?} {mode:o}", entry.path());
    }
    assert!(fs::metadata(&data).unwrap().permissions().mode().trailing_zeros() >= 6);
    store.finish();
}

#[tokio::test]
async fn a_backup_is_of_one_moment_while_the_server_writes_and_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy.db"));
    let store = Store::open(&data).unwrap();
    store.save_room(row("before", 1, "{}"));
    assert_eq!(names(&store.rooms(9).await.unwrap()), ["before"]);
    store::backup(&data, &copy, false).unwrap();
    store.save_room(row("after", 2, "{}"));
    assert_eq!(names(&store.rooms(9).await.unwrap()), ["after", "before"]);

    let again = store::backup(&data, &copy, false).unwrap_err();
    assert!(matches!(again, RestoreError::Exists { .. }), "{again}");
    let in_use = store::restore(&data, &copy, true).unwrap_err();
    assert!(matches!(in_use, RestoreError::Open(OpenError::InUse { .. })), "{in_use}");
    store.finish();
    let kept = store::restore(&data, &copy, false).unwrap_err();
    assert!(matches!(kept, RestoreError::Exists { .. }), "{kept}");
    store::restore(&data, &copy, true).unwrap();
    let store = Store::open(&data).unwrap();
    assert_eq!(names(&store.rooms(9).await.unwrap()), ["before"]);
}

#[test]
fn what_is_no_backup_is_not_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    fs::write(&list, "milk\n".repeat(1_000)).unwrap();
    let data = folder.path().join("data");
    let error = store::restore(&data, &list, true).unwrap_err();
    assert!(error.to_string().contains("not a file of kaibo"), "{error}");
    assert!(!data.join(FILE_NAME).exists());
    let missing = store::backup(&data, &folder.path().join("x.db"), false).unwrap_err();
    assert!(missing.to_string().contains("kaibo.db"), "{missing}");
}
