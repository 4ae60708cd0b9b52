//! A full disk: writes are refused with UNAVAILABLE and are not there; reads and tokens go on; when there is space again,
//! writes work without a restart.
//!
//! A limit on file sizes stands in for the full disk, because it needs neither root nor a disk of its own: the write
//! fails in the same place, with another error code.
use crate::node::{Home, lift_file_limit};
use gatewright_api::{
    rpc::organization_service as api,
    scalekit::v1::organizations::{self as pb, get_organization_request::Identities},
};
use std::collections::BTreeMap;
use tonic::Code;

/// The database has about 300 KB at first, its log takes about 20 KB for each of these organizations.
const LIMIT_KIB: u32 = 3072;
/// After this many creates it must have been full.
const ENOUGH: usize = 2000;

fn new(number: usize) -> pb::CreateOrganizationRequest {
    let metadata = (0..10).map(|n| (format!("key{n}"), "x".repeat(256))).collect::<BTreeMap<_, _>>();
    let organization = pb::CreateOrganization {
        display_name: "Acme".into(),
        external_id: Some(format!("full-{number}")),
        metadata,
        ..Default::default()
    };
    pb::CreateOrganizationRequest { organization: Some(organization) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let home = Home::new(None);
    drop(home.start().await);
    let mut node = home.spawn_with_file_limit(LIMIT_KIB);
    node.ready().await;
    let credentials = home.credentials();
    let token = node.token(&credentials).await;
    let caller = node.grpc(&token).await;

    let mut made = Vec::new();
    let refusal = loop {
        match caller.call::<api::CreateOrganization>(new(made.len())).await {
            Ok(answer) => made.push(answer.organization.unwrap().id),
            Err(status) => break status,
        }
        assert!(made.len() < ENOUGH, "the limit was never reached");
    };
    assert!(made.len() > 10, "full before anything was written: {refusal:?}");
    assert_eq!(refusal.code(), Code::Unavailable, "{refusal:?}");
    // Again and again, by several callers at once, over REST as well.
    let attempts = (0..8).map(|n| caller.call::<api::CreateOrganization>(new(ENOUGH + n)));
    for answer in futures_util::future::join_all(attempts).await {
        assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    }
    let body = format!(r#"{{"display_name":"Acme","metadata":{{"key":"{}"}}}}"#, "x".repeat(256));
    // It is smaller, so the room that is left may be enough for a few.
    let (status, answer) = loop {
        let (status, answer) = node.post("/api/v1/organizations", &token, &body).await;
        if status != 201 {
            break (status, answer);
        }
        made.push(answer["organization"]["id"].as_str().unwrap().to_owned());
        assert!(made.len() < ENOUGH, "the limit was never reached");
    };
    assert_eq!(status, 503, "{answer}");

    for id in &made {
        let request = pb::GetOrganizationRequest { identities: Some(Identities::Id(id.clone())) };
        caller.call::<api::GetOrganization>(request).await.unwrap();
    }
    let total = caller.call::<api::ListOrganization>(pb::ListOrganizationsRequest::default()).await.unwrap();
    assert_eq!(usize::try_from(total.total_size).unwrap(), made.len(), "a refused organization is there");
    node.token(&credentials).await;
    assert_eq!(node.get("/keys").await, 200);
    assert_eq!(node.get("/healthz").await, 200);

    lift_file_limit(node.pid());
    made.push(
        caller.call::<api::CreateOrganization>(new(made.len())).await.unwrap().organization.unwrap().id,
    );
    node.kill();
    assert_eq!(home.integrity(), "ok");
    let node = home.start().await;
    let caller = node.grpc(&token).await;
    let total = caller.call::<api::ListOrganization>(pb::ListOrganizationsRequest::default()).await.unwrap();
    assert_eq!(usize::try_from(total.total_size).unwrap(), made.len());
}
