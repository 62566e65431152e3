//! Who asks, and what they may: RBAC's rules without its objects. Refuses deny rules, as RBAC does.

/// One allowance, as in a Role; `*` stands for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `get list watch create update patch delete deletecollection`.
    pub verbs: Vec<String>,
    /// API groups; the core group is empty.
    pub groups: Vec<String>,
    /// Plural names, `deployments/scale` for a subresource.
    pub resources: Vec<String>,
    /// The namespace it holds in; everywhere where absent.
    pub namespace: Option<String>,
}

/// A user and its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    user: String,
    allowed: Allowed,
    closed: Closed,
}

/// What a scene closes to whoever asks, each (group, plural); `*` stands for a group's every resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Closed(pub(super) Vec<(String, String)>);

impl Closed {
    fn has(&self, group: &str, resource: &str) -> bool {
        let plural = resource.split('/').next().unwrap_or_default();
        self.0.iter().any(|(closed, name)| closed == group && (name == "*" || name == plural))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Rules(Vec<Rule>),
    AllBut(Vec<(String, String)>),
}

/// What is asked of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    pub(super) verb: &'a str,
    pub(super) group: &'a str,
    /// With its subresource: `deployments/scale`.
    pub(super) resource: &'a str,
    /// Empty for the whole cluster.
    pub(super) namespace: &'a str,
}

impl Account {
    /// Everything is allowed.
    #[must_use]
    pub fn admin() -> Self {
        Self { user: "admin".to_owned(), allowed: Allowed::AllBut(Vec::new()), closed: Closed::default() }
    }

    /// Only what the rules say.
    #[must_use]
    pub fn with_rules(user: &str, rules: Vec<Rule>) -> Self {
        Self { user: user.to_owned(), allowed: Allowed::Rules(rules), closed: Closed::default() }
    }

    /// Everything but these resources, each (group, plural), as if by rules that name all others.
    #[must_use]
    pub fn all_but(user: &str, resources: &[(&str, &str)]) -> Self {
        let without = resources.iter().map(|(group, plural)| ((*group).to_owned(), (*plural).to_owned())).collect();
        Self { user: user.to_owned(), allowed: Allowed::AllBut(without), closed: Closed::default() }
    }

    /// Only looking, at everything: get, list and watch.
    #[must_use]
    pub fn viewer(user: &str) -> Self {
        let all = || vec!["*".to_owned()];
        let verbs = ["get", "list", "watch"].map(str::to_owned).to_vec();
        Self::with_rules(user, vec![Rule { verbs, groups: all(), resources: all(), namespace: None }])
    }

    /// The same without what is closed.
    pub(super) fn without(&self, closed: &Closed) -> Self {
        Self { closed: closed.clone(), ..self.clone() }
    }

    /// The user's name, as 403 sentences say it.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// Whether everything is allowed, what is no resource too.
    pub(super) fn is_admin(&self) -> bool {
        matches!(&self.allowed, Allowed::AllBut(without) if without.is_empty())
    }

    /// The user's groups: an administrator is one by its group.
    pub(super) fn groups(&self) -> &'static [&'static str] {
        if self.is_admin() { &["system:masters", "system:authenticated"] } else { &["system:authenticated"] }
    }

    /// Whether the wish is granted.
    pub(super) fn allows(&self, wish: Wish) -> bool {
        if self.closed.has(wish.group, wish.resource) {
            return false;
        }
        match &self.allowed {
            Allowed::Rules(rules) => rules.iter().any(|rule| rule.grants(wish)),
            Allowed::AllBut(without) => {
                let plural = wish.resource.split('/').next().unwrap_or_default();
                !without.iter().any(|(group, resource)| group == wish.group && resource == plural)
            }
        }
    }

    /// The rules that hold in a namespace; `known` is every (group, plural) the server has.
    pub(super) fn rules_in<'a>(&self, namespace: &str, known: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Rule> {
        let one = |group: &str, resource: &str| Rule {
            verbs: vec!["*".to_owned()],
            groups: vec![group.to_owned()],
            resources: vec![resource.to_owned()],
            namespace: None,
        };
        match &self.allowed {
            Allowed::Rules(rules) if self.closed.0.is_empty() => {
                rules.iter().filter(|rule| rule.holds_in(namespace)).cloned().collect()
            }
            // A rule cannot say "but": it is told resource by resource.
            Allowed::Rules(rules) => {
                let here = || rules.iter().filter(|rule| rule.holds_in(namespace));
                let told = known.filter(|(group, plural)| !self.closed.has(group, plural));
                told.flat_map(|(group, plural)| {
                    let names = here().filter(move |rule| rule.names(group, plural));
                    names.map(move |rule| Rule { verbs: rule.verbs.clone(), ..one(group, plural) })
                })
                .collect()
            }
            Allowed::AllBut(without) if without.is_empty() && self.closed.0.is_empty() => vec![one("*", "*")],
            Allowed::AllBut(without) => known
                .filter(|(group, plural)| !without.iter().any(|(g, r)| g == group && r == plural))
                .filter(|(group, plural)| !self.closed.has(group, plural))
                .map(|(group, plural)| one(group, plural))
                .collect(),
        }
    }
}

impl Rule {
    fn holds_in(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|own| own == namespace)
    }

    fn names(&self, group: &str, resource: &str) -> bool {
        has(&self.groups, group) && has(&self.resources, resource)
    }

    fn grants(&self, wish: Wish) -> bool {
        has(&self.verbs, wish.verb) && self.names(wish.group, wish.resource) && self.holds_in(wish.namespace)
    }
}

fn has(list: &[String], word: &str) -> bool {
    list.iter().any(|one| one == "*" || one == word)
}
