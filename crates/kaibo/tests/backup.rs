//! `kaibo backup` and `kaibo restore`, beside a server.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::path::Path;

use common::{Server, kaibo, output};

fn run(data: &Path, args: &[&str]) -> (bool, String) {
    let out = output(kaibo(args).env("KAIBO_DATA", data));
    let said = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn what_a_server_keeps_is_copied_while_it_runs_and_put_back_while_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    let server = Server::start_with(|it| {
        it.env("KAIBO_DATA", &data);
    });
    let (done, said) = run(&data, &["backup", copy]);
    assert!(done && said.contains("copy.db"), "{said}");
    let (done, said) = run(&data, &["backup", copy]);
    assert!(!done && said.contains("--force"), "{said}");
    let (done, said) = run(&data, &["restore", copy, "--force"]);
    assert!(!done && said.contains("in use by another kaibo"), "{said}");
    drop(server);

    let (done, said) = run(&data, &["restore", copy]);
    assert!(!done && said.contains("--force"), "{said}");
    let (done, said) = run(&data, &["restore", copy, "--force"]);
    assert!(done, "{said}");
    let elsewhere = folder.path().join("elsewhere");
    let (done, said) = run(&elsewhere, &["restore", copy]);
    assert!(done && elsewhere.join("kaibo.db").exists(), "{said}");
    let (done, said) = run(&folder.path().join("nowhere"), &["backup"]);
    assert!(!done && said.contains("nowhere"), "{said}");
}
