// Every hosted page in every state, as a browser shows it: nothing is refused, wider than the screen or out of reach, and
// axe finds nothing. The screenshots stay in target/screenshots.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { accessibilityProblems, isTooWide, launch, newPage, smallTargets } from './support/browser.mjs';
import { Gallery } from './support/gallery.mjs';

const screenshots = fileURLToPath(new URL('../target/screenshots', import.meta.url));
const LANGUAGES = ['en', 'de', 'es', 'fr', 'hi', 'ja'];
const isDesign = process.env.GATEWRIGHT_SCREENSHOTS !== 'off';

let gallery;
let browser;

before(async () => {
  await mkdir(screenshots, { recursive: true });
  [gallery, browser] = await Promise.all([Gallery.start(), launch()]);
});

after(async () => {
  await browser?.close();
  gallery?.stop();
});

/** Goes through all pages in one way of looking at them, and collects what is wrong. */
async function problemsOf(options, show, look) {
  const page = await newPage(browser, options);
  const problems = [];
  for (const name of await gallery.names()) {
    await page.goto(gallery.page(name, show));
    const found = await look(page, name);
    problems.push(...[...found, ...page.complaints.splice(0)].map((problem) => `${name}: ${problem}`));
  }
  await page.context().close();
  return problems;
}

for (const kind of ['plain', 'branded']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [360, 1280]) {
      test(`${kind}, ${colorScheme}, ${width} pixels`, async () => {
        const viewport = { width, height: 800 };
        const problems = await problemsOf({ viewport, colorScheme }, { kind }, async (page, name) => {
          const file = `${name}-${kind}-${colorScheme}-${width}.png`;
          if (isDesign) await page.screenshot({ path: path.join(screenshots, file), fullPage: true });
          return [...(await accessibilityProblems(page)), ...(await smallTargets(page)), ...((await isTooWide(page)) ? ['too wide'] : [])];
        });
        assert.deepEqual(problems, []);
      });
    }
  }
}

for (const language of LANGUAGES) {
  test(`${language} at 320 pixels, without script`, async () => {
    const options = { viewport: { width: 320, height: 640 }, javaScriptEnabled: false };
    const problems = await problemsOf(options, { language }, async (page, name) => {
      if (language !== 'en' && isDesign) {
        await page.screenshot({ path: path.join(screenshots, `${name}-${language}-320.png`), fullPage: true });
      }
      return (await isTooWide(page)) ? ['too wide'] : [];
    });
    assert.deepEqual(problems, []);
  });
}
