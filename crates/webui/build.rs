//! Puts the web client into `$OUT_DIR/dist`: a prebuilt one, one built from `web/` with npm, or a
//! page that says how to get one. Writes nowhere else but `web/node_modules`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, fs, io};

/// What the built pages depend on. Folders count with all they hold.
const INPUTS: [&str; 9] = [
    "src",
    "public",
    "index.html",
    "embed.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "precompress.ts",
    "tsconfig.json",
];

/// npm's own copy of the lock: as new as what is installed.
const INSTALLED: &str = "node_modules/.package-lock.json";

/// Stands for all that only checks the client.
const A_CHECK_TOOL: &str = "node_modules/vitest";

fn main() {
    println!("cargo::rerun-if-env-changed=KAIBO_WEB_DIST");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=placeholder.html");
    let web = Path::new("../../web");
    for input in INPUTS {
        println!("cargo::rerun-if-changed={}", web.join(input).display());
    }

    let dist = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("dist");
    // Emptied first, since a file left over from an earlier build would be embedded for good.
    _ = fs::remove_dir_all(&dist);
    if let Some(prebuilt) = env::var_os("KAIBO_WEB_DIST") {
        let prebuilt = PathBuf::from(prebuilt);
        println!("cargo::rerun-if-changed={}", prebuilt.display());
        assert!(
            prebuilt.join("index.html").is_file(),
            "KAIBO_WEB_DIST is {}, which has no index.html: name the folder that `npm run build` \
             made, with its absolute path",
            prebuilt.display()
        );
        copy(&prebuilt, &dist).expect("KAIBO_WEB_DIST names a folder that can be read");
        return;
    }
    let Err(problem) = build(web, &dist) else { return };
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    assert!(
        !release,
        "a release embeds the web client, and {problem}. Either install Node.js 20.19 or newer \
         and build again, or set KAIBO_WEB_DIST to a folder with the built client"
    );
    println!(
        "cargo::warning=the web client was not built: {problem}. The server will show a page that \
         says so; everything else works. Install Node.js 20.19 or newer, or set KAIBO_WEB_DIST"
    );
    // A file that never exists makes cargo try again each time: Node may be there by then.
    println!("cargo::rerun-if-changed=no-such-file");
    _ = fs::remove_dir_all(&dist);
    fs::create_dir_all(&dist).expect("OUT_DIR is writable");
    for page in ["index.html", "embed.html"] {
        fs::copy("placeholder.html", dist.join(page)).expect("OUT_DIR is writable");
    }
}

/// Installs what is missing and builds; says in words what went wrong.
fn build(web: &Path, dist: &Path) -> Result<(), String> {
    if !is_installed(web) {
        let mut install = vec!["ci", "--no-audit", "--no-fund"];
        // What checks the client (compiler, browser drivers, test tools) is not needed to build
        // it. Who has those installed works on the client, and must not lose them here.
        if !web.join(A_CHECK_TOOL).exists() {
            install.push("--omit=dev");
        }
        npm(web, &install)?;
    }
    let dist = dist.to_str().ok_or("the target directory's path is not UTF-8")?;
    npm(web, &["exec", "--no", "--", "vite", "build", "--outDir", dist, "--emptyOutDir"])
}

/// Whether npm has installed since the lock changed.
fn is_installed(web: &Path) -> bool {
    let installed = modified(&web.join(INSTALLED));
    installed.is_some() && modified(&web.join("package-lock.json")) <= installed
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|it| it.modified()).ok()
}

fn npm(web: &Path, args: &[&str]) -> Result<(), String> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program)
        .args(args)
        .current_dir(web)
        .output()
        .map_err(|error| format!("npm could not be started ({error})"))?;
    if output.status.success() {
        return Ok(());
    }
    // Cargo shows what a build script prints only when the script itself fails.
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    for line in stdout.lines().chain(stderr.lines()) {
        println!("cargo::warning={line}");
    }
    Err(format!("`npm {}` failed", args.join(" ")))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
