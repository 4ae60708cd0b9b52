//! A large database and a small one, side by side: what does size cost?
use crate::{
    Plan,
    api::Api,
    load::{join, percentile},
    phases::{Bench, SETTLE, memory},
    process::Home,
    report::{Bar, Goal, Report, Row, progress},
};
use anyhow::{Context as _, Result};
use gatewright_api::{
    rpc::{api_token_service as tokens, organization_service as organizations, user_service as users},
    scalekit::v1::{organizations as org_pb, tokens as token_pb, users as user_pb},
};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Users of the small database: enough for a page of each list.
const FEW: u64 = 1000;
/// Calls of each operation, on either database in turns.
const CALLS: u64 = 1000;
/// Creations under way at once while a database is filled.
const BATCH: u64 = 32;
/// How much worse an operation may be on the large one.
const AIM: Goal = Goal::AimAtMost(1.5);

/// A server with a database that was filled.
struct Filled {
    api: Api,
    organizations: Vec<String>,
    /// Each tenth user, by number.
    users: Vec<String>,
    count: u64,
    /// An API key.
    key: String,
    /// The next number of a user.
    next: Cell<u64>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    GetOrganization,
    GetUser,
    GetUserByExternalId,
    ListOrganizations,
    ListUsers,
    ListMembers,
    SearchOrganizations,
    SearchUsers,
    SearchMembers,
    SearchWhatAllHave,
    SearchWhatNobodyHas,
    CreateUser,
    UpdateUser,
    DeleteUser,
    CreateOrganization,
    ValidateKey,
}

impl Operation {
    const ALL: [(Self, &str); 16] = [
        (Self::GetOrganization, "get organization"),
        (Self::GetUser, "get user"),
        (Self::GetUserByExternalId, "get user by external id"),
        (Self::ListOrganizations, "list organizations"),
        (Self::ListUsers, "list users"),
        (Self::ListMembers, "list members"),
        (Self::SearchOrganizations, "search one organization"),
        (Self::SearchUsers, "search one user"),
        (Self::SearchMembers, "search one member"),
        (Self::SearchWhatAllHave, "search what all users have"),
        (Self::SearchWhatNobodyHas, "search what no user has"),
        (Self::CreateUser, "create user"),
        (Self::UpdateUser, "update user"),
        (Self::DeleteUser, "delete user"),
        (Self::CreateOrganization, "create organization"),
        (Self::ValidateKey, "validate API key"),
    ];
}

/// Fills both databases and adds a row for each operation and percentile.
///
/// # Errors
/// The server fails.
pub async fn compare(plan: &Plan, many: u64, report: &mut Report) -> Result<()> {
    anyhow::ensure!(plan.postgres.is_none(), "--fill needs databases of its own: leave --postgres out");
    let (small, _small_server) = Filled::new(plan, "small", FEW).await?;
    let (large, server) = Filled::new(plan, "large", many).await?;
    tokio::time::sleep(SETTLE).await;
    progress("operations, in turns on either database");
    for (operation, name) in Operation::ALL {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for call in 0..CALLS {
            one.push(small.time(operation, call).await.with_context(|| format!("{name}, small"))?);
            other.push(large.time(operation, call).await.with_context(|| format!("{name}, large"))?);
        }
        one.sort_unstable();
        other.sort_unstable();
        for (label, share) in [("p50", 0.5), ("p99", 0.99)] {
            let row = Row::new(format!("{name}, {label}"), percentile(&other, share), "ms");
            report.add(row.beside(percentile(&one, share)).goal(AIM));
        }
    }
    report.add(memory(&format!("resident with {many} users"), server.server.memory()?));
    Ok(())
}

