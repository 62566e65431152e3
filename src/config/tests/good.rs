//! What a right config means.

use super::*;

const TWO: &str = r#"
interval = "1m"
mask_length = true
[[clusters]]
name = "prod-eu"
context = "arn:aws:eks:eu-1:1:cluster/main"
[[clusters]]
name = "prod-us"
protected = false
judge = "local"
judge_local_kinds = ["Pod", "Job"]
record_namespace = "ops"
[[clusters]]
name = "dev"
kubeconfig = "kube/dev"
[[repos]]
name = "platform"
url = "git@git.example.com:ops/platform.git"
[[apps]]
name = "payments"
repo = "platform"
path = "./apps//payments/"
clusters = ["prod-*", "prod-eu"]
namespace = "payments"
ignore = [{ kind = "Deployment", path = "spec.replicas" }]
[[apps]]
name = "payments"
dir = "../deploy/./web"
cluster = "dev"
namespace = "payments"
mask_length = false
sync = { auto = true }
[[ignore]]
manager = "hpa"
"#;

#[test]
fn globs_over_clusters_make_one_app_per_destination() {
    let config = read_text(TWO).expect("a right config");
    let ids: Vec<_> = config.apps.iter().map(|app| app.id.to_string()).collect();
    assert_eq!(ids, ["payments@prod-eu", "payments@prod-us", "payments@dev"], "each destination once, in file order");
    let Location::Git { repo, revision, path } = &config.apps[0].source.location else { panic!("from git") };
    assert_eq!((repo.as_str(), revision.as_str(), path.as_str()), ("platform", "main", "apps/payments"));
    let dir = Location::Dir { path: "/home/deploy/web".into() };
    assert_eq!(config.apps[2].source.location, dir, "a directory stands from the config's own");
}

#[test]
fn an_apps_own_word_goes_before_that_of_the_file() {
    let config = read_text(TWO).expect("a right config");
    let masks: Vec<_> = config.apps.iter().map(|app| app.mask_length).collect();
    assert_eq!(masks, [true, true, false]);
    let places: Vec<_> = config.apps[0].ignore.iter().map(|rule| &*rule.place).collect();
    assert_eq!(places, ["apps[payments].ignore[0]", "ignore[0]"], "own rules first");
    assert_eq!(config.apps[2].policy, Policy { auto: true, self_heal: false, prune: false });
    assert_eq!(config.repos[0].interval, Duration::from_mins(1), "the file's interval holds where none is written");
}

#[test]
fn clusters_that_sound_like_production_are_protected_unless_told_otherwise() {
    let config = read_text(TWO).expect("a right config");
    let protected: Vec<_> = config.clusters.iter().map(|cluster| cluster.protected).collect();
    assert_eq!(protected, [true, false, false]);
    for (name, wanted) in [
        ("prod", true),
        ("eu-PRD", true),
        ("live.eu", true),
        ("x_prod_1", true),
        ("arn:aws:eks:eu:1:cluster/production", true),
        ("preprod", false),
        ("products", false),
        ("delivery", false),
        ("olive", false),
    ] {
        assert_eq!(names::sounds_protected(name), wanted, "{name}");
    }
}

#[test]
fn a_harmless_name_does_not_hide_a_production_context() {
    let config = read_text("[[clusters]]\nname = \"x\"\ncontext = \"prod-eu\"\n").expect("a right config");
    assert!(config.clusters[0].protected);
}

#[test]
fn a_cluster_is_what_was_written_and_never_the_current_context() {
    let config = read_text(TWO).expect("a right config");
    let contexts: Vec<_> = config.clusters.iter().map(|cluster| cluster.context.as_deref()).collect();
    assert_eq!(contexts, [Some("arn:aws:eks:eu-1:1:cluster/main"), Some("prod-us"), Some("dev")]);
    assert_eq!(config.clusters[2].kubeconfig.as_deref(), Some(Path::new("/home/ops/kube/dev")));
    assert_eq!(config.clusters[1].judge_local_kinds, ["Pod", "Job"]);
    assert_eq!((config.clusters[1].judge_local, config.clusters[1].record_namespace.as_deref()), (true, Some("ops")));
}

#[test]
fn every_address_that_git_can_ask_safely_is_let_through() {
    for url in [
        "https://git.example.com/platform.git",
        "HTTPS://git.example.com:8443/a/b%20c.git",
        "https://[::1]:3000/a.git",
        "ssh://git@git.example.com:22/ops/platform",
        "git@git.example.com:ops/platform.git",
        "git.example.com:~ops/platform.git",
        "file:///srv/git/platform.git",
        "/srv/git/platform.git",
    ] {
        assert_eq!(address::repository(url), Ok(()), "{url}");
    }
}

