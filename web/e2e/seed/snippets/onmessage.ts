socket.onmessage = (e) => {
    console.log(e)
}
