//! Invitations: stored, mailed, sent again, expired, and never seen where they should not be.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use gatewright::{sql, time::Timestamp};
use gatewright_api::{
    rpc::user_service as rpc,
    scalekit::v1::{commons::MembershipStatus, users as pb},
};
use gatewright_testkit::{Api, Database, Failure, Options, Server, database_tests};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tonic::Code;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// 2026-03-06T08:00:00Z
const NOW: i64 = 1_772_784_000_000_000;

/// A server whose clock stands still.
async fn start(kind: Database) -> Server {
    let frozen_at = Some(Timestamp::from_micros(NOW));
    Server::start_with(kind, Options { frozen_at, ..Options::default() }).await
}

async fn resend(api: &Api, organization: &str, user: &str) -> Result<pb::Invite, Failure> {
    let request = pb::ResendInviteRequest { organization_id: organization.to_owned(), id: user.to_owned() };
    Ok(api.call::<rpc::ResendInvite>(request).await?.invite.unwrap())
}

/// Hash and sealed token of each membership.
async fn tokens(t: &Server) -> Vec<(Option<Vec<u8>>, Option<Vec<u8>>)> {
    sql!("SELECT invitation_hash, invitation_sealed FROM memberships WHERE environment_id = $1 ORDER BY user_id")
        .bind(t.operator.environment().id)
        .all(&mut t.app.db.read())
        .await
        .unwrap()
}

fn token(link: &str) -> &str {
    link.rsplit_once("/invitations/").unwrap().1
}

/// The link of the newest mail; the inbox forgets old ones.
async fn mailed(t: &Server) -> String {
    t.run_jobs().await;
    t.inbox().await.pop().unwrap().link.unwrap()
}

fn seconds(time: Option<prost_types::Timestamp>) -> i64 {
    time.unwrap().seconds
}

