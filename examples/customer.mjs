// Builds a customer from nothing with the vendor's Node SDK, lists it all back and deletes it: node customer.mjs [NAME]
// customer.rs does the same with the Rust SDK; README.md says how to run both.

import { ScalekitClient } from '@scalekit-sdk/node';

// Numbers of the API's enums.
const OIDC = 1;
const IDP_SIMULATOR = 14;
const SCIM = 1;
const OKTA = 1;
const VERIFIED = 2;
const PENDING_INVITE = 3;

const name = process.argv[2] ?? 'Acme';
const domain = `${name.toLowerCase()}.example`;
const externalId = `crm-${name.toLowerCase()}`;

/** What there is to delete in the end. */
const made = { organizationId: undefined, users: [] };
/** What is being done, for the message when it fails. */
let step = 'start';

function say(kind, text) {
  console.log(`  ${kind.padEnd(16)}${text}`);
}

function connect() {
  const names = ['SCALEKIT_ENVIRONMENT_URL', 'SCALEKIT_CLIENT_ID', 'SCALEKIT_CLIENT_SECRET'];
  const missing = names.find((variable) => !process.env[variable]);
  if (missing) throw new Error(`${missing} is not set; try: set -a; . ./gatewright-data/credentials.env; set +a`);
  return new ScalekitClient(...names.map((variable) => process.env[variable]));
}

async function build(client) {
  console.log('Build');
  step = 'organization';
  const { organization } = await client.organization.createOrganization(name, { externalId });
  const id = (made.organizationId = organization.id);
  say(step, `${id}, your id ${organization.externalId}`);

  step = 'domain';
  const owned = (await client.domain.createDomain(id, domain)).domain;
  say(step, `${owned.domain}, ${owned.verificationStatus === VERIFIED ? 'verified' : 'not verified'}`);

  await addRole(client, id, { name: 'accountant', displayName: 'Accountant', extends: 'member' });
  const permissions = ['sk_org_users_invite'];
  await addRole(client, id, { name: 'team_lead', displayName: 'Team lead', extends: 'accountant', permissions });

  step = 'connection';
  const { connection } = await client.connection.createConnection(id, { type: OIDC, provider: IDP_SIMULATOR });
  const { enabled } = await client.connection.enableConnection(id, connection.id);
  say(step, `${connection.id}, ${enabled ? 'enabled' : 'disabled'}`);

  step = 'directory';
  const options = { directoryType: SCIM, directoryProvider: OKTA };
  const { directory } = await client.directory.createDirectory(id, options);
  say(step, `${directory.id}, ${directory.name}, ${directory.directoryEndpoint}`);

  await invite(client, id, { email: `ada@${domain}`, firstName: 'Ada', lastName: 'Lovelace', role: 'team_lead' });
  await invite(client, id, { email: `grace@${domain}`, firstName: 'Grace', lastName: 'Hopper', role: 'accountant' });
  await addMachine(client, id);
  await addKey(client, id);
}

async function addRole(client, id, wanted) {
  step = 'role';
  const { role } = await client.role.createOrganizationRole(id, wanted);
  say(step, `${role.name}, extends ${role.extends}`);
}

async function invite(client, id, { email, firstName, lastName, role }) {
  step = 'user';
  const userProfile = { firstName, lastName };
  const created = await client.user.createUserAndMembership(id, { email, userProfile, sendInvitationEmail: true });
  made.users.push(created.user);
  const { user } = await client.user.updateMembership(id, created.user.id, { roles: [role] });
  const { permissions } = await client.user.listUserPermissions(id, user.id);
  say(step, `${describeUser(user)}, ${permissions.length} permissions`);
}

async function addMachine(client, id) {
  step = 'machine client';
  const scopes = ['orders:read'];
  const audience = [`https://api.${domain}`];
  const machine = await client.m2m.createOrganizationClient(id, { name: 'Nightly export', scopes, audience });
  const token = await client.generateClientToken(machine.client.clientId, machine.plainSecret);
  const claims = await client.validateToken(token, { audience, requiredScopes: scopes });
  say(step, `${claims.client_id}, its token is for ${claims.scopes}`);
}

async function addKey(client, id) {
  step = 'API key';
  const { token } = await client.token.createToken(id, { description: 'CI' });
  const { tokenInfo } = await client.token.validateToken(token);
  say(step, `${tokenInfo.tokenId}, valid`);
}

function describeUser({ email, userProfile, memberships: [membership] }) {
  const roles = membership.roles.map((role) => role.name).join(' ');
  const status = membership.membershipStatus === PENDING_INVITE ? 'invited' : 'a member';
  return `${email}, ${userProfile.name}, ${status} as ${roles}`;
}

async function list(client) {
  console.log('List');
  step = 'list';
  const { organization } = await client.organization.getOrganizationByExternalId(externalId);
  const { id } = organization;
  say('organization', `${id}, ${organization.displayName}`);
  for (const { domain } of (await client.domain.listDomains(id)).domains) say('domain', domain);
  for (const role of (await client.role.listOrganizationRoles(id)).roles) {
    if (role.isOrgRole) say('role', `${role.name}, ${role.displayName}`);
  }
  for (const connection of (await client.connection.listConnections(id)).connections) say('connection', connection.id);
  for (const directory of (await client.directory.listDirectories(id)).directories) {
    say('directory', `${directory.id}, ${directory.name}`);
  }
  for (const user of (await client.user.listOrganizationUsers(id, { pageSize: 100 })).users) {
    say('user', describeUser(user));
  }
  for (const machine of (await client.m2m.listOrganizationClients(id)).clients) {
    say('machine client', `${machine.clientId}, ${machine.name}`);
  }
  for (const key of (await client.token.listTokens(id)).tokens) say('API key', `${key.tokenId}, ${key.description}`);
}

/** Users have accounts of their own, which outlive an organization; all else is the organization's and goes with it. */
async function remove(client) {
  if (!made.organizationId) return;
  console.log('Delete');
  step = 'delete';
  for (const user of made.users) {
    await client.user.deleteUser(user.id);
    say('user', user.email);
  }
  await client.organization.deleteOrganization(made.organizationId);
  say('organization', `${made.organizationId}, and all that it had`);
  const { totalSize: users } = await client.user.searchUsers(domain);
  const { connections } = await client.connection.listConnectionsByDomain(domain);
  say('left', `${users} users, ${connections.length} connections of ${domain}`);
}

function fail(error) {
  console.error(`Failed at: ${step}: ${error.message}`);
  process.exitCode = 1;
}

try {
  const client = connect();
  console.log(`${name} at ${process.env.SCALEKIT_ENVIRONMENT_URL}`);
  try {
    await build(client);
    await list(client);
  } catch (error) {
    fail(error);
  }
  await remove(client);
} catch (error) {
  fail(error);
}
