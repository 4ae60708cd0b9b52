//! Callers who may not.
use crate::target::{Answer, Target};
use gatewright::clients::NewOrganizationClient;
use gatewright_api::plan::Callers;

const PERMISSION_DENIED: i32 = 7;
const UNAUTHENTICATED: i32 = 16;

pub async fn sweep(t: &Target) -> (usize, Vec<String>) {
    let new = NewOrganizationClient { name: "Machine".to_owned(), ..Default::default() };
    let (id, secret) = t.server.organization_client(t.world.get("org").unwrap(), new).await;
    let machine = t.server.token_of(&id, &secret).await;
    let foreign = t.server.token_in(&t.other).await;
    let (mut cases, mut faults) = (0, Vec::new());
    for method in t.methods() {
        if method.callers.intersects(Callers::NONE) {
            continue;
        }
        for (token, code, status) in [
            (machine.as_str(), PERMISSION_DENIED, 403),
            ("", UNAUTHENTICATED, 401),
            ("a.b.c", UNAUTHENTICATED, 401),
            (foreign.as_str(), UNAUTHENTICATED, 401),
        ] {
            let value = if token.is_empty() { String::new() } else { format!("Bearer {token}") };
            match t.grpc(method, &value, &[]).await {
                Ok(Answer { code: found, .. }) if found == code => {}
                other => faults.push(format!("{} with {token:.12}: {other:?}", method.name)),
            }
            cases += 1;
            let Some(binding) = method.bindings.first() else { continue };
            let path = binding.template.replace(['{', '}'], "").replace("**", "x");
            let answer = t.server.rest(binding.verb, &path, "", token).await;
            let details = answer.json["details"].as_array().map_or(0, Vec::len);
            if answer.status != status || answer.json["code"] != code || details != 1 {
                faults.push(format!("{} {path} with {token:.12}: {}", binding.verb, answer.text));
            }
            cases += 1;
        }
    }
    (cases, faults)
}
