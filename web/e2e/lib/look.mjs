import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { byTestId } from "./browsers.mjs";
import { until } from "./until.mjs";

const OUT = fileURLToPath(new URL("../out/", import.meta.url));
export const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
];
const LANGUAGES = ["zh-CN", "en"];
const SCHEMES = ["dark", "light"];

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
if (process.env.SCREENSHOTS) await mkdir(OUT, { recursive: true });

const language = (page) => page.evaluate(() => document.documentElement.lang);

async function choose(page, lang) {
  if ((await language(page)) === lang) return;
  await page.click(byTestId("lang-switch"));
  await until(async () => (await language(page)) === lang, { what: `the page in ${lang}` });
}

/** Runs in the page: what axe has against it, one line for each element. */
async function findViolations() {
  // A new color scheme shows with the next frame, and one transition may start another.
  for (let calm = 0; calm < 2; calm += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const running = document.getAnimations().filter((one) => one instanceof CSSTransition);
    if (running.length > 0) calm = -1;
    await Promise.all(running.map(({ finished }) => finished.catch(() => undefined)));
  }
  const { violations } = await window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    resultTypes: ["violations"],
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`),
  );
}

/** What axe has against a page as it is now, and a picture of it where they are asked for. */
export async function inspectAsIs(page, name) {
  await page.evaluate(axe);
  const violations = await page.evaluate(findViolations);
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${OUT}${name}.png` });
  assert.deepEqual(violations, [], name);
  const refused = await page.evaluate(() => window.__seen.violations);
  assert.deepEqual(refused, [], `${name}: refused by the content security policy`);
}

/**
 * Looks at a page as it is, in every size, language and color scheme: what axe finds and what its policy refused. `again`
 * opens what a click elsewhere closes.
 */
export async function inspect(page, name, again) {
  await page.evaluate(axe);
  const found = [];
  for (const lang of LANGUAGES) {
    // A dialog covers the switch; it speaks the language that the page was opened in.
    const covered = await page.locator("dialog[open]").count();
    if (covered && lang !== (await language(page))) continue;
    if (!covered) {
      // On a phone the switch may lie behind what is shown.
      await page.setViewportSize(SIZES[0]);
      await choose(page, lang);
      await again?.(page);
    }
    for (const size of SIZES) {
      await page.setViewportSize(size);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const look = `${name} ${lang} ${size.width} ${colorScheme}`;
        const violations = await page.evaluate(findViolations);
        found.push(...violations.map((violation) => `${look}: ${violation}`));
        if (process.env.SCREENSHOTS) {
          await page.screenshot({ path: `${OUT}${look.replaceAll(" ", "-")}.png` });
        }
      }
      const { scrollWidth, clientWidth } = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      if (scrollWidth > clientWidth) {
        found.push(`${name} ${lang} ${size.width}: ${scrollWidth} wide, scrolls sideways`);
      }
    }
  }
  const refused = await page.evaluate(() => window.__seen.violations);
  assert.deepEqual(refused, [], `${name}: refused by the content security policy`);
  assert.deepEqual(found, []);
}
