//! Ids of nothing, of other kinds and of another environment.
use crate::{
    message::{self, dotted},
    target::{Answer, INVALID_ARGUMENT, NOT_FOUND, OK, Target},
};
use gatewright::transport::wire::write;
use gatewright_api::plan::{Callers, Cardinality, Field, Kind, Method, Rule};

/// Fields that are ids wherever they stand, and the prefixes of those.
const NAMES: &[(&str, &str)] = &[
    ("organization_id", "org"),
    ("org_id", "org"),
    ("user_id", "usr"),
    ("connection_id", "conn"),
    ("directory_id", "dir"),
    ("session_id", "ses"),
    ("resource_id", "res"),
    ("credential_id", "cred"),
    ("template_id", "tpl"),
    ("server_id", "esr"),
    ("member_id", "mem"),
    ("registration_id", "totp"),
    ("login_request_id", "lri"),
    ("environment_id", "env"),
    ("env_id", "env"),
    ("link_id", "lnk"),
    ("token_id", "apit"),
];

/// What `id` is in a request, by a word in the rpc's name; the first that fits.
const SUBJECTS: &[(&str, &str)] = &[
    ("Connection", "conn"),
    ("Domain", "dom"),
    ("OrganizationClient", "m2morg"),
    ("User", "usr"),
    ("Membership", "usr"),
    ("PortalLink", "org"),
    ("Organization", "org"),
    ("Directory", "dir"),
    ("Session", "ses"),
    ("Scope", "scp"),
    ("Secret", "sec"),
    ("LogStream", "lgs"),
    ("Environment", "env"),
];

/// The prefix of the ids that a field holds, if it holds ids.
pub fn kind(method: &Method, field: &Field) -> Option<&'static str> {
    if !matches!(field.kind, Kind::String) || field.name == "external_id" {
        return None;
    }
    let declared = field.rules.iter().find_map(|rule| match rule {
        Rule::Prefix(prefix) => Some(prefix.trim_end_matches('_')),
        _ => None,
    });
    let find = |table: &'static [(&str, &str)], fits: &dyn Fn(&str) -> bool| {
        table.iter().find(|(name, _)| fits(name)).map(|(_, prefix)| *prefix)
    };
    declared.or_else(|| match field.name {
        "client_id" if method.name.contains("OrganizationClient") => Some("m2morg"),
        "client_id" if method.name.contains("ResourceClient") => Some("m2m"),
        "client_id" => Some("skc"),
        "id" => find(SUBJECTS, &|word| method.name.contains(word)),
        name => find(NAMES, &|known| known == name),
    })
}

/// What was seen, to know that the sweep reached the look-ups.
#[derive(Debug, Default)]
pub struct Told {
    pub not_found: usize,
    pub foreign: usize,
}

/// The same words for two ids.
fn neutral(answer: &Answer, id: &str) -> Answer {
    Answer { message: answer.message.replace(id, "…"), ..answer.clone() }
}

/// Whether the call is about the thing of this id, rather than about things that are filtered by it.
fn is_subject(method: &Method, path: &[&'static Field]) -> bool {
    let [field] = path else { return false };
    let in_path = |template: &str| template.contains(&format!("{{{}}}", field.name));
    field.name == "id"
        || field.rules.iter().any(|rule| matches!(rule, Rule::Required))
        || method.bindings.iter().any(|binding| in_path(binding.template))
}

pub async fn sweep(t: &Target) -> (Told, Vec<String>) {
    let (mut told, mut faults) = (Told::default(), Vec::new());
    for method in t.methods() {
        for path in message::fields(method.input) {
            let field = path[path.len() - 1];
            let Some(prefix) = kind(method, field) else { continue };
            if field.cardinality == Cardinality::Map {
                continue;
            }
            let place = format!("{} {}", method.name, dotted(&path));
            let is_subject = is_subject(method, &path);
            // A second call would find made, or gone, what the first one made or deleted.
            if !is_subject && (method.name.starts_with("Create") || method.name.starts_with("Delete")) {
                continue;
            }
            let ask = |id: String| {
                let request =
                    t.maker(method).with(&path, &|out| write::bytes(out, field.number, id.as_bytes()));
                async move { t.call(method, &request).await.map(|answer| neutral(&answer, &id)) }
            };
            let nothing = match ask(format!("{prefix}_1234567890123456789")).await {
                Ok(answer) => answer,
                Err(text) => {
                    faults.push(format!("{place}: {text}"));
                    continue;
                }
            };
            if is_subject && ![INVALID_ARGUMENT, NOT_FOUND].contains(&nothing.code) {
                faults.push(format!("{place}: an id of nothing: {nothing:?}"));
            }
            told.not_found += usize::from(nothing.code == NOT_FOUND);
            // What only people of the dashboard may call is called as the operator, who acts in every environment.
            let as_operator = prefix == "env" && !method.callers.intersects(Callers::CLIENT);
            if let Some(id) = t.foreign.get(prefix).filter(|_| !as_operator) {
                let foreign = ask(id.to_owned()).await;
                told.foreign += 1;
                if foreign.as_ref() != Ok(&nothing) {
                    faults.push(format!(
                        "{place}: another environment's {id}: {foreign:?}, of nothing {nothing:?}"
                    ));
                }
            }
            let other_kind =
                if prefix == "org" { "usr_1234567890123456789" } else { "org_1234567890123456789" };
            match ask(other_kind.to_owned()).await {
                Ok(answer) if [INVALID_ARGUMENT, NOT_FOUND].contains(&answer.code) => {}
                Ok(answer) if answer.code == OK && !is_subject => {}
                Ok(answer) if answer == nothing && !is_subject => {}
                answer => faults.push(format!("{place}: {other_kind}: {answer:?}")),
            }
        }
    }
    (told, faults)
}
