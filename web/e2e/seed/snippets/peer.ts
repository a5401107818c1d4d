const peer = useMemo(()=>{
    const PeerConnection = window.RTCPeerConnection || window.mozRTCPeerConnection || window.webkitRTCPeerConnection;

    return !PeerConnection ? null : new PeerConnection();
},[])
