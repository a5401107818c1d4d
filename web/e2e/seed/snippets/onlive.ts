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
