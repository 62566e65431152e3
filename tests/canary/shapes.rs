//! The shapes of Secrets. `{g}`, `{h}`, `{l}` in them stand for a value of git's first commit, of its head, and of a
//! hand on the live object; `{G}` … for the same in base64.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The apps: what a server takes, what it refuses, what cannot be read, what kustomize makes.
pub const APPS: &[&str] = &["shop", "bad", "torn", "kust"];

/// What is done to the live object between the two commits.
#[derive(Clone, Copy)]
pub enum Act {
    /// Nothing.
    None,
    /// A merge patch by a program.
    Patch(&'static str, &'static str),
    /// An apply by another program.
    Apply(&'static str, &'static str),
    /// Deleted.
    Delete,
}

/// One shape.
pub struct Shape {
    /// Its app.
    pub app: &'static str,
    /// Its name; also the object's and, with `.yaml`, the file's.
    pub name: &'static str,
    /// The value's pattern; `#` stands for the canary.
    pub value: &'static str,
    /// Git's first commit.
    pub base: &'static str,
    /// Git's head; empty = gone.
    pub head: &'static str,
    /// What happens live.
    pub act: Act,
    /// `kind/name` and the paths that must be found; none = not looked at (the object is not judged).
    pub told: &'static [&'static str],
}

const fn shop(name: &'static str, base: &'static str, head: &'static str, told: &'static [&'static str]) -> Shape {
    Shape { app: "shop", name, value: "#", base, head, act: Act::None, told }
}

const fn bad(name: &'static str, head: &'static str) -> Shape {
    Shape { app: "bad", name, value: "#", base: "", head, act: Act::None, told: &[] }
}

const fn torn(name: &'static str, head: &'static str) -> Shape {
    Shape { app: "torn", name, value: "#", base: "", head, act: Act::None, told: &[] }
}

const PASSWORD: &[&str] = &["data.password"];
const PLAIN: &str = "stringData: {password: {g}, user: same}";
const PLAIN_HEAD: &str = "stringData: {password: {h}, user: same}";

/// All of them. A text that begins with no `kind:` or `apiVersion:` is a Secret's body.
pub static SHAPES: &[Shape] = &[
    shop("data", "data: {password: {G}}", "data: {password: {H}}", PASSWORD),
    shop("string-data", PLAIN, PLAIN_HEAD, PASSWORD),
    shop(
        "both-fields",
        "data: {a: {G}}\nstringData: {b: {g}}",
        "data: {a: {H}}\nstringData: {b: {h}}",
        &["data.a", "data.b"],
    ),
    Shape {
        act: Act::Patch("kubectl-edit", r#"{"stringData":{"password":"{l}"}}"#),
        ..shop("live-edit", PLAIN, PLAIN, PASSWORD)
    },
    Shape {
        act: Act::Patch("kubectl-edit", r#"{"stringData":{"password":"{l}"}}"#),
        ..shop("both-moved", PLAIN, PLAIN_HEAD, PASSWORD)
    },
    shop("key-added", "stringData: {user: same}", PLAIN_HEAD, PASSWORD),
    shop("key-removed", PLAIN, "stringData: {user: same}", PASSWORD),
    shop("key-renamed", "stringData: {old: {g}}", "stringData: {new: {g}}", &["data.new", "data.old"]),
    Shape {
        act: Act::Patch("kubectl-edit", r#"{"stringData":{"extra":"{l}"}}"#),
        ..shop("key-extra", PLAIN, PLAIN, &["data.extra"])
    },
    Shape {
        act: Act::Patch("kubectl-edit", r#"{"data":{"password":null}}"#),
        ..shop("key-gone", PLAIN, PLAIN, PASSWORD)
    },
    shop("dotted", "stringData: {tls.crt: {g}, a-b: x}", "stringData: {tls.crt: {h}, a-b: x}", &["data[\"tls.crt\"]"]),
    Shape {
        value: "-----BEGIN KEY-----\n#\n#end of key\n-----END KEY-----\n",
        ..shop("pem", PLAIN, PLAIN_HEAD, PASSWORD)
    },
    Shape { value: "a\"#'\\\"q\"", ..shop("quotes", PLAIN, PLAIN_HEAD, PASSWORD) },
    Shape { value: "#\n  indented: #two\n", ..shop("lines", PLAIN, PLAIN_HEAD, PASSWORD) },
    Shape { value: "\u{1b}[31m#\u{7}", ..shop("escape", PLAIN, PLAIN_HEAD, PASSWORD) },
    Shape { value: "pässwörd-日本-#\u{202e}", ..shop("unicode", PLAIN, PLAIN_HEAD, PASSWORD) },
    Shape { value: "short", ..shop("short", PLAIN, PLAIN_HEAD, PASSWORD) },
    Shape { value: "long", ..shop("long", PLAIN, PLAIN_HEAD, PASSWORD) },
    Shape { value: "true #: {a: [b]} # no comment", ..shop("yaml-like", PLAIN, PLAIN_HEAD, PASSWORD) },
    Shape { value: "{\"password\":\"#\"}", ..shop("json-like", PLAIN, PLAIN_HEAD, PASSWORD) },
    Shape { value: "https://user:#@db.example.com/x?y=z", ..shop("url", PLAIN, PLAIN_HEAD, PASSWORD) },
    shop(
        "in-a-list",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: in-a-list}, stringData: {password: {g}}}",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: in-a-list}, stringData: {password: {h}}}",
        PASSWORD,
    ),
    shop(
        "type-changed",
        "type: example.com/a\nstringData: {password: {g}}",
        "type: example.com/b\nstringData: {password: {h}}",
        &["data.password", "type"],
    ),
    shop(
        "immutable",
        "immutable: true\nstringData: {password: {g}}",
        "immutable: true\nstringData: {password: {h}}",
        PASSWORD,
    ),
    Shape {
        act: Act::Patch(
            "kubectl",
            r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"kind\":\"Secret\",\"stringData\":{\"password\":\"{l}\"}}"}}}"#,
        ),
        ..shop("last-applied", PLAIN, PLAIN_HEAD, PASSWORD)
    },
    Shape {
        act: Act::Patch(
            "kubectl-annotate",
            r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"password\":\"{L}\"}}"}},"data":{"a":"c"}}"#,
        ),
        ..shop(
            "last-applied-elsewhere",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: last-applied-elsewhere}\ndata: {a: b}",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: last-applied-elsewhere}\ndata: {a: b}",
            &["data.a"],
        )
    },
    shop("pruned", PLAIN, "", &[""]),
    Shape { act: Act::Delete, ..shop("deleted", PLAIN, PLAIN, &[""]) },
    shop("new", "", PLAIN_HEAD, &[""]),
    Shape {
        act: Act::Apply(
            "external-secrets",
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"contested"},"stringData":{"password":"{l}"}}"#,
        ),
        ..shop("contested", "data: {password: {G}}", "data: {password: {G}}", PASSWORD)
    },
    shop(
        "anchors",
        "stringData: {password: &p {g}, again: *p}",
        "stringData: {password: &p {h}, again: *p}",
        &["data.again", "data.password"],
    ),
    shop(
        "merge-keys",
        "stringData:\n  <<: &more {password: {g}}\n  user: same",
        "stringData:\n  <<: &more {password: {h}}\n  user: same",
        PASSWORD,
    ),
    shop(
        "label",
        "metadata: {name: label, labels: {copy: {g}}}\nstringData: {password: {g}}",
        "metadata: {name: label, labels: {copy: {h}}}\nstringData: {password: {h}}",
        &["data.password", "metadata.labels.copy"],
    ),
    shop(
        "annotation",
        "metadata: {name: annotation, annotations: {copy: the value is {g} now}}\nstringData: {password: {g}}",
        "metadata: {name: annotation, annotations: {copy: the value is {h} now}}\nstringData: {password: {h}}",
        &["data.password", "metadata.annotations.copy"],
    ),
    Shape {
        act: Act::Patch("kubectl-edit", r#"{"data":{"password":"{l}"}}"#),
        ..shop(
            "by-rule",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: by-rule}\ndata: {password: {g}, plain: shown}",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: by-rule}\ndata: {password: {h}, plain: shown-too}",
            &["data.password", "data.plain"],
        )
    },
    shop(
        "env-by-rule",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: env-by-rule}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: app, image: a, env: [{name: A, value: x}, {name: TOKEN, value: {g}}]}]}",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: env-by-rule}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: app, image: a, env: [{name: A, value: y}, {name: TOKEN, value: {h}}]}]}",
        &[
            "spec.template.spec.containers[name=app].env[name=A].value",
            "spec.template.spec.containers[name=app].env[name=TOKEN].value",
        ],
    ),
    shop(
        "manifest-in-a-text",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: manifest-in-a-text}\ndata:\n  secret.yaml: |\n    apiVersion: v1\n    kind: Secret\n    stringData:\n      password: {g}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: manifest-in-a-text}\ndata:\n  secret.yaml: |\n    apiVersion: v1\n    kind: Secret\n    stringData:\n      password: {h}",
        &["data[\"secret.yaml\"]"],
    ),
    Shape { value: "digits", ..bad("number", "stringData: {pin: {h}}") },
    Shape { value: "digits", ..bad("number-in-data", "data: {pin: {h}}") },
    bad("boolean-beside", "stringData: {on: true, password: {h}}"),
    bad("not-base64", "data: {password: \"{h}!!\"}"),
    bad("null-beside", "data: {gone: null, password: \"*{h}\"}"),
    bad("map-in-data", "stringData: {password: {inner: {h}}}"),
    bad("list-in-data", "stringData: {password: [{h}, b]}"),
    bad("data-is-text", "data: {h}"),
    bad("lower-case", "apiVersion: v1\nkind: secret\nmetadata: {name: lower-case}\nstringData: {password: {h}}"),
    bad("odd-group", "apiVersion: core/v1\nkind: Secret\nmetadata: {name: odd-group}\nstringData: {password: {h}}"),
    bad("odd-version", "apiVersion: v2\nkind: Secret\nmetadata: {name: odd-version}\ndata: {password: {H}}"),
    bad(
        "another-group",
        "apiVersion: example.com/v1\nkind: Secret\nmetadata: {name: another-group}\ndata: {password: {h}}",
    ),
    bad("elsewhere", "metadata: {name: elsewhere, namespace: kube-system}\nstringData: {password: {h}}"),
    bad("generated", "metadata: {generateName: generated-}\nstringData: {password: {h}}"),
    bad("nameless", "metadata: {labels: {a: b}}\nstringData: {password: {h}}"),
    bad(
        "twice",
        "stringData: {password: {h}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: twice}\nstringData: {password: {g}}",
    ),
    bad(
        "lower-case-list",
        "apiVersion: v1\nkind: list\nmetadata: {name: lower-case-list}\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: x}, stringData: {password: {h}}}",
    ),
    bad("unknown-field", "stringdata: {password: {h}}"),
    bad(
        "wrong-label",
        "metadata: {name: wrong-label, labels: {a: \"{h} is no label\"}}\nstringData: {password: \"{h} is no label\"}",
    ),
    bad("wrong-key", "stringData: {\"a b\": {h}}"),
    bad("wrong-type", "type: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: \"{{h}\"}"),
    bad(
        "no-such-kind",
        "apiVersion: example.com/v1\nkind: Vault\nmetadata: {name: no-such-kind}\nspec: {template: {kind: Secret, stringData: {password: {h}}}}",
    ),
    torn("double-key", "stringData: {password: {h}, password: {g}}"),
    torn("bad-indent", "stringData:\n  password: {h}\n   other: {g}"),
    torn("two-colons", "stringData:\n  password: {h}: {g}"),
    torn("unclosed", "stringData: {password: \"{h}"),
    torn("tab", "stringData:\n\tpassword: {h}"),
    torn("lost-alias", "stringData: {password: *{h}}"),
    torn("tagged", "stringData: {password: !!int {h}}"),
    torn("second-broken", "stringData: {password: {g}}\n---\n{h}: [\n---\n{a: {h}"),
    Shape {
        app: "kust",
        ..shop(
            "kustomization",
            "secretGenerator:\n- {name: made, literals: [password={g}]}\ngeneratorOptions: {disableNameSuffixHash: true}",
            "secretGenerator:\n- {name: made, literals: [password={h}]}\ngeneratorOptions: {disableNameSuffixHash: true}",
            &[],
        )
    },
];

