//! A sandbox behind a loopback port, without TLS and without a token: whoever asks is the administrator.

use std::sync::Arc;

use driftdeck::engine;
use driftdeck::sandbox::{Body, Clock, Options, Sandbox, Unreachable};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service as _;

/// An open port; its runtime ends with it.
pub struct Port {
    pub url: String,
    _runtime: tokio::runtime::Runtime,
}

/// Opens a port to a new sandbox, with its controllers at work or not. Nobody but the test plays the kubelet.
pub fn open(with_controllers: bool) -> Port {
    let clock = engine::Clock::real();
    let clock = Clock::Real(Arc::new(move || clock.now().wall));
    let sandbox = Sandbox::new(Options { clock, seed: 7, server_version: "v1.36.3".to_owned() }).expect("a sandbox");
    sandbox.without_kubelets();
    sandbox.without_admission();
    // No kubelet has registered a node on the other server either.
    sandbox.request("DELETE", "/api/v1/nodes", &serde_json::Value::Null, "");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, sandbox.clone(), with_controllers));
        }
    });
    Port { url, _runtime: runtime }
}

async fn converse(stream: TcpStream, sandbox: Sandbox, with_controllers: bool) {
    let serve = service_fn(move |request| answer(sandbox.clone(), with_controllers, request));
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await;
}

/// The controllers have done their work before a write is answered.
async fn answer(
    sandbox: Sandbox,
    with_controllers: bool,
    request: Request<Incoming>,
) -> Result<Response<Body>, Unreachable> {
    let writes = request.method() != Method::GET;
    let answer = sandbox.service().call(request).await?;
    if with_controllers && writes {
        sandbox.tick(sandbox.now());
    }
    Ok(answer)
}
