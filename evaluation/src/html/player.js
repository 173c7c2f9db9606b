// Plays clips: recorded, dreamed and their difference, drawn from one picture that holds all frames, in step.
"use strict";
for (const clip of document.querySelectorAll(".clip")) {
  const find = (selector) => clip.querySelector(selector);
  const number = (name) => Number(clip.dataset[name]);
  const [frames, columns, width, height, rate] = ["frames", "columns", "width", "height", "rate"].map(number);
  const actions = JSON.parse(clip.dataset.actions);
  const sheet = find("img"), play = find("button"), place = find("input"), speed = find("select"), now = find(".now");
  const screens = [...clip.querySelectorAll("canvas")].map((canvas) =>
    canvas.getContext("2d", { willReadFrequently: true }));
  const bars = [...clip.querySelectorAll(".action")];
  let frame = 0, playing = false, timer = 0;

  const paint = (screen, tile) => screen.drawImage(
    sheet, (tile % columns) * width, Math.floor(tile / columns) * height, width, height, 0, 0, width, height);

  // Paints how far the two pictures differ, four times as bright, and tells the mean squared difference.
  const difference = () => {
    const [a, b] = screens.slice(0, 2).map((screen) => screen.getImageData(0, 0, width, height).data);
    const picture = screens[2].createImageData(width, height);
    let sum = 0;
    for (let at = 0; at < a.length; at += 4) {
      let off = 0;
      for (let channel = at; channel < at + 3; channel++) {
        off += Math.abs(a[channel] - b[channel]);
        sum += ((a[channel] - b[channel]) / 255) ** 2;
      }
      const heat = Math.min(255, (4 * off) / 3);
      picture.data.set([heat, Math.max(0, 2 * heat - 255), 0, 255], at);
    }
    screens[2].putImageData(picture, 0, 0);
    return sum / (3 * width * height);
  };

  const show = (next) => {
    frame = Math.max(0, Math.min(frames - 1, next));
    paint(screens[0], 2 * frame);
    paint(screens[1], 2 * frame + 1);
    const mse = difference();
    place.value = frame;
    const seconds = (frame / rate).toFixed(2);
    const error = frame === 0 ? "last frame seen" : `PSNR ${(-10 * Math.log10(Math.max(mse, 1e-10))).toFixed(1)} dB`;
    now.textContent = `frame ${frame} of ${frames - 1}, ${seconds} s, ${error}`;
    place.setAttribute("aria-valuetext", now.textContent);
    bars.forEach((bar, column) => {
      const row = actions[Math.min(frame, actions.length - 1)];
      const [low, high] = [Number(bar.dataset.low), Number(bar.dataset.high)];
      const share = (value) => Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
      const [zero, here] = [share(0), share(row[column])];
      const fill = bar.querySelector("i");
      fill.style.left = `${100 * Math.min(zero, here)}%`;
      fill.style.width = `${100 * Math.abs(here - zero)}%`;
      bar.querySelector("output").textContent = row[column].toFixed(2);
    });
  };

  const pause = () => 1000 / (rate * Number(speed.value));
  const tick = () => {
    show(frame + 1 < frames ? frame + 1 : 0);
    timer = setTimeout(tick, pause());
  };
  const set = (wanted) => {
    playing = wanted;
    play.textContent = playing ? "Pause" : "Play";
    clearTimeout(timer);
    if (playing) timer = setTimeout(tick, pause());
  };

  play.addEventListener("click", () => set(!playing));
  place.addEventListener("input", () => { set(false); show(Number(place.value)); });
  clip.addEventListener("keydown", (event) => {
    if (["INPUT", "SELECT"].includes(event.target.tagName)) return;
    const next = { ArrowRight: frame + 1, ArrowLeft: frame - 1, Home: 0, End: frames - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    set(false);
    show(next);
  });
  sheet.decode().then(() => show(0), () => { now.textContent = "the frames cannot be read"; });
}
