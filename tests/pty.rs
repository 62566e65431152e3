//! What a person sees: the real binary on a pseudo-terminal, through the demo, and the terminal as it was afterwards.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/terminal.rs"]
mod terminal;

use std::io::Write as _;
use std::path::Path;

use portable_pty::CommandBuilder;
use terminal::{Output, Terminal};

/// One press of Esc; two in a row would be another key.
const ESC: &str = "\u{1b}";

/// The demo, with a temporary directory of its own, so that what it leaves can be seen.
fn demo(temporary: &Path) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_driftdeck"));
    command.arg("demo");
    command.env("TMPDIR", temporary);
    command.env("HOME", temporary);
    Terminal::start(command, 120, 36)
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn left_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("readable");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn is_as_it_was(output: &Output) {
    let screen = output.parser.screen();
    assert!(!screen.alternate_screen(), "the alternate screen is left");
    assert!(!screen.hide_cursor(), "the cursor is back");
    assert!(!screen.bracketed_paste(), "bracketed paste is off");
}

#[test]
fn an_operator_finds_a_drift_reverts_to_a_commit_and_sees_it_synced() {
    let home = temporary();
    let mut deck = demo(home.path());
    deck.shows("DEMO");
    deck.until("every word of the fleet", |screen| screen.contains("drifted") && screen.contains("synced"));

    // Who changed payments on prod-eu, and what.
    deck.press("/payments cluster:prod-eu\r");
    deck.until("payments alone", |screen| screen.contains("payments") && !screen.contains("checkout"));
    deck.press("\r");
    deck.shows("Deployment/payments");
    deck.press("d");
    let diff = deck.shows("- live (now)");
    assert!(diff.contains("kubectl-edit"), "the diff names the manager:\n{diff}");
    deck.press(ESC);
    deck.shows("OBJECT");
    // What is pushed feeds prod-eu too: protected, so it is unlocked first, with a reason.
    deck.press("U");
    deck.shows("UNLOCK prod-eu");
    deck.press("INC-7");
    deck.shows("INC-7");
    deck.press_until("\r", "unlocked", |screen| screen.contains("OPERATE 1"));
    deck.press_until(ESC, "the fleet", |screen| screen.contains("LAST COMMIT"));

    // Revert recommender on stage-eu to the commit before, with its preview.
    deck.press("/");
    deck.press("\u{15}recommender cluster:stage-eu\r");
    deck.until("recommender alone", |screen| screen.contains("stage-eu") && !screen.contains("payments "));
    deck.press("\r");
    deck.shows("recommender · stage-eu");
    deck.press("t");
    deck.shows("touch this app's inputs");
    deck.press("j");
    deck.press("R");
    let preview = deck.until("a preview of git and cluster", |screen| {
        screen.contains("REVERT recommender") && screen.contains("on main") && screen.contains("Revert recommender to")
    });
    assert!(preview.contains("M apps/recommender/"), "the files are named:\n{preview}");
    deck.press("recommender");
    deck.shows("to run: recommender");
    deck.press_until("\r", "the revert", |screen| !screen.contains("[ Commit and push ]"));
    deck.until("the sync plan by itself", |screen| {
        screen.contains("SYNC recommender → stage-eu") && screen.contains("[ Run ]") && screen.contains("1 update")
    });
    deck.press_until("\r", "the run", |screen| !screen.contains("[ Run ]"));
    deck.shows("sync done");
    deck.press_until(ESC, "the app", |screen| screen.contains("OBJECT") && !screen.contains("RESULT"));
    deck.until("synced", |screen| screen.contains("recommender") && screen.contains("✓ synced"));

    deck.press("Q");
    let (status, output) = deck.end();
    assert!(status.success(), "{status:?}");
    is_as_it_was(&output);
    assert_eq!(left_in(home.path()), Vec::<String>::new(), "nothing is left behind");
}

#[test]
fn a_signal_gives_the_terminal_back_and_leaves_nothing_behind() {
    let home = temporary();
    let deck = demo(home.path());
    deck.shows("DEMO");
    deck.signal("TERM");
    let (status, output) = deck.end();
    assert_eq!(status.exit_code(), 143, "ended by the signal's code");
    is_as_it_was(&output);
    assert_eq!(left_in(home.path()), Vec::<String>::new(), "nothing is left behind");
}

#[test]
fn a_lost_terminal_ends_the_process_and_leaves_nothing_behind() {
    let home = temporary();
    let deck = demo(home.path());
    deck.shows("DEMO");
    deck.signal("HUP");
    let (status, _) = deck.end();
    assert_eq!(status.exit_code(), 129, "ended by the signal's code");
    assert_eq!(left_in(home.path()), Vec::<String>::new(), "nothing is left behind");
}

/// Played on a terminal of its own by the test below.
#[test]
#[ignore = "needs a terminal, which the next test gives it"]
fn a_task_panics_beside_the_loop() {
    driftdeck::tui::install_panic_hook();
    let guard = driftdeck::tui::Guard::enter().expect("a terminal");
    let panicked = std::thread::spawn(|| panic!("a fault elsewhere")).join();
    assert!(panicked.is_err());
    std::io::stdout().write_all(b"the screen goes on").expect("a terminal");
    drop(guard);
}

#[test]
fn a_panic_beside_the_loop_leaves_the_screen_alone_and_is_told_afterwards() {
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "a_task_panics_beside_the_loop", "--ignored", "--nocapture"]);
    let (status, output) = Terminal::start(command, 80, 24).end();
    let bytes = String::from_utf8_lossy(&output.bytes).into_owned();
    assert!(status.success(), "{bytes:?}");
    let at = |what: &str| bytes.find(what).unwrap_or_else(|| panic!("{what:?} in {bytes:?}"));
    let left = at("\u{1b}[?1049l");
    assert!(at("the screen goes on") < left, "the alternate screen is left at the end only: {bytes:?}");
    assert!(at("a fault elsewhere") > left, "the report is to be read: {bytes:?}");
}

#[test]
fn without_a_terminal_the_demo_says_so() {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_driftdeck"))
        .arg("demo")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it runs");
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("terminal"), "the reason is said");
}
