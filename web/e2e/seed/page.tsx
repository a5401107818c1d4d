/**
 * The live page as its author wrote it down: every snippet of `snippets/` stands here byte for byte,
 * as `seed.test.mjs` checks. Host and fan are one page: who presses the button is the host. What the
 * snippets leave to the reader, applying what the server says, is marked as glue.
 */
import { StrictMode, useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

/** With #camera a fan answers by `onLive(m)`, its own camera and all. */
const withCamera = location.hash === "#camera";

function Page() {
const localVideoRef = useRef<HTMLVideoElement>(null);
const [loading, setLoading] = useState(false);

const socket = useMemo(() => new WebSocket('ws://localhost:3000/ws'), []);

const peer = useMemo(()=>{
    const PeerConnection = window.RTCPeerConnection || window.mozRTCPeerConnection || window.webkitRTCPeerConnection;

    return !PeerConnection ? null : new PeerConnection();
},[])

const onLive = async (sdp?: RTCSessionDescriptionInit) => {
    setLoading(true)

    let stream: MediaStream;
    try {
        stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });

        localVideoRef.current.srcObject = stream;
    } catch {
        return console.log("未检测到摄像器或麦克风");
    }

    stream.getTracks().forEach(track => {
        peer.addTrack(track, stream);
    });

    if(!sdp) {
        const offer = await peer.createOffer();

        await peer.setLocalDescription(offer);

        socket.send(JSON.stringify(offer));
    }else {
        await peer.setRemoteDescription(sdp);

        const answer = await peer.createAnswer();

        socket.send(JSON.stringify(answer));

        await peer.setLocalDescription(answer);
    }

    setLoading(false)
}

useEffect(() => {
socket.onmessage = (e) => {
    console.log(e)
}

peer.onicecandidate = e => {
    if (e.candidate) {
        socket.send(JSON.stringify({
            type: "offer_ice",
            iceCandidate: e.candidate
        }));
    }
};

peer.ontrack = e => {
    if (e && e.streams) {
        localVideoRef.current.srcObject = e.streams[0];
    }
};

// Glue: what the server says is still logged, and applied too.
const log = socket.onmessage;
socket.onmessage = async e => {
    log(e);
    const m = JSON.parse(e.data);
    if (m.type === "answer") await peer.setRemoteDescription(m);
    if (m.type === "offer" && withCamera) await onLive(m);
    else if (m.type === "offer") { await peer.setRemoteDescription(m); const a = await peer.createAnswer();
                                  await peer.setLocalDescription(a); socket.send(JSON.stringify(a)); }
};
}, [socket, peer]);

return (
    <main>
        <video ref={localVideoRef} autoPlay playsInline />
        <button type="button" onClick={() => onLive()}>开播</button>
        <output>{loading ? "loading" : "idle"}</output>
    </main>
);
}

createRoot(document.getElementById("root")).render(<StrictMode><Page /></StrictMode>);
