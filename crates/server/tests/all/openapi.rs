//! The description of the API that is checked in is the one that the code has.

use std::fs;
use std::path::Path;

#[test]
fn the_description_of_the_api_is_the_one_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let found = server::openapi();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).expect("docs can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/openapi.json is stale: run UPDATE=1 cargo test -p server --test all openapi"
    );
}
