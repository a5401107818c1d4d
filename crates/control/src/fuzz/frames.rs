//! Messages that mean something, with fields that a script chooses.

use super::script::Script;

/// The key of the hub.
pub(super) const KEY: &str = "sixteen letters!";

const SECRETS: [&str; 3] = [KEY, "another of sixteen", ""];

/// A description of a page, that sends, receives, does both, or is none.
pub(super) fn description(script: &mut Script<'_>) -> String {
    let session = script.below(4);
    let media = |direction: &str, source: &str| {
        format!(
            "v=0\r\no=- {session} 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na={direction}\r\n{source}\
             m=video 9 UDP/TLS/RTP/SAVPF 96\r\na={direction}\r\n{source}"
        )
    };
    match script.below(6) {
        0..=2 => media("sendrecv", "a=msid:s t\r\n"),
        3 => media("recvonly", ""),
        4 => format!("v=0\r\no=- {session} 2 IN IP4 127.0.0.1\r\n"),
        _ => script.text(),
    }
}

/// One message of a page.
pub(super) fn frame(script: &mut Script<'_>) -> String {
    let mut message = match script.below(24) {
        0 => json("offer", &[("sdp", &description(script)), ("key", script.pick(&SECRETS))]),
        1 => json("offer", &[("sdp", &description(script))]),
        2 => json("answer", &[("sdp", &description(script))]),
        3 | 4 => {
            let role = script.pick(&["host", "fan"]);
            let mut hello = json("hello", &[("role", role)]);
            hello["v"] = (1 + script.below(8) / 7).into();
            if script.flag() {
                hello["key"] = script.pick(&SECRETS).into();
            }
            if script.flag() {
                hello["secret"] = script.pick(&SECRETS).into();
            }
            if script.flag() {
                hello["resume"] = format!("{:032x}", 1 + script.below(24)).into();
            }
            if script.flag() {
                hello["name"] = script.pick(&["小明", "Zoë"]).into();
            }
            hello["caps"] = serde_json::json!({ "pauses": script.flag(), "video": ["VP8"] });
            hello
        }
        5 => json("golive", &[]),
        6 => json("end", &[]),
        7 => json("leave", &[]),
        8 => {
            let mut state = json("media_state", &[]);
            (state["audio"], state["video"]) = (script.flag().into(), script.flag().into());
            if script.flag() {
                state["layers"] = serde_json::json!([{ "rid": "q", "w": 9, "h": 9 }]);
            }
            state
        }
        9 => {
            let mut layer = json("layer", &[("video", script.pick(&["q", "h", "auto", "off"]))]);
            layer["visible"] = script.flag().into();
            layer
        }
        10 => json("restart", &[]),
        11 => {
            let mut ping = json("ping", &[]);
            ping["t"] = script.byte().into();
            ping
        }
        12 => json("offer_ice", &[]),
        13 => json("stage", &[("action", script.pick(&["ask", "ask", "leave"]))]),
        14 => {
            let mut stage = json("stage", &[("action", "set"), ("layout", "grid")]);
            stage["open"] = script.flag().into();
            stage
        }
        15 | 16 => {
            let action = script.pick(&["accept", "accept", "accept", "decline", "drop", "mute"]);
            // The first number that the hub is given names the run.
            let uid = format!("s{}-1", 1 + script.below(40));
            let mut stage = json("stage", &[("action", action), ("uid", &uid)]);
            stage["on"] = script.flag().into();
            stage
        }
        17..=22 => talk(script),
        _ => json("answer_ice", &[]),
    };
    match script.below(4) {
        0 => message["pc"] = "pub".into(),
        1 => message["pc"] = "sub".into(),
        _ => {}
    }
    if script.flag() {
        message["neg"] = script.below(4).into();
    }
    if script.below(8) == 7 {
        message["room"] = script.pick(&["default", "other", "third"]).into();
    }
    if script.flag() {
        message["id"] = script.byte().into();
    }
    message.to_string()
}

/// One message of a person.
fn talk(script: &mut Script<'_>) -> serde_json::Value {
    // Lines are numbered from 1.
    let mid = script.below(8);
    let mut message = match script.below(12) {
        0..=3 => json("chat", &[("text", script.pick(&["hi", "坏话", "b a d", ""]))]),
        4 => json("rename", &[("name", script.pick(&["小明", "bad"]))]),
        5 => json("like", &[]),
        6 => json("react", &[("kind", "rose")]),
        7 => json("flag", &[]),
        8 => json("desk", &[]),
        9 => json("stats", &[]),
        10 => json("room_set", &[("title", script.pick(&["", "Evening"]))]),
        _ => {
            let actions =
                ["delete", "pin", "settle", "clear", "mute", "ban", "ban", "unban", "promote"];
            let mut deed = json("moderate", &[("action", script.pick(&actions))]);
            (deed["seconds"], deed["address"]) = (script.byte().into(), script.flag().into());
            deed
        }
    };
    message["uid"] = format!("s{}-1", 1 + script.below(40)).into();
    (message["mid"], message["n"]) = (mid.into(), script.below(40).into());
    message["on"] = script.flag().into();
    message["latencyMs"] = script.byte().into();
    if script.below(4) == 3 {
        message["words"] = serde_json::json!(["bad", "坏话"]);
        message["chat"] = serde_json::json!({ "on": script.flag(), "slowS": script.byte(),
            "invitedOnly": script.flag(), "history": script.flag() });
    }
    message
}

fn json(kind: &str, fields: &[(&str, &str)]) -> serde_json::Value {
    let mut message = serde_json::json!({ "type": kind });
    for (name, value) in fields {
        message[*name] = (*value).into();
    }
    message
}