/// The values of a shape: git's first, git's head, the live hand's.
pub fn values(shape: &Shape) -> [String; 3] {
    let n = SHAPES.iter().position(|other| (other.app, other.name) == (shape.app, shape.name)).expect("one of them");
    ["g", "h", "l"].map(|side| {
        let canary = format!("Cnry{n:02}{side}xQzW7");
        match shape.value {
            "short" => format!("z{side}Q#5"),
            "digits" => format!("7{n:02}31{}4958", side.len() + usize::from(side.as_bytes()[0])),
            "long" => canary.repeat(4000),
            pattern => pattern.replace('#', &canary),
        }
    })
}

/// A text of a shape with its values in it.
pub fn filled(shape: &Shape, text: &str) -> String {
    let mut out = text.to_owned();
    for (value, (raw, encoded)) in values(shape).iter().zip([("{g}", "{G}"), ("{h}", "{H}"), ("{l}", "{L}")]) {
        let plain = value.bytes().all(|b| b.is_ascii_alphanumeric());
        let yaml = if plain { value.clone() } else { serde_json::to_string(value).expect("JSON") };
        out = out.replace(encoded, &STANDARD.encode(value)).replace(raw, &yaml);
    }
    out
}

/// The file of a shape at one of the two commits; `None` = there is none.
pub fn file(shape: &Shape, head: bool) -> Option<String> {
    let text = if head { shape.head } else { shape.base };
    if text.is_empty() {
        return None;
    }
    let mut whole = String::new();
    if !text.starts_with("apiVersion:") && shape.app != "kust" {
        whole.push_str("apiVersion: v1\nkind: Secret\n");
        if !text.starts_with("metadata:") {
            whole.extend(["metadata: {name: ", shape.name, "}\n"]);
        }
    }
    whole.push_str(&filled(shape, text));
    whole.push('\n');
    Some(whole)
}

/// The config of all apps.
pub fn config(origin: &str, namespace: &str, cluster: &str) -> String {
    let mut text = format!(
        "interval = \"1s\"\n[author]\nname = \"Ops\"\nemail = \"ops@example.com\"\n\
         [[clusters]]\nname = \"test\"\nprotected = false\n{cluster}\n\
         [[repos]]\nname = \"platform\"\nurl = \"file://{origin}\"\n\
         [[mask]]\nkind = \"Dep*\"\npath = \"spec.template.spec.containers.*.env[name=TOKEN].value\"\n"
    );
    for app in APPS {
        let _ = write!(
            text,
            "[[apps]]\nname = \"{app}\"\nrepo = \"platform\"\npath = \"{app}\"\ncluster = \"test\"\nnamespace = \"{namespace}\"\n\
             mask = [{{ kind = \"ConfigMap\", name = \"by-*\", path = \"data.pass*\", reason = \"a copy\" }}]\n"
        );
    }
    text
}
