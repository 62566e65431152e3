//! Where etcd, kube-apiserver and kubectl come from: `TEST_ASSET_KUBE_APISERVER`, `TEST_ASSET_ETCD`, `TEST_ASSET_KUBECTL`
//! and `KUBEBUILDER_ASSETS` as envtest reads them, else one build of `tests/kube-apiserver` into the target directory.
//! `TEST_ASSET_KUBE_CONTROLLER_MANAGER` and `TEST_ASSET_YAML_READER` name two more programs of the same module.
#![allow(dead_code, reason = "each suite uses its own part of it")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The three programs.
#[derive(Clone, Debug)]
pub struct Programs {
    pub apiserver: PathBuf,
    pub etcd: PathBuf,
    pub kubectl: PathBuf,
}

/// Where they are, or why there are none; asked and built once.
pub fn find() -> Result<&'static Programs, String> {
    static FOUND: OnceLock<Result<Programs, String>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            Ok(Programs { apiserver: program("kube-apiserver")?, etcd: program("etcd")?, kubectl: program("kubectl")? })
        })
        .as_ref()
        .map_err(Clone::clone)
}

/// The controllers of upstream; only the suite that compares them builds it.
pub fn controller_manager() -> Result<PathBuf, String> {
    program("kube-controller-manager")
}

/// The Go reader of YAML, as kubectl reads manifests; it builds in seconds.
pub fn yaml_reader() -> Result<PathBuf, String> {
    program("yaml-reader")
}

/// kubectl. `None` where it is not to be had: said in one line on stderr; with `CI` set the test fails.
pub fn kubectl() -> Option<PathBuf> {
    match find() {
        Ok(programs) => Some(programs.kubectl.clone()),
        Err(why) if std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) => panic!("no kubectl to test with: {why}"),
        Err(why) => {
            static SAID: OnceLock<()> = OnceLock::new();
            // The handle, not the macro: the line must be seen though the test passes.
            SAID.get_or_init(|| drop(writeln!(std::io::stderr(), "skipped in part, needs a kubectl: {why}")));
            None
        }
    }
}

/// One program: the environment's, envtest's directory, or built here.
fn program(name: &str) -> Result<PathBuf, String> {
    let variable = format!("TEST_ASSET_{}", name.to_uppercase().replace('-', "_"));
    let named = std::env::var_os(variable).map(PathBuf::from);
    let in_assets = std::env::var_os("KUBEBUILDER_ASSETS").map(|dir| PathBuf::from(dir).join(name));
    match named.or(in_assets.filter(|path| path.exists())) {
        Some(path) if path.exists() => Ok(path),
        Some(path) => Err(format!("{} is not there", path.display())),
        None => built(name),
    }
}

/// Where cargo builds to.
fn target_dir() -> PathBuf {
    option_env!("CARGO_TARGET_TMPDIR")
        .and_then(|tmp| Path::new(tmp).parent())
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), Path::to_path_buf)
}

/// Builds a program of the Go module once; other test processes wait at the lock.
fn built(name: &str) -> Result<PathBuf, String> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kube-apiserver");
    let out = target_dir().join("kube-apiserver");
    fs::create_dir_all(&out).map_err(|e| e.to_string())?;
    let lock = fs::File::create(out.join("lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    let (program, stamp) = (out.join(name), out.join(format!("{name}.sum")));
    let package = name.trim_start_matches("kube-");
    let read = |file: PathBuf| fs::read(file).map_err(|e| e.to_string());
    let sum = [read(module.join("go.sum"))?, read(module.join(package).join("main.go"))?].concat();
    if program.exists() && fs::read(&stamp).is_ok_and(|was| was == sum) {
        return Ok(program);
    }
    // The handle, not the macro: whoever waits for minutes must see why.
    let _ = writeln!(std::io::stderr(), "building {name} from Go modules, once; kube-apiserver takes minutes");
    let build = Command::new("go")
        .args(["build", "-trimpath", "-ldflags", "-s -w", "-o"])
        .arg(&program)
        .arg(format!("./{package}"))
        .current_dir(&module)
        .env("CGO_ENABLED", "0")
        .output()
        .map_err(|e| format!("go: {e}"))?;
    if !build.status.success() {
        return Err(format!("go build of {name} failed: {}", String::from_utf8_lossy(&build.stderr)));
    }
    fs::write(&stamp, sum).map_err(|e| e.to_string())?;
    Ok(program)
}
