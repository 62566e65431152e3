//! What a server of the tests knows its clients by: a CA, a token file, one kubeconfig per account and their rights.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::User;

/// CA, server certificate, key of service accounts, token file, one kubeconfig per account.
pub fn write(dir: &Path, url: &str) {
    let put = |name: &str, text: &str| fs::write(dir.join(name), text).expect("a file of the server");
    let ca_key = KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).expect("a CA").pem();
    let key = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server =
        CertificateParams::new(names).expect("names").signed_by(&key, &Issuer::new(ca, &ca_key)).expect("signed");
    put("ca.pem", &ca_pem);
    put("server.pem", &server.pem());
    put("server.key", &key.serialize_pem());
    let accounts = KeyPair::generate().expect("a key");
    put("accounts.key", &accounts.serialize_pem());
    put("accounts.pub", &accounts.public_key_pem());
    let mut tokens = String::new();
    for user in User::ALL {
        let groups = if user == User::Admin { ",\"system:masters\"" } else { "" };
        let _ = writeln!(tokens, "{},{},{}{groups}", user.token(), user.name(), user.name());
        put(&format!("{}.kubeconfig", user.name()), &kubeconfig(dir, url, user));
    }
    put("tokens.csv", &tokens);
}

fn kubeconfig(dir: &Path, url: &str, user: User) -> String {
    let (name, ca, token) = (user.name(), dir.join("ca.pem"), user.token());
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {name}\n\
         clusters: [{{name: test, cluster: {{server: \"{url}\", certificate-authority: \"{}\"}}}}]\n\
         users: [{{name: {name}, user: {{token: {token}}}}}]\n\
         contexts: [{{name: {name}, context: {{cluster: test, user: {name}}}}}]\n",
        ca.display()
    )
}

/// The rights of the accounts.
pub const RBAC: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: test-operator}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: test-reader}
rules:
- apiGroups: [""]
  resources: [configmaps, namespaces, pods, services, serviceaccounts, persistentvolumeclaims]
  verbs: [get, list, watch]
- apiGroups: [apps, batch, networking.k8s.io, rbac.authorization.k8s.io, apiextensions.k8s.io, autoscaling, policy]
  resources: ["*"]
  verbs: [get, list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: test-looker}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: test-operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: test-operator}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: operator}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: test-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: test-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: test-looker}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: test-looker}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: looker}]
"#;
