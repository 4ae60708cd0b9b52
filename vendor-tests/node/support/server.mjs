// Starts the server binary for a test, on a free port and with a data folder of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScalekitClient } from '@scalekit-sdk/node';

const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 10_000;

const binary = path.resolve(
  process.env.GATEWRIGHT_BIN ?? fileURLToPath(new URL('../../../target/debug/gatewright', import.meta.url)),
);

/** The `tls` folder that all servers of a TLS run share, so that one NODE_EXTRA_CA_CERTS covers them; set by run.mjs. */
const tlsTemplate = process.env.GATEWRIGHT_TEST_TLS_TEMPLATE;

/** A port that nobody listens on at the moment. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Resolves with the HTTP status of a GET, or rejects when nobody answers. */
export function getStatus(url, ca) {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? https.get : http.get;
    const request = get(url, { agent: false, ca, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 5 s')));
    request.on('error', reject);
  });
}

/** `credentials.env` is written for `set -a; . FILE`: KEY=value, perhaps quoted. */
export function parseCredentials(text) {
  const found = {};
  for (const line of text.split('\n')) {
    const match = /^(?:export )?([A-Z_]+)=(["']?)(.*)\2$/.exec(line.trim());
    if (match) found[match[1]] = match[3];
  }
  return found;
}

export class Server {
  #process;
  #log;

  constructor(dataDir, port, tls, metrics, settings) {
    this.dataDir = dataDir;
    this.port = port;
    this.tls = tls;
    this.metrics = metrics;
    this.settings = settings;
    this.url = `${tls ? 'https' : 'http'}://localhost:${port}`;
  }

  /**
   * Starts a server with an empty data folder. It speaks TLS in a TLS run, or when `tls` says so.
   * `ca` is only needed by a process that was not started with NODE_EXTRA_CA_CERTS. `metrics` is the `host:port` of the
   * metrics and of the inbox for developers; `settings` are further variables of its environment.
   */
  static async start({ tls = tlsTemplate !== undefined, metrics = 'off', settings = {} } = {}) {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'gatewright-node-'));
    if (tlsTemplate !== undefined) await cp(tlsTemplate, path.join(dataDir, 'tls'), { recursive: true });
    const server = new Server(dataDir, await freePort(), tls, metrics, settings);
    try {
      await server.run();
    } catch (error) {
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
    return server;
  }

  async run() {
    const log = await open(path.join(this.dataDir, 'test.log'), 'a');
    const flags = ['serve', ...this.#settings(), '--listen', `127.0.0.1:${this.port}`, '--metrics-listen', this.metrics];
    if (this.tls) flags.push('--tls', 'local');
    this.#process = spawn(binary, flags, { ...this.#surroundings(), stdio: ['ignore', log.fd, log.fd] });
    this.#log = log;
    await once(this.#process, 'spawn');
    await this.#becomesReady();
    this.credentials = parseCredentials(await readFile(path.join(this.dataDir, 'credentials.env'), 'utf8'));
  }

  #settings() {
    return ['--data-dir', this.dataDir, '--public-url', this.url];
  }

  /** Neither a configuration file in the working folder nor the caller's environment changes what is tested. */
  #surroundings() {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEWRIGHT_'));
    const none = { GATEWRIGHT_DEVELOPMENT__TEST_ORGANIZATION: 'false' }; // tests make what they need
    return { cwd: this.dataDir, env: { ...Object.fromEntries(own), ...none, ...this.settings } };
  }

  async #becomesReady() {
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!this.#hasExited() && Date.now() < deadline) {
      const status = await this.#caFile()
        .then((ca) => getStatus(`${this.url}/ready`, ca))
        .catch(() => undefined);
      if (status === 200) return;
      await sleep(20);
    }
    const why = this.#hasExited() ? `exited with ${this.#process.exitCode}` : `is not ready after ${START_DEADLINE_MS} ms`;
    this.#process.kill('SIGKILL');
    throw new Error(`the server ${why}:\n${await this.log()}`);
  }

  #hasExited() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async #caFile() {
    return this.tls ? readFile(path.join(this.dataDir, 'tls', 'ca.pem')) : undefined;
  }

  log() {
    return readFile(path.join(this.dataDir, 'test.log'), 'utf8');
  }

  /** Asks the server to stop, as an operator does, and fails if it does not. */
  async halt() {
    if (this.#hasExited()) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const late = setTimeout(() => this.#process.kill('SIGKILL'), STOP_DEADLINE_MS);
    const [code, signal] = await exited;
    clearTimeout(late);
    await this.#log.close();
    if (code !== 0) throw new Error(`SIGTERM ended the server with ${signal ?? code}:\n${await this.log()}`);
  }

  async restart() {
    await this.halt();
    await this.run();
  }

  async stop() {
    try {
      await this.halt();
    } finally {
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }

  /** A new SDK client, made as the vendor's documents do. */
  client(overrides = {}) {
    const use = { ...this.credentials, ...overrides };
    return new ScalekitClient(use.SCALEKIT_ENVIRONMENT_URL, use.SCALEKIT_CLIENT_ID, use.SCALEKIT_CLIENT_SECRET);
  }

  /** Runs a command of the binary on this server's data folder and returns what it printed. */
  async command(...args) {
    const child = spawn(binary, [...args, ...this.#settings()], { ...this.#surroundings(), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`gatewright ${args.join(' ')} exited with ${code}:\n${output}`);
    return output;
  }
}
