//! Searches and sizes of lists stay true to what is stored, whatever happened and whatever of it is indexed already.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "what goes wrong in a test shall stop it")]

use gatewright::{
    by_dialect,
    db::DbKind,
    ids::{OrganizationId, UserId},
    lists::search::MOST_COUNTED,
    sql,
};
use gatewright_api::{
    Rpc,
    rpc::{organization_service as organizations, user_service as users},
    scalekit::v1::{organizations as org_pb, users as user_pb},
};
use gatewright_testkit::{Api, Database, Failure, Server, api_tests};
use std::collections::BTreeSet;
use tonic::Code;

/// Small numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(sides).unwrap()).unwrap()
    }
    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.roll(of.len())) }
    }
}

const WORDS: &[&str] = &["acme", "Zoë & Söhne", "日本電気", "50%_off", "a@b.c", "ΟΔΟΣ", "labs", "\"x\" OR y"];

/// What is stored: ids with search keys, and members, newest first.
#[derive(Debug)]
struct Stored {
    organizations: Vec<(OrganizationId, String)>,
    users: Vec<(UserId, String)>,
    members: Vec<(OrganizationId, UserId)>,
}

impl Stored {
    async fn read(api: &Api) -> Self {
        let (mut tx, env) = (api.app().db.read(), api.environment);
        Self {
            organizations: sql!("SELECT id, search_key FROM organizations WHERE environment_id = $1 ORDER BY id DESC")
                .bind(env).all(&mut tx).await.unwrap(),
            users: sql!("SELECT id, search_key FROM users WHERE environment_id = $1 ORDER BY id DESC")
                .bind(env).all(&mut tx).await.unwrap(),
            members: sql!("SELECT organization_id, user_id FROM memberships WHERE environment_id = $1 ORDER BY user_id DESC")
                .bind(env).all(&mut tx).await.unwrap(),
        }
    }

    /// Ids of what contains a folded text.
    fn organizations_with(&self, text: &str) -> Vec<String> {
        self.organizations
            .iter()
            .filter(|(_, key)| key.contains(text))
            .map(|(id, _)| id.to_string())
            .collect()
    }
    fn users_with(&self, text: &str) -> Vec<String> {
        self.users.iter().filter(|(_, key)| key.contains(text)).map(|(id, _)| id.to_string()).collect()
    }
    fn members_with(&self, of: OrganizationId, text: &str) -> Vec<String> {
        let is_member = |id: &str| self.members.iter().any(|(o, user)| *o == of && user.to_string() == id);
        self.users_with(text).into_iter().filter(|id| is_member(id)).collect()
    }
}

/// Ids, the total, and the tokens of the next and the previous page.
type Page = (Vec<String>, u32, String, String);

async fn search_organizations(api: &Api, query: &str, size: u32, token: &str) -> Page {
    let request = org_pb::SearchOrganizationsRequest {
        query: query.to_owned(),
        page_size: size,
        page_token: token.to_owned(),
    };
    let page = api.call::<organizations::SearchOrganization>(request).await.unwrap();
    let ids = page.organizations.into_iter().map(|organization| organization.id).collect();
    (ids, page.total_size, page.next_page_token, page.prev_page_token)
}

async fn search_users(api: &Api, query: &str, size: u32, token: &str) -> Page {
    let request = user_pb::SearchUsersRequest {
        query: query.to_owned(),
        page_size: size,
        page_token: token.to_owned(),
    };
    let page = api.call::<users::SearchUsers>(request).await.unwrap();
    let ids = page.users.into_iter().map(|user| user.id).collect();
    (ids, page.total_size, page.next_page_token, page.prev_page_token)
}

async fn search_members(api: &Api, of: OrganizationId, query: &str, size: u32, token: &str) -> Page {
    let request = user_pb::SearchOrganizationUsersRequest {
        organization_id: of.to_string(),
        query: query.to_owned(),
        page_size: size,
        page_token: token.to_owned(),
    };
    let page = api.call::<users::SearchOrganizationUsers>(request).await.unwrap();
    let ids = page.users.into_iter().map(|user| user.id).collect();
    (ids, page.total_size, page.next_page_token, page.prev_page_token)
}

