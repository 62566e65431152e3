//! The test support itself: the server starts, its accounts differ, an edit by kubectl arrives, and it stops.

#[path = "support/apiserver.rs"]
mod apiserver;

use apiserver::User;

#[test]
fn the_accounts_may_what_their_names_say() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("accounts");
    let may = |user, what: &[&str]| {
        let args: Vec<&str> = ["-n", &namespace, "auth", "can-i"].iter().chain(what).copied().collect();
        server.try_kubectl(user, &args, "").status.success()
    };
    assert!(may(User::Admin, &["*", "*"]), "the admin may everything");
    assert!(may(User::Operator, &["patch", "deployments.apps"]), "the operator writes");
    assert!(may(User::Reader, &["list", "deployments.apps"]), "the reader looks");
    assert!(!may(User::Reader, &["list", "secrets"]), "but not at Secrets");
    assert!(!may(User::Reader, &["patch", "deployments.apps"]), "and writes nothing");
    assert!(!may(User::NoAccess, &["list", "configmaps"]), "the last one may nothing");
}

#[test]
fn kubectl_edit_changes_an_object_as_a_person_does() {
    let Some(server) = apiserver::shared() else { return };
    let namespace = server.namespace("edit");
    server.kubectl(User::Admin, &["-n", &namespace, "create", "configmap", "c", "--from-literal=colour=red"]);
    server.edit(&namespace, "configmap/c", "s/colour: red/colour: blue/");
    let object =
        server.kubectl(User::Admin, &["-n", &namespace, "get", "cm", "c", "-o", "json", "--show-managed-fields"]);
    assert!(object.contains("blue") && object.contains("kubectl-edit"), "the value and its manager: {object}");
}

#[test]
fn a_server_of_ones_own_is_gone_when_it_is_dropped() {
    let Some(server) = apiserver::own() else { return };
    let address = server.url().trim_start_matches("https://").to_owned();
    assert!(std::net::TcpStream::connect(&address).is_ok(), "it listens while it lives");
    drop(server);
    assert!(std::net::TcpStream::connect(&address).is_err(), "and nobody listens after it");
}
