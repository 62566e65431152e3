//! Where the sandbox may differ from the real server. A scene in this table must fail on the sandbox: one that passes
//! there has no place in it. `docs/limits.md` holds the same table between two marks.

use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

/// A scene that goes otherwise on the sandbox.
pub struct Differs {
    /// The scene's name.
    pub test: &'static str,
    /// What the sandbox does not do, and why.
    pub why: &'static str,
}

/// At most ten.
pub const DIFFER: &[Differs] = &[];

/// Plays a scene on the sandbox: a listed one must fail.
pub async fn on_the_sandbox(test: &str, scene: impl Future<Output = ()>) {
    play(DIFFER, test, scene).await;
}

async fn play(differ: &[Differs], test: &str, scene: impl Future<Output = ()>) {
    if !differ.iter().any(|row| row.test == test) {
        return scene.await;
    }
    let played = AssertUnwindSafe(scene).catch_unwind().await;
    assert!(played.is_err(), "{test} passes on the sandbox: take it out of the table DIFFER and of docs/limits.md");
}

/// The table as `docs/limits.md` prints it.
fn printed() -> String {
    if DIFFER.is_empty() {
        return "Nowhere: every scene of the end-to-end suite goes the same way on both.\n".to_owned();
    }
    let mut text = "| scene | why |\n|---|---|\n".to_owned();
    for Differs { test, why } in DIFFER {
        let _ = writeln!(text, "| {} | {why} |", test.replace('_', " "));
    }
    text
}

#[test]
fn docs_limits_prints_where_the_sandbox_differs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/limits.md");
    let page = std::fs::read_to_string(path).expect("docs/limits.md is there");
    let (begin, end) = ("<!-- sandbox differs: begin -->\n", "<!-- sandbox differs: end -->");
    let section = page.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map(|(section, _)| section);
    assert_eq!(section, Some(&*printed()), "docs/limits.md, between the marks, is the table DIFFER");
}

#[test]
fn the_sandbox_differs_in_at_most_ten_scenes() {
    assert!(DIFFER.len() <= 10, "a sandbox that differs more is another server");
}

const ONE: &[Differs] = &[Differs { test: "a_scene", why: "for this test" }];

#[tokio::test]
async fn a_listed_scene_may_fail_on_the_sandbox() {
    play(ONE, "a_scene", async { panic!("on purpose") }).await;
}

#[tokio::test]
#[should_panic(expected = "take it out of the table")]
async fn a_listed_scene_that_passes_on_the_sandbox_fails_the_run() {
    play(ONE, "a_scene", async {}).await;
}
