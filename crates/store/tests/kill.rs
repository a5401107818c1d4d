//! The process is killed at any moment: the file opens, and what was acknowledged is in it.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use store::{OpenError, RoomRow, Store};

/// Names the folder to the process that writes until it is killed.
const FOLDER: &str = "KAIBO_STORE_KILL_FOLDER";
const SEED: &str = "KAIBO_STORE_KILL_SEED";
const NAME: &str = "a_kill_at_any_of_a_thousand_writes_loses_nothing_acknowledged";
const WRITES: usize = 1_000;
const ROOMS: i64 = 20;

#[tokio::test]
async fn a_kill_at_any_of_a_thousand_writes_loses_nothing_acknowledged() {
    if let Ok(folder) = std::env::var(FOLDER) {
        return write_until_killed(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(19);
    let mut acknowledged: HashMap<String, i64> = HashMap::new();
    let mut n_written = 0;
    while n_written < WRITES {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(SEED, random.u64(..).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let n = random.usize(1..60);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        for line in lines.filter_map(|it| it.strip_prefix("done ").map(str::to_owned)).take(n) {
            let (room, value) = line.split_once(' ').unwrap();
            acknowledged.insert(room.to_owned(), value.parse().unwrap());
            n_written += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let store = open_soon(folder.path());
        let kept = store.rooms(100).await.unwrap();
        for (room, value) in &acknowledged {
            let kept = kept.iter().find(|it| it.name == *room).map(|it| it.changed_ms);
            // A write that was on the disk, and not told yet, may be newer.
            assert!(kept >= Some(*value), "{room}: {value} was acknowledged, {kept:?} is kept");
        }
        store.finish();
    }
}

/// Tells each write once it is on the disk.
async fn write_until_killed(folder: &Path) {
    let mut random = fastrand::Rng::with_seed(std::env::var(SEED).unwrap().parse().unwrap());
    let store = open_soon(folder);
    let kept = store.rooms(100).await.unwrap();
    let first = kept.iter().map(|it| it.changed_ms).max().unwrap_or(0) + 1;
    for value in first.. {
        let name = format!("room-{}", random.i64(..ROOMS).rem_euclid(ROOMS));
        let state = "s".repeat(random.usize(..20_000));
        store.save_room(RoomRow { name: name.clone(), changed_ms: value, state });
        // Whatever is read afterwards is read from what is on the disk.
        store.rooms(1).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "done {name} {value}").unwrap();
        out.flush().unwrap();
    }
}

/// The lock of a process that was killed is gone when the system has cleaned up.
fn open_soon(folder: &Path) -> Store {
    loop {
        match Store::open(folder) {
            Err(OpenError::InUse { .. }) => std::thread::yield_now(),
            other => return other.unwrap(),
        }
    }
}
