import type { zhMedia } from "./zh-media";

export const enMedia: Record<keyof typeof zhMedia, string> = {
  "media.insecure": "This page is not HTTPS, so the browser blocks the camera",
  "media.insecure.way":
    "This server has no HTTPS yet: whoever runs it can start it with --tls local, or with --domain where it has a name. On the computer that runs it, open {url}. OBS works as it is, and so does watching.",
  "media.insecure.ways": "You can go live from the address below. Watching works as it is.",
  "media.insecure.https": "Open over HTTPS",
  "media.unsupported": "This browser cannot broadcast",
  "media.unsupported.way":
    "Use a current Chrome, Edge, Firefox or Safari. Inside another app, choose “open in browser”.",
  "media.denied": "Permission was refused",
  "media.denied.way.other":
    "Press the icon beside the address, allow the camera and the microphone, then try again.",
  "media.denied.way.firefox":
    "Press the crossed-out camera beside the address, remove the block with the ×, then try again. Without such an icon, reload the page.",
  "media.denied.way.safari":
    "In the menu bar, open Safari › Settings › Websites, allow the camera and the microphone, then try again.",
  "media.denied.way.ios":
    "Tap the icon beside the address, allow the camera and the microphone in Website Settings, then try again.",
  "media.denied_once": "Permission was refused",
  "media.denied_once.way": "Try again, and choose Allow when the browser asks.",
  "media.denied_system": "The operating system blocks it",
  "media.denied_system.way.mac":
    "Open System Settings › Privacy & Security, switch this browser on under Camera and Microphone, then try again.",
  "media.denied_system.way.windows":
    "Open Settings › Privacy & security, let desktop apps use Camera and Microphone, then try again.",
  "media.denied_system.way.ios":
    "Open Settings, find this browser, switch Camera and Microphone on, then try again.",
  "media.denied_system.way.android":
    "Open Settings › Apps, find this browser, allow the camera and the microphone under Permissions, then try again.",
  "media.denied_system.way.other":
    "In the system’s privacy settings, allow the browser the camera and the microphone, then try again.",
  "media.no_device": "No camera or microphone detected",
  "media.no_device.way": "Plug one in and try again, share a screen only, or stream from OBS.",
  "media.in_use": "Camera or microphone is in use",
  "media.in_use.way":
    "Close the program that uses it (a call, a recorder, another tab), then try again.",
  "media.constraint": "The device cannot do that resolution",
  "media.constraint.way": "Choose another quality or device, then try again.",
  "media.cancelled": "Screen share was cancelled",
  "media.device_lost": "Device was unplugged",
  "media.device_lost.way":
    "There is no other to use. Plug it in again and try again, or choose another one.",
  "media.device_lost.instead": "“{device}” is used instead. The broadcast goes on.",
  "media.device_muted": "Paused by the system",
  "media.device_muted.way":
    "It returns after the call, or when the screen is on. If it does not, restore it.",
  "media.device_muted.restore": "Tap to restore",
};
