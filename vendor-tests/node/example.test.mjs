// examples/customer.mjs as a person runs it: what it prints, what mails arrive, and that it leaves nothing.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Server } from './support/server.mjs';
import { SmtpSink } from './support/smtp.mjs';

const example = (name) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

describe('the example', () => {
  let folder;
  let sink;
  let server;
  let client;
  before(async () => {
    // Beside the SDK that these tests have, instead of one of its own.
    folder = await mkdtemp(path.join(tmpdir(), 'gatewright-example-'));
    await cp(example('customer.mjs'), path.join(folder, 'customer.mjs'));
    await symlink(here('node_modules'), path.join(folder, 'node_modules'));
    sink = await SmtpSink.start();
    server = await Server.start({ settings: sink.settings() });
    client = server.client();
  });
  after(async () => {
    await server?.stop();
    sink?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(...args) {
    const env = { ...process.env, ...server.credentials };
    const child = spawn(process.execPath, ['customer.mjs', ...args], { cwd: folder, env });
    const printed = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (printed[name] += text));
    const [code] = await once(child, 'close');
    return { code, ...printed };
  }

  /** The same text for each run. */
  const settled = (text) => text.replaceAll(server.url, 'http://localhost:8080').replaceAll(/\d{15,}/g, '…');

  /** How many organizations, users and connections of the example's domain there are. */
  async function left() {
    const { totalSize: organizations } = await client.organization.listOrganization();
    const { totalSize: users } = await client.user.listUsers();
    const { connections } = await client.connection.listConnectionsByDomain('acme.example');
    return [organizations, users, connections.length];
  }

  test('builds a customer, invites by SMTP, lists it and deletes it', async () => {
    const { code, stdout, stderr } = await run();
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.equal(settled(stdout), await readFile(example('transcript.txt'), 'utf8'));
    const mails = await sink.waitFor(2);
    assert.deepEqual(mails.map(({ to }) => to).sort(), [['ada@acme.example'], ['grace@acme.example']]);
    for (const { from, data } of mails) {
      assert.equal(from, 'no-reply@gatewright.test');
      assert.match(data, /^Subject: You are invited to Acme on Gatewright$/m);
      assert.ok(data.replaceAll('=\n', '').includes(`\n${server.url}/invitations/`), data);
    }
    assert.deepEqual(await left(), [0, 0, 0]);
  });

  test('says what failed, and deletes what it had made', async () => {
    const { organization } = await client.organization.createOrganization('Other');
    const options = { email: 'grace@acme.example', sendInvitationEmail: false };
    const { user } = await client.user.createUserAndMembership(organization.id, options);
    const { code, stdout, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stderr, /^Failed at: user: .*\bexists\b/);
    assert.match(stdout, /^Delete\n {2}user +ada@acme\.example\n {2}organization +org_\d+, and all that it had$/m);
    assert.deepEqual(await left(), [1, 1, 0]);
    assert.equal((await client.user.getUser(user.id)).user.email, 'grace@acme.example');
  });

  test('has the SDK of these tests', async () => {
    const dependencies = async (file) => JSON.parse(await readFile(file, 'utf8')).dependencies;
    assert.deepEqual(await dependencies(example('package.json')), await dependencies(here('package.json')));
  });
});
