//! Runs a story in a namespace of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::time::timeout;

/// A story takes seconds. One that hangs would keep its CA running after the test was ended.
const HANGS_AFTER: Duration = Duration::from_secs(120);

/// Set for the test that runs inside.
const INSIDE: &str = "KAIBO_TEST_INSIDE";

const HOSTS: &str = "127.0.0.1 localhost ca.kaibo.test busy.kaibo.test
127.0.0.1 live.kaibo.test second.kaibo.test blocked.kaibo.test
198.18.0.9 elsewhere.kaibo.test
";

const ENTER: &str = r#"ip link set lo up && mount --bind "$0" /etc/hosts && exec "$@""#;

/// Runs a story in a network of its own. `name` is the path of the test, which is run again inside.
pub(crate) fn run(name: &str, story: impl AsyncFnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let ended = runtime.block_on(async { timeout(HANGS_AFTER, story()).await });
        assert!(ended.is_ok(), "the story hangs");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let hosts = temp.path().join("hosts");
    std::fs::write(&hosts, HOSTS).unwrap();
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"])
        .args(["sh", "-c", ENTER])
        .arg(hosts)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap_or_else(|error| panic!("unshare (util-linux) is needed: {error}"));
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let needs = "in a network namespace, which needs ip (iproute2) and the right to make one";
    assert!(output.status.success(), "{needs}:\n{told}");
    assert!(told.contains("1 passed"), "no test has this name: {name}\n{told}");
}

/// A program that a variable names, that is below `target/tools`, or that is installed.
pub(crate) fn program(variable: &str, path: &str, remedy: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let installed = std::env::var_os("PATH").unwrap_or_default();
    let name = Path::new(path).file_name().unwrap();
    let below = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools").join(path);
    std::iter::once(below)
        .chain(std::env::split_paths(&installed).map(|folder| folder.join(name)))
        .find(|path| path.exists())
        .unwrap_or_else(|| {
            panic!("{} is missing: {remedy}, or {variable} names it", name.display())
        })
}