impl Filled {
    async fn new<'a>(plan: &'a Plan, name: &str, count: u64) -> Result<(Self, Bench<'a>)> {
        let home = Home::new(plan, name)?;
        let server = home.start().await?;
        let credentials = home.credentials()?;
        server.stop()?;
        let bench = Bench::new(plan, home, credentials).await?;
        let apis = bench.apis().await?;
        progress(&format!("filling the {name} database"));
        let organizations =
            fill("organizations", &apis, count / 10, 1, async |api, number| api.create(number).await);
        let organizations = organizations.await?;
        let users = fill("users", &apis, count, 10, async |api, number| {
            let of = organization_of(number, &organizations).context("no organization")?;
            create_user(api, of, number).await
        });
        let users = users.await?;
        let api = Api::connect(&bench.home.url(), &bench.token).await?;
        let key = api.call::<tokens::CreateToken>(token_pb::CreateTokenRequest {
            token: Some(token_pb::CreateToken {
                organization_id: organizations.first().context("no organization")?.clone(),
                ..Default::default()
            }),
        });
        let key = key.await?.token;
        Ok((Self { api, organizations, users, count, key, next: Cell::new(count) }, bench))
    }

    async fn time(&self, operation: Operation, call: u64) -> Result<Duration> {
        // What a deletion deletes is not part of it.
        let doomed = match operation {
            Operation::DeleteUser => Some(self.new_user().await?),
            _ => None,
        };
        let begun = Instant::now();
        match doomed {
            Some(user) => {
                let identities = Some(user_pb::delete_user_request::Identities::Id(user));
                self.api.call::<users::DeleteUser>(user_pb::DeleteUserRequest { identities }).await?;
            }
            None => self.run(operation, scattered(call)).await?,
        }
        Ok(begun.elapsed())
    }

    /// Runs an operation on what `number` chooses.
    async fn run(&self, operation: Operation, number: u64) -> Result<()> {
        use Operation as Op;
        match operation {
            Op::GetOrganization => self.api.get(chosen(&self.organizations, number)?).await,
            Op::GetUser | Op::GetUserByExternalId => {
                let identities = match operation {
                    Op::GetUser => {
                        user_pb::get_user_request::Identities::Id(chosen(&self.users, number)?.clone())
                    }
                    _ => user_pb::get_user_request::Identities::ExternalId(format!(
                        "user-{}",
                        number % self.count
                    )),
                };
                let request = user_pb::GetUserRequest { identities: Some(identities) };
                self.api.call::<users::GetUser>(request).await.map(drop)
            }
            Op::ListOrganizations => self.api.list().await,
            Op::ListUsers => {
                let request = user_pb::ListUsersRequest { page_size: 10, ..Default::default() };
                let page = self.api.call::<users::ListUsers>(request).await?;
                expect(page.users.len(), 10)?;
                anyhow::ensure!(u64::from(page.total_size) >= self.count, "a total of {}", page.total_size);
                Ok(())
            }
            Op::ListMembers => {
                let request = user_pb::ListOrganizationUsersRequest {
                    organization_id: chosen(&self.organizations, 0)?.clone(),
                    page_size: 10,
                    ..Default::default()
                };
                expect(self.api.call::<users::ListOrganizationUsers>(request).await?.users.len(), 10)
            }
            Op::SearchOrganizations => self.api.search(number % (self.count / 10)).await,
            Op::SearchUsers => self.search_users(&format!("user{}@", number % self.count), 1).await,
            Op::SearchWhatAllHave => self.search_users("@example.com", 10).await,
            Op::SearchWhatNobodyHas => self.search_users(&format!("nobody{number}"), 0).await,
            Op::SearchMembers => {
                let request = user_pb::SearchOrganizationUsersRequest {
                    organization_id: chosen(&self.organizations, 0)?.clone(),
                    query: format!("user{}@", number % (self.count / 100) * 100),
                    page_size: 10,
                    ..Default::default()
                };
                expect(self.api.call::<users::SearchOrganizationUsers>(request).await?.users.len(), 1)
            }
            Op::CreateUser | Op::DeleteUser => self.new_user().await.map(drop),
            Op::UpdateUser => {
                let identities =
                    user_pb::update_user_request::Identities::Id(chosen(&self.users, number)?.clone());
                let profile = user_pb::UpdateUserProfile {
                    given_name: Some(format!("Given {number}")),
                    ..Default::default()
                };
                let user = user_pb::UpdateUser { user_profile: Some(profile), ..Default::default() };
                let request = user_pb::UpdateUserRequest { identities: Some(identities), user: Some(user) };
                self.api.call::<users::UpdateUser>(request).await.map(drop)
            }
            Op::CreateOrganization => {
                let organization = org_pb::CreateOrganization {
                    display_name: format!("Later {number}"),
                    ..Default::default()
                };
                let request = org_pb::CreateOrganizationRequest { organization: Some(organization) };
                self.api.call::<organizations::CreateOrganization>(request).await.map(drop)
            }
            Op::ValidateKey => {
                let request = token_pb::ValidateTokenRequest { token: self.key.clone() };
                self.api.call::<tokens::ValidateToken>(request).await.map(drop)
            }
        }
    }

    async fn search_users(&self, query: &str, found: usize) -> Result<()> {
        let request =
            user_pb::SearchUsersRequest { query: query.to_owned(), page_size: 10, ..Default::default() };
        expect(self.api.call::<users::SearchUsers>(request).await?.users.len(), found)
    }

    async fn new_user(&self) -> Result<String> {
        let number = self.next.replace(self.next.get() + 1);
        let of = organization_of(number, &self.organizations).context("no organization")?;
        create_user(&self.api, of, number).await
    }
}