/// Goes through all pages forward and back, and expects these ids on them.
async fn expect_pages(what: &str, expected: &[String], search: impl AsyncFn(u32, &str) -> Page) {
    let (mut token, mut seen) = (String::new(), Vec::new());
    let mut last = loop {
        let (ids, total, next, previous) = search(3, &token).await;
        assert_eq!(usize::try_from(total).unwrap(), expected.len(), "{what}: total");
        seen.extend(ids);
        if next.is_empty() {
            break previous;
        }
        token = next;
    };
    assert_eq!(seen, expected, "{what}");
    let pages = expected.len().div_ceil(3).max(1);
    for page in (1..pages).rev() {
        let (ids, _, _, previous) = search(3, &last).await;
        assert_eq!(ids, expected[(page - 1) * 3..page * 3], "{what}: page {page}, backwards");
        last = previous;
    }
    assert_eq!(last, "", "{what}: nothing is before the first page");
}

/// Every list, search and total of an environment against what is stored.
async fn expect_all(api: &Api, dice: &mut Dice) {
    let stored = Stored::read(api).await;
    let request = org_pb::ListOrganizationsRequest { page_size: 1, ..Default::default() };
    let list = api.call::<organizations::ListOrganization>(request).await.unwrap();
    assert_eq!(usize::try_from(list.total_size).unwrap(), stored.organizations.len());
    let request = user_pb::ListUsersRequest { page_size: 1, ..Default::default() };
    let list = api.call::<users::ListUsers>(request).await.unwrap();
    assert_eq!(usize::try_from(list.total_size).unwrap(), stored.users.len());

    // Words, and pieces of keys that are or were stored: they run over the borders of names, ids and external ids.
    let mut texts: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
    texts.extend(["nowhere at all".to_owned(), "org_".to_owned(), "@example".to_owned()]);
    let keys = stored.organizations.iter().map(|(_, key)| key).chain(stored.users.iter().map(|(_, key)| key));
    let keys: Vec<Vec<char>> = keys.map(|key| key.chars().collect()).collect();
    for _ in 0..3 {
        let Some(key) = dice.pick(&keys) else { continue };
        let from = dice.roll(key.len() - 3);
        let text: String = key[from..].iter().take(3 + dice.roll(30)).collect();
        texts.extend((!text.contains('\n')).then_some(text).filter(|text| text.trim().chars().count() >= 3));
    }
    let organization = dice.pick(&stored.organizations).map(|(id, _)| *id);
    if let Some(of) = organization {
        let request = user_pb::ListOrganizationUsersRequest {
            organization_id: of.to_string(),
            page_size: 1,
            ..Default::default()
        };
        let list = api.call::<users::ListOrganizationUsers>(request).await.unwrap();
        let members = stored.members.iter().filter(|(organization, _)| *organization == of).count();
        assert_eq!(usize::try_from(list.total_size).unwrap(), members, "members of {of}");
    }
    for text in texts.iter().filter(|text| text.chars().count() >= 3) {
        // As `text::fold` does.
        let folded: String = text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
        expect_pages(text, &stored.organizations_with(&folded), async |size, token: &str| {
            search_organizations(api, text, size, token).await
        })
        .await;
        expect_pages(text, &stored.users_with(&folded), async |size, token: &str| {
            search_users(api, text, size, token).await
        })
        .await;
        if let Some(of) = organization {
            expect_pages(text, &stored.members_with(of, &folded), async |size, token: &str| {
                search_members(api, of, text, size, token).await
            })
            .await;
        }
    }
}

/// One thing that somebody may do; it may well be refused.
async fn step(t: &Server, api: &Api, dice: &mut Dice, number: usize) {
    let stored = Stored::read(api).await;
    let organization = dice.pick(&stored.organizations).map(|(id, _)| id.to_string());
    let user = dice.pick(&stored.users).map(|(id, _)| id.to_string());
    let word = *dice.pick(WORDS).unwrap();
    match (dice.roll(12), organization, user) {
        (0..=2, ..) | (_, None, _) => {
            api.organization(&format!("{word} {number}"))
                .external_id(&format!("{number}-{word}"))
                .create()
                .await;
        }
        (3..=5, Some(of), _) => {
            let email = format!("{}{number}@example.com", ["ann", "bob", "eve"][dice.roll(3)]);
            api.member(&of, &email).external_id(&format!("{word}:{number}")).create().await;
        }
        (6, Some(of), Some(user)) => {
            let identities = Some(user_pb::create_membership_request::Identities::Id(user));
            let request = user_pb::CreateMembershipRequest {
                organization_id: of,
                identities,
                membership: Some(user_pb::CreateMembership::default()),
                send_invitation_email: Some(false),
            };
            allowed::<users::CreateMembership>(api, request, Code::AlreadyExists).await;
        }
        (7, Some(of), Some(user)) => {
            let identities = Some(user_pb::delete_membership_request::Identities::Id(user));
            let cascade = Some(dice.roll(2) == 0);
            let request = user_pb::DeleteMembershipRequest { organization_id: of, identities, cascade };
            allowed::<users::DeleteMembership>(api, request, Code::NotFound).await;
        }
        (8, _, Some(user)) => {
            let identities = Some(user_pb::delete_user_request::Identities::Id(user));
            api.call::<users::DeleteUser>(user_pb::DeleteUserRequest { identities }).await.unwrap();
        }
        (9, Some(of), _) => {
            let change = serde_json::json!({"display_name": format!("{word} renamed {number}")});
            assert_eq!(api.patch(&format!("/api/v1/organizations/{of}"), change).await.status, 200);
        }
        (10, Some(of), _) => {
            assert_eq!(api.delete(&format!("/api/v1/organizations/{of}")).await.status, 200);
            if dice.roll(2) == 0 {
                t.run_jobs().await;
            }
        }
        _ => t.upkeep().await,
    }
}

