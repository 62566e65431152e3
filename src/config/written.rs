//! The file as written: plain data with lines, before any rule but the types has been held against it.

use super::page::{Section, Written};

type Text = Option<Written<String>>;
type Texts = Option<Written<Vec<Written<String>>>>;

/// The whole file.
pub(super) struct Raw {
    pub interval: Text,
    pub mask_length: Option<Written<bool>>,
    pub author: Option<RawAuthor>,
    pub people: Texts,
    pub controllers: Texts,
    pub clusters: Vec<RawCluster>,
    pub repos: Vec<RawRepo>,
    pub apps: Vec<RawApp>,
    pub ignore: Vec<RawIgnore>,
    pub mask: Vec<RawMask>,
}

/// Where a table opens: what a missing key is reported at.
#[derive(Clone)]
pub(super) struct Place {
    pub line: u32,
    pub name: String,
}

impl Place {
    fn of(section: &Section) -> Self {
        Self { line: section.line, name: section.place.clone() }
    }

    /// A key that is not written, to be reported here.
    pub(super) fn missing(&self, key: &str) -> Written<()> {
        Written { value: (), line: self.line, key: format!("{}.{key}", self.name) }
    }
}

/// `[author]`.
pub(super) struct RawAuthor {
    pub place: Place,
    pub name: Text,
    pub email: Text,
}

/// `[[clusters]]`.
pub(super) struct RawCluster {
    pub place: Place,
    pub name: Text,
    pub context: Text,
    pub kubeconfig: Text,
    pub protected: Option<Written<bool>>,
    pub record_namespace: Text,
    pub judge: Text,
    pub judge_local_kinds: Texts,
}

/// `[[repos]]`.
pub(super) struct RawRepo {
    pub place: Place,
    pub name: Text,
    pub url: Text,
    pub interval: Text,
    pub username: Text,
    pub token_env: Text,
    pub token_file: Text,
    pub ssh_key: Text,
    pub known_hosts: Text,
    pub ca_file: Text,
    pub proxy: Text,
}

/// `[[apps]]`.
pub(super) struct RawApp {
    pub place: Place,
    pub name: Text,
    pub repo: Text,
    pub dir: Text,
    pub path: Text,
    pub revision: Text,
    pub cluster: Text,
    pub clusters: Texts,
    pub namespace: Text,
    pub namespaces: Texts,
    pub cluster_kinds: Texts,
    pub auto: Option<Written<bool>>,
    pub self_heal: Option<Written<bool>>,
    pub prune: Option<Written<bool>>,
    pub mask_length: Option<Written<bool>>,
    pub ignore: Vec<RawIgnore>,
    pub mask: Vec<RawMask>,
}

/// `[[ignore]]`, and `ignore = […]` of an app.
pub(super) struct RawIgnore {
    pub place: Place,
    pub kind: Text,
    pub name: Text,
    pub namespace: Text,
    pub path: Text,
    pub manager: Text,
    pub effect: Text,
    pub reason: Text,
}

/// `[[mask]]`, and `mask = […]` of an app.
pub(super) struct RawMask {
    pub place: Place,
    pub kind: Text,
    pub name: Text,
    pub namespace: Text,
    pub path: Text,
    pub reason: Text,
}

/// Takes the root apart.
pub(super) fn read(mut root: Section) -> Raw {
    let author = root.section("author").map(author);
    let mut owners = root.section("owners");
    let people = owners.as_mut().and_then(|owners| owners.texts("people"));
    let controllers = owners.as_mut().and_then(|owners| owners.texts("controllers"));
    if let Some(owners) = owners {
        owners.finish();
    }
    let raw = Raw {
        interval: root.text("interval"),
        mask_length: root.flag("mask_length"),
        author,
        people,
        controllers,
        clusters: root.sections("clusters").into_iter().map(cluster).collect(),
        repos: root.sections("repos").into_iter().map(repo).collect(),
        apps: root.sections("apps").into_iter().map(app).collect(),
        ignore: root.sections("ignore").into_iter().map(ignore).collect(),
        mask: root.sections("mask").into_iter().map(mask).collect(),
    };
    root.finish();
    raw
}

/// The table's name, by which it is called from then on: `apps[payments]` instead of `apps[3]`.
fn named(section: &mut Section) -> Text {
    let name = section.text("name")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if !name.value.is_empty() && name.value.len() <= 63 && name.value.bytes().all(plain) {
        let list = section.place.split('[').next().unwrap_or_default();
        section.place = format!("{list}[{}]", name.value);
    }
    Some(Written { key: section.key("name"), ..name })
}

fn author(mut section: Section) -> RawAuthor {
    let raw = RawAuthor { place: Place::of(&section), name: section.text("name"), email: section.text("email") };
    section.finish();
    raw
}

fn cluster(mut section: Section) -> RawCluster {
    let name = named(&mut section);
    let raw = RawCluster {
        place: Place::of(&section),
        name,
        context: section.text("context"),
        kubeconfig: section.text("kubeconfig"),
        protected: section.flag("protected"),
        record_namespace: section.text("record_namespace"),
        judge: section.text("judge"),
        judge_local_kinds: section.texts("judge_local_kinds"),
    };
    section.finish();
    raw
}

fn repo(mut section: Section) -> RawRepo {
    let name = named(&mut section);
    let raw = RawRepo {
        place: Place::of(&section),
        name,
        url: section.text("url"),
        interval: section.text("interval"),
        username: section.text("username"),
        token_env: section.text("token_env"),
        token_file: section.text("token_file"),
        ssh_key: section.text("ssh_key"),
        known_hosts: section.text("known_hosts"),
        ca_file: section.text("ca_file"),
        proxy: section.text("proxy"),
    };
    section.finish();
    raw
}

fn app(mut section: Section) -> RawApp {
    let name = named(&mut section);
    let mut sync = section.section("sync");
    let mut policy = |key| sync.as_mut().and_then(|sync| sync.flag(key));
    let (auto, self_heal, prune) = (policy("auto"), policy("self_heal"), policy("prune"));
    if let Some(sync) = sync {
        sync.finish();
    }
    let raw = RawApp {
        place: Place::of(&section),
        name,
        repo: section.text("repo"),
        dir: section.text("dir"),
        path: section.text("path"),
        revision: section.text("revision"),
        cluster: section.text("cluster"),
        clusters: section.texts("clusters"),
        namespace: section.text("namespace"),
        namespaces: section.texts("namespaces"),
        cluster_kinds: section.texts("cluster_kinds"),
        auto,
        self_heal,
        prune,
        mask_length: section.flag("mask_length"),
        ignore: section.sections("ignore").into_iter().map(ignore).collect(),
        mask: section.sections("mask").into_iter().map(mask).collect(),
    };
    section.finish();
    raw
}

fn ignore(mut section: Section) -> RawIgnore {
    let raw = RawIgnore {
        place: Place::of(&section),
        kind: section.text("kind"),
        name: section.text("name"),
        namespace: section.text("namespace"),
        path: section.text("path"),
        manager: section.text("manager"),
        effect: section.text("effect"),
        reason: section.text("reason"),
    };
    section.finish();
    raw
}

fn mask(mut section: Section) -> RawMask {
    let raw = RawMask {
        place: Place::of(&section),
        kind: section.text("kind"),
        name: section.text("name"),
        namespace: section.text("namespace"),
        path: section.text("path"),
        reason: section.text("reason"),
    };
    section.finish();
    raw
}
