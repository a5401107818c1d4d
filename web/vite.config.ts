import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The binary serves the built pages itself; `npm run dev` borrows its socket and its API.
const server = "http://127.0.0.1:3000";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: { "/ws": { target: server, ws: true }, "/api": server },
  },
});