/// A call that may be refused with this code.
async fn allowed<R: Rpc>(api: &Api, request: R::Request, refusal: Code)
where
    R::Request: Sync,
    R::Response: Sync,
{
    let result: Result<R::Response, Failure> = api.call::<R>(request).await;
    if let Err(failure) = result {
        assert_eq!(failure.code, refusal, "{failure:?}");
    }
}

/// The numbers that are kept, those that PostgreSQL has not added up yet included, against a count of the rows.
async fn expect_sizes(t: &Server) {
    let kept: Vec<(i64, String, i64, i64)> = by_dialect!(
        postgres: "SELECT environment_id, list, scope, CAST(SUM(size) AS BIGINT) FROM (
                       SELECT environment_id, list, scope, size FROM list_sizes
                       UNION ALL SELECT environment_id, list, scope, change FROM list_size_changes) parts
                   GROUP BY environment_id, list, scope HAVING SUM(size) <> 0",
        sqlite: "SELECT environment_id, list, scope, size FROM list_sizes WHERE size <> 0"
    )
    .all(&mut t.app.db.read())
    .await
    .unwrap();
    let counted: Vec<(i64, String, i64, i64)> = sql!(
        "SELECT environment_id, 'organizations', CAST(0 AS BIGINT), COUNT(*) FROM organizations GROUP BY environment_id
         UNION ALL SELECT environment_id, 'users', CAST(0 AS BIGINT), COUNT(*) FROM users GROUP BY environment_id
         UNION ALL SELECT environment_id, 'members', organization_id, COUNT(*) FROM memberships
                   GROUP BY environment_id, organization_id"
    )
    .all(&mut t.app.db.read())
    .await
    .unwrap();
    let (kept, counted): (BTreeSet<_>, BTreeSet<_>) =
        (kept.into_iter().collect(), counted.into_iter().collect());
    assert_eq!(kept, counted);
}