/// One user in a hundred belongs to the first organization, the others to all in turn.
fn organization_of(number: u64, organizations: &[String]) -> Option<&String> {
    let many = u64::try_from(organizations.len()).ok()?;
    let which = if number.is_multiple_of(100) { 0 } else { number % many };
    organizations.get(usize::try_from(which).ok()?)
}

async fn create_user(api: &Api, organization: &str, number: u64) -> Result<String> {
    let profile = user_pb::CreateUserProfile {
        given_name: "User".to_owned(),
        family_name: format!("Number {number}"),
        ..Default::default()
    };
    let user = user_pb::CreateUser {
        email: format!("user{number}@example.com"),
        external_id: Some(format!("user-{number}")),
        user_profile: Some(profile),
        ..Default::default()
    };
    let request = user_pb::CreateUserAndMembershipRequest {
        organization_id: organization.to_owned(),
        user: Some(user),
        send_invitation_email: Some(false),
    };
    Ok(api.call::<users::CreateUserAndMembership>(request).await?.user.unwrap_or_default().id)
}

/// Creates what the numbers from 0 on stand for, and returns the id of each `kept`th.
async fn fill(
    what: &'static str,
    apis: &[Api],
    count: u64,
    kept: u64,
    create: impl AsyncFn(&Api, u64) -> Result<String>,
) -> Result<Vec<String>> {
    let (mut bar, mut ids) = (Bar::new(what, count), Vec::new());
    let mut number = 0;
    while number < count {
        let end = (number + BATCH).min(count);
        let batch = apis.iter().cycle().zip(number..end).map(|(api, number)| create(api, number));
        let made = join(batch.collect()).await?;
        ids.extend(
            (number..end).zip(made).filter(|(number, _)| number.is_multiple_of(kept)).map(|(_, id)| id),
        );
        number = end;
        bar.at(number);
    }
    Ok(ids)
}

/// Numbers that are far from each other for calls that follow each other.
fn scattered(call: u64) -> u64 {
    call.wrapping_mul(7_919_797) % 1_000_003
}

fn chosen(ids: &[String], number: u64) -> Result<&String> {
    let many = u64::try_from(ids.len())?;
    ids.get(usize::try_from(number % many.max(1))?).context("nothing was filled in")
}

fn expect(found: usize, expected: usize) -> Result<()> {
    anyhow::ensure!(found == expected, "{found} found, not {expected}");
    Ok(())
}
