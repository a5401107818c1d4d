/** A message drawn once; each frame only moves it. */
export interface Sprite {
  canvas: HTMLCanvasElement;
  /** In CSS pixels. */
  width: number;
  height: number;
}

/** Canvases that wait to be used again. */
const POOL_MAX = 64;
/** Around the text: for its outline, and for the box of one's own. */
const PADDING = 6;
const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

/** Draws texts, and keeps the canvases of those that are gone. */
export class Sprites {
  readonly #pool: HTMLCanvasElement[] = [];

  draw(text: string, color: string, sizePx: number, own: boolean, ratio: number): Sprite | null {
    const canvas = this.#pool.pop() ?? document.createElement("canvas");
    const context = canvas.getContext("2d");
    if (!context) return null;
    const font = `600 ${sizePx}px ${FONT}`;
    context.font = font;
    const width = Math.ceil(context.measureText(text).width) + 2 * PADDING;
    const height = Math.ceil(sizePx * 1.4);
    // A new size clears what was there, the font too.
    canvas.width = Math.ceil(width * ratio);
    canvas.height = Math.ceil(height * ratio);
    context.scale(ratio, ratio);
    context.font = font;
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = Math.max(2, sizePx / 8);
    context.strokeStyle = "rgb(0 0 0 / 75%)";
    context.strokeText(text, PADDING, height / 2);
    context.fillStyle = color;
    context.fillText(text, PADDING, height / 2);
    if (own) {
      context.lineWidth = 2;
      context.strokeStyle = color;
      context.strokeRect(1, 1, width - 2, height - 2);
    }
    return { canvas, width, height };
  }

  free({ canvas }: Sprite): void {
    if (this.#pool.length < POOL_MAX) this.#pool.push(canvas);
  }
}
