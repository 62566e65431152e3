//! The objects of the bench: ten an app (a Deployment, four Pods, three ConfigMaps, two Secrets), a thousand a namespace.
//!
//! Each is written as a cluster writes it: the Deployments applied by one manager and given their status by another, the
//! Pods created by a controller and given their status by the kubelet, the rest created by `kubectl create`.

use serde_json::{Value, json};

/// Objects in a namespace.
const EACH: usize = 1_000;
/// Objects of an app.
const APP: usize = 10;
const START: &str = "2026-01-01T00:00:00Z";

/// The kinds there are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Deployment,
    Pod,
    ConfigMap,
    Secret,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Deployment, Self::Pod, Self::ConfigMap, Self::Secret];

    /// All of the kind.
    pub fn path(self) -> &'static str {
        match self {
            Self::Deployment => "/apis/apps/v1/deployments",
            Self::Pod => "/api/v1/pods",
            Self::ConfigMap => "/api/v1/configmaps",
            Self::Secret => "/api/v1/secrets",
        }
    }

    /// What the bench writes of it.
    pub fn write(self) -> &'static str {
        match self {
            Self::Deployment => "server-side apply of a Deployment",
            Self::Pod => "merge patch of a Pod's status",
            Self::ConfigMap => "merge patch of a ConfigMap",
            Self::Secret => "update of a Secret",
        }
    }

    /// Its number among the objects of app `app`.
    fn among(self) -> &'static [usize] {
        match self {
            Self::Deployment => &[0],
            Self::Pod => &[1, 2, 3, 4],
            Self::ConfigMap => &[5, 6, 7],
            Self::Secret => &[8, 9],
        }
    }

    fn of(n: usize) -> Self {
        Self::ALL.into_iter().find(|kind| kind.among().contains(&(n % APP))).unwrap_or(Self::Secret)
    }

    /// An object of the kind, by any number.
    pub fn pick(self, objects: usize, roll: usize) -> usize {
        roll % (objects / APP) * APP + self.among()[roll % self.among().len()]
    }
}

/// Method, path, content type, body.
pub type Request = (&'static str, String, &'static str, Value);

const APPLY: &str = "application/apply-patch+yaml";
const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

pub fn namespaces(objects: usize) -> usize {
    objects.div_ceil(EACH)
}

pub fn namespace(n: usize) -> Request {
    ("POST", "/api/v1/namespaces".to_owned(), JSON, json!({"metadata": {"name": format!("team-{n}")}}))
}

/// What makes all objects, in order.
pub fn all(objects: usize) -> impl Iterator<Item = Request> {
    (0..objects).flat_map(|n| match Kind::of(n) {
        Kind::Deployment => vec![write(n, 0), status(n)],
        Kind::Pod => {
            vec![("POST", format!("{}?fieldManager=kube-controller-manager", base(n)), JSON, pod(n)), write(n, 0)]
        }
        Kind::ConfigMap => vec![("POST", format!("{}?fieldManager=kubectl-create", base(n)), JSON, config_map(n))],
        Kind::Secret => vec![("POST", format!("{}?fieldManager=kubectl-create", base(n)), JSON, secret(n, 0))],
    })
}

/// A write of object `n` that changes something whenever `turn` does.
pub fn write(n: usize, turn: usize) -> Request {
    let path = format!("{}/{}", base(n), name(n));
    match Kind::of(n) {
        Kind::Deployment => ("PATCH", format!("{path}?fieldManager=driftdeck&force=true"), APPLY, deployment(n, turn)),
        Kind::Pod => ("PATCH", format!("{path}/status?fieldManager=kubelet"), MERGE, pod_status(n, turn)),
        Kind::ConfigMap => (
            "PATCH",
            format!("{path}?fieldManager=kubectl-edit"),
            MERGE,
            json!({"data": {"level": format!("v{turn}")}}),
        ),
        Kind::Secret => ("PUT", format!("{path}?fieldManager=kubectl-replace"), JSON, secret(n, turn)),
    }
}

fn base(n: usize) -> String {
    let resource = Kind::of(n).path().rsplit_once('/').expect("a path");
    format!("{}/namespaces/team-{}/{}", resource.0, n / EACH, resource.1)
}

fn app(n: usize) -> String {
    format!("checkout-{}", n / APP)
}

