//! The keymap table: keys to actions per place, the footer's order, the words for help. Reads `assets/keymap.toml`
//! and refuses what is not in it: a key that is not in the table does nothing.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::action::Action;
use super::key::Key;

/// Where keys are pressed: a screen, or what lies over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// All apps.
    Fleet,
    /// One app's objects.
    App,
    /// A diff.
    Diff,
    /// Commits.
    History,
    /// A sync's plan.
    Plan,
    /// A run.
    Run,
    /// A revert's preview.
    Revert,
    /// Clusters and remotes.
    Clusters,
    /// What is wrong.
    Errors,
    /// Runs, ended ones too.
    Activity,
    /// Pause, pin, unlock and the like.
    Dialog,
    /// The filter's text field.
    Filter,
    /// The command line.
    Command,
    /// Help.
    Help,
    /// The copy menu.
    Copy,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 15] = [
        Self::Fleet,
        Self::App,
        Self::Diff,
        Self::History,
        Self::Plan,
        Self::Run,
        Self::Revert,
        Self::Clusters,
        Self::Errors,
        Self::Activity,
        Self::Dialog,
        Self::Filter,
        Self::Command,
        Self::Help,
        Self::Copy,
    ];

    /// Its name in the table and in help.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::App => "app",
            Self::Diff => "diff",
            Self::History => "history",
            Self::Plan => "plan",
            Self::Run => "run",
            Self::Revert => "revert",
            Self::Clusters => "clusters",
            Self::Errors => "errors",
            Self::Activity => "activity",
            Self::Dialog => "dialog",
            Self::Filter => "filter",
            Self::Command => "command",
            Self::Help => "help",
            Self::Copy => "copy",
        }
    }
}

/// One action of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// Key sequences; the first is the one shown.
    pub keys: Vec<Vec<Key>>,
    /// Where it is valid.
    pub on: Vec<Place>,
    /// Level, as in product.md *Gates*.
    pub level: String,
    /// `move go look act other dialog`.
    pub group: String,
    words: String,
    words_on: BTreeMap<Place, String>,
}

impl Binding {
    /// What it does, in words, at that place.
    #[must_use]
    pub fn words(&self, place: Place) -> &str {
        self.words_on.get(&place).unwrap_or(&self.words)
    }

    /// Its words where no place has others.
    #[must_use]
    pub fn plain_words(&self) -> &str {
        &self.words
    }

    /// Its keys as printed: `g g, Home`.
    #[must_use]
    pub fn spelled(&self) -> String {
        let one = |keys: &Vec<Key>| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        self.keys.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// The first key as printed.
    #[must_use]
    pub fn hint(&self) -> String {
        self.keys.first().map(|keys| keys.iter().map(ToString::to_string).collect::<String>()).unwrap_or_default()
    }
}

/// What pressed keys amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// An action.
    Does(Action),
    /// The first of two keys.
    Begins,
    /// Nothing.
    Nothing,
}

/// The whole table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
    footer: BTreeMap<Place, Vec<Action>>,
}

/// Why a table cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// Not TOML, or unknown keys.
    #[error("{0}")]
    Toml(String),
    /// No such action.
    #[error("no action is called {0:?}")]
    NoAction(String),
    /// No such key.
    #[error("{0}")]
    NoKey(#[from] super::key::NoSuchKey),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    footer: BTreeMap<Place, Vec<String>>,
    action: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    words: String,
    keys: Vec<String>,
    on: Vec<String>,
    level: String,
    group: String,
    #[serde(default)]
    words_on: BTreeMap<Place, String>,
}

impl Keymap {
    /// The table that ships.
    #[must_use]
    pub fn standard() -> Self {
        Self::parse(include_str!("../../assets/keymap.toml")).unwrap_or_default()
    }

