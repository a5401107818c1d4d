/** Lets the browser save a file that the page made. */
export function download(name: string, bytes: Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has the file by then, or is reading it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
