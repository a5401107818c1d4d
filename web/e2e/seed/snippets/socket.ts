const socket = useMemo(() => new WebSocket('ws://localhost:3000/ws'), []);
