peer.onicecandidate = e => {
    if (e.candidate) {
        socket.send(JSON.stringify({
            type: "offer_ice",
            iceCandidate: e.candidate
        }));
    }
};
