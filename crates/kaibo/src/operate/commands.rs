//! The subcommands, and what they ask.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::Operation;
use super::api::{Api, Target};
use super::tables::{items, table, text, time};

/// Flags of `room`.
#[derive(Debug, Args)]
pub(crate) struct RoomArgs {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: RoomCommand,
}

#[derive(Debug, Subcommand)]
enum RoomCommand {
    /// The rooms that were set up.
    List,
    /// One room: who may watch, keys, invitations.
    Show {
        /// Its name.
        room: String,
    },
    /// Sets a room up, or changes what is named here.
    Set(Box<RoomSet>),
    /// Makes a room one like any other: its keys and invitations are gone.
    Delete {
        /// Its name.
        room: String,
    },
}

#[derive(Debug, Args)]
struct RoomSet {
    /// Its name.
    room: String,
    /// Who may watch [default: everybody].
    #[arg(long, value_name = "WHO")]
    watch: Option<Watch>,
    /// The password of a room with --watch password, 6 characters or more. Better in the environment: others can read the
    /// command line.
    #[arg(long, value_name = "TEXT", env = "KAIBO_ROOM_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Who may write [default: everybody].
    #[arg(long, value_name = "WHO")]
    chat: Option<Chat>,
    /// Most viewers; 0 for the server's own limit.
    #[arg(long, value_name = "N")]
    max_viewers: Option<u32>,
    /// Most that the host should send, in kbit/s; 0 for the server's own limit.
    #[arg(long, value_name = "KBPS")]
    max_kbps: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Watch {
    Everybody,
    Unlisted,
    Password,
    Invited,
    Token,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Chat {
    Everybody,
    Moderators,
    Nobody,
}

/// The word of a value, as the API has it.
fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default()
}

/// Flags of `key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// The keys of a room.
    List {
        /// The room.
        room: String,
    },
    /// Makes a key with which to publish in a room; it is shown once.
    Make {
        /// The room.
        room: String,
        /// Whose it is.
        name: String,
    },
    /// Puts a new key in the place of an old one, which is void at once.
    Rotate {
        /// The room.
        room: String,
        /// The number of the key.
        id: i64,
    },
    /// Deletes a key; what is published with it ends.
    Delete {
        /// The room.
        room: String,
        /// The number of the key.
        id: i64,
    },
}

/// Flags of `invite`.
#[derive(Debug, Args)]
pub(crate) struct InviteArgs {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: InviteCommand,
}

#[derive(Debug, Subcommand)]
enum InviteCommand {
    /// The invitations to a room.
    List {
        /// The room.
        room: String,
    },
    /// Makes an invitation; its link is shown once.
    Make {
        /// The room.
        room: String,
        /// Whom it is for.
        name: String,
        /// Makes who uses it a moderator.
        #[arg(long)]
        moderator: bool,
        /// How many people may use it.
        #[arg(long, value_name = "N")]
        uses: Option<u32>,
        /// How long it holds, in hours.
        #[arg(long, value_name = "N")]
        hours: Option<u32>,
    },
    /// Takes an invitation back; who watches by it leaves.
    Delete {
        /// The room.
        room: String,
        /// The number of the invitation.
        id: i64,
    },
}

/// Flags of `token`.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Makes a token, a JWT with which to come into a room.
    Make {
        /// The room.
        room: String,
        /// Allows to publish.
        #[arg(long)]
        publish: bool,
        /// Allows to watch.
        #[arg(long)]
        watch: bool,
        /// Allows to write.
        #[arg(long)]
        chat: bool,
        /// Allows to moderate.
        #[arg(long)]
        admin: bool,
        /// What its bearer is called.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// How long it is good, in seconds, 60 to 86400 [default: 600].
        #[arg(long, value_name = "SECONDS")]
        ttl: Option<u64>,
    },
    /// The keys that sign tokens.
    Keys,
    /// Makes a key that signs tokens, for a site of yours; its secret is shown once.
    MakeKey {
        /// Whose it is.
        name: String,
    },
    /// Deletes a key; who came in by its tokens leaves.
    DeleteKey {
        /// The key, such as KB0123456789ab.
        id: String,
    },
}

/// Flags of `owner-link`.
#[derive(Debug, Args)]
pub(crate) struct OwnerLinkArgs {
    #[command(flatten)]
    target: Target,
}

/// The answer as it came, or as people read it.
fn told(api: &Api, answer: &Value, text: impl FnOnce(&Value) -> String) -> String {
    if api.is_json { format!("{answer:#}\n") } else { text(answer) }
}

