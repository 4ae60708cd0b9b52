// A real browser for tests: Chromium, with what a person and a security key would do.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** WCAG 2.2 AA and what comes before it. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Starts the system's Chromium; `GATEWRIGHT_TEST_CHROMIUM` names another one. */
export function launch() {
  const executablePath = process.env.GATEWRIGHT_TEST_CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) throw new Error('no Chromium: dev/install-tools browser installs it');
  // As root, as in containers, Chromium has no sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}

/**
 * A browser profile of its own. What a page says on the console or asks for in vain is in `page.complaints`: a test that
 * uses `newPage` can check that there are none.
 */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  return page;
}

/** What axe finds wrong: one line for each rule, with the places. */
export async function accessibilityProblems(page) {
  // The page's policy allows no inline script; evaluating is the debugger's.
  await page.evaluate(`${axeSource}; undefined`);
  const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

/** Whether the page must be scrolled sideways: 1.4.10 forbids it down to 320 pixels. */
export function isTooWide(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** Things to press that are smaller than 44 pixels, links within a sentence aside (2.5.8, and our own aim). */
export function smallTargets(page) {
  return page.evaluate(() => {
    const isShown = (one) => one.checkVisibility() && one.type !== 'hidden';
    const isSmall = (one) => {
      const target = one.closest('label') ?? one;
      const { width, height } = target.getBoundingClientRect();
      return height < 43.5 || width < 24;
    };
    const isInSentence = (one) => one.tagName === 'A' && one.closest('p:not(.aside), dd');
    const all = [...document.querySelectorAll('a, button, input, select, summary')];
    return all.filter((one) => isShown(one) && !isInSentence(one) && isSmall(one)).map((one) => one.outerHTML.slice(0, 120));
  });
}

/**
 * A security key that is always there, and whose user always agrees (the DevTools protocol's WebAuthn domain). Chromium
 * keeps it for this page. `options` change it.
 */
export async function addAuthenticator(page, options = {}) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  });
  return {
    credentials: async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    setVerified: (isUserVerified) => devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    remove: () => devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  };
}
