import { expect, test } from "vitest";
import { withoutDetour } from "./peer";

test("the server's own TURN is left out at first, and no other server", () => {
  const own = {
    urls: ["turns:live.example.com:443?transport=tcp"],
    username: "u",
    credential: "c",
  };
  const stun = { urls: "stun:stun.example.com:3478" };
  const other = { urls: ["turns:turn.example.com:443"], username: "u", credential: "c" };
  const here = { hostname: "live.example.com" };
  expect(withoutDetour([stun, own, other], here)).toEqual([stun, other]);
  const address = { urls: ["turns:[2001:db8::7]:443?transport=tcp"] };
  expect(withoutDetour([address], { hostname: "[2001:db8::7]" })).toEqual([]);
});
