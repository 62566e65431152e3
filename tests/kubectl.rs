//! kubectl against both servers: the same commands, exit codes and output on kube-apiserver and on the sandbox.
//!
//! `script` is what is typed, `plain` what of the output cannot be equal, `differs` where the sandbox still differs.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/apiserver.rs"]
mod apiserver;
#[path = "support/controllers.rs"]
mod controllers;

#[path = "kubectl/demo.rs"]
mod demo;
#[path = "kubectl/differs.rs"]
mod differs;
#[path = "kubectl/plain.rs"]
mod plain;
#[path = "kubectl/play.rs"]
mod play;
#[path = "kubectl/port.rs"]
mod port;
#[path = "kubectl/script.rs"]
mod script;
#[path = "kubectl/side.rs"]
mod side;

use std::path::PathBuf;
use std::time::Duration;

/// A hang would end here; nothing is measured by it.
const HANG: Duration = Duration::from_mins(2);

/// The programs to try: the one of the test support, and the one on PATH, where there are such.
fn kubectls() -> Vec<PathBuf> {
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let on_path = on_path.map(|dir| dir.join("kubectl")).find(|file| file.is_file());
    apiserver::programs::kubectl().into_iter().chain(on_path).collect()
}
