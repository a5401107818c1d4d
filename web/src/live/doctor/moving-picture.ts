const WIDTH = 160;
const HEIGHT = 120;
const FRAME_RATE = 10;

/** A picture that needs no camera; null where the browser makes none. */
export function movingPicture(): { stream: MediaStream; stop: () => void } | null {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  if (!context || typeof canvas.captureStream !== "function") return null;
  let frame = 0;
  const draw = () => {
    frame += 1;
    context.fillStyle = `hsl(${(frame * 12) % 360} 60% 50%)`;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = "#fff";
    context.fillRect((frame * 8) % WIDTH, HEIGHT / 3, WIDTH / 6, HEIGHT / 3);
  };
  draw();
  const stream = canvas.captureStream(FRAME_RATE);
  const timer = setInterval(draw, 1000 / FRAME_RATE);
  const stop = () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
  };
  return { stream, stop };
}
