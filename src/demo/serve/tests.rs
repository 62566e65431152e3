use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::door::{CONNECTIONS, PATIENCE};
use super::*;
use crate::sandbox::{Clock, Options, Sandbox, Service};

type Secure = StreamOwned<ClientConnection, TcpStream>;

/// Clusters and a directory for their kubeconfig; edge-07 is cut.
struct Site {
    clusters: Vec<(&'static str, Sandbox)>,
    dir: tempfile::TempDir,
}

fn site() -> Site {
    let start = "2026-11-21T14:02:00Z".parse().expect("a time");
    let cluster = |(seed, name): (u64, &'static str)| {
        let options = Options { clock: Clock::Held(start), seed, server_version: "v1.36.3".to_owned() };
        (name, Sandbox::new(options).expect("the shipped documents read"))
    };
    let clusters: Vec<_> = (1..).zip(["edge-07", "prod-eu", "prod-us"]).map(cluster).collect();
    clusters[0].1.cut();
    Site { clusters, dir: tempfile::tempdir().expect("a directory") }
}

impl Site {
    fn open(&self, address: &str, file: &Path) -> Result<Served, ServeError> {
        let clusters = self.clusters.iter().map(|(name, sandbox)| (*name, sandbox.service()));
        Served::to(clusters, address.parse::<Address>().expect("an address").0, file)
    }

    fn served(&self) -> Served {
        self.open("127.0.0.1", &self.file()).expect("a door")
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("kubeconfig")
    }
}

/// What a kubeconfig says of a cluster: its server, the authority, the token.
fn entry(served: &Served, name: &str) -> (String, String, String) {
    let text = std::fs::read_to_string(served.kubeconfig()).expect("the kubeconfig");
    let value = crate::yaml::read(text.as_bytes(), &crate::yaml::Budget::default()).remove(0).expect("YAML").value;
    let of = |list: &str, named: String| {
        let list = value[list].as_array().expect("a list").clone();
        list.into_iter().find(|one| one["name"] == named).expect("an entry of that name")
    };
    let cluster = of("clusters", name.to_owned());
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let token = text(&of("users", format!("demo-{name}"))["user"]["token"]);
    let authority = text(&cluster["cluster"]["certificate-authority-data"]);
    let authority = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, authority).expect("base64");
    (text(&cluster["cluster"]["server"]), String::from_utf8(authority).expect("PEM"), token)
}

fn secure(address: SocketAddr, authority: &str, name: &str) -> Secure {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).expect("PEM")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions").with_root_certificates(roots);
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let client = ClientConnection::new(Arc::new(config.with_no_client_auth()), name).expect("a client");
    StreamOwned::new(client, TcpStream::connect(address).expect("the port is open"))
}

/// Sends a request and reads to the end of the connection.
fn said(mut stream: impl std::io::Read + std::io::Write, request: &str) -> String {
    // Who is refused may be so before all is said: what counts is the answer.
    let sent = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    if let Err(error) = sent.and_then(|()| stream.flush()) {
        return format!("broken off: {error}");
    }
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof => format!("broken off: {error}"),
        _ => String::from_utf8_lossy(&answer).into_owned(),
    }
}

fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: demo\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n")
}

/// What blocks does so beside the runtime; time that stands does not move meanwhile.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("it ends")
}

