//! The paths that the client has a page for.

use percent_encoding::percent_decode_str;

/// A page of the client, as `web/src/app.tsx` routes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/`
    Home,
    /// `/host`
    Host,
    /// `/trust`
    Trust,
    /// `/doctor`
    Doctor,
    /// `/admin` and what is below it: which of that there is, the page itself says.
    Admin,
    /// `/r/{room}`, with the room's name as the address has it: whether a room may be called that is
    /// for the caller to say.
    Room(String),
    /// `/c/{id}`: a clip.
    Clip(String),
    /// `/embed/{room}`, for pages of others: the room's picture alone. The name as in [`Route::Room`].
    Embed(String),
}

impl Route {
    /// Which page a path leads to; at any other path the client says that there is none.
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/" => Some(Self::Home),
            "/host" => Some(Self::Host),
            "/trust" => Some(Self::Trust),
            "/doctor" => Some(Self::Doctor),
            "/admin" => Some(Self::Admin),
            _ if path.starts_with("/admin/") => Some(Self::Admin),
            _ => {
                let named = |prefix, page: fn(String) -> Self| {
                    let name = path.strip_prefix(prefix)?.split('/').next()?;
                    let name = percent_decode_str(name).decode_utf8().ok()?;
                    Some(page(name.into_owned()))
                };
                named("/r/", Self::Room)
                    .or_else(|| named("/c/", Self::Clip))
                    .or_else(|| named("/embed/", Self::Embed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_everything_else() {
        assert_eq!(Route::of("/"), Some(Route::Home));
        assert_eq!(Route::of("/host"), Some(Route::Host));
        assert_eq!(Route::of("/trust"), Some(Route::Trust));
        assert_eq!(Route::of("/doctor"), Some(Route::Doctor));
        for path in ["/admin", "/admin/", "/admin/rooms/%E7%9B%B4"] {
            assert_eq!(Route::of(path), Some(Route::Admin), "{path}");
        }
        for path in [
            "", "/host/", "/metrics", "/r", "/rooms", "//", "/r/%FF", "/R/demo", "r/demo",
            "/admins",
        ] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }

    #[test]
    fn a_room_may_have_a_name_of_any_script() {
        let room = |path| match Route::of(path) {
            Some(Route::Room(room)) => room,
            other => panic!("{path} is {other:?}"),
        };
        assert_eq!(room("/r/demo"), "demo");
        assert_eq!(room("/r/demo/"), "demo");
        assert_eq!(room("/r/%E7%9B%B4%E6%92%AD"), "直播");
        assert_eq!(room("/r/"), "");
    }

    #[test]
    fn a_room_has_an_embed_beside_its_page() {
        assert_eq!(Route::of("/embed/%E7%9B%B4"), Some(Route::Embed("直".into())));
        assert_eq!(Route::of("/embed/"), Some(Route::Embed(String::new())));
        for path in ["/embed", "/embedded", "/embed/%FF", "/Embed/demo"] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }
}
