//! What the page of a room says to programs that make previews of links: OpenGraph (ogp.me), the cards of X, oEmbed.

use protocol::{LiveState, RoomInfo, RoomName};
use webui::Head;

use super::encode;
use crate::state::App;

/// As the pages call themselves.
pub(super) const SITE: &str = "Kaibo 开播";

/// What the embed measures where nobody says so, in CSS pixels.
const EMBED_PX: (&str, &str) = ("1280", "720");

/// The head of a room's page. `at` is the address below which clients reach the server.
pub(super) async fn page_of(app: &App, room: &RoomName, at: &str) -> Head {
    match Preview::of(app, room, at).await {
        Some(preview) => preview.head(),
        None => Head::default(),
    }
}

/// What is told of a room to who has its link.
#[derive(Debug)]
pub(super) struct Preview {
    /// What the broadcast is called, or else the room.
    pub(super) title: String,
    pub(super) host: Option<String>,
    about: String,
    /// Absolute addresses.
    page: String,
    pub(super) embed: String,
    /// The room's picture.
    pub(super) cover: Option<String>,
    /// Our own mark, a square.
    pub(super) icon: String,
    oembed: String,
}

impl Preview {
    /// None of a test room, which is listed nowhere.
    pub(super) async fn of(app: &App, room: &RoomName, at: &str) -> Option<Self> {
        if room.ticket().is_some() {
            return None;
        }
        let info = app.hub.room(room.clone()).await.flatten();
        Some(Self::from_info(room, info.as_ref(), at))
    }

    fn from_info(room: &RoomName, info: Option<&RoomInfo>, at: &str) -> Self {
        let name = encode(room.as_str());
        let page = format!("{at}/r/{name}");
        let title = info.and_then(|it| it.title.as_ref()).map(|it| it.as_str().to_owned());
        let host = info.and_then(|it| it.host.as_ref()).map(|it| it.name.as_str().to_owned());
        let cover = info.and_then(|it| it.cover);
        Self {
            title: title.unwrap_or_else(|| room.as_str().to_owned()),
            about: about(info.map_or(LiveState::Offline, |it| it.live), host.as_deref()),
            host,
            embed: format!("{at}/embed/{name}"),
            cover: cover.map(|version| format!("{at}/api/rooms/{name}/cover?v={version}")),
            icon: format!("{at}/icon-512.png"),
            oembed: format!("{at}/oembed?format=json&url={}", encode(&page)),
            page,
        }
    }

    fn head(&self) -> Head {
        let mut head = Head::default();
        head.title(&format!("{} · {SITE}", self.title));
        head.name("description", &self.about);
        head.property("og:site_name", SITE);
        head.property("og:type", "video.other");
        head.property("og:title", &self.title);
        head.property("og:description", &self.about);
        head.property("og:url", &self.page);
        head.property("og:image", self.cover.as_ref().unwrap_or(&self.icon));
        let (width, height) = EMBED_PX;
        head.property("og:video", &self.embed);
        head.property("og:video:type", "text/html");
        head.property("og:video:width", width);
        head.property("og:video:height", height);
        if self.embed.starts_with("https:") {
            head.property("og:video:secure_url", &self.embed);
            head.name("twitter:card", "player");
            head.name("twitter:player", &self.embed);
            head.name("twitter:player:width", width);
            head.name("twitter:player:height", height);
        } else {
            // A player needs HTTPS.
            let is_large = self.cover.is_some();
            head.name("twitter:card", if is_large { "summary_large_image" } else { "summary" });
        }
        head.link(&[
            ("rel", "alternate"),
            ("type", "application/json+oembed"),
            ("href", &self.oembed),
            ("title", &self.title),
        ]);
        head
    }
}

/// One sentence in both languages: who makes a preview does not say which its readers speak.
fn about(live: LiveState, host: Option<&str>) -> String {
    match (live, host) {
        (LiveState::Live | LiveState::Interrupted, Some(host)) => {
            format!("{host} 正在直播 · {host} is live now")
        }
        (LiveState::Live | LiveState::Interrupted, None) => "正在直播 · Live now".into(),
        (LiveState::Ended, _) => "直播已结束 · The broadcast is over".into(),
        (LiveState::Offline | LiveState::Starting, _) => {
            "还没开播，开播后自动播放 · Not live yet. It will start here automatically".into()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

    use super::*;

    fn page_told(at: &str) -> String {
        let info: RoomInfo = serde_json::from_value(serde_json::json!({
            "room": "直播", "live": "live", "since": 1.0, "host": {"name": "小明"}, "codec": null,
            "audioCodec": null, "layers": [], "title": "\"><script>alert(1)</script>", "cover": 7,
            "viewers": 0, "findings": [],
        }))
        .unwrap();
        let preview = Preview::from_info(&info.room, Some(&info), at);
        let page = webui::page(webui::INDEX, "", &preview.head(), None).unwrap();
        String::from_utf8(page.bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_title_is_text_wherever_it_stands() {
        let page = page_told("https://live.example");
        assert!(!page.contains("<script>alert"), "{page}");
        let title = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;";
        for part in [
            format!("<title>{title} · Kaibo 开播</title>"),
            format!("property=\"og:title\" content=\"{title}\""),
            format!("title=\"{title}\""),
        ] {
            assert!(page.contains(&part), "{part} is missing: {page}");
        }
    }

    #[test]
    fn the_picture_of_the_room_is_shown_by_its_version() {
        let name = "%E7%9B%B4%E6%92%AD";
        let page = page_told("https://live.example");
        let cover = format!("https://live.example/api/rooms/{name}/cover?v=7");
        assert!(page.contains(&format!("property=\"og:image\" content=\"{cover}\"")), "{page}");
        assert!(page.contains("name=\"twitter:card\" content=\"player\""), "{page}");
        // Where there is no HTTPS there is no player.
        let plain = page_told("http://192.168.1.5:3000/live");
        assert!(plain.contains("name=\"twitter:card\" content=\"summary_large_image\""), "{plain}");
        assert!(plain.contains(&format!("http://192.168.1.5:3000/live/embed/{name}")), "{plain}");
    }
}
