/* Files that are made of broadcasts, in browsers. */

/** Runs in the page: plays a file from its middle to its end. */
async function play(src) {
  const video = document.createElement("video");
  const heard = (name) =>
    new Promise((resolve, reject) => {
      video.addEventListener(name, resolve, { once: true });
      video.addEventListener("error", () => reject(new Error(video.error?.message)));
    });
  Object.assign(video, { src, muted: true });
  await heard("loadeddata");
  const { videoWidth: width, videoHeight: height, duration } = video;
  const sought = heard("seeked");
  video.currentTime = duration / 2;
  await sought;
  const ended = heard("ended");
  await video.play();
  await ended;
  return { width, height, duration, end: video.currentTime };
}

/** Plays a file in a page of that server: its sides, its length, and where it ends. */
export async function played(browser, base, url) {
  const page = await browser.open(`${base}/r/empty`, { name: "player of a file" });
  const told = await page.evaluate(play, url);
  await page.close();
  return told;
}
