//! Exec plugins of kubeconfigs (`client.authentication.k8s.io`), run so that they can neither hang us nor draw on the
//! terminal (`faults.md` 1.9): no stdin, nothing inherited, a process group of their own, 30 s, killed with us.
//!
//! Owns the program and what it prints. Refuses to tell what it printed: that is a token, or words about one.

use std::process::Stdio;
use std::time::Duration;

use kube::Client;
use kube::client::ClientBuilder;
use kube::config::ExecConfig;
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use super::connect::ConnectError;
use super::kubeconfig::Picked;
use crate::model::Foreign;

const LIMIT: Duration = Duration::from_secs(30);

/// `ExecCredential`, as much of it as we use.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    status: Option<Given>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Given {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// A client of that context, signed in by its plugin where it has one.
pub(super) async fn client(picked: &Picked) -> Result<Client, ConnectError> {
    let mut config = picked.config.clone();
    if let Some(exec) = &picked.exec {
        let given = run(exec, LIMIT).await?;
        if config.cluster_url.scheme_str() != Some("http") {
            config.auth_info.token = given.token.map(Into::into);
            config.auth_info.client_certificate_data = given.client_certificate_data.map(|pem| base64(&pem));
            config.auth_info.client_key_data = given.client_key_data.map(|pem| base64(&pem).into());
        }
    }
    let context = picked.context.clone().unwrap_or_else(|| Foreign::from("in-cluster"));
    let bad = |_| ConnectError::BadContext { context, what: "its certificates or credentials cannot be used" };
    Ok(ClientBuilder::try_from(config).map_err(bad)?.build())
}

fn base64(pem: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(pem)
}

async fn run(exec: &ExecConfig, limit: Duration) -> Result<Given, ConnectError> {
    let program = exec.command.clone().unwrap_or_default();
    let failed = |what| ConnectError::Plugin { command: Foreign::from(&*program), what };
    let child = command(exec, &program).spawn().map_err(|error| failed(why_not(&error)))?;
    let Ok(ended) = tokio::time::timeout(limit, child.wait_with_output()).await else {
        return Err(failed("did not answer in time; sign in outside first"));
    };
    let out = ended.map_err(|_| failed("cannot be waited for"))?;
    if !out.status.success() {
        return Err(failed("failed; run it in a shell to see why"));
    }
    let answer: Answer = serde_json::from_slice(&out.stdout).map_err(|_| failed("did not print an ExecCredential"))?;
    let given = answer.status.unwrap_or_default();
    if given.token.is_none() && given.client_certificate_data.is_none() {
        return Err(failed("gave no credentials"));
    }
    Ok(given)
}

fn why_not(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::NotFound => "is not installed",
        std::io::ErrorKind::PermissionDenied => "may not be run",
        _ => "does not start",
    }
}

fn command(exec: &ExecConfig, program: &str) -> Command {
    let mut command = Command::new(program);
    command.args(exec.args.iter().flatten());
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    for name in exec.drop_env.iter().flatten() {
        command.env_remove(name);
    }
    command.env("KUBERNETES_EXEC_INFO", exec_info(exec));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// What the plugin is told: nobody is there to answer questions.
fn exec_info(exec: &ExecConfig) -> String {
    let cluster = exec.cluster.as_ref().and_then(|cluster| serde_json::to_value(cluster).ok());
    let mut spec = json!({"interactive": false});
    if let (Some(cluster), true) = (cluster, exec.provide_cluster_info) {
        spec["cluster"] = cluster;
    }
    json!({"apiVersion": exec.api_version, "kind": "ExecCredential", "spec": spec}).to_string()
}
