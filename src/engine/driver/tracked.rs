//! Whose live objects say they are, by the annotation that driftdeck writes on what it applies.

use crate::engine::driver::Driver;
use crate::engine::event::{Event, Named};
use crate::engine::site::Site;
use crate::model::{AppId, Record, ResourceKey};

impl Driver {
    /// What the live objects of a judgement say of whose they are; nothing where they name the app's own record and did so
    /// before, and no app that is to be taken in. What is gone names none any more.
    pub(super) fn named(&self, site: &Site, keys: &[(ResourceKey, u64)]) -> Option<Event> {
        let (own, id) = (site.record_namespace(), site.id());
        let known = &self.world.apps.get(id)?.named;
        let by = |key| site.lives.get(key).and_then(|live| tracked_by(&live.json));
        let mut named = Named::default();
        for (key, _) in keys {
            let (namespace, app) = by(key).unwrap_or_default();
            let elsewhere = (app == &*id.name && namespace != own).then(|| namespace.into());
            if elsewhere.is_some() || known.contains_key(key) {
                named.records.insert(key.clone(), elsewhere);
            }
            if app != &*id.name && self.world.unasked.contains_key(&AppId::new(app, id.cluster.clone())) {
                named.apps.insert(app.into());
            }
        }
        (named != Named::default()).then(|| Event::Named(id.clone(), named))
    }
}

/// The record namespace and the app that an object which driftdeck applied says it belongs to. The text is searched, not
/// parsed: most objects name their own, and many are looked at.
fn tracked_by(json: &str) -> Option<(&str, &str)> {
    let (_, rest) = json.split_once(&format!("\"{}\":\"", Record::ANNOTATION))?;
    let (value, _) = rest.split_once('"')?;
    let (namespace, name) = value.split_once('/')?;
    (!namespace.is_empty() && json.contains("\"manager\":\"driftdeck\"")).then_some((namespace, name))
}

#[cfg(test)]
mod tests {
    use super::tracked_by;

    #[test]
    fn an_object_names_an_app_and_its_record_only_where_driftdeck_wrote_it() {
        let object = |value: &str, manager: &str| {
            format!(
                r#"{{"metadata":{{"annotations":{{"driftdeck.dev/app":"{value}"}},"managedFields":[{{"manager":"{manager}"}}]}}}}"#
            )
        };
        assert_eq!(tracked_by(&object("agent/shop", "driftdeck")), Some(("agent", "shop")));
        for (value, manager) in [("agent/shop", "kubectl-create"), ("nonsense", "driftdeck"), ("/shop", "driftdeck")] {
            assert_eq!(tracked_by(&object(value, manager)), None, "{value} by {manager}");
        }
    }
}