/// Adds so many organizations, past the API, which would take long.
async fn add_organizations(api: &Api, count: i64, name: &str) {
    let mut tx = api.app().db.write().await.unwrap();
    by_dialect!(
        postgres: "INSERT INTO organizations (environment_id, id, display_name, region_code, metadata, search_key,
                       sso_enabled, dir_sync_enabled, domain_verification_enabled, session_policy_enabled,
                       session_policy_source, created_at, updated_at)
                   SELECT $1, n, $3, 'US', '{}', $3, false, false, false, false, 'APPLICATION', 0, 0
                   FROM generate_series(CAST(1 AS BIGINT), $2) n",
        sqlite: "INSERT INTO organizations (environment_id, id, display_name, region_code, metadata, search_key,
                       sso_enabled, dir_sync_enabled, domain_verification_enabled, session_policy_enabled,
                       session_policy_source, created_at, updated_at)
                 WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)
                 SELECT $1, n, $3, 'US', '{}', $3, 0, 0, 0, 0, 'APPLICATION', 0, 0 FROM numbers"
    )
    .bind(api.environment)
    .bind(count)
    .bind(name)
    .execute(&mut tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

api_tests! {
    async fn searches_and_sizes_are_true_after_a_random_walk(t: Server) {
        let other = t.add_environment("other.example").await;
        let apis = [t.api().await, t.api_in(&other).await];
        for seed in [1, 2] {
            let mut dice = Dice(seed);
            for number in 0..60 {
                let api = dice.pick(&apis).unwrap();
                step(&t, api, &mut dice, number + usize::try_from(seed).unwrap() * 1000).await;
                if number % 20 == 19 {
                    expect_sizes(&t).await;
                    for api in &apis {
                        expect_all(api, &mut dice).await;
                    }
                }
            }
            t.run_jobs().await;
            t.upkeep().await;
            expect_sizes(&t).await;
            for api in &apis {
                expect_all(api, &mut dice).await;
            }
        }
    }

    async fn matches_are_counted_up_to_a_thousand(t: Server) {
        let api = t.api().await;
        add_organizations(&api, MOST_COUNTED + 300, "common").await;
        let rare = api.organization("Rare and COMMON").create().await;
        for _ in 0..2 {
            let (ids, total, next, _) = search_organizations(&api, "Common", 30, "").await;
            assert_eq!((ids.len(), i64::from(total)), (30, MOST_COUNTED));
            assert_eq!(ids[0], rare.id, "newest first");
            let (ids, ..) = search_organizations(&api, "Common", 30, &next).await;
            assert_eq!((ids[0].as_str(), ids[29].as_str()), ("org_1271", "org_1242"));
            let (ids, total, next, _) = search_organizations(&api, "rare AND", 30, "").await;
            assert_eq!((ids, total, next.as_str()), (vec![rare.id.clone()], 1, ""));
            let request = org_pb::ListOrganizationsRequest { page_size: 1, ..Default::default() };
            let list = api.call::<organizations::ListOrganization>(request).await.unwrap();
            assert_eq!(i64::from(list.total_size), MOST_COUNTED + 301, "lists are counted whole");
            t.upkeep().await;
        }
    }

    async fn a_failed_change_does_not_count(t: Server) {
        let api = t.api().await;
        api.organization("One").external_id("taken").create().await;
        for _ in 0..3 {
            let failure = api.organization("Two").external_id("taken").try_create().await.unwrap_err();
            assert_eq!(failure.code, Code::AlreadyExists);
        }
        expect_sizes(&t).await;
    }

    async fn sizes_stay_true_under_concurrent_changes(t: Server) {
        let t = std::sync::Arc::new(t);
        let api = std::sync::Arc::new(t.api().await);
        let of = api.organization("Acme").create().await.id;
        let callers = (0..10).map(|caller| {
            let (api, of) = (api.clone(), of.clone());
            tokio::spawn(async move {
                for number in 0..6 {
                    let user = api.member(&of, &format!("u{caller}.{number}@example.com")).create().await;
                    if number % 2 == 0 {
                        let identities = Some(user_pb::delete_user_request::Identities::Id(user.id));
                        api.call::<users::DeleteUser>(user_pb::DeleteUserRequest { identities }).await.unwrap();
                    }
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        for _ in 0..5 {
            t.upkeep().await;
            tokio::task::yield_now().await;
        }
        for caller in callers {
            caller.await.unwrap();
        }
        expect_sizes(&t).await;
        t.upkeep().await;
        expect_sizes(&t).await;
    }
}

/// How SQLite would run a search's statements on tables of any size: no step may go through a whole table.
#[tokio::test]
async fn sqlite_goes_through_no_table_for_a_search() {
    let t = Server::start(Database::Sqlite).await;
    assert_eq!(t.app.db.kind(), DbKind::Sqlite);
    let statements = gatewright::db::STATEMENTS.iter();
    let searches =
        statements.filter(|one| one.file.ends_with("src/lists/search.rs") && one.sqlite.contains("LIKE"));
    let database = rusqlite::Connection::open(t.database_url().trim_start_matches("sqlite:")).unwrap();
    let mut count = 0;
    for statement in searches {
        let mut plan = database.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sqlite)).unwrap();
        let (mut rows, mut steps) = (plan.raw_query(), Vec::<String>::new());
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get(3).unwrap());
        }
        let scans: Vec<&String> = steps
            .iter()
            .filter(|step| {
                step.starts_with("SCAN")
                    && !step.contains("VIRTUAL TABLE")
                    && !step.contains("SCAN n")
                    && !step.contains("(subquery")
                    && !step.contains("SUBQUERY")
            })
            .collect();
        assert!(scans.is_empty(), "line {}: {steps:#?}", statement.line);
        count += 1;
    }
    assert!(count >= 8, "{count} statements");
}