fn name(n: usize) -> String {
    match Kind::of(n) {
        Kind::Deployment => app(n),
        Kind::Pod => format!("{}-7d9c5b8f6d-{:05x}", app(n), n),
        Kind::ConfigMap => format!("{}-settings-{}", app(n), n % APP),
        Kind::Secret => format!("{}-credentials-{}", app(n), n % APP),
    }
}

fn labels(n: usize) -> Value {
    json!({
        "app.kubernetes.io/name": app(n), "app.kubernetes.io/part-of": format!("team-{}", n / EACH),
        "app.kubernetes.io/managed-by": "driftdeck", "app.kubernetes.io/version": "1.14.2",
    })
}

fn metadata(n: usize) -> Value {
    json!({"name": name(n), "namespace": format!("team-{}", n / EACH), "labels": labels(n)})
}

fn containers(n: usize) -> Value {
    let probe = |path: &str| json!({"httpGet": {"path": path, "port": 8080}, "periodSeconds": 5, "timeoutSeconds": 2});
    json!([{
        "name": "app", "image": format!("registry.example.com/{}:1.14.2", app(n)),
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "REGION", "value": "eu-central-1"}],
        "envFrom": [{"configMapRef": {"name": format!("{}-settings-5", app(n))}}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": probe("/ready"), "livenessProbe": probe("/live"),
        "volumeMounts": [{"name": "credentials", "mountPath": "/etc/credentials", "readOnly": true}],
    }])
}

fn pod_spec(n: usize) -> Value {
    json!({
        "serviceAccountName": "default", "containers": containers(n),
        "securityContext": {"runAsNonRoot": true, "runAsUser": 10001},
        "volumes": [{"name": "credentials", "secret": {"secretName": format!("{}-credentials-8", app(n))}}],
    })
}

fn deployment(n: usize, turn: usize) -> Value {
    let mut metadata = metadata(n);
    metadata["annotations"] = json!({"deploy.example.com/revision": format!("{turn}")});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {
            "replicas": 4, "selector": {"matchLabels": {"app.kubernetes.io/name": app(n)}},
            "template": {"metadata": {"labels": labels(n)}, "spec": pod_spec(n)},
        },
    })
}

fn status(n: usize) -> Request {
    let condition = |what: &str, reason: &str| {
        json!({"type": what, "status": "True", "reason": reason, "message": "as it should be",
            "lastTransitionTime": START, "lastUpdateTime": START})
    };
    let body = json!({"status": {
        "observedGeneration": 1, "replicas": 4, "readyReplicas": 4, "availableReplicas": 4, "updatedReplicas": 4,
        "conditions": [condition("Available", "MinimumReplicasAvailable"), condition("Progressing", "NewReplicaSetAvailable")],
    }});
    ("PATCH", format!("{}/{}/status?fieldManager=kube-controller-manager", base(n), name(n)), MERGE, body)
}

fn pod(n: usize) -> Value {
    let mut metadata = metadata(n);
    metadata["labels"]["pod-template-hash"] = "7d9c5b8f6d".into();
    let mut spec = pod_spec(n);
    spec["nodeName"] = format!("node-{}", n % 3 + 1).into();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

fn pod_status(n: usize, turn: usize) -> Value {
    let condition = |what: &str| json!({"type": what, "status": "True", "lastTransitionTime": START});
    let conditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map(condition);
    let ip = format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
    json!({"status": {
        "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "hostIP": "192.168.0.1", "startTime": START,
        "conditions": conditions,
        "containerStatuses": [{
            "name": "app", "image": format!("registry.example.com/{}:1.14.2", app(n)), "ready": true, "started": true,
            "imageID": format!("registry.example.com/{}@sha256:{n:064x}", app(n)), "restartCount": turn,
            "containerID": format!("containerd://{n:064x}"), "state": {"running": {"startedAt": START}},
        }],
    }})
}

fn config_map(n: usize) -> Value {
    let lines: Vec<String> =
        (0..24).map(|line| format!("service.{line}.endpoint=https://s{line}-{n}.example.com/v1")).collect();
    let data = json!({"level": "info", "application.properties": lines.join("\n"), "region": "eu-central-1"});
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(n), "data": data})
}

fn secret(n: usize, turn: usize) -> Value {
    let word = |seed: usize| format!("{:064x}{:064x}", n * 31 + seed, turn);
    let data: Vec<(String, String)> = (0..6).map(|key| (format!("key-{key}"), word(key))).collect();
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": metadata(n), "type": "Opaque",
        "stringData": data.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    })
}
