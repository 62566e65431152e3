use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::cluster::CallKind;

fn spec(context: Option<&str>) -> ClusterSpec {
    ClusterSpec {
        name: ClusterName::new("c"),
        context: context.map(ToOwned::to_owned),
        kubeconfig: None,
        protected: false,
        record_namespace: None,
        judge_local: false,
        judge_local_kinds: Vec::new(),
    }
}

/// A kubeconfig with one context, `only`, on that server.
fn kubeconfig(dir: &Path, server: &str, user: &str) -> PathBuf {
    let file = dir.join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: only\n\
         clusters: [{{name: k, cluster: {{server: \"{server}\"}}}}]\n\
         contexts: [{{name: only, context: {{cluster: k, user: u}}}}]\n\
         users: [{{name: u, user: {user}}}]\n"
    );
    std::fs::write(&file, text).expect("written");
    file
}

fn plugin(command: &str, args: &str) -> String {
    format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {command}, args: {args}, interactiveMode: Always}}}}"
    )
}

async fn try_plugin(command: &str, args: &str) -> Result<Cluster, ConnectError> {
    let dir = tempfile::tempdir().expect("a directory");
    let file = kubeconfig(dir.path(), "https://127.0.0.1:1", &plugin(command, args));
    connect(&spec(None), &KubeSource::file(file)).await
}

#[tokio::test]
async fn each_missing_thing_has_its_own_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let absent = dir.path().join("absent");
    let told = connect(&spec(None), &KubeSource::file(absent.clone())).await;
    assert!(matches!(told, Err(ConnectError::NoKubeconfig { looked_at }) if looked_at == [absent.clone()]));
    let told = connect(&spec(Some("prod")), &KubeSource::list(vec![absent.clone()])).await;
    assert!(matches!(told, Err(ConnectError::NoKubeconfig { .. })), "a named context is not looked for in the cluster");
    let file = kubeconfig(dir.path(), "https://127.0.0.1:1", "{}");
    let told = connect(&spec(Some("prod")), &KubeSource::list(vec![absent, file.clone()])).await;
    let Err(ConnectError::ContextNotFound { context, exist, .. }) = told else { panic!("{told:?}") };
    assert_eq!((context.raw(), exist.as_slice()), ("prod", [Foreign::from("only")].as_slice()));
    std::fs::write(&file, "users: [{user: {token: hunter2").expect("written");
    let told = connect(&spec(None), &KubeSource::file(file)).await.expect_err("broken");
    assert!(matches!(told, ConnectError::BadKubeconfig { .. }));
    assert!(!format!("{told} {told:?}").contains("hunter2"), "the parser's snippet is left out");
}

#[tokio::test]
async fn the_spec_names_its_own_kubeconfig() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = kubeconfig(dir.path(), "https://10.0.0.1:6443", "{}");
    let spec = ClusterSpec { kubeconfig: Some(file), ..spec(None) };
    let cluster = connect(&spec, &KubeSource::file(dir.path().join("absent"))).await.expect("its own counts");
    assert_eq!(cluster.facts().server.raw(), "10.0.0.1:6443");
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_hangs_is_left_after_thirty_seconds() {
    let began = tokio::time::Instant::now();
    let told = try_plugin("sleep", "['1000']").await.expect_err("hangs");
    assert!(matches!(told, ConnectError::Plugin { .. }), "{told}");
    assert_eq!(began.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn a_plugin_that_fails_is_named_and_what_it_printed_is_not() {
    for (command, args) in [
        ("driftdeck-no-such-plugin", "[]"),
        ("sh", "[-c, 'echo hunter2; echo hunter2 >&2; exit 3']"),
        ("sh", "[-c, 'echo hunter2']"),
        ("sh", "[-c, 'echo {}']"),
    ] {
        let told = try_plugin(command, args).await.expect_err("no credentials");
        assert!(matches!(&told, ConnectError::Plugin { command: named, .. } if named.raw() == command), "{told}");
        assert!(!format!("{told} {told:?}").contains("hunter2"), "a token must not get into words: {told}");
    }
}

#[tokio::test]
async fn a_plugin_has_nobody_to_ask() {
    let script = "[-c, 'read x && exit 4; case $KUBERNETES_EXEC_INFO in *interactive*false*) ;; *) exit 5;; esac; \
                  echo ''{\"status\":{\"token\":\"t\"}}''']";
    let told = try_plugin("sh", script).await;
    assert!(told.is_ok(), "stdin is empty and it is told so: {told:?}");
}

#[tokio::test]
async fn no_credentials_go_over_plain_http() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = format!("http://{}", listener.local_addr().expect("an address"));
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        let mut head = vec![0; 4096];
        let read = stream.read(&mut head).await.expect("a request");
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").await.expect("written");
        String::from_utf8_lossy(&head[..read]).to_lowercase()
    });
    let dir = tempfile::tempdir().expect("a directory");
    let file = kubeconfig(dir.path(), &server, "{token: hunter2}");
    let cluster = connect(&spec(None), &KubeSource::file(file)).await.expect("connected");
    assert!(cluster.facts().insecure, "to be shown");
    assert_eq!(cluster.identity().await.expect_err("401").kind, CallKind::Unauthorized);
    let request = heard.await.expect("heard");
    assert!(
        request.starts_with("get /api/v1/namespaces/kube-system") && !request.contains("authorization"),
        "{request}"
    );
}
