//! A private git server: `git http-backend` behind TLS on loopback, with its own authority and basic auth.

#![allow(dead_code, reason = "each suite uses its part")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A running server; its threads end with the process.
pub struct Server {
    pub port: u16,
    /// The authority's certificate, PEM.
    pub ca: PathBuf,
    /// How many requests carried an `Authorization` header.
    pub signed: Arc<AtomicUsize>,
}

struct Site {
    root: PathBuf,
    authorization: String,
    signed: Arc<AtomicUsize>,
    /// Redirects every request to this authority instead of serving it.
    elsewhere: Option<String>,
}

/// Serves the repositories below `root` to user `git` with `token`.
pub fn serve(root: &Path, token: &str, elsewhere: Option<String>) -> Server {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (tls, ca_pem) = tls();
    let ca = root.join(format!("ca-{}.pem", ca_pem.len() + usize::from(elsewhere.is_some())));
    std::fs::write(&ca, ca_pem).expect("the authority is written");
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let signed = Arc::new(AtomicUsize::new(0));
    let authorization = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("git:{token}")));
    let site = Arc::new(Site { root: root.to_owned(), authorization, signed: Arc::clone(&signed), elsewhere });
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (tls, site) = (Arc::clone(&tls), Arc::clone(&site));
            // A client that hangs up is its own business.
            std::thread::spawn(move || drop(answer(stream, tls, &site)));
        }
    });
    Server { port, ca, signed }
}

fn tls() -> (Arc<rustls::ServerConfig>, String) {
    let ca_key = rcgen::KeyPair::generate().expect("a key");
    let mut ca = rcgen::CertificateParams::new(Vec::<String>::new()).expect("parameters");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::DigitalSignature];
    ca.distinguished_name.push(rcgen::DnType::CommonName, "driftdeck tests");
    let ca_pem = ca.self_signed(&ca_key).expect("signed").pem();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = leaf.signed_by(&key, &issuer).expect("signed");
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)
        .expect("a usable certificate");
    (Arc::new(config), ca_pem)
}

type Stream = BufReader<rustls::StreamOwned<rustls::ServerConnection, TcpStream>>;

fn answer(stream: TcpStream, tls: Arc<rustls::ServerConfig>, site: &Site) -> std::io::Result<()> {
    let connection = rustls::ServerConnection::new(tls).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(rustls::StreamOwned::new(connection, stream));
    let (request, headers) = head(&mut stream)?;
    let body = body(&mut stream, &headers)?;
    let said = headers.get("authorization");
    if said.is_some() {
        site.signed.fetch_add(1, Ordering::SeqCst);
    }
    let reply = match (&site.elsewhere, said) {
        (Some(to), _) => {
            let target = request.split(' ').nth(1).unwrap_or_default();
            plain("302 Found", &format!("Location: {to}{target}\r\n"))
        }
        (None, Some(said)) if *said == site.authorization => backend(site, &request, &headers, &body)?,
        (None, _) => plain("401 Unauthorized", "WWW-Authenticate: Basic realm=\"git\"\r\n"),
    };
    let out = stream.get_mut();
    out.write_all(&reply)?;
    out.conn.send_close_notify();
    out.flush()
}

fn plain(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

fn head(stream: &mut Stream) -> std::io::Result<(String, BTreeMap<String, String>)> {
    let mut request = String::new();
    stream.read_line(&mut request)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
            None => return Ok((request.trim_end().to_owned(), headers)),
        };
    }
}

fn body(stream: &mut Stream, headers: &BTreeMap<String, String>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|how| how == "chunked") {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    stream.take(length).read_to_end(&mut body)?;
    Ok(body)
}

/// The CGI/1.1 protocol (RFC 3875) with `git http-backend`.
fn backend(site: &Site, request: &str, headers: &BTreeMap<String, String>, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |name: &str| headers.get(name).map_or("", String::as_str);
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &site.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("REMOTE_USER", "git")
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("piped");
    let input = body.to_vec();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let out = child.wait_with_output()?;
    feeder.join().expect("the feeder ends");
    let split = out.stdout.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
    let head = String::from_utf8_lossy(&out.stdout[..split]).into_owned();
    let content = &out.stdout[(split + 4).min(out.stdout.len())..];
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let mut reply = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", content.len());
    for line in head.lines().filter(|line| !line.starts_with("Status:")) {
        reply.push_str(line);
        reply.push_str("\r\n");
    }
    reply.push_str("\r\n");
    let mut reply = reply.into_bytes();
    reply.extend_from_slice(content);
    Ok(reply)
}
