import { dataFolder, readOnlyStart } from "./data-folder.mjs";
import { hostOutage } from "./host-outage.mjs";
import { idleSockets } from "./idle-sockets.mjs";
import { injection } from "./injection.mjs";
import { joinStorm } from "./join-storm.mjs";
import { malformed } from "./malformed.mjs";
import { outage } from "./outage.mjs";
import { rebinding } from "./rebinding.mjs";
import { roaming } from "./roaming.mjs";
import { secondPublisher } from "./second-publisher.mjs";
import { returningCrowd, serverRestart } from "./server-restart.mjs";
import { slowViewers } from "./slow-viewers.mjs";

const ALL = ["udp", "tcp", "tls", "turn"];
const UDP = ["udp"];

/**
 * Every row: `what` happens; its `parts`, each with the `paths` it is measured on, how long it may take on one of them
 * (`limitS`), and `measure(rig, { path, ... })`, which gives measurements.
 */
export const ROWS = {
  R3: {
    what: "a fan's network is away for 3, 10 and 25 s",
    parts: [{ paths: ALL, limitS: 420, measure: outage }],
  },
  R6: {
    what: "a NAT forgets its mappings (measure:rebind)",
    parts: [{ paths: UDP, limitS: 600, measure: rebinding }],
  },
  R7: {
    what: "a fan, and a host, change from one network to another",
    parts: [{ paths: ALL, limitS: 420, measure: roaming }],
  },
  R8: {
    what: "the host's network is away for 2, 10 and 30 s, and again and again",
    parts: [{ paths: ALL, limitS: 900, measure: hostOutage }],
  },
  R9: {
    what: "somebody else wants to publish in a room that has a host",
    parts: [{ paths: UDP, limitS: 180, measure: secondPublisher }],
  },
  R16: {
    what: "the server starts again, and all come back",
    parts: [
      { paths: UDP, limitS: 300, measure: serverRestart },
      { paths: UDP, limitS: 180, measure: returningCrowd },
    ],
  },
  R17: {
    what: "250, then 500 viewers a second join for 10 s (kaibo bench)",
    parts: [{ paths: UDP, limitS: 240, measure: joinStorm }],
  },
  R18: {
    what: "slow viewers, and sockets that are not read",
    parts: [{ paths: UDP, limitS: 180, measure: slowViewers }],
  },
  R19: {
    what: "5,000 idle WebSockets, and 5,000 connections with half a request",
    parts: [{ paths: UDP, limitS: 240, measure: idleSockets }],
  },
  R21: {
    what: "what cannot be read: datagrams, requests, messages",
    parts: [{ paths: UDP, limitS: 600, measure: malformed }],
  },
  R22: {
    what: "forged datagrams in the names of 1,000 viewers",
    parts: [{ paths: UDP, limitS: 240, measure: injection }],
  },
  R27: {
    what: "the data folder is full or read-only, and there is no DNS",
    parts: [
      { paths: UDP, limitS: 180, measure: dataFolder },
      { paths: UDP, limitS: 120, measure: readOnlyStart },
    ],
  },
};
