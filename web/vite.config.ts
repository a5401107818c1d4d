import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { precompress } from "./precompress.ts";

const iconMaker = fileURLToPath(new URL("src/components/icon-maker.ts", import.meta.url));

// The binary serves the built pages itself; `npm run dev` borrows its socket and its API.
const server = "http://127.0.0.1:3000";

/**
 * What every page needs, and what home and room share: other pages use some of it, too, and as files of their own the
 * parts would be longer.
 */
const BASE =
  /\/src\/(app|main)\.tsx$|\/(use-live-rooms|poster|live-badge)\.|\/icons\/(x|circle-check)\.m?js/;

/** The embed is built apart, into the same folder: it shares no file with the pages, and loads only what it uses. */
const withEmbed = {
  builder: {},
  environments: {
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
  // What every page needs is one file: it compresses better than its parts.
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "base", test: BASE }] } },
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
