"""What the page does: the slider, values under the pointer, the copy button, reloading.

The page can be read without it.
"""

SCRIPT = r"""
"use strict";
document.documentElement.classList.add("js");
addEventListener("DOMContentLoaded", () => {
  const all = (query, within) => [...(within || document).querySelectorAll(query)];
  const one = (id) => document.getElementById(id);
  const text = (value) => value.toLocaleString("en", {maximumSignificantDigits: 5});

  // For each run the slider shows the latest picture that is not after its step.
  const range = one("at"), play = one("play");
  const steps = range ? JSON.parse(range.dataset.steps) : [];
  let timer = null;
  function show(index) {
    const step = steps[index];
    range.value = index;
    range.setAttribute("aria-valuetext", "step " + step);
    one("shown").textContent = step.toLocaleString("en");
    for (const stack of all(".stack")) {
      const frames = all(".frame", stack);
      const upTo = frames.filter((frame) => +frame.dataset.step <= step);
      const chosen = upTo.length ? upTo[upTo.length - 1] : frames[0];
      for (const frame of frames) frame.classList.toggle("shown", frame === chosen);
    }
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  }
  if (range) {
    range.addEventListener("input", () => { if (timer) stop(); show(+range.value); });
    play.addEventListener("click", () => {
      if (timer) return stop();
      play.textContent = "Pause";
      play.setAttribute("aria-pressed", "true");
      let index = +range.value >= steps.length - 1 ? 0 : +range.value;
      show(index);
      timer = setInterval(() => {
        show(++index);
        if (index >= steps.length - 1) stop();
      }, Math.max(120, Math.min(800, 6000 / steps.length)));
    });
  }

  // Draws a line through a chart at the logged place next to the pointer, and shows the values.
  function node(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    return made;
  }
  for (const svg of all(".chart > svg")) {
    const axes = JSON.parse(svg.dataset.axes), curves = JSON.parse(svg.dataset.curves);
    const [left, right, top, bottom] = axes.box;
    const output = svg.parentNode.querySelector(".readout"), before = output.textContent;
    const places = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
    const layer = svg.appendChild(node("g", {}));
    let index = places.length - 1;
    const across = (x) => left + (right - left) * (x - axes.x[0]) / (axes.x[1] - axes.x[0]);
    function up(y) {
      const [low, high] = axes.y;
      const part = axes.log ? Math.log(y / low) / Math.log(high / low)
        : (y / 4 - low / 4) / (high / 4 - low / 4);
      return Math.min(bottom, Math.max(top, bottom - (bottom - top) * part));
    }
    function nearest(sorted, x) {
      let best = 0;
      for (let i = 1; i < sorted.length; i++)
        if (Math.abs(sorted[i] - x) < Math.abs(sorted[best] - x)) best = i;
      return best;
    }
    function point() {
      const x = places[index], said = [];
      layer.replaceChildren(node("path", {class: "cursor", d: `M${across(x)} ${top}V${bottom}`}));
      for (const curve of curves) {
        if (!curve.x.length) continue;
        const i = nearest(curve.x, x);
        // A run that ended before, or that was measured elsewhere, has no value here.
        if (Math.abs(curve.x[i] - x) > (axes.x[1] - axes.x[0]) / 40) continue;
        const dots = node("g", {class: "dots " + curve.look});
        dots.appendChild(node("circle", {cx: across(curve.x[i]), cy: up(curve.y[i]), r: 3.5}));
        layer.appendChild(dots);
        said.push((curves.length > 1 ? curve.label + " " : "") + text(curve.y[i]));
      }
      output.textContent = axes.along + " " + text(x) + ": " + said.join(", ");
    }
    function leave() { layer.replaceChildren(); output.textContent = before; }
    function move(event) {
      const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
      const at = (event.clientX - box.left) * view.width / box.width;
      const x = axes.x[0] + (at - left) / (right - left) * (axes.x[1] - axes.x[0]);
      index = nearest(places, x);
      point();
    }
    if (!places.length) continue;
    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerdown", move);
    svg.addEventListener("pointerleave", leave);
    svg.addEventListener("focus", () => { if (svg.matches(":focus-visible")) point(); });
    svg.addEventListener("blur", leave);
    svg.addEventListener("keydown", (event) => {
      const to = {ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: places.length - 1};
      if (!(event.key in to)) return;
      event.preventDefault();
      index = Math.min(places.length - 1, Math.max(0, to[event.key]));
      output.setAttribute("aria-live", "polite");
      point();
    });
  }

  for (const button of all("button[data-copy]")) {
    button.addEventListener("click", async () => {
      const code = one(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch (refused) {
        // Some browsers do not allow this to local files: the text is selected instead.
        getSelection().selectAllChildren(code);
        button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  // Shows how old the page is: nobody writes another if the run was killed.
  const written = one("written"), refresh = +document.body.dataset.refresh;
  function age() {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(written.dateTime)) / 1000));
    const said = seconds < 120 ? seconds + " s" : seconds < 7200 ? Math.round(seconds / 60) + " min"
      : Math.round(seconds / 3600) + " h";
    const stale = seconds > Math.max(600, 20 * refresh) ? ". The run may have stopped." : ".";
    one("age").textContent = ", " + said + " ago" + stale;
  }
  if (!refresh) return;
  age();
  setInterval(age, 1000);

  // A reloaded page stays where the reader was; a slider at its end moves to the new end.
  const key = "report " + location.pathname;
  function save() {
    const way = document.querySelector("input[name=along]:checked");
    const state = {scroll: scrollY, way: way && way.id,
      step: range && +range.value < steps.length - 1 ? steps[range.value] : null};
    try { sessionStorage.setItem(key, JSON.stringify(state)); } catch (full) { return; }
  }
  try {
    const state = JSON.parse(sessionStorage.getItem(key) || "{}");
    if (range && state.step != null) {
      const next = steps.findIndex((step) => step >= state.step);
      show(next < 0 ? steps.length - 1 : next);
    }
    if (state.way && one(state.way)) one(state.way).checked = true;
    if (state.scroll) requestAnimationFrame(() => scrollTo(0, state.scroll));
  } catch (unreadable) {
    sessionStorage.removeItem(key);
  }
  addEventListener("pagehide", save);
  let held = false;
  addEventListener("pointerdown", () => { held = true; });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { held = false; });
  function reload() {
    // Waits while somebody uses the page.
    if (timer || held || String(getSelection())) return setTimeout(reload, 2000);
    save();
    location.reload();
  }
  setTimeout(reload, refresh * 1000);
});
"""