    /// Reads a table.
    ///
    /// # Errors
    /// [`KeymapError`] where it is not TOML or names an unknown action or key.
    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let table: Table = toml::from_str(text).map_err(|error| KeymapError::Toml(error.message().to_owned()))?;
        let bindings = table.action.into_iter().map(binding).collect::<Result<_, _>>()?;
        let footer = table.footer.into_iter().map(|(place, names)| Ok((place, all_named(&names)?)));
        Ok(Self { bindings, footer: footer.collect::<Result<_, KeymapError>>()? })
    }

    /// What those keys mean there.
    #[must_use]
    pub fn meaning(&self, place: Place, keys: &[Key]) -> Pressed {
        let mut begins = false;
        for binding in self.at(place) {
            if binding.keys.iter().any(|known| known == keys) {
                return Pressed::Does(binding.action);
            }
            begins |= binding.keys.iter().any(|known| known.len() > keys.len() && known.starts_with(keys));
        }
        if begins { Pressed::Begins } else { Pressed::Nothing }
    }

    /// What is valid there, in the table's order.
    pub fn at(&self, place: Place) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |binding| binding.on.contains(&place))
    }

    /// The footer there, in its order.
    pub fn footer(&self, place: Place) -> impl Iterator<Item = &Binding> {
        let order = self.footer.get(&place).map_or(&[][..], Vec::as_slice);
        order.iter().filter_map(|action| self.binding(*action))
    }

    /// One action's row.
    #[must_use]
    pub fn binding(&self, action: Action) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.action == action)
    }

    /// All rows.
    #[must_use]
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }
}

fn binding(row: Row) -> Result<Binding, KeymapError> {
    let action = named(&row.name)?;
    let sequence = |keys: &String| keys.split(' ').map(|key| Ok(key.parse()?)).collect();
    let keys = row.keys.iter().map(sequence).collect::<Result<_, KeymapError>>()?;
    let everywhere = row.on.iter().any(|name| name == "*");
    let on = Place::ALL.into_iter().filter(|place| everywhere || row.on.iter().any(|name| name == place.name()));
    let Row { level, group, words, words_on, .. } = row;
    Ok(Binding { action, keys, on: on.collect(), level, group, words, words_on })
}

fn named(name: &str) -> Result<Action, KeymapError> {
    Action::named(name).ok_or_else(|| KeymapError::NoAction(name.to_owned()))
}

fn all_named(names: &[String]) -> Result<Vec<Action>, KeymapError> {
    names.iter().map(|name| named(name)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn table() -> Keymap {
        Keymap::parse(include_str!("../../assets/keymap.toml")).expect("the table that ships must be readable")
    }

    #[test]
    fn every_action_stands_in_the_table_once_with_a_key_and_a_place() {
        let table = table();
        for action in Action::ALL {
            let rows: Vec<_> = table.bindings().iter().filter(|row| row.action == *action).collect();
            assert_eq!(rows.len(), 1, "{} must stand in the table once", action.name());
            assert!(!rows[0].keys.is_empty() && !rows[0].on.is_empty(), "{} must be reachable", action.name());
        }
    }

    #[test]
    fn no_two_actions_share_a_key_at_one_place() {
        let table = table();
        for place in Place::ALL {
            let mut seen: BTreeSet<&[Key]> = BTreeSet::new();
            for binding in table.at(place) {
                for keys in &binding.keys {
                    assert!(seen.insert(keys), "{}: {keys:?} means two things", place.name());
                }
            }
            for keys in &seen {
                let longer = seen.iter().any(|other| other.len() > keys.len() && other.starts_with(keys));
                assert!(!longer, "{}: {keys:?} begins a longer sequence and would never let it through", place.name());
            }
        }
    }

    #[test]
    fn the_footer_shows_only_what_is_valid_there() {
        let table = table();
        for place in Place::ALL {
            for binding in table.footer(place) {
                assert!(binding.on.contains(&place), "{} is not valid on {}", binding.action.name(), place.name());
            }
            assert!(table.footer(place).count() > 0, "{} has a footer", place.name());
        }
    }

    #[test]
    fn no_letter_with_ctrl_changes_anything_and_none_is_a_terminals_own() {
        for binding in table().bindings() {
            for key in binding.keys.iter().flatten().filter(|key| key.ctrl) {
                assert_eq!(binding.level, "L0", "{} is bound to {key}", binding.action.name());
                let bare = Key { ctrl: false, ..*key }.typed().unwrap_or(' ');
                assert!(!['a', 'b', 's', 'q'].contains(&bare), "{key} belongs to terminals");
            }
        }
    }
}