database_tests! {
    async fn an_invitation_waits_and_is_mailed(kind: Database) {
        let t = start(kind).await;
        let api = t.api().await;
        let acme = api.organization("Acme <b>&</b>").create().await.id;
        api.told().await;
        let body = json!({"email": "Nora@acme.example", "user_profile": {"given_name": "Nora", "family_name": "Lind"},
            "membership": {"inviter_email": "boss@acme.example"}});
        let answer = api.post(&format!("/api/v1/organizations/{acme}/users"), body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let member = &answer.json["user"]["memberships"][0];
        assert_eq!(member["membership_status"], "PENDING_INVITE");
        assert_eq!((&member["created_at"], &member["expires_at"]),
            (&json!("2026-03-06T08:00:00Z"), &json!("2026-03-21T08:00:00Z")));
        assert_eq!((&member["provisioning_method"], &member["inviter_email"]), (&json!("invitation"), &json!("boss@acme.example")));
        assert!(member.get("join_time").is_none() && member.get("accepted_at").is_none());
        assert_eq!(answer.json["user"]["user_profile"]["email_verified"], false);

        t.run_jobs().await;
        let inbox = t.inbox().await;
        assert_eq!(inbox.len(), 1);
        let mail = &inbox[0];
        assert_eq!(mail.recipient.as_str(), "Nora@acme.example");
        let link = mail.link.clone().unwrap();
        assert!(link.starts_with(&format!("{}/invitations/", t.url)), "{link}");
        assert!(mail.text.contains(&link) && mail.text.contains("Acme <b>&</b>"), "{}", mail.text);
        assert!(!mail.html.contains("Acme <b>"), "{}", mail.html);
        // Only the hash and the sealed token are stored, and the link is in no answer and no event.
        let stored = tokens(&t).await;
        assert_eq!(stored[0].0, Some(gatewright::vault::hash(token(&link))));
        let sealed = stored[0].1.clone().unwrap();
        assert!(!sealed.windows(8).any(|bytes| token(&link).as_bytes().starts_with(bytes)));
        assert!(!answer.text.contains(token(&link)));
        let told = api.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].name.as_str(), told[0].object.as_str()), ("user.organization_invitation", "OrgMembership"));
        assert_eq!(told[0].data["membership"]["membership_status"], "PENDING_INVITE");
        assert!(!told[0].data.to_string().contains(token(&link)));
    }

    async fn an_open_invitation_is_repeated_as_it_is(kind: Database) {
        let t = start(kind).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let user = api.member(&acme, "nora@acme.example").invited().create().await;
        let (before, first) = (tokens(&t).await, mailed(&t).await);
        api.told().await;
        for count in 1..=2 {
            t.advance(DAY);
            // A machine token lasts a day.
            let api = t.api().await;
            let invite = resend(&api, &acme, &user.id).await.unwrap();
            assert_eq!((invite.organization_id.as_str(), invite.user_id.as_str()), (acme.as_str(), user.id.as_str()));
            assert_eq!((invite.status.as_str(), invite.resent_count), ("PENDING_INVITE", count));
            assert_eq!(seconds(invite.created_at), NOW / 1_000_000);
            assert_eq!(seconds(invite.expires_at), NOW / 1_000_000 + 15 * 24 * 3600, "the old expiry");
            assert_eq!(seconds(invite.resent_at), NOW / 1_000_000 + i64::from(count) * 24 * 3600);
            assert_eq!(mailed(&t).await, first, "the same link");
        }
        assert_eq!(tokens(&t).await, before);
        let told = api.told().await;
        assert_eq!(told.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(), ["user.organization_invitation"; 2]);
    }

    async fn an_expired_invitation_is_seen_and_replaced(kind: Database) {
        let t = start(kind).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let user = api.member(&acme, "nora@acme.example").role("admin").invited().create().await;
        let first = mailed(&t).await;
        let status = async |api: &Api| api.find_user(&user.id).await.unwrap().memberships[0].membership_status();
        t.advance(15 * DAY - Duration::from_secs(1));
        let api = t.api().await;
        assert_eq!(status(&api).await, MembershipStatus::PendingInvite);
        t.advance(Duration::from_secs(1));
        assert_eq!(status(&api).await, MembershipStatus::InviteExpired);
        let before = tokens(&t).await;
        api.told().await;
        let invite = resend(&api, &acme, &user.id).await.unwrap();
        assert_eq!((invite.status.as_str(), invite.resent_count), ("PENDING_INVITE", 1));
        assert_eq!(seconds(invite.expires_at), NOW / 1_000_000 + 30 * 24 * 3600);
        assert_ne!(tokens(&t).await, before, "the old link is of no use");
        assert_ne!(mailed(&t).await, first);
        let member = api.find_user(&user.id).await.unwrap().memberships.remove(0);
        assert_eq!(member.membership_status(), MembershipStatus::PendingInvite);
        assert_eq!(member.roles[0].name, "admin");
        assert_eq!(api.told().await.len(), 1);
    }

    async fn an_expired_invitation_frees_its_place_and_can_be_made_anew(kind: Database) {
        let t = start(kind).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        let path = format!("/api/v1/organizations/{acme}/settings/usermanagement");
        assert_eq!(api.patch(&path, json!({"settings": {"max_allowed_users": 1}})).await.status, 200);
        let nora = api.member(&acme, "nora@acme.example").invited().create().await;
        let full = api.member(&acme, "bob@acme.example").try_create().await.unwrap_err();
        assert_eq!(full.code, Code::FailedPrecondition);
        t.advance(15 * DAY);
        let api = t.api().await;
        let bob = api.member(&acme, "bob@acme.example").create().await;
        assert_eq!(resend(&api, &acme, &nora.id).await.unwrap_err().code, Code::FailedPrecondition);
        let member = format!("/api/v1/memberships/organizations/{acme}/users/");
        api.post(&format!("{member}{}", nora.id), json!({})).await.failure(400, 9);
        assert_eq!(api.delete(&format!("{member}{}", bob.id)).await.status, 200);
        let answer = api.post(&format!("{member}{}?send_invitation_email=false", nora.id), json!({"roles": [{"name": "admin"}]})).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let member = &answer.json["user"]["memberships"][0];
        assert_eq!((&member["membership_status"], &member["roles"][0]["name"]), (&json!("ACTIVE"), &json!("admin")));
        assert_eq!(member["roles"].as_array().unwrap().len(), 1);
        assert!(tokens(&t).await.iter().all(|(hash, sealed)| hash.is_none() && sealed.is_none()));
    }

    async fn what_cannot_be_sent_again_is_refused(kind: Database) {
        let t = start(kind).await;
        let api = t.api().await;
        let (acme, other) = (api.organization("Acme").create().await.id, api.organization("Other").create().await.id);
        let direct = api.member(&acme, "ann@acme.example").create().await;
        let invited = api.member(&acme, "bob@acme.example").invited().create().await;
        // Accepting comes with the hosted pages; this is what it leaves.
        let mut tx = t.app.db.write().await.unwrap();
        sql!(
            "UPDATE memberships SET status = 'ACTIVE', accepted_at = $2, joined_at = $2, invitation_hash = NULL,
                invitation_sealed = NULL WHERE environment_id = $1 AND expires_at IS NOT NULL"
        )
        .bind(api.environment)
        .bind(NOW)
        .execute(&mut tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let before = api.people().await;
        let failure = resend(&api, &acme, &invited.id).await.unwrap_err();
        assert_eq!((failure.code, failure.message.contains("accepted already")), (Code::FailedPrecondition, true));
        for (organization, user) in [
            (acme.as_str(), direct.id.as_str()),
            (&other, &invited.id),
            ("org_1", &invited.id),
            (&acme, "usr_123456789012345678"),
        ] {
            let failure = resend(&api, organization, user).await.unwrap_err();
            assert_eq!(failure.code, Code::NotFound, "{organization} {user}: {failure:?}");
        }
        for (organization, user) in [("usr_1", invited.id.as_str()), (&acme, "usr_1"), (&acme, "org_12345678901234567")] {
            assert_eq!(resend(&api, organization, user).await.unwrap_err().code, Code::InvalidArgument);
        }
        assert_eq!(api.people().await, before);
    }

    async fn an_invitation_that_is_sent_again_by_ten_at_once_counts_ten(kind: Database) {
        let t = start(kind).await;
        let api = Arc::new(t.api().await);
        let acme = api.organization("Acme").create().await.id;
        let user = api.member(&acme, "nora@acme.example").invited().create().await;
        let tries = (0..10).map(|_| {
            let (api, acme, id) = (api.clone(), acme.clone(), user.id.clone());
            tokio::spawn(async move { resend(&api, &acme, &id).await.unwrap().resent_count })
        });
        let mut counts: Vec<i32> = Vec::new();
        for count in futures_util::future::join_all(tries).await {
            counts.push(count.unwrap());
        }
        counts.sort_unstable();
        assert_eq!(counts, (1..=10).collect::<Vec<_>>());
        assert_eq!(api.people().await.mails.len(), 11);
    }

    async fn a_refused_invitation_leaves_no_mail_behind(kind: Database) {
        let t = start(kind).await;
        let api = t.api().await;
        let acme = api.organization("Acme").create().await.id;
        api.member(&acme, "nora@acme.example").create().await;
        let before = api.people().await;
        for role in ["member", "nobody"] {
            api.member(&acme, "nora@acme.example").role(role).invited().try_create().await.unwrap_err();
        }
        assert_eq!(api.people().await, before);
        assert!(t.inbox().await.is_empty());
    }
}
