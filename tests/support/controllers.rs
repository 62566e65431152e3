//! A kube-controller-manager beside a server of the tests: the controllers that the sandbox plays too, and no other.

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

/// Starts them; what they do shows some seconds later.
pub fn start(server: &Server) -> Controllers {
    let program = apiserver::programs::controller_manager().expect("a kube-controller-manager");
    let dir = server.dir().join("controllers");
    std::fs::create_dir_all(&dir).expect("a directory");
    let mut command = Command::new(program);
    command.arg(format!("--kubeconfig={}", server.kubeconfig(User::Admin).display()));
    command.arg(format!("--controllers={NAMES}"));
    command.args(["--leader-elect=false", "--secure-port=0", "--kube-api-qps=200", "--kube-api-burst=400"]);
    let program = apiserver::logged(&mut command, &server.dir().join("controllers.log")).expect("it starts");
    let watchdog = apiserver::start_watchdog(&dir, &[program.id()]).expect("a shell");
    Controllers { program, watchdog }
}
