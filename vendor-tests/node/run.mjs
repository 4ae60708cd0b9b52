// Runs the tests with the vendor's SDK: node run.mjs clear|tls [OPTION OF node --test | FILE]...
//
// Node reads NODE_EXTRA_CA_CERTS only when a process starts. So a TLS run first lets a server make its local CA, and then
// starts the tests in a new process that trusts it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from './support/server.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

async function runTests(env, args) {
  const options = args.filter((arg) => arg.startsWith('-'));
  const files = args.filter((arg) => !arg.startsWith('-'));
  if (files.length === 0) {
    files.push(...readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).map((name) => path.join(folder, name)));
  }
  const child = spawn(process.execPath, ['--test', '--test-reporter=spec', ...options, ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

async function runOverTls(args) {
  const authority = await Server.start({ tls: true });
  try {
    await authority.halt();
    const template = path.join(authority.dataDir, 'tls');
    const env = { GATEWRIGHT_TEST_TLS_TEMPLATE: template, NODE_EXTRA_CA_CERTS: path.join(template, 'ca.pem') };
    return await runTests(env, args);
  } finally {
    await authority.stop();
  }
}

const [transport, ...args] = process.argv.slice(2);
if (transport === 'clear') process.exitCode = await runTests({}, args);
else if (transport === 'tls') process.exitCode = await runOverTls(args);
else {
  console.error('usage: node run.mjs clear|tls [OPTION OF node --test | FILE]...');
  process.exitCode = 2;
}
