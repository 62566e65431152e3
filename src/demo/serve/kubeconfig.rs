//! The kubeconfig that opens the door: its text, and its place on disk. Refuses to write over anybody else's.

use std::io::{self, ErrorKind, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ServeError;

/// The first line: what begins with it was written here.
const MARK: &str = "# Written by driftdeck demo; worth nothing once it has ended.\n";

/// A cluster, a user and a context for each name and token. Names are the demo's own.
pub(super) fn text(users: &[(&str, &str)], address: SocketAddr, authority: &str) -> String {
    let authority = STANDARD.encode(authority);
    let host = reachable(address);
    let cluster = |(name, _): &(&str, &str)| {
        let server = format!("https://{host}/{name}");
        format!("- name: {name}\n  cluster:\n    server: {server}\n    certificate-authority-data: {authority}\n")
    };
    let context =
        |(name, _): &(&str, &str)| format!("- name: {name}\n  context:\n    cluster: {name}\n    user: demo-{name}\n");
    let user = |(name, token): &(&str, &str)| format!("- name: demo-{name}\n  user:\n    token: {token}\n");
    let clusters: String = users.iter().map(cluster).collect();
    let contexts: String = users.iter().map(context).collect();
    let own: String = users.iter().map(user).collect();
    let current = users.iter().find(|(name, _)| *name == super::FIRST).or(users.first()).map_or("", |(name, _)| name);
    format!(
        "{MARK}apiVersion: v1\nkind: Config\ncurrent-context: {current}\nclusters:\n{clusters}contexts:\n{contexts}\
         users:\n{own}"
    )
}

/// A listener on all addresses is reached by loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address }
}

/// Writes it for its owner's eyes only, in one step.
pub(super) fn write(path: &Path, text: &str) -> Result<(), ServeError> {
    let failed = |error: io::Error| ServeError::Kubeconfig { path: path.to_owned(), kind: error.kind() };
    match std::fs::read(path) {
        Ok(there) if !there.starts_with(MARK.as_bytes()) => return Err(ServeError::Taken(path.to_owned())),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        Ok(_) | Err(_) => {}
    }
    let beside = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files are made with 0600.
    let mut file = tempfile::NamedTempFile::new_in(beside).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map(drop).map_err(|error| failed(error.error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn there_is_a_context_for_each_cluster_and_no_address_that_nobody_reaches() {
        let text = text(&[("edge-07", "xyz"), ("prod-eu", "abc")], SocketAddr::from(([0, 0, 0, 0], 7)), "pem");
        for line in ["current-context: prod-eu", "    server: https://127.0.0.1:7/edge-07", "    token: abc"] {
            assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn only_its_owner_reads_it_and_only_a_demos_own_is_written_over() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("kubeconfig");
        write(&file, &format!("{MARK}one\n")).expect("a new file");
        let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{mode:o}");
        write(&file, &format!("{MARK}two\n")).expect("a demo's own");
        std::fs::write(&file, "kind: Config\n").expect("somebody's file");
        assert!(matches!(write(&file, MARK), Err(ServeError::Taken(_))), "somebody's kubeconfig stays");
        let nowhere = write(&dir.path().join("no/such/file"), MARK);
        assert!(matches!(nowhere, Err(ServeError::Kubeconfig { .. })));
    }
}
