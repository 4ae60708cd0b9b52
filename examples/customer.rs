//! Builds a customer from nothing with the Rust SDK, lists it all back and deletes it:
//! `cargo run -p gatewright-sdk --example customer [NAME]`.
//! `customer.mjs` does the same with the vendor's Node SDK; `README.md` says how to run both.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person")]

use std::{env, error::Error, process::ExitCode};

use gatewright_sdk::{
    ScalekitClient, ScalekitError, User,
    connection::{ConnectionProvider, ConnectionType},
    directory::{DirectoryProvider, DirectoryType},
    user::{MembershipStatus, UserProfileInput},
};
use serde_json::Value;

/// A customer, and what there is of it to delete in the end.
struct Customer {
    client: ScalekitClient,
    name: String,
    domain: String,
    external_id: String,
    organization_id: Option<String>,
    users: Vec<User>,
    /// What is being done, for the message when it fails.
    step: &'static str,
}

#[tokio::main]
async fn main() -> ExitCode {
    let name = env::args().nth(1).unwrap_or_else(|| "Acme".to_owned());
    let client = match connect() {
        Ok(client) => client,
        Err(error) => return fail("start", error.as_ref()),
    };
    println!("{name} at {}", client.env_url());
    let mut customer = Customer::new(client, name);
    let mut code = ExitCode::SUCCESS;
    if let Err(error) = customer.build_and_list().await {
        code = fail(customer.step, &error);
    }
    if let Err(error) = customer.remove().await {
        code = fail(customer.step, &error);
    }
    code
}

fn connect() -> Result<ScalekitClient, Box<dyn Error>> {
    Ok(ScalekitClient::new(
        variable("SCALEKIT_ENVIRONMENT_URL")?,
        variable("SCALEKIT_CLIENT_ID")?,
        variable("SCALEKIT_CLIENT_SECRET")?,
    )?)
}

fn variable(name: &str) -> Result<String, String> {
    let value = env::var(name).ok().filter(|value| !value.is_empty());
    value
        .ok_or_else(|| format!("{name} is not set; try: set -a; . ./gatewright-data/credentials.env; set +a"))
}

fn fail(step: &str, error: &dyn Error) -> ExitCode {
    eprintln!("Failed at: {step}: {error}");
    ExitCode::FAILURE
}

fn say(kind: &str, text: &str) {
    println!("  {kind:<16}{text}");
}

impl Customer {
    fn new(client: ScalekitClient, name: String) -> Self {
        let lower = name.to_lowercase();
        let (domain, external_id) = (format!("{lower}.example"), format!("crm-{lower}"));
        Self { client, name, domain, external_id, organization_id: None, users: Vec::new(), step: "start" }
    }

    async fn build_and_list(&mut self) -> Result<(), ScalekitError> {
        println!("Build");
        self.step = "organization";
        let create = self.client.organization().create_organization(&self.name);
        let organization = create.external_id(&self.external_id).await?;
        let id = organization.id;
        self.organization_id = Some(id.clone());
        say(self.step, &format!("{id}, your id {}", organization.external_id.unwrap_or_default()));

        self.add_sign_in(&id).await?;
        self.invite(&id, "ada", ("Ada", "Lovelace"), "team_lead").await?;
        self.invite(&id, "grace", ("Grace", "Hopper"), "accountant").await?;
        self.add_machine(&id).await?;
        self.add_key(&id).await?;
        self.list().await
    }

    /// Domain, roles, connection and directory.
    async fn add_sign_in(&mut self, id: &str) -> Result<(), ScalekitError> {
        self.step = "domain";
        let owned = self.client.domain().create_domain(id, &self.domain).await?;
        let verified = if owned.verification_status.is_verified() { "verified" } else { "not verified" };
        say(self.step, &format!("{}, {verified}", owned.domain));

        self.step = "role";
        let roles = self.client.role();
        let accountant =
            roles.create_organization_role(id, "accountant", "Accountant").extends("member").await?;
        let team_lead = roles.create_organization_role(id, "team_lead", "Team lead").extends("accountant");
        let team_lead = team_lead.permissions(["sk_org_users_invite"]).await?;
        for role in [accountant, team_lead] {
            say(self.step, &format!("{}, extends {}", role.name, role.extends.unwrap_or_default()));
        }

        self.step = "connection";
        let connections = self.client.connection();
        let connection =
            connections.create_connection(id, ConnectionType::Oidc, ConnectionProvider::IdpSimulator).await?;
        let enabled = connections.enable_connection(id, &connection.id).await?.enabled;
        say(self.step, &format!("{}, {}", connection.id, if enabled { "enabled" } else { "disabled" }));

        self.step = "directory";
        let directories = self.client.directory();
        let directory =
            directories.create_directory(id, DirectoryType::Scim, DirectoryProvider::Okta).await?;
        say(self.step, &format!("{}, {}, {}", directory.id, directory.name, directory.directory_endpoint));
        Ok(())
    }

