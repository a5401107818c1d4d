import { enMedia } from "./en-media";
import { enRoom } from "./en-room";
import { enStudio } from "./en-studio";
import type { Dictionary } from "./zh";

export const en: Dictionary = {
  ...enRoom,
  ...enStudio,
  ...enMedia,
  "host.title": "Go live",
  "host.prepare.title": "Get ready",
  "host.prepare.text":
    "Your browser will ask for the camera and the microphone. Nobody sees you before you press “Go live”.",
  "host.prepare.open": "Open camera and mic",
  "host.prepare.opening": "Opening the camera",
  "host.prepare.screen": "Share a screen only",
  "host.preview.label": "Preview",
  "host.preview.loading": "Loading the picture",
  "host.preview.cameraOff": "The camera is off",
  "host.preview.noCamera": "No camera, sound only",
  "host.preview.noPicture": "No picture",
  "host.missing.camera": "No usable camera was found: there will be sound only",
  "host.missing.microphone": "No usable microphone was found: there will be no sound",
  "host.quality": "Quality",
  "host.quality.smooth": "Smooth 540p",
  "host.quality.hd": "HD 720p",
  "host.quality.ultra": "Full HD 1080p",
  "host.unnamedDevice": "Device {n}",
  "host.meter": "Microphone level",
  "host.silent": "The microphone is silent. Is it muted?",
  "host.mirror": "Mirror the preview",
  "host.mirrorHint": "Only changes what you see yourself",
  "host.nickname": "Your name",
  "host.nickname.placeholder": "optional",
  "host.mic.off": "Turn the microphone off",
  "host.mic.on": "Turn the microphone on",
  "host.cam.off": "Turn the camera off",
  "host.cam.on": "Turn the camera on",
  "host.screen.start": "Share the screen",
  "host.screen.stop": "Stop sharing the screen",
  "host.screen.toCamera": "Stop sharing, back to the camera",
  "host.camera.flip": "Switch camera",
  "host.go": "Go live",
  "host.connecting": "Connecting",
  "host.end": "End broadcast",
  "host.end.title": "End the broadcast?",
  "host.end.viewers": "{n} watching right now. End it for everybody?",
  "host.end.nobody": "The room will say that the broadcast is over.",
  "host.end.leaving": "Leaving this page ends the broadcast.",
  "host.muted": "Nobody hears you: the microphone is off",
  "host.shareEnded": "Screen sharing has stopped",
  "host.shareEnded.text": "There is no picture now. Choose what to show next.",
  "host.shareEnded.live":
    "Viewers see no picture now. The camera was not turned on; choose what to show next.",
  "host.shareEnded.again": "Share again",
  "host.shareEnded.camera": "Use the camera",
  "host.reconnecting": "Connection lost, reconnecting ({n}/{max}). Viewers see the last frame",
  "host.interrupted": "The network is unstable, recovering. Viewers see the last frame",
  "host.ended.title": "The broadcast is over",
  "host.ended.duration": "Duration",
  "host.ended.peak": "Peak viewers",
  "host.ended.again": "Go live again",
  "host.state.offline": "Off air",
  "host.state.starting": "Connecting",
  "host.state.live": "Live",
  "host.state.interrupted": "Interrupted",
  "host.state.ended": "Ended",
  "host.share": "Invite viewers",
  "host.share.link": "Viewer link",
  "host.share.system": "Share",
  "host.share.qr": "QR code",
  "host.share.qrAlt": "QR code of the link to watch",
  "host.share.address": "Address of this computer",
  "host.share.lan": "Phones and computers in your network can open this link to watch.",
  "host.share.localhost":
    "This link works on this computer only. On a phone, use the computer’s address in your network instead; the server has to listen on it.",
  "host.key.title": "Publishing key needed",
  "host.key.text":
    "On this server only people with a key may broadcast. It’s set in the server’s configuration; ask whoever runs it.",
  "host.key.bad": "That key is not right. Please check it.",
  "host.key.label": "Publishing key",
  "host.key.save": "Save and go live",

  "finding.b_frames": "The picture has B-frames, which viewers see jump back and forth.",
  "finding.b_frames.way":
    "In OBS, under Settings, Output, set “Max B-frames” to 0, then go live again.",
  "finding.keyframe_interval":
    "Keyframes are {s} s apart: viewers may wait that long for a picture.",
  "finding.keyframe_interval.way":
    "In OBS, under Settings, Output, set the keyframe interval to 1 or 2 s (0 means far more), then go live again.",
  "finding.ignores_pli":
    "The encoder does not answer requests for keyframes: after a loss the picture stands still until the next one.",
  "finding.ignores_pli.way": "With a keyframe interval of 1 s that is short.",
  "finding.h264_profile": "Browsers do not play the H264 profile {profile}.",
  "finding.h264_profile.way":
    "Set the encoder’s profile to baseline, main or high, and in OBS, under Settings, Advanced, the color format to NV12.",
  "finding.no_parameter_sets":
    "H264 keyframes come without parameter sets (SPS, PPS): viewers see no picture.",
  "finding.no_parameter_sets.way":
    "Let the encoder repeat them before each keyframe (ffmpeg: -bsf:v dump_extra; GStreamer: h264parse config-interval=-1), then go live again.",
  "finding.no_audio": "There is a picture, but no sound.",
  "finding.no_audio.way":
    "Check that a microphone or another audio source was added and is not muted.",
  "finding.no_opus": "Browsers do not play this audio codec.",
  "finding.no_opus.way": "Set the audio encoder to Opus.",
  "finding.bitrate_over_limit": "{rate} are sent, more than the {limit} of this server.",
  "finding.bitrate_over_limit.way": "Set a lower bit rate; simulcast layers count together.",
  "finding.over_ceiling":
    "{rate} and {packets} packets a second are sent; this server takes {limit} and {limitPackets}.",
  "finding.over_ceiling.way":
    "What is above is dropped. Set a lower bit rate, or the connection is closed.",
  "finding.unknown_media": "Some packets fit no media in the offer, and are dropped.",
  "finding.unknown_media.way":
    "Send one stream for each m= line, or name streams by the mid and rid header extensions or by a=ssrc lines.",
  "finding.lossy_uplink":
    "{percent}% of what you send gets lost: viewers see the picture stand still.",
  "finding.lossy_uplink.way":
    "Use a cable or a better network, or choose a lower quality and bit rate.",

  "health.good": "Good connection",
  "health.fair": "Fair connection",
  "health.bad": "Poor connection",
  "health.unknown": "Checking the connection",
  "health.cause.none": "Everything is fine",
  "health.cause.loss": "Packets are being lost",
  "health.cause.rtt": "Long round trip",
  "health.cause.bandwidth": "Too little upload, quality reduced",
  "health.cause.cpu": "The computer is busy, quality reduced",
  "health.cause.fps": "Low frame rate",
  "health.details": "Connection details",
  "health.resting":
    "Qualities that nobody watches are not sent; they come back when somebody does.",

  "trust.title": "Trust this server",
  "trust.text":
    "This server has HTTPS with a certificate of its own. Install it once on each device: then pages open with https:// and can use the camera.",
  "trust.scan": "Scan to open this page on a phone",
  "trust.qrAlt": "QR code of this page's address",
  "trust.ios": "iPhone and iPad",
  "trust.ios.1": "Open this page in Safari, download the certificate, tap Allow.",
  "trust.ios.2": "Open Settings › General › VPN & Device Management, choose Kaibo, tap Install.",
  "trust.ios.3":
    "Open Settings › General › About › Certificate Trust Settings and switch Kaibo on.",
  "trust.android": "Android",
  "trust.android.1": "Download the certificate.",
  "trust.android.2":
    "Open Settings › Security › Encryption & credentials › Install a certificate › CA certificate, tap Install anyway, choose kaibo.crt.",
  "trust.desktop": "Computers",
  "trust.desktop.1":
    "Windows: open kaibo.crt, choose Install Certificate, Local Machine, Trusted Root Certification Authorities.",
  "trust.desktop.2":
    "macOS: open kaibo.pem, double-click it in Keychain Access, set Trust to Always Trust.",
  "trust.desktop.3":
    "Firefox: Settings › Privacy & Security › Certificates › View Certificates › Authorities › Import.",
  "trust.download": "Download the certificate",
  "trust.open": "When it is installed, open {url}",
  "trust.none": "This server has no certificate authority of its own: there is nothing to install.",

  "doctor.title": "Can devices reach this server?",
  "doctor.lead":
    "This page tries every way to the server with real media, as a host and as a viewer.",
  "doctor.link": "Find out which ways are open",
  "doctor.running": "Trying every way",
  "doctor.allOpen": "Every way that the server offers works from this device.",
  "doctor.someClosed": "Closed from this device: {n}",
  "doctor.onlyPages": "Pages were tried, media was not.",
  "doctor.ways": "Ways from this device",
  "doctor.state.trying": "trying",
  "doctor.state.works": "works",
  "doctor.state.worksIn": "works, {s} s",
  "doctor.state.closed": "closed",
  "doctor.state.not_offered": "not offered",
  "doctor.state.not_tried": "not tried",
  "doctor.right.none":
    "The rest is for whoever runs the server. Run `kaibo doctor --phone` on the server and scan its code, or type the publishing key here.",
  "doctor.right.expired":
    "The code that led here has expired. Run `kaibo doctor --phone` on the server again and scan its code, or type the publishing key here.",
  "doctor.right.wrong_key":
    "That key is not right. Run `kaibo doctor --phone` on the server and scan its code, or check the key.",
  "doctor.right.no_answer": "The server did not answer. Media was not tried.",
  "doctor.key": "Publishing key",
  "doctor.key.use": "Try everything",
  "doctor.clock.ahead":
    "This device’s clock is {s} s ahead of the server’s. Set both by the network (NTP): certificates are refused by a clock that is wrong.",
  "doctor.clock.behind":
    "This device’s clock is {s} s behind the server’s. Set both by the network (NTP): certificates are refused by a clock that is wrong.",
  "doctor.phone": "Other devices",
  "doctor.phone.text":
    "Scan with a phone, best without Wi-Fi: it tries the same ways from there, and this page shows what it found.",
  "doctor.phone.qrAlt": "QR code of this page for another device",
  "doctor.device.page": "opened {origin}",
  "doctor.server": "The server",
  "doctor.server.fine": "Fine: {n}",
  "doctor.server.allFine": "Nothing to mend.",
  "doctor.level.closed": "To mend",
  "doctor.level.advice": "Could be better",
  "doctor.level.fine": "Fine",
  "doctor.home": "Back to the home page",
};
