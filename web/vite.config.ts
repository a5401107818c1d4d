import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "./precompress.ts";

// The binary serves the built pages itself; `npm run dev` borrows its socket and its API.
const server = "http://127.0.0.1:3000";

export default defineConfig({
  plugins: [react(), precompress()],
  // The page names its files from the root on, and the server puts its base path there. Scripts and styles name theirs
  // from where they are.
  experimental: {
    renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `/${file}` : { relative: true }),
  },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    // The server grants the rights of its own machine to requests that name it: `Host` is its own address.
    proxy: {
      "/ws": { target: server, ws: true, changeOrigin: true },
      "/api": { target: server, changeOrigin: true },
    },
  },
});
