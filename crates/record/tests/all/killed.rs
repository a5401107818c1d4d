//! A process that records is killed at any moment. What it leaves is finished as the server does it at its next start.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use record::{VideoCodec, mend};

use super::live::{Live, files_of, good};

/// Names the folder to the process that records until it is killed.
const FOLDER: &str = "KAIBO_RECORD_KILL_FOLDER";
/// The length of its files, in milliseconds.
const FILE_FOR: &str = "KAIBO_RECORD_KILL_FILE_FOR";
const NAME: &str = "killed::a_process_killed_at_any_moment_leaves_files_that_play";

const KILLS: usize = 50;
const AT_ONCE: usize = 10;
/// So much of what was sent may be missing, in milliseconds.
const MAY_MISS: u64 = 2_000;

/// What became of one process.
#[derive(Debug, Clone, Copy, Default)]
struct Left {
    n_files: usize,
    n_empty: usize,
    /// The most that was missing of what was sent.
    missing_ms: u64,
}

#[test]
fn a_process_killed_at_any_moment_leaves_files_that_play() {
    if let Ok(folder) = std::env::var(FOLDER) {
        return record_until_killed(Path::new(&folder));
    }
    let mut random = fastrand::Rng::with_seed(50);
    let mut all = Left::default();
    let moments: Vec<(u64, u64)> = (0..KILLS)
        // Short files end while the process lives: some are killed meanwhile.
        .map(|n| (random.u64(50..4_000), if n % 2 == 0 { 1_000 } else { 3_600_000 }))
        .collect();
    for some in moments.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let runs: Vec<_> = some
                .iter()
                .map(|(ms, file_for)| scope.spawn(|| kill_after(*ms, *file_for)))
                .collect();
            for run in runs {
                let left = run.join().unwrap();
                all.n_files += left.n_files;
                all.n_empty += left.n_empty;
                all.missing_ms = all.missing_ms.max(left.missing_ms);
            }
        });
    }
    assert!(all.n_files >= 2 * KILLS - all.n_empty && all.n_files > KILLS, "{all:?}");
}

/// Has a process record for so long, kills it, and looks at what it left.
fn kill_after(ms: u64, file_for_ms: u64) -> Left {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(FILE_FOR, file_for_ms.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (tell, told) = channel::<[u64; 2]>();
    let reader = std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let Some((h264, vp8)) = line.strip_prefix("sent ").and_then(|it| it.split_once(' '))
            else {
                continue;
            };
            // The last line may be cut off.
            if let (Ok(h264), Some(Ok(vp8))) =
                (h264.parse(), vp8.strip_suffix(" ms").map(str::parse))
            {
                _ = tell.send([h264, vp8]);
            }
        }
    });
    let mut sent = told.recv_timeout(Duration::from_secs(60)).unwrap();
    let until = Instant::now() + Duration::from_millis(ms);
    while let Ok(newer) = told.recv_timeout(until.saturating_duration_since(Instant::now())) {
        sent = newer;
    }
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    sent = told.try_iter().last().unwrap_or(sent);

    let mut left = Left::default();
    for (name, sent) in ["h264", "vp8"].into_iter().zip(sent) {
        let folder = folder.path().join(name);
        let mut has_ms = 0;
        for path in if folder.exists() { files_of(&folder) } else { Vec::new() } {
            let Some(mended) = mend(&path).unwrap_or_else(|it| panic!("{name}: {it}")) else {
                left.n_empty += 1;
                continue;
            };
            let report = good(&path);
            assert_eq!(report.bytes, mended.bytes);
            let told = mended.duration.unwrap();
            assert!(told.abs_diff(report.duration) < Duration::from_millis(50), "{report:?}");
            // A frame each 40 ms: none is missing in between.
            let n_frames = report.tracks[0].n_frames;
            let expected = report.tracks[0].duration().as_millis() / 40;
            assert!(u128::from(n_frames).abs_diff(expected) <= 1, "{n_frames}, not {expected}");
            left.n_files += 1;
            has_ms += report.duration.as_millis() as u64;
        }
        let missing_ms = sent.saturating_sub(has_ms);
        assert!(missing_ms <= MAY_MISS, "{name}: {has_ms} ms of {sent} ms");
        left.missing_ms = left.missing_ms.max(missing_ms);
    }
    left
}

/// Two rooms in real time. Tells again and again how much was sent.
fn record_until_killed(folder: &Path) {
    let file_for = Duration::from_millis(std::env::var(FILE_FOR).unwrap().parse().unwrap());
    let [h264, vp8] =
        [("h264", VideoCodec::H264), ("vp8", VideoCodec::Vp8)].map(|(name, codec)| {
            let live = Live::new(codec, 0);
            live.record_files_of(&folder.join(name), file_for);
            live
        });
    loop {
        let mut out = std::io::stdout().lock();
        writeln!(out, "sent {} {} ms", h264.sent_ms(), vp8.sent_ms()).unwrap();
        out.flush().unwrap();
        drop(out);
        std::thread::sleep(Duration::from_millis(10));
    }
}