impl Operation for RoomArgs {
    fn target(&self) -> &Target {
        &self.target
    }

    fn run(&self, api: &Api) -> anyhow::Result<String> {
        match &self.command {
            RoomCommand::List => {
                let answer = all(api, &["rooms"])?;
                Ok(told(api, &answer, rooms))
            }
            RoomCommand::Show { room } => {
                let answer = api.get(&["rooms", room])?;
                Ok(told(api, &answer, one_room))
            }
            RoomCommand::Set(set) => {
                let answer = api.call("PUT", &["rooms", &set.room], Some(&set.over(api)?))?;
                Ok(told(api, &answer, one_room))
            }
            RoomCommand::Delete { room } => {
                api.call("DELETE", &["rooms", room], None)?;
                Ok(format!("room {room} is one like any other now\n"))
            }
        }
    }
}

impl RoomSet {
    /// What the room is to be: what it is, with what is named here.
    fn over(&self, api: &Api) -> anyhow::Result<Value> {
        let all_rooms = all(api, &["rooms"])?;
        let now = items(&all_rooms).iter().find(|it| it["room"] == self.room.as_str());
        let mut body = Map::new();
        for field in ["watch", "chat", "maxViewers", "maxKbps"] {
            if let Some(value) = now.and_then(|it| it.get(field)) {
                body.insert(field.into(), value.clone());
            }
        }
        body.entry("watch").or_insert(json!("everybody"));
        if let Some(watch) = &self.watch {
            body.insert("watch".into(), json!(word(watch)));
        }
        if let Some(password) = &self.password {
            body.insert("password".into(), json!(password));
        }
        if let Some(chat) = &self.chat {
            body.insert("chat".into(), json!(word(chat)));
        }
        for (field, limit) in [("maxViewers", self.max_viewers), ("maxKbps", self.max_kbps)] {
            match limit {
                Some(0) => _ = body.remove(field),
                Some(n) => _ = body.insert(field.into(), json!(n)),
                None => {}
            }
        }
        Ok(body.into())
    }
}

/// A list with all its pages.
fn all(api: &Api, path: &[&str]) -> anyhow::Result<Value> {
    let mut items_of_all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let answer = api.page_of(path, cursor.as_deref())?;
        items_of_all.extend(items(&answer).iter().cloned());
        match answer["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(json!({ "items": items_of_all })),
        }
    }
}

fn rooms(answer: &Value) -> String {
    let row = |it: &Value| {
        let n = |list: &str| it[list].as_array().map_or(0, Vec::len).to_string();
        let viewers = text(&it["viewers"]);
        vec![
            text(&it["room"]),
            text(&it["watch"]),
            text(&it["live"]),
            viewers,
            n("keys"),
            n("invites"),
        ]
    };
    let rows: Vec<_> = items(answer).iter().map(row).collect();
    let head = ["ROOM", "WATCH", "LIVE", "VIEWERS", "KEYS", "INVITES"];
    table(&head, &rows, "no room was set up; `kaibo room set NAME` does")
}

fn one_room(it: &Value) -> String {
    let mut out = format!(
        "{}: watch {}, chat {}, {}, {} viewers\n",
        text(&it["room"]),
        text(&it["watch"]),
        text(&it["chat"]),
        text(&it["live"]),
        text(&it["viewers"])
    );
    for (field, says) in [("maxViewers", "most viewers"), ("maxKbps", "most kbit/s")] {
        if let Some(limit) = it[field].as_u64() {
            out.push_str(&format!("{says}: {limit}\n"));
        }
    }
    format!("{out}\n{}\n{}", keys(&it["keys"]), invites(&it["invites"]))
}

fn keys(list: &Value) -> String {
    let row = |it: &Value| {
        vec![text(&it["id"]), text(&it["name"]), time(&it["made"]), time(&it["lastUsed"])]
    };
    let rows: Vec<_> = items(list).iter().map(row).collect();
    table(
        &["KEY", "NAME", "MADE", "LAST USED"],
        &rows,
        "no keys: what the server asks for everywhere holds",
    )
}

fn invites(list: &Value) -> String {
    let row = |it: &Value| {
        let uses = it["uses"].as_u64().map_or("∞".into(), |n| n.to_string());
        let used = format!("{}/{uses}", text(&it["used"]));
        vec![text(&it["id"]), text(&it["name"]), text(&it["role"]), used, time(&it["expires"])]
    };
    let rows: Vec<_> = items(list).iter().map(row).collect();
    table(&["INVITE", "NAME", "ROLE", "USED", "UNTIL"], &rows, "no invitations")
}

