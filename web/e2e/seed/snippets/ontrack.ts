peer.ontrack = e => {
    if (e && e.streams) {
        localVideoRef.current.srcObject = e.streams[0];
    }
};
