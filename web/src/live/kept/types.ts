import type { ChatItem } from "../protocol";

/** What `/api/rooms/{room}/recordings` and `/api/clips` say. Times are in milliseconds since the Unix epoch. */

export interface PastFile {
  name: string;
  /** When it begins, in seconds since the recording began. */
  at: number;
  durationS: number;
  bytes: number;
  width?: number;
  height?: number;
}

/** A file beside those of the host. */
export interface BesideFile extends PastFile {
  /** Which guest, from 1. */
  guest?: number;
  /** The host's second picture. */
  second?: boolean;
  /** Another layer of the host's picture: to be kept, not to be shown. */
  layer?: string;
}

/** A past broadcast: its files play one after the other. */
export interface Past {
  id: string;
  title: string | null;
  began: number;
  seconds: number;
  files: PastFile[];
  /** Guests, the host's second picture, other layers; those that are there. */
  beside?: BesideFile[];
}

/** A line of the chat of a past broadcast. */
export interface PastLine extends Omit<ChatItem, "at"> {
  /** When it was said, in seconds since the recording began. */
  at: number;
}

export interface Clip {
  id: string;
  room: string;
  made: number;
  bytes: number;
  file: string;
  title?: string;
  seconds: number;
  width?: number;
  height?: number;
  /** The name and the type of its picture. */
  still?: [name: string, mime: string];
}
