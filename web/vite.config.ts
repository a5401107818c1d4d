import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { precompress } from "./precompress.ts";

const iconMaker = fileURLToPath(new URL("src/components/icon-maker.ts", import.meta.url));

// The binary serves the built pages itself; `npm run dev` borrows its socket and its API.
const server = "http://127.0.0.1:3000";

/**
 * What every page needs, and what home, room and studio share: other pages use some of it, too, and as files of their
 * own the parts would be longer.
 */
const BASE = oneOf(
  /\/src\/(app|main)\.tsx$/,
  /\/(use-live-rooms|use-title|use-now|use-media-query|use-bfcache|use-player|top-bar|poster|live-badge|hue|place)\./,
  /\/(problem|format|debug-handle|pass|addresses)\.ts$/,
  /\/icons\/(x|circle-check|radio-tower|mic-off|chevron-left|share-2|users|circle-exclamation-point)\.m?js/,
);

/** What the page of a room shares with that of a past broadcast and with the chat of the studio. */
const SHOWN = oneOf(
  /\/(use-fullscreen|use-danmaku|popup|chat-log|chat-colors|chat-problem|stage-message)\./,
  /\/danmaku\/settings\.ts$/,
  /\/icons\/play\.m?js/,
);

/** How the page of a room finds out whether something is kept of it. */
const KEPT = oneOf(/\/kept\/(room-past\.tsx|past-list\.ts|ask\.ts)$|\/use-past-list\./);

/** What is loaded at once with all that it needs. All else has its parts a moment later: their names would be in the page. */
const AT_ONCE = /\/(home|watch|host|past|clip|kept|shown|zh|en|[ez][nh]-\w+)-[^/]{8}\.js$/;

function oneOf(...patterns: RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join("|"));
}

/** The embed is built apart, into the same folder: it shares no file with the pages, and loads only what it uses. */
const withEmbed = {
  builder: {},
  environments: {
    client: {
      build: {
        rolldownOptions: {
          output: {
            // One file compresses better than its parts.
            codeSplitting: {
              groups: [
                { name: "base", test: BASE, priority: 3 },
                { name: "shown", test: SHOWN, priority: 2 },
                { name: "kept", test: KEPT, priority: 1 },
              ],
            },
          },
        },
      },
    },
    embed: {
      consumer: "client",
      build: { emptyOutDir: false, copyPublicDir: false, rolldownOptions: { input: "embed.html" } },
    },
  },
} satisfies UserConfig;

export default defineConfig(({ command }) => ({
  plugins: [react(), embedInDev(), precompress()],
  // The icons' own maker knows much that no page here asks for, and is a twentieth of what a fan loads of ours.
  resolve: { alias: [{ find: /^\.\.\/createLucideIcon\.mjs$/, replacement: iconMaker }] },
  // The page names its files from the root on, and the server puts its base path there. Scripts and styles name theirs
  // from where they are.
  experimental: {
    renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `/${file}` : { relative: true }),
  },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: {
      polyfill: false,
      resolveDependencies: (file, needed) =>
        needed.filter((one) =>
          AT_ONCE.test(`/${file}`) ? !/\/(base|rolldown)-/.test(one) : one === file,
        ),
    },
  },
  ...(command === "build" ? withEmbed : {}),
  server: {
    // The server grants the rights of its own machine to requests that name it: `Host` is its own address.
    proxy: {
      "/ws": { target: server, ws: true, changeOrigin: true },
      "/api": { target: server, changeOrigin: true },
      "/hls": { target: server, changeOrigin: true },
    },
  },
}));

/** As the server does: the page of `/embed/{room}` is `embed.html`. */
function embedInDev(): Plugin {
  return {
    name: "embed-in-dev",
    apply: "serve",
    configureServer({ middlewares }) {
      middlewares.use((request, _, next) => {
        if (request.url?.startsWith("/embed/")) request.url = "/embed.html";
        next();
      });
    },
  };
}
