//! What the callers were told, and whether what is there agrees with it.
use crate::node::Caller;
use gatewright_api::{
    rpc::{events_service as events_api, organization_service as api},
    scalekit::v1::{events as events_pb, organizations as pb},
};
use prost_types::value::Kind;
use std::collections::{HashMap, HashSet};

/// A change that a caller asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Create,
    Rename(String),
    Delete,
}

/// The life of one organization, as its caller knows it.
#[derive(Clone, Debug)]
pub struct Story {
    pub external_id: String,
    /// Name at creation.
    pub name: String,
    /// Changes that were acknowledged, in order.
    pub acknowledged: Vec<Change>,
    /// The change that was asked for and not answered: it may have happened or not.
    pub pending: Option<Change>,
}

/// What can be seen of one organization: its name while it is there, and the types of its events, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    pub name: Option<String>,
    pub events: Vec<&'static str>,
    /// The name in the last event.
    pub told: Option<String>,
}

impl Story {
    /// What these changes make of it.
    fn after<'a>(&'a self, changes: impl Iterator<Item = &'a Change>) -> Sight {
        let mut sight = Sight::default();
        for change in changes {
            let (name, event) = match change {
                Change::Create => (Some(self.name.clone()), "organization.created"),
                Change::Rename(name) => (Some(name.clone()), "organization.updated"),
                Change::Delete => (None, "organization.deleted"),
            };
            sight.told = name.clone().or(sight.told);
            sight.name = name;
            sight.events.push(event);
        }
        sight
    }

    /// Fails unless `seen` is what was acknowledged, or that and the pending change.
    fn check(&self, seen: &Sight) {
        let without = self.after(self.acknowledged.iter());
        let with = self.after(self.acknowledged.iter().chain(&self.pending));
        assert!(*seen == without || *seen == with, "{self:?}\n  is seen as {seen:?}");
    }
}

/// All stories that callers have lived through.
#[derive(Debug, Default)]
pub struct History(Vec<Story>);

impl History {
    pub fn add(&mut self, stories: Vec<Story>) {
        self.0.extend(stories);
    }

    pub fn acknowledged(&self) -> usize {
        self.0.iter().map(|story| story.acknowledged.len()).sum()
    }

    pub fn pending(&self) -> usize {
        self.0.iter().filter(|story| story.pending.is_some()).count()
    }

    /// Reads everything through the API and holds it against what callers were told.
    pub async fn check(&mut self, caller: &Caller) {
        let mut seen = look(caller).await;
        for story in &mut self.0 {
            let sight = seen.remove(&story.external_id).unwrap_or_default();
            story.check(&sight);
            story.settle(&sight);
        }
        assert!(seen.is_empty(), "organizations that nobody asked for: {seen:?}");
    }
}

impl Story {
    /// From now on it must stay as it was seen.
    fn settle(&mut self, seen: &Sight) {
        if let Some(change) = self.pending.take()
            && seen.events.len() > self.acknowledged.len()
        {
            self.acknowledged.push(change);
        }
    }
}

/// Every organization and every event of one, by external id.
async fn look(caller: &Caller) -> HashMap<String, Sight> {
    let mut seen: HashMap<String, Sight> = HashMap::new();
    let mut ids = HashSet::new();
    for organization in organizations(caller).await {
        assert!(ids.insert(organization.id.clone()), "listed twice: {organization:?}");
        let sight = seen.entry(organization.external_id.unwrap()).or_default();
        assert_eq!(sight.name, None, "two organizations with one external id");
        sight.name = Some(organization.display_name);
    }
    let mut external_ids: HashMap<String, String> = HashMap::new();
    for event in events(caller).await {
        let id = event.organization_id.clone().expect("events of organizations name it");
        let external_id = text(&event, "external_id");
        assert_eq!(text(&event, "id"), id);
        let before = external_ids.insert(id, external_id.clone());
        assert!(before.is_none_or(|before| before == external_id));
        let sight = seen.entry(external_id).or_default();
        sight.events.push(match event.r#type.as_str() {
            "organization.created" => "organization.created",
            "organization.updated" => "organization.updated",
            "organization.deleted" => "organization.deleted",
            other => panic!("an event that nobody caused: {other}"),
        });
        sight.told = Some(text(&event, "display_name"));
    }
    seen
}

async fn organizations(caller: &Caller) -> Vec<pb::Organization> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListOrganizationsRequest { page_size: 100, page_token, ..Default::default() };
        let page = caller.call::<api::ListOrganization>(request).await.unwrap();
        all.extend(page.organizations);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(all.len(), usize::try_from(page.total_size).unwrap());
            return all;
        }
    }
}

/// Oldest first.
async fn events(caller: &Caller) -> Vec<events_pb::ScalekitEvent> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request =
            events_pb::ListEventsPaginatedRequest { page_size: 100, page_token, ..Default::default() };
        let page = caller.call::<events_api::ListEventsPaginated>(request).await.unwrap();
        all.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            all.reverse();
            return all;
        }
    }
}

fn text(event: &events_pb::ScalekitEvent, name: &str) -> String {
    match &event.data.as_ref().unwrap().fields[name].kind {
        Some(Kind::StringValue(text)) => text.clone(),
        other => panic!("{name} of {event:?} is {other:?}"),
    }
}