    async fn invite(
        &mut self,
        id: &str,
        mailbox: &str,
        (given_name, family_name): (&str, &str),
        role: &str,
    ) -> Result<(), ScalekitError> {
        self.step = "user";
        let users = self.client.user();
        let created = users
            .create_user_and_membership(id, format!("{mailbox}@{}", self.domain))
            .user_profile(UserProfileInput::new().given_name(given_name).family_name(family_name))
            .send_invitation_email(true)
            .await?;
        self.users.push(created.clone());
        let user = users.update_membership(id, &created.id).roles([role]).await?;
        let permissions = users.list_user_permissions(id, &user.id).await?;
        say(self.step, &format!("{}, {} permissions", describe(&user), permissions.len()));
        Ok(())
    }

    async fn add_machine(&mut self, id: &str) -> Result<(), ScalekitError> {
        self.step = "machine client";
        let audience = format!("https://api.{}", self.domain);
        let create = self.client.m2m().create_organization_client(id).name("Nightly export");
        let machine = create.scopes(["orders:read"]).audience([&audience]).await?;
        let token =
            self.client.generate_client_token(&machine.client.client_id, &machine.plain_secret).await?;
        let validate = self.client.validate_token(&token.access_token).audience(&audience);
        let claims: Value = validate.required_scopes(["orders:read"]).await?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let (client_id, scope) = (text(claims.get("client_id")), text(claims.pointer("/scopes/0")));
        say(self.step, &format!("{client_id}, its token is for {scope}"));
        Ok(())
    }

    async fn add_key(&mut self, id: &str) -> Result<(), ScalekitError> {
        self.step = "API key";
        let keys = self.client.token();
        let new = keys.create_token(id).description("CI").await?;
        let key = keys.validate_token(&new.token).await?;
        say(self.step, &format!("{}, valid", key.token_id));
        Ok(())
    }

    async fn list(&mut self) -> Result<(), ScalekitError> {
        println!("List");
        self.step = "list";
        let client = &self.client;
        let organization = client.organization().get_organization_by_external_id(&self.external_id).await?;
        let id = &organization.id;
        say("organization", &format!("{id}, {}", organization.display_name));
        for domain in client.domain().list_domains(id).await?.domains {
            say("domain", &domain.domain);
        }
        for role in client.role().list_organization_roles(id).await?.iter().filter(|role| role.is_org_role) {
            say("role", &format!("{}, {}", role.name, role.display_name));
        }
        for connection in client.connection().list_connections(id).await? {
            say("connection", &connection.id);
        }
        for directory in client.directory().list_directories(id).await? {
            say("directory", &format!("{}, {}", directory.id, directory.name));
        }
        let mut users = client.user().list_organization_users(id).stream();
        while let Some(user) = users.try_next().await? {
            say("user", &describe(&user));
        }
        let mut machines = client.m2m().list_organization_clients(id).stream();
        while let Some(machine) = machines.try_next().await? {
            say("machine client", &format!("{}, {}", machine.client_id, machine.name));
        }
        let mut keys = client.token().list_tokens(id).stream();
        while let Some(key) = keys.try_next().await? {
            say("API key", &format!("{}, {}", key.token_id, key.description.unwrap_or_default()));
        }
        Ok(())
    }

    /// Users have accounts of their own, which outlive an organization; all else is the organization's and goes with it.
    async fn remove(&mut self) -> Result<(), ScalekitError> {
        let Some(id) = &self.organization_id else { return Ok(()) };
        println!("Delete");
        self.step = "delete";
        for user in &self.users {
            self.client.user().delete_user(&user.id).await?;
            say("user", &user.email);
        }
        self.client.organization().delete_organization(id).await?;
        say("organization", &format!("{id}, and all that it had"));
        let users = self.client.user().search_users(&self.domain).await?.total_size;
        let connections = self.client.connection().list_connections_by_domain(&self.domain).await?.len();
        say("left", &format!("{users} users, {connections} connections of {}", self.domain));
        Ok(())
    }
}

fn describe(user: &User) -> String {
    let name = user.user_profile.as_ref().map_or("", |profile| &profile.name);
    let Some(membership) = user.memberships.first() else { return format!("{}, {name}", user.email) };
    let roles: Vec<&str> = membership.roles.iter().map(|role| role.name.as_str()).collect();
    let invited = membership.membership_status == MembershipStatus::PendingInvite;
    let status = if invited { "invited" } else { "a member" };
    format!("{}, {name}, {status} as {}", user.email, roles.join(" "))
}
