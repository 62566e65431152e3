//! A kube-controller-manager beside a server of the tests: the controllers that the sandbox plays too, and no other.

use std::io::Write as _;
use std::process::{Child, Command};

use super::apiserver::{self, Server, User};

/// The controllers, as `--controllers` names them.
const NAMES: &str = "deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,\
    job-controller,garbage-collector-controller,namespace-controller";

/// Running controllers, until dropped or until the test process ends.
pub struct Controllers {
    program: Child,
    watchdog: Child,
}

impl Drop for Controllers {
    fn drop(&mut self) {
        for child in [&mut self.watchdog, &mut self.program] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts them; what they do shows some seconds later. `None` as of a server: there is no program to be had here.
pub fn start(server: &Server) -> Option<Controllers> {
    let program = match apiserver::programs::controller_manager() {
        Ok(program) => program,
        Err(why) if std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) => {
            panic!("no kube-controller-manager to test on: {why}")
        }
        Err(why) => {
            // The handle, not the macro: the line must be seen though the test passes.
            let _ = writeln!(std::io::stderr(), "skipped in part, needs a kube-controller-manager: {why}");
            return None;
        }
    };
    let dir = server.dir().join("controllers");
    std::fs::create_dir_all(&dir).expect("a directory");
    let mut command = Command::new(program);
    command.arg(format!("--kubeconfig={}", server.kubeconfig(User::Admin).display()));
    command.arg(format!("--controllers={NAMES}"));
    command.args(["--leader-elect=false", "--secure-port=0", "--kube-api-qps=200", "--kube-api-burst=400"]);
    let program = apiserver::logged(&mut command, &server.dir().join("controllers.log")).expect("it starts");
    let watchdog = apiserver::start_watchdog(&dir, &[program.id()]).expect("a shell");
    Some(Controllers { program, watchdog })
}