#[tokio::test]
async fn it_is_a_free_port_of_loopback_and_no_two_demos_share_one() {
    let site = site();
    let one = site.served();
    let other = site.open("127.0.0.1", &site.dir.path().join("two")).expect("a second door");
    assert!(one.address().ip().is_loopback() && one.address().port() != 0, "{one:?}");
    assert_ne!(one.address(), other.address());
    assert_eq!(one.warning(), None, "nobody but this machine reaches it");
    assert_ne!(entry(&one, "prod-eu").2, entry(&other, "prod-eu").2, "one's token is none of the other's");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_with_what_to_do() {
    let site = site();
    let one = site.served();
    let file = site.dir.path().join("two");
    let told = site.open(&one.address().to_string(), &file).expect_err("it is taken").to_string();
    let port = one.address().port().to_string();
    assert!(told.contains(&format!("127.0.0.1:{port}")) && told.contains("another program has port"), "{told}");
    assert!(told.contains(&format!("lsof -i :{port}")) && told.contains("a free one is taken"), "{told}");
    assert!(!file.exists(), "no kubeconfig for a door that is none");
    let far = site.open("192.0.2.1", &file).expect_err("not ours");
    assert!(far.to_string().contains("this machine has no such address"), "{far}");
}

#[tokio::test]
async fn a_kubeconfig_that_kubectl_has_written_anew_goes_with_the_port_and_another_ones_stays() {
    let site = site();
    let file = site.dir.path().join("config");
    let rewritten =
        |text: &str| format!("apiVersion: v1\ncurrent-context: stage-eu\n{}", text.split_once('\n').expect("lines").1);
    let served = site.open("127.0.0.1", &file).expect("open");
    std::fs::write(&file, rewritten(&std::fs::read_to_string(&file).expect("text"))).expect("written");
    drop(served);
    assert!(!file.exists(), "kubectl config use-context makes it nobody else's");
    let served = site.open("127.0.0.1", &file).expect("open");
    let more = "- cluster: {}\n  server: https://192.0.2.1\n";
    std::fs::write(&file, rewritten(&std::fs::read_to_string(&file).expect("text")) + more).expect("written");
    drop(served);
    assert!(file.exists(), "somebody keeps a cluster of their own in it");
    for name in ["a:b", "a\nb"] {
        let told = site.open("127.0.0.1", &site.dir.path().join(name)).expect_err("no name for it").to_string();
        assert!(told.contains("KUBECONFIG") && told.contains("name another"), "{told}");
    }
}

#[tokio::test]
async fn nothing_is_said_without_the_clusters_own_token() {
    let site = site();
    let served = site.served();
    let (_, authority, token) = entry(&served, "prod-eu");
    let (_, _, other) = entry(&served, "prod-us");
    let address = served.address();
    let ask = move |line: String| {
        let authority = authority.clone();
        beside(move || said(secure(address, &authority, "127.0.0.1"), &line))
    };
    for path in ["/healthz", "/livez", "/readyz", "/version", "/api", "/prod-eu/api", "/", "/openapi/v3"] {
        let answer = ask(format!("GET {path} HTTP/1.1\r\nHost: demo\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
        assert!(answer.contains("connection: close") && answer.contains("\"Unauthorized\""), "{path}: {answer}");
    }
    let wrong = ask(get("/prod-eu/version", &other)).await;
    assert!(wrong.starts_with("HTTP/1.1 401"), "another cluster's token: {wrong}");
    let right = ask(get("/prod-eu/version", &token)).await;
    assert!(right.starts_with("HTTP/1.1 200") && right.contains("gitVersion"), "{right}");
    let raw = ask(get("/version", &token)).await;
    assert!(raw.starts_with("HTTP/1.1 200"), "the token alone says which: {raw}");
}

#[tokio::test]
async fn the_certificate_is_for_the_address_and_for_nobody_else() {
    let site = site();
    let served = site.served();
    let (address, (_, authority, token)) = (served.address(), entry(&served, "prod-eu"));
    for (name, holds) in [("127.0.0.1", true), ("::1", true), ("localhost", true), ("192.0.2.1", false)] {
        let (authority, line) = (authority.clone(), get("/version", &token));
        let done = beside(move || secure(address, &authority, name).write_all(line.as_bytes())).await;
        assert_eq!(done.is_ok(), holds, "{name}: {done:?}");
    }
    let (line, strange) = (get("/version", &token), keys::tls(address.ip()).expect("another authority").authority);
    let done = beside(move || secure(address, &strange, "127.0.0.1").write_all(line.as_bytes())).await;
    assert!(done.is_err(), "of another demo's authority it is not");
}

#[tokio::test]
async fn plain_http_is_told_that_this_is_https() {
    let site = site();
    let served = site.served();
    let (address, token) = (served.address(), entry(&served, "prod-eu").2);
    let ask = move || said(TcpStream::connect(address).expect("the port is open"), &get("/version", &token));
    let answer = beside(ask).await;
    assert!(answer.starts_with("HTTP/1.0 400") && answer.contains("HTTP request to an HTTPS server"), "{answer}");
}

#[tokio::test]
async fn a_cluster_that_is_cut_refuses_connections_until_it_is_back() {
    let site = site();
    let served = site.served();
    let (url, authority, token) = entry(&served, "edge-07");
    let own = url.strip_prefix("https://").and_then(|rest| rest.strip_suffix("/edge-07")).expect("an address");
    let own: SocketAddr = own.parse().expect("an address");
    assert_ne!(own, served.address(), "it has a port of its own");
    let refused = beside(move || TcpStream::connect(own).map(drop)).await.expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "as a cluster that is gone");
    site.clusters[0].1.restore();
    // Asked for again each second of a time that stands but for this.
    tokio::time::pause();
    while tokio::net::TcpStream::connect(own).await.is_err() {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
    }
    tokio::time::resume();
    let answer = beside(move || said(secure(own, &authority, "127.0.0.1"), &get("/edge-07/version", &token))).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn dropped_it_closes_the_port_ends_connections_and_removes_the_file() {
    let site = site();
    let served = site.served();
    let (address, file) = (served.address(), served.kubeconfig().to_owned());
    let mut open = tokio::net::TcpStream::connect(address).await.expect("the port is open");
    drop(served);
    assert!(!file.exists(), "the kubeconfig goes with the port");
    let end = tokio::io::AsyncReadExt::read(&mut open, &mut [0]).await;
    assert!(matches!(end, Ok(0) | Err(_)), "who was connected is not any more: {end:?}");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens");
}

/// A door to one cluster that answers as told, its port, its authority and its token.
fn door(answer: impl Fn(&Service) -> Behind) -> (Door, SocketAddr, String, String, JoinSet<()>) {
    let one = answer(&site().clusters[1].1.service());
    let token = one.token.text().to_owned();
    let listener = listener(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port");
    let address = listener.local_addr().expect("its address");
    let tls = keys::tls(address.ip()).expect("a certificate");
    let door = Door::new(TlsAcceptor::from(tls.config), vec![one]);
    let mut open = JoinSet::new();
    open.spawn(door.clone().open(listener));
    (door, address, tls.authority, token, open)
}

#[tokio::test]
async fn a_cluster_that_panics_takes_nobody_with_it() {
    let panics = |service: &Service| {
        let whole = Behind::new("one", service.clone());
        let answer = whole.answer.clone();
        let answer = Arc::new(move |request: http::Request<hyper::body::Incoming>| {
            assert!(request.uri().path() != "/boom", "a fault of the cluster");
            answer(request)
        });
        Behind { answer, ..whole }
    };
    let (_door, address, authority, token, mut open) = door(panics);
    let ask = move |path: &'static str| {
        let (authority, line) = (authority.clone(), get(path, &token));
        beside(move || said(secure(address, &authority, "127.0.0.1"), &line))
    };
    let boom = ask("/boom").await;
    assert!(boom.starts_with("HTTP/1.1 500") && boom.contains("panicked"), "{boom}");
    assert!(ask("/version").await.starts_with("HTTP/1.1 200"), "the next is served");
    assert!(open.try_join_next().is_none(), "the door is open");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let (_door, address, authority, token, _open) = door(|service| Behind::new("one", service.clone()));
    let long = get(&format!("/version?{}", "x".repeat(256 * 1024)), &token);
    let answer = beside(move || said(secure(address, &authority, "127.0.0.1"), &long)).await;
    assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("broken off"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_let_go() {
    let (_door, address, _, _, _open) = door(|service| Behind::new("one", service.clone()));
    let mut silent = tokio::net::TcpStream::connect(address).await.expect("the port is open");
    // Nobody has anything to do but to wait: time goes on by itself.
    let end = tokio::io::AsyncReadExt::read(&mut silent, &mut [0]).await;
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_silent_clients_delays_the_others_and_no_more() {
    let (door, address, authority, token, _open) = door(|service| Behind::new("one", service.clone()));
    let (full, filled) = std::sync::mpsc::channel::<()>();
    let asked = beside(move || {
        let flood: Vec<_> = (0..CONNECTIONS).map(|_| TcpStream::connect(address).expect("the port is open")).collect();
        filled.recv().expect("all seats are taken");
        let answer = said(secure(address, &authority, "127.0.0.1"), &get("/version", &token));
        drop(flood);
        answer
    });
    let asked = tokio::spawn(asked);
    while door.seats() > 0 {
        tokio::task::yield_now().await;
    }
    full.send(()).expect("it waits");
    tokio::time::advance(PATIENCE).await;
    let answer = asked.await.expect("it ends");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn the_file_is_its_owners_and_no_strangers_file_is_touched() {
    let site = site();
    let (dir, file) = (site.dir.path(), site.file());
    let open = |file: &Path| site.open("127.0.0.1", file);
    let mode = |file: &Path| std::fs::metadata(file).expect("it is there").permissions().mode() & 0o777;

    let served = open(&file).expect("a new file");
    assert_eq!(mode(&file), 0o600, "for its owner's eyes");
    let told = open(&file).expect_err("another demo has it").to_string();
    assert!(told.contains("belongs to a demo that still runs"), "{told}");
    let left = std::fs::read(&file).expect("the file");
    drop(served);
    assert!(!file.exists(), "it goes with the door");

    std::fs::write(&file, left).expect("what a demo that was killed leaves");
    drop(open(&file).expect("a demo's own is written over"));
    std::fs::write(&file, "").expect("what mktemp makes");
    drop(open(&file).expect("an empty file is nobody's"));

    std::fs::write(&file, "kind: Config\n").expect("somebody's file");
    let told = open(&file).expect_err("somebody's stays").to_string();
    assert!(told.contains("was not written by a demo") && told.contains("name another"), "{told}");
    let link = dir.join("link");
    for target in [&file, &dir.join("nowhere")] {
        symlink(target, &link).expect("a link");
        assert!(matches!(open(&link), Err(ServeError::NoFile(_))), "no link is followed, and none replaced");
        std::fs::remove_file(&link).expect("removed");
    }
    assert!(matches!(open(dir), Err(ServeError::NoFile(_))), "a directory is no file");
    let told = open(&dir.join("no/such/file")).expect_err("nowhere").to_string();
    assert!(told.contains("its directory is not there"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "kind: Config\n", "nothing happened to it");
}

#[tokio::test]
async fn a_file_that_became_somebody_elses_stays() {
    let site = site();
    let (served, file) = (site.served(), site.file());
    std::fs::write(&file, "kind: Config\n").expect("somebody's file");
    drop(served);
    assert!(file.exists(), "it is not the door's any more");
}

#[tokio::test]
async fn the_line_is_a_shells_wherever_that_shell_stands() {
    let site = site();
    let served = site.open("127.0.0.1", &site.dir.path().join("it's $here & there")).expect("a door");
    let line = format!("{}; cd /; cat \"$KUBECONFIG\"", served.export());
    let ran = std::process::Command::new("sh").args(["-c", &line]).output().expect("a shell");
    assert!(String::from_utf8_lossy(&ran.stdout).contains("current-context: prod-eu"), "{line}: {ran:?}");
    let here = std::env::current_dir().expect("a directory");
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(site.file().strip_prefix("/").expect("from the root on"));
    let served = site.open("127.0.0.1", &relative).expect("a door");
    assert!(served.kubeconfig().is_absolute(), "{}", served.export());
}

#[tokio::test]
async fn no_token_is_in_anything_that_is_said() {
    let site = site();
    let served = site.served();
    let told = format!("{served:?} {} {} {:?}", served.export(), served.words(), served.warning());
    for name in ["prod-eu", "prod-us", "edge-07"] {
        assert!(!told.contains(&entry(&served, name).2), "the token of {name}: {told}");
        assert!(told.contains(name), "{name} is served: {told}");
    }
}
