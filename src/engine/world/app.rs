//! What follows from how one app stands: its ticket, its holds, its target, whether it is settled.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    AppSpec, AppTicket, AppWorld, AutoState, ClusterSpec, ClusterWorld, CommitId, Declarations, Location, Now, Pause,
    Pin, Reason, RecordState, RenderState, RepoName, ResourceKey, SceneState,
};

impl AppWorld {
    /// A new app, about which nothing is known.
    #[must_use]
    pub fn new(spec: AppSpec) -> Self {
        Self {
            spec,
            asked: true,
            epoch: 1,
            head: None,
            render: RenderState::Idle,
            render_failed: None,
            desired: None,
            prepared_with: 0,
            record: RecordState::Loading,
            reading_record: false,
            reread_record: false,
            record_again: None,
            dir_dirty: true,
            rows: BTreeMap::new(),
            dirty: BTreeSet::new(),
            judging: BTreeSet::new(),
            stamps: BTreeMap::new(),
            waiting: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            settled: BTreeMap::new(),
            again: BTreeMap::new(),
            named: BTreeMap::new(),
            memos: BTreeMap::new(),
            observed: None,
            running: None,
            auto: AutoState::default(),
            noted: BTreeSet::new(),
            declarations: Declarations::default(),
            disputed: None,
            clash: None,
            row: None,
            changed: true,
        }
    }

    /// An app that is only rendered.
    #[must_use]
    pub fn unasked(spec: AppSpec) -> Self {
        Self { asked: false, ..Self::new(spec) }
    }

    /// Whether its render at the present target is still to come.
    #[must_use]
    pub fn is_rendering(&self, now: Now) -> bool {
        match &self.render {
            RenderState::Rendering(_) | RenderState::Idle => true,
            RenderState::Ready => self.desired.as_ref().map(|desired| &desired.at) != self.target(now).as_ref(),
            RenderState::Failed(at, _) => Some(at) != self.target(now).as_ref(),
        }
    }

    /// The ticket of the current epoch.
    #[must_use]
    pub fn ticket(&self) -> AppTicket {
        AppTicket { app: self.spec.id.clone(), epoch: self.epoch }
    }

    /// A new question: answers to older ones are late, and what they were about is to be asked again.
    pub fn next_epoch(&mut self) {
        self.epoch += 1;
        let pending = self.rows.values().filter(|row| row.pending).map(|row| row.key.clone());
        self.dirty.extend(std::mem::take(&mut self.judging).into_iter().chain(pending));
        self.memos.clear();
        self.declarations.asking = false;
    }

    /// What was made from another ground than the present one: all of it is judged again.
    pub fn forget_answers(&mut self) {
        self.confirmed.clear();
        self.settled.clear();
        self.again.clear();
    }

    /// Where another record of it is said to be, by the annotation of a live object.
    #[must_use]
    pub fn elsewhere(&self, now: Now) -> Option<Reason> {
        let (key, namespace) = self.named.iter().next()?;
        let words = format!(
            "record is in {namespace}: {} {} says so (annotation driftdeck.dev/app); nothing is written",
            key.kind.kind, key.name
        );
        Some(super::because(super::ReasonCode::RecordElsewhere, &words, now))
    }

    /// The repository and revision it follows, for git sources.
    #[must_use]
    pub fn follows(&self) -> Option<(&RepoName, &str)> {
        match &self.spec.source.location {
            Location::Git { repo, revision, .. } => Some((repo, revision)),
            Location::Dir { .. } => None,
        }
    }

    /// Why nobody may write for it: another app, or another name of its cluster, claims the same objects.
    #[must_use]
    pub fn dispute(&self) -> Option<&Reason> {
        self.disputed.as_ref().or(self.clash.as_ref())
    }

    /// The pause in force at `now`.
    #[must_use]
    pub fn paused(&self, now: Now) -> Option<&Pause> {
        let pause = self.record.record()?.paused.as_ref()?;
        pause.until.is_none_or(|until| until > now.wall).then_some(pause)
    }

    /// The pin in force at `now`.
    #[must_use]
    pub fn pinned(&self, now: Now) -> Option<&Pin> {
        let pin = self.record.record()?.pinned.as_ref()?;
        pin.until.is_none_or(|until| until > now.wall).then_some(pin)
    }

    /// The commit to be rendered: the pin, else the head.
    #[must_use]
    pub fn target(&self, now: Now) -> Option<CommitId> {
        self.pinned(now).map(|pin| pin.commit.clone()).or_else(|| self.head.clone())
    }

    /// Whether newer news is on its way into the rows: a record, a render, a judgement.
    #[must_use]
    pub fn is_settling(&self, cluster: &ClusterWorld, one_shot: bool, now: Now) -> bool {
        let failed =
            |key: &ResourceKey| matches!(crate::engine::step::scene_of(cluster, key), Some(SceneState::Failed(_)));
        let waits = self.desired.is_some() && self.dirty.iter().any(|key| !failed(key));
        // Pending rows count as pending; this is about those that only may be refused. A command that ends waits for them.
        let asking = one_shot && self.memos.keys().any(|key| self.rows.get(key).is_some_and(|row| !row.pending));
        let judging = waits || asking || !self.judging.is_empty();
        self.reading_record || self.is_rendering(now) || judging
    }

    /// The namespace that holds its record.
    #[must_use]
    pub fn record_namespace<'a>(&'a self, cluster: &'a ClusterSpec) -> &'a str {
        cluster.record_namespace.as_deref().unwrap_or(&self.spec.namespace)
    }
}
