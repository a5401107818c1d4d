//! Every knob, from every origin.

use std::fs;
use std::path::{Path, PathBuf};

use server::Config;
use server::config::ConfigOverlay;

const EXAMPLE: &str = include_str!("../../../../config.example.toml");

fn parse(text: &str) -> Config {
    Config::from_overlay(toml::from_str(text).unwrap()).unwrap()
}

/// A folder of its own for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn the_example_is_the_defaults() {
    assert_eq!(parse(EXAMPLE).to_toml(), Config::default().to_toml());
}

#[test]
fn the_example_names_every_knob() {
    // Those without a default stand commented out; with them the example says everything.
    let all: String = EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_knob(rest)).unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n");
    let overlay: ConfigOverlay = toml::from_str(&all).unwrap();
    let fields = format!("{overlay:?}");
    assert!(!fields.contains(": None"), "a knob is missing: {fields}");
}

fn is_knob(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(name, _)| {
        name.chars().all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

#[test]
fn a_flag_beats_the_file_and_the_file_beats_the_default() {
    let folder = Folder::new("precedence");
    let file = folder.write(
        "my.toml",
        "max_viewers = 5\nmax_peers = 6\n[publish]\nkey = 'from the file, long'\n",
    );
    let over = ConfigOverlay { max_viewers: Some(7), ..ConfigOverlay::default() };
    let config = Config::load(over, Some(&file)).unwrap();
    assert_eq!((config.max_viewers, config.max_peers), (7, 6));
    assert_eq!(config.publish.key.unwrap().0, "from the file, long");
    assert_eq!(config.listen, Config::default().listen);
}

#[test]
fn the_file_of_the_data_folder_is_read_when_it_is_there() {
    let folder = Folder::new("data_folder");
    let over = ConfigOverlay { data: Some(folder.0.clone()), ..ConfigOverlay::default() };
    assert_eq!(Config::load(over.clone(), None).unwrap().max_viewers, 1000);
    folder.write("kaibo.toml", "max_viewers = 3");
    assert_eq!(Config::load(over, None).unwrap().max_viewers, 3);
}

#[test]
fn mistakes_are_told_in_one_sentence_with_their_place() {
    let folder = Folder::new("mistakes");
    let check = |text: &str, parts: &[&str]| {
        let file = folder.write("bad.toml", text);
        let error = Config::load(ConfigOverlay::default(), Some(&file)).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{error:?} lacks {part:?}");
        }
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!error.contains("secret"), "{error}");
    };
    check("max_viewers = 3\nmax_fans = 3", &["bad.toml", "line 2", "max_fans"]);
    check("[publish]\nopen = 'some'", &["line 2", "some"]);
    check("[publish]\nkey = 'secret'\nkey = 'secret'", &["line 3"]);
    check("[publish]\nkey = 'secret'", &["fewer than 16 characters"]);
    check("[limits]\njoins_burst = 0", &["[limits] is at least 1"]);
    check("allow_hosts = ['https://live.example']", &["not a host name"]);
    check("trust_proxies = ['10.0.0.0/8', 'proxy']", &["line 1"]);
    check("listen = '3000'", &["line 1"]);
    check("default_room = 'a b'", &["line 1"]);
    check("max_peers = 0", &["at least 1"]);
    check("media_workers = 0", &["1 to 64"]);
    check("media_workers = 65", &["1 to 64"]);
    check("public_ips = ['0.0.0.0']", &["public IP"]);
    check("base_path = 'live'", &["not a base path", "/live"]);
    check("base_path = '/api/live'", &["no base path", "/api is an address of the server"]);
    check("allow_origins = ['example.com']", &["not an origin", "https://example.com"]);
    let missing =
        Config::load(ConfigOverlay::default(), Some(&folder.0.join("none.toml"))).unwrap_err();
    assert!(missing.to_string().contains("none.toml"), "{missing}");
}

#[test]
fn the_key_is_never_printed() {
    let config = parse("[publish]\nkey = 'hunter2hunter2hunter2'");
    assert!(!config.to_toml().contains("hunter2hunter2hunter2"));
    assert!(!format!("{config:?}").contains("hunter2hunter2hunter2"));
    let overlay: ConfigOverlay =
        toml::from_str("[publish]\nkey = 'hunter2hunter2hunter2'").unwrap();
    assert!(!format!("{overlay:?}").contains("hunter2hunter2hunter2"));
}

#[test]
fn ice_servers_are_checked_and_their_credentials_are_not_shown() {
    let with = |servers: &str| {
        let overlay: ConfigOverlay = toml::from_str(&format!("ice_servers = {servers}")).unwrap();
        Config::from_overlay(overlay).map_err(|error| error.to_string())
    };
    let turn = r#"[{ urls = ["turn:t.example:3478"], username = "u", credential = "hush" }]"#;
    let config = with(turn).unwrap();
    assert!(!config.to_toml().contains("hush") && !format!("{config:?}").contains("hush"));
    assert!(config.to_toml().contains("turn:t.example:3478"));
    assert!(with(r#"[{ urls = ["stun:s.example"] }]"#).is_ok());
    for (bad, why) in [
        (r#"[{ urls = [] }]"#, "at least one URL"),
        (r#"[{ urls = ["http://s.example"] }]"#, "stun:HOST:PORT"),
        (r#"[{ urls = ["stun:"] }]"#, "stun:HOST:PORT"),
        (r#"[{ urls = ["stun:a>b"] }]"#, "stun:HOST:PORT"),
        (r#"[{ urls = ["turn:t.example"], username = "u" }]"#, "a credential"),
    ] {
        let error = with(bad).expect_err(bad);
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn a_public_address_may_be_asked_from_a_stun_server_that_is_named() {
    let config = |text: &str| {
        let overlay: ConfigOverlay = toml::from_str(text).unwrap();
        Config::from_overlay(overlay)
    };
    let error = config("public_ips = ['auto']").unwrap_err().to_string();
    assert!(error.contains("--ice-server"), "{error}");
    let asked = config(
        "public_ips = ['auto', '203.0.113.7']\nice_servers = [{ urls = ['stun:stun.example.com'] }]",
    );
    let asked = asked.unwrap();
    assert_eq!(asked.named_public_ips(), [std::net::IpAddr::from([203, 0, 113, 7])]);
    assert!(asked.to_toml().contains("auto"), "{}", asked.to_toml());
}

#[test]
fn a_secret_that_is_no_text_is_refused_and_not_shown() {
    let folder = Folder::new("config-secret");
    for (value, hidden) in
        [("1234567890123456", "1234"), ("12345678.5", "1234"), ("hushhushhush", "hush")]
    {
        let path = folder.write("kaibo.toml", &format!("[publish]\nkey = {value}\n"));
        let error = Config::load(ConfigOverlay::default(), Some(&path)).unwrap_err().to_string();
        assert!(error.contains("in line 2") && !error.contains(hidden), "{error}");
    }
}