impl Operation for KeyArgs {
    fn target(&self) -> &Target {
        &self.target
    }

    fn run(&self, api: &Api) -> anyhow::Result<String> {
        let made = |answer: &Value| {
            let (key, name) = (text(&answer["key"]), text(&answer["name"]));
            format!("key of {name}, shown this once:\n  {key}\n")
        };
        match &self.command {
            KeyCommand::List { room } => {
                let answer = api.get(&["rooms", room])?;
                Ok(told(api, &answer["keys"], keys))
            }
            KeyCommand::Make { room, name } => {
                let body = json!({ "name": name });
                let answer = api.call("POST", &["rooms", room, "keys"], Some(&body))?;
                Ok(told(api, &answer, made))
            }
            KeyCommand::Rotate { room, id } => {
                let path = ["rooms", room, "keys", &id.to_string(), "rotate"];
                let answer = api.call("POST", &path, None)?;
                Ok(told(api, &answer, made))
            }
            KeyCommand::Delete { room, id } => {
                api.call("DELETE", &["rooms", room, "keys", &id.to_string()], None)?;
                Ok(format!("key {id} is void\n"))
            }
        }
    }
}

impl Operation for InviteArgs {
    fn target(&self) -> &Target {
        &self.target
    }

    fn run(&self, api: &Api) -> anyhow::Result<String> {
        match &self.command {
            InviteCommand::List { room } => {
                let answer = api.get(&["rooms", room])?;
                Ok(told(api, &answer["invites"], invites))
            }
            InviteCommand::Make { room, name, moderator, uses, hours } => {
                let role = if *moderator { "moderator" } else { "fan" };
                let body = json!({ "name": name, "role": role, "uses": uses, "hours": hours });
                let answer = api.call("POST", &["rooms", room, "invites"], Some(&body))?;
                Ok(told(api, &answer, |answer| {
                    let code = text(&answer["code"]);
                    let link = api.page(&format!("/r/{room}#invite={code}"));
                    format!("link for {name}, shown this once:\n  {link}\n")
                }))
            }
            InviteCommand::Delete { room, id } => {
                api.call("DELETE", &["rooms", room, "invites", &id.to_string()], None)?;
                Ok(format!("invitation {id} is void\n"))
            }
        }
    }
}

impl Operation for TokenArgs {
    fn target(&self) -> &Target {
        &self.target
    }

    fn run(&self, api: &Api) -> anyhow::Result<String> {
        match &self.command {
            TokenCommand::Make { room, publish, watch, chat, admin, name, ttl } => {
                let body = json!({
                    "room": room, "publish": publish, "subscribe": watch, "chat": chat, "admin": admin,
                    "name": name, "ttlS": ttl,
                });
                let answer = api.call("POST", &["tokens"], Some(&body))?;
                Ok(told(api, &answer, |answer| format!("{}\n", text(&answer["token"]))))
            }
            TokenCommand::Keys => {
                let answer = api.get(&["token-keys"])?;
                Ok(told(api, &answer, |list| {
                    let row = |it: &Value| {
                        let (made, used) = (time(&it["made"]), time(&it["lastUsed"]));
                        vec![text(&it["id"]), text(&it["name"]), made, used]
                    };
                    let rows: Vec<_> = items(list).iter().map(row).collect();
                    table(&["KEY", "NAME", "MADE", "LAST USED"], &rows, "no keys")
                }))
            }
            TokenCommand::MakeKey { name } => {
                let answer = api.call("POST", &["token-keys"], Some(&json!({ "name": name })))?;
                Ok(told(api, &answer, |answer| {
                    let (id, secret) = (text(&answer["id"]), text(&answer["secret"]));
                    format!("API key {id}, its secret, shown this once:\n  {secret}\n")
                }))
            }
            TokenCommand::DeleteKey { id } => {
                api.call("DELETE", &["token-keys", id], None)?;
                Ok(format!("key {id} is void\n"))
            }
        }
    }
}

impl Operation for OwnerLinkArgs {
    fn target(&self) -> &Target {
        &self.target
    }

    fn run(&self, api: &Api) -> anyhow::Result<String> {
        let answer = api.call("POST", &["owner", "link"], None)?;
        Ok(told(api, &answer, |answer| {
            let link = api.page(answer["path"].as_str().unwrap_or_default());
            let minutes = answer["expiresIn"].as_u64().unwrap_or_default() / 60;
            format!(
                "open this once within {minutes} minutes, on the server's machine or with its address in the place \
                 of localhost, and choose the owner's password:\n  {link}\n"
            )
        }))
    }
}
