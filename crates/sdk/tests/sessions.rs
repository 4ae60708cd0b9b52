//! *Sessions* against the real server. The testkit begins them, as signing in does.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use gatewright_sdk::session::SessionStatus;
use gatewright_sdk::{ScalekitClient, Session};
use gatewright_testkit::{Server, api_tests};

fn client(t: &Server) -> ScalekitClient {
    ScalekitClient::new(&t.url, &t.client_id, &t.client_secret).unwrap()
}

/// An organization and an active member.
async fn member(client: &ScalekitClient) -> (String, String) {
    let acme = client.organization().create_organization("Acme").await.unwrap().id;
    let user =
        client.user().create_user_and_membership(&acme, "dana@acme.example").send_invitation_email(false);
    (acme, user.await.unwrap().id)
}

fn ids(sessions: &[Session]) -> Vec<&str> {
    sessions.iter().map(|session| session.session_id.as_str()).collect()
}

api_tests! {
    async fn sessions_are_shown_listed_and_revoked(t: Server) {
        let client = client(&t);
        let (acme, dana) = member(&client).await;
        let none = client.session().get_user_sessions(&dana).await.unwrap();
        assert_eq!((none.sessions.len(), none.total_size), (0, 0));
        assert_eq!(client.session().revoke_all_user_sessions(&dana).await.unwrap().total_revoked, 0);

        let id = t.sign_in(&dana, &acme).await.0.id.to_string();
        let session = client.session().get_session(&id).await.unwrap();
        assert_eq!((&session.session_id, &session.user_id, &session.organization_id), (&id, &dana, &acme));
        assert_eq!((session.authenticated_organizations.as_slice(), &session.status), ([acme.clone()].as_slice(), &SessionStatus::Active));
        assert_eq!((session.device.browser.as_str(), session.device.device_type.as_str()), ("Firefox", "desktop"));
        assert_eq!((session.device.location.city.as_str(), session.device.location.latitude.as_str()), ("Hamburg", "53.55"));
        let [application] = session.authenticated_clients.as_slice() else { panic!("{session:?}") };
        assert_eq!((&application.client_id, &application.organization_id), (&t.client_id, &acme));
        assert_eq!((session.expired_at, session.logout_at), (None, None));
        assert!(session.created_at < session.idle_expires_at && session.idle_expires_at < session.absolute_expires_at);
        assert_eq!(Session::from(session.clone().into_message()), session);
        assert_eq!(client.session().get_user_sessions(&dana).await.unwrap().sessions, [session]);

        let revoked = client.session().revoke_session(&id).await.unwrap();
        assert_eq!((&revoked.session_id, &revoked.status), (&id, &SessionStatus::Revoked));
        assert!(revoked.expired_at.is_some() && revoked.logout_at.is_none());
        assert_eq!(client.session().revoke_session(&id).await.unwrap(), revoked);
        assert_eq!(client.session().get_session(&id).await.unwrap().expired_at, revoked.expired_at);

        let first = t.sign_in(&dana, &acme).await.0.id.to_string();
        let second = t.sign_in(&dana, &acme).await.0.id.to_string();
        let all = client.session().revoke_all_user_sessions(&dana).await.unwrap();
        let ended: Vec<&str> = all.revoked_sessions.iter().map(|session| session.session_id.as_str()).collect();
        assert_eq!((ended, all.total_revoked), (vec![second.as_str(), first.as_str()], 2));
    }

    async fn sessions_are_listed_in_pages_and_filtered(t: Server) {
        let client = client(&t);
        let (acme, dana) = member(&client).await;
        let mut all = Vec::new();
        for _ in 0..5 {
            all.insert(0, t.sign_in(&dana, &acme).await.0.id.to_string());
        }
        client.session().revoke_session(&all[0]).await.unwrap();
        let page = client.session().get_user_sessions(&dana).page_size(2).await.unwrap();
        assert_eq!((ids(&page.sessions), page.total_size), (vec![all[0].as_str(), all[1].as_str()], 5));
        assert_eq!(page.prev_page_token, None);
        let next = page.next_page_token.clone().unwrap();
        let next = client.session().get_user_sessions(&dana).page_size(2).page_token(next).await.unwrap();
        assert_eq!(ids(&next.sessions), [all[2].as_str(), all[3].as_str()]);
        let streamed = client.session().get_user_sessions(&dana).page_size(2).stream().try_collect().await.unwrap();
        assert_eq!(ids(&streamed), all);
        let active = client.session().get_user_sessions(&dana).status([SessionStatus::Active]).await.unwrap();
        assert_eq!((ids(&active.sessions), active.total_size), (all[1..].iter().map(String::as_str).collect(), 4));
        let ended = [SessionStatus::Revoked, SessionStatus::Logout];
        assert_eq!(client.session().get_user_sessions(&dana).status(ended).await.unwrap().total_size, 1);
        let (from, to) = (streamed[3].created_at.unwrap(), streamed[1].created_at.unwrap());
        let range = client.session().get_user_sessions(&dana).start_time(from).end_time(to).await.unwrap();
        assert_eq!(ids(&range.sessions), [all[1].as_str(), all[2].as_str(), all[3].as_str()]);
        let backwards = client.session().get_user_sessions(&dana).start_time(to).end_time(from).await.unwrap_err();
        assert!(backwards.is_bad_request());
        let unknown = client.session().get_user_sessions(&dana).status([SessionStatus::Other("ended".into())]);
        assert_eq!(unknown.await.unwrap_err().field_violations().first().unwrap().field, "filter.status[0]");
    }

    async fn what_is_no_session_says_so(t: Server) {
        let client = client(&t);
        assert!(client.session().get_session("ses_1").await.unwrap_err().is_not_found());
        assert!(client.session().revoke_session("ses_1").await.unwrap_err().is_not_found());
        assert!(client.session().get_user_sessions("usr_1").await.unwrap_err().is_not_found());
        assert!(client.session().revoke_all_user_sessions("usr_1").await.unwrap_err().is_not_found());
        for id in ["", "ses_abc", "session_1"] {
            assert!(client.session().get_session(id).await.unwrap_err().is_bad_request());
            assert!(client.session().revoke_session(id).await.unwrap_err().is_bad_request());
        }
    }
}
