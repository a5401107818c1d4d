//! The chat beside a recording: a line of JSON for each line, and for each that was taken away. Players show it over the
//! recording, as it was when it was said.

use std::collections::HashSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use control::RecordedChat;
use protocol::{ChatItem, PersonId, RoomName};
use serde::{Deserialize, Serialize};

use super::Archive;

/// How long lines wait to be written together.
const WRITE_AFTER: Duration = Duration::from_secs(2);

/// The most lines of one recording; what is said later is not kept.
const MAX_RECORDED_LINES: usize = 50_000;

/// The name of the file, in the folder of the recording.
const FILE: &str = "chat.jsonl";

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Entry {
    Line(Box<ChatItem>),
    Removed {
        removed: Vec<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<PersonId>,
    },
}

/// The chat of a recording that is under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Chat {
    n_lines: usize,
    /// What waits to be written.
    waiting: Vec<u8>,
    is_writing: bool,
}

/// A line, by the time of the recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ChatLine {
    /// In seconds since the recording began.
    pub(crate) at: f64,
    #[serde(flatten)]
    pub(crate) item: ChatItem,
}

impl Archive {
    /// Something was said in a room that is recorded. This never waits.
    pub(crate) fn said(&self, room: &RoomName, said: RecordedChat) {
        let entry = match said {
            RecordedChat::Line(item) => Entry::Line(Box::new(item)),
            RecordedChat::Removed(removed, uid) => Entry::Removed { removed, uid },
        };
        let mut state = self.state();
        let Some(active) = state.recorded.get_mut(room).filter(|it| !it.is_ending) else { return };
        let chat = &mut active.chat;
        if chat.n_lines >= MAX_RECORDED_LINES && matches!(entry, Entry::Line(_)) {
            return;
        }
        chat.n_lines += 1;
        if serde_json::to_writer(&mut chat.waiting, &entry).is_ok() {
            chat.waiting.push(b'\n');
        }
        if !std::mem::replace(&mut chat.is_writing, true) {
            let (it, room, id) = (self.clone(), room.clone(), active.id.clone());
            tokio::spawn(async move {
                tokio::time::sleep(WRITE_AFTER).await;
                it.write_chat(&room, &id).await;
            });
        }
    }

    /// Writes what waits.
    pub(super) async fn write_chat(&self, room: &RoomName, id: &str) {
        let waiting = {
            let mut state = self.state();
            let Some(active) = state.recorded.get_mut(room).filter(|it| it.id == id) else {
                return;
            };
            active.chat.is_writing = false;
            std::mem::take(&mut active.chat.waiting)
        };
        self.append_chat(id, waiting).await;
    }

    /// Appends to the file of a recording.
    pub(super) async fn append_chat(&self, id: &str, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let path = self.chat_path(id);
        let written = tokio::task::spawn_blocking(move || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut options = std::fs::File::options();
            options.create(true).append(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path)?.write_all(&bytes)
        });
        if let Ok(Err(error)) = written.await {
            tracing::warn!(id, %error, "the chat of a recording could not be written");
        }
    }

    /// The lines beside a recording that are still there, in their order.
    pub(crate) async fn chat_of(&self, id: &str, began_ms: i64) -> Vec<ChatLine> {
        let path = self.chat_path(id);
        let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path));
        let text = read.await.ok().and_then(Result::ok).unwrap_or_default();
        lines(&text, began_ms)
    }

    fn chat_path(&self, id: &str) -> PathBuf {
        self.recording_folder(id).join(FILE)
    }
}

impl Chat {
    /// What waits to be written.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.waiting)
    }
}

fn lines(text: &str, began_ms: i64) -> Vec<ChatLine> {
    let mut items: Vec<ChatItem> = Vec::new();
    // The last line of a crash may be half.
    for entry in text.lines().filter_map(|it| serde_json::from_str(it).ok()) {
        match entry {
            Entry::Line(item) => items.push(*item),
            Entry::Removed { removed, uid } => {
                let removed: HashSet<u64> = removed.into_iter().collect();
                let is_gone = |it: &ChatItem| {
                    removed.contains(&it.mid) || uid.as_ref().is_some_and(|uid| it.by.uid == *uid)
                };
                items.retain(|it| !is_gone(it));
            }
        }
    }
    let by_recording = |mut item: ChatItem| {
        // Taken out: an object has one `at`.
        let unix_ms = item.at.take().unwrap_or(item.ts);
        ChatLine { at: ((unix_ms - began_ms as f64) / 1_000.0).max(0.0), item }
    };
    let mut lines: Vec<ChatLine> = items.into_iter().map(by_recording).collect();
    lines.sort_by(|a, b| a.at.total_cmp(&b.at));
    lines
}

/// WebVTT: each line for as long as one reads it.
pub(crate) fn web_vtt(lines: &[ChatLine]) -> String {
    const READ_FOR_S: f64 = 6.0;
    let mut text = String::from("WEBVTT\n");
    for ChatLine { at, item } in lines {
        let Some(said) = &item.text else { continue };
        let escape = |it: &str| it.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let (from, to) = (timestamp(*at), timestamp(at + READ_FOR_S));
        let (who, what) = (escape(item.by.name.as_str()), escape(said.as_str()));
        // A blank line would end it.
        let what = what.lines().filter(|it| !it.trim().is_empty()).collect::<Vec<_>>().join(" ");
        text.push_str(&format!("\n{from} --> {to}\n<v {who}>{what}\n"));
    }
    text
}

fn timestamp(at: f64) -> String {
    let ms = (at * 1_000.0).round() as u64;
    let (s, ms) = (ms / 1_000, ms % 1_000);
    format!("{:02}:{:02}:{:02}.{ms:03}", s / 3_600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(mid: u64, uid: &str, text: &str, ts: f64, at: Option<f64>) -> String {
        let item = serde_json::json!({
            "mid": mid, "uid": uid, "name": "小<明>", "standing": "fan", "text": text, "ts": ts, "at": at,
        });
        item.to_string()
    }

    #[test]
    fn lines_stand_where_their_writers_were_and_those_that_were_taken_away_are_gone() {
        let text = [
            line(1, "p1", "hello", 10_000.0, None),
            line(2, "p2", "look!", 13_000.0, Some(11_500.0)),
            line(3, "p3", "spam", 12_000.0, None),
            line(4, "p4", "more spam", 12_500.0, None),
            r#"{"removed":[3]}"#.into(),
            r#"{"removed":[],"uid":"p4"}"#.into(),
            r#"{"mid":5,"uid":"p1","na"#.into(),
        ];
        let lines = lines(&text.join("\n"), 10_000);
        let told: Vec<(f64, u64)> = lines.iter().map(|it| (it.at, it.item.mid)).collect();
        assert_eq!(told, [(0.0, 1), (1.5, 2)]);
        let json = serde_json::to_string(&lines[1]).unwrap();
        assert_eq!(json.matches("\"at\":").count(), 1, "{json}");
        let vtt = web_vtt(&lines);
        assert!(vtt.contains("00:00:01.500 --> 00:00:07.500\n<v 小&lt;明&gt;>look!\n"), "{vtt}");
    }
}