#[test]
fn ordinary_revisions_are_let_through() {
    for revision in ["main", "release/1.2", "v1.0.0", "refs/pull/7/head", "9f31c2a", "käse", "a@b", "$(id)"] {
        assert_eq!(revision::revision(revision), Ok(()), "{revision}");
    }
}

#[test]
fn the_sample_is_true_and_its_defaults_are_the_codes() {
    let config = read_text(example()).expect("the sample parses");
    assert_eq!(config.apps.len(), 3);
    let uncommented: String = example()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_ne!(uncommented, example(), "there are commented defaults");
    assert_eq!(read_text(&uncommented), Ok(config), "a default that is written changes nothing");
}

#[test]
fn the_sample_documents_every_key() {
    let keys = include_str!("../written.rs");
    let names = keys.split(['(', ' ']).filter_map(|word| word.strip_prefix('"')?.split('"').next());
    let names: Vec<_> = names.filter(|name| name.len() > 3 && !name.contains(['{', '[', '.'])).collect();
    assert!(names.len() > 30, "the source is read: {names:?}");
    for name in names {
        assert!(example().contains(name), "{name} is not in config.example.toml");
    }
}

#[test]
fn an_empty_file_is_a_config_without_apps() {
    assert_eq!(read_text(""), Ok(Config::default()));
}

#[test]
fn ten_thousand_apps_are_read_and_no_more() {
    let head = "[[clusters]]\nname = \"c\"\n[[repos]]\nname = \"r\"\nurl = \"https://h/p\"\n";
    let app = |n: usize| format!("[[apps]]\nname = \"a{n}\"\nrepo = \"r\"\ncluster = \"c\"\nnamespace = \"n\"\n");
    let fleet = |count: usize| head.to_owned() + &(0..count).map(app).collect::<String>();
    assert_eq!(read_text(&fleet(10_000)).expect("large, but right").apps.len(), 10_000);
    assert!(read_text(&fleet(10_001)).expect_err("too many").to_string().contains("more than 10000 apps"));
}

#[test]
fn a_file_full_of_mistakes_names_a_hundred_and_counts_the_rest() {
    let lines: Vec<_> = (0..150).map(|n| format!("unknown{n} = 1")).collect();
    let text = lines.join("\n");
    let ConfigError::Mistakes { mistakes, .. } = read_text(&text).expect_err("mistakes") else { panic!("mistakes") };
    assert_eq!(mistakes.len(), 101);
    assert!(mistakes[100].what.contains("50 mistakes more"));
}

#[test]
fn a_directory_alone_is_a_protected_fleet_of_one() {
    let config = adhoc(Path::new("/srv/Shop Deploy"), "admin@prod-eu", "shop").expect("a directory");
    assert_eq!(config.apps[0].id.to_string(), "shop-deploy@admin-prod-eu");
    assert_eq!(config.apps[0].namespace, "shop");
    assert_eq!(config.clusters[0].context.as_deref(), Some("admin@prod-eu"), "the context itself is kept");
    assert!(config.clusters[0].protected, "OBSERVE until unlocked");
    assert_eq!(config.clusters[0].name, ClusterName::new("admin-prod-eu"));
    assert_eq!(adhoc(Path::new("/"), "kind", "n").expect("the root").apps[0].id.to_string(), "app@kind");
    assert!(adhoc(Path::new("deploy"), "kind", "n").is_err(), "relative to what?");
}

#[test]
fn credentials_are_places_and_names() {
    let text = "[[repos]]\nname = \"r\"\nurl = \"https://h/p\"\ntoken_file = \"t\"\nusername = \"bot\"\n\
        proxy = \"socks5://p:1\"\nca_file = \"/c\"\nssh_key = \"k\"\nknown_hosts = \"h\"\n";
    let config = read_text(text).expect("a right config");
    let wanted = Credentials {
        username: Some("bot".into()),
        token_env: None,
        token_file: Some("/home/ops/t".into()),
        ssh_key: Some("/home/ops/k".into()),
        known_hosts: Some("/home/ops/h".into()),
        ca_file: Some("/c".into()),
        proxy: Some("socks5://p:1".into()),
    };
    assert_eq!(config.repos[0].credentials, wanted);
}
