(() => {
  "use strict";
  const page = JSON.parse(document.getElementById("chart-data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 560px)");
  const root = document.documentElement;
  const drawn = new Map();
  // Data and words are the user's own: a role name in them is not a colour.
  const untouched = new Set(["datasets", "values", "domain", "title", "description"]);

  const coloured = (node, colours) => {
    if (typeof node === "string") {
      return node.startsWith("theme:") ? colours[node.slice(6)] ?? node : node;
    }
    if (Array.isArray(node)) return node.map((part) => coloured(part, colours));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, part]) => [
        key,
        untouched.has(key) ? part : coloured(part, colours),
      ]),
    );
  };

  const refuse = () => Promise.reject(new Error("this report loads nothing"));
  const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

  const draw = async (place) => {
    const colours = page.palettes[dark.matches ? "dark" : "light"];
    const spec = coloured(page.charts[place.dataset.chart], colours);
    if (narrow.matches) spec.height = spec.usermeta.narrowHeight;
    try {
      drawn.get(place)?.finalize();
      const view = await vegaEmbed(place, spec, {
        mode: "vega-lite",
        renderer: "svg",
        actions: false,
        ast: true,
        tooltip: false,
        defaultStyle: false,
        loader,
        config: coloured(page.config, colours),
      });
      drawn.set(place, view);
    } catch (error) {
      place.textContent = "This chart could not be drawn. Its numbers are in the table below.";
      console.error(error);
    }
  };

  const visible = (place) => place.closest("details:not([open])") === null;
  const drawAll = async () => {
    delete root.dataset.charts;
    for (const place of document.querySelectorAll("[data-chart]")) {
      if (visible(place)) await draw(place);
    }
    root.dataset.charts = "ready";
  };

  for (const details of document.querySelectorAll("details.more")) {
    details.addEventListener("toggle", async () => {
      for (const place of details.querySelectorAll("[data-chart]")) {
        if (details.open && !drawn.has(place)) await draw(place);
      }
    });
  }
  dark.addEventListener("change", drawAll);
  narrow.addEventListener("change", drawAll);
  drawAll();
})();
