//! Tells the program the names of the crates that it is made of, so that a log filter that names none of
//! them can be refused.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    println!("cargo::rerun-if-changed=build.rs");
    let lock = fs::read_to_string(lock)?;
    let (mut ours, mut libraries) = (Vec::new(), Vec::new());
    for package in lock.split("[[package]]").skip(1) {
        let name = package.lines().find_map(|it| it.strip_prefix("name = \"")?.strip_suffix('"'));
        // What comes from nowhere else is in this repository.
        let list = if package.contains("\nsource = ") { &mut libraries } else { &mut ours };
        list.extend(name.map(|it| it.replace('-', "_")));
    }
    libraries.dedup();
    let code =
        format!("const OURS: &[&str] = &{ours:?};\nconst LIBRARIES: &[&str] = &{libraries:?};\n");
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("crates.rs"), code)
}
