(() => {
  "use strict";
  const grid = JSON.parse(document.getElementById("slider-data").textContent);
  const form = document.getElementById("sliders");
  const answer = document.getElementById("sliders-answer");
  const chart = document.getElementById("sliders-chart");
  const narrow = matchMedia("(max-width: 560px)");
  const GOOD_ENOUGH = 1; // per cent, as in the plan

  const input = (id) => document.getElementById(id);
  const number = (id, otherwise) => (input(id) ? Number(input(id).value) : otherwise);
  const show = (id, text) => { if (input(id)) input(`${id}-value`).textContent = text; };
  const money = (x) => {
    const [fewest, most] = Number.isInteger(x) || x >= 20 ? [0, 0] : [2, x < 1 ? 4 : 2];
    const digits = { minimumFractionDigits: fewest, maximumFractionDigits: most };
    return "$" + x.toLocaleString("en-US", digits);
  };
  const chance = (percent) => {
    const whole = Math.round(percent);
    return whole <= 0 ? "below .01" : whole >= 100 ? "above .99" : "." + String(whole).padStart(2, "0");
  };

  const read = () => ({
    budget: 10 ** number("slider-budget", Math.log10(grid.budget)),
    target: number("slider-target", 0),
    prices: grid.sources.map((s, i) => s.price * 10 ** number(`slider-price-${s.of ?? i}`, 0)),
    share: number("slider-share", 0) / 100,
    model: number("slider-model", 0),
  });

  // Far beyond what was measured only bounds are told.
  const far = (model, curve) => Boolean(grid.far.length && grid.far[model][curve]);

  // Between two shares that were forecast P is taken to change evenly.
  const rows = (model, share) => {
    const above = grid.shares.findIndex((s) => s >= share - 1e-9);
    const high = above < 0 ? grid.shares.length - 1 : above;
    const low = Math.max(high - 1, 0);
    const step = grid.shares[high] - grid.shares[low];
    const weight = step > 0 ? Math.min((share - grid.shares[low]) / step, 1) : 1;
    return ["choose", "p", "low", "high"].map((key) => {
      const [a, b] = [grid[key][model][low], grid[key][model][high]];
      return weight > 1 - 1e-9 ? b : a.map((v, i) => v + weight * (b[i] - v));
    });
  };

  const costs = (prices) =>
    grid.curves.map((c) => c.reduce((sum, [s, tasks, r]) => sum + tasks * r * prices[s], 0));

  // As it stands, the page shows the study's own purchase, the first curve of the grid.
  const untouched = () =>
    [...form.elements].every((e) =>
      e.type === "range" ? e.value === e.defaultValue : (e.selectedIndex ?? 0) === 0);

  // The cheapest of those that are good enough; of equally cheap ones the likelier.
  const pick = (cost, choose, able, bar) =>
    able
      .filter((i) => choose[i] >= bar)
      .sort((a, b) => cost[a] - cost[b] || choose[b] - choose[a])[0];

  const words = (curve) =>
    curve
      .map(([s, tasks, r, round]) =>
        `${tasks.toLocaleString("en-US")} ${grid.sources[s].name}` +
        (r > 1 ? ` x${r}` : "") + (round > 1 ? ` (round ${round})` : ""))
      .join(" + ");

  const update = () => {
    const asked = read();
    const cost = costs(asked.prices);
    const [choose, p, low, high] = rows(asked.model, asked.share);
    const able = [...cost.keys()].filter((i) => cost[i] <= asked.budget * (1 + 1e-9));
    show("slider-budget", money(asked.budget));
    show("slider-target", asked.target ? chance(asked.target) : "highest");
    show("slider-share", asked.share ? `${Math.round(100 * asked.share)} %` : "none");
    asked.prices.forEach((price, i) => show(`slider-price-${i}`, money(price)));
    let best = null;
    let text = `Nothing that was weighed can be bought for ${money(asked.budget)}.`;
    if (able.length) {
      const highest = Math.max(...able.map((i) => choose[i]));
      const reached = asked.target && highest >= asked.target;
      best = untouched() && able.includes(0)
        ? 0
        : pick(cost, choose, able, reached ? asked.target : highest - GOOD_ENOUGH);
      text = asked.target && !reached
        ? `Nothing within ${money(asked.budget)} reaches ${chance(asked.target)}. The best: `
        : "Buy ";
      text += `${words(grid.curves[best])} for ${money(cost[best])}. ` +
        (far(asked.model, best)
          ? `P lies between ${chance(low[best])} and ${chance(high[best])}: far beyond what was measured.`
          : `P = ${chance(p[best])} (${chance(low[best])} to ${chance(high[best])}).`);
    }
    answer.textContent = text;
    draw(asked, cost, choose, p, best, best === null ? null : [low[best], high[best]]);
  };

  const svg = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    chart.append(node);
  };

  const draw = (asked, cost, choose, p, best, whisker) => {
    const [width, height] = narrow.matches ? [340, 260] : [720, 300];
    const [left, right, top, bottom] = [44, width - 16, 16, height - 44];
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.replaceChildren();
    const positive = cost.filter((c) => c > 0);
    const low = Math.min(...positive, asked.budget);
    const high = Math.max(...positive, asked.budget * 1.1);
    const span = Math.log(high / low) || 1;
    const x = (c) => left + ((right - left) * Math.log(Math.max(c, low) / low)) / span;
    const y = (percent) => bottom - ((bottom - top) * percent) / 100;
    for (const percent of [0, 25, 50, 75, 100]) {
      svg("line", { class: "grid", x1: left, x2: right, y1: y(percent), y2: y(percent) });
      const tick = percent === 0 ? "0" : percent === 100 ? "1" : percent === 50 ? ".5" : `.${percent}`;
      svg("text", { x: left - 8, y: y(percent) + 4, "text-anchor": "end" }, tick);
    }
    const room = narrow.matches ? 3 : 7;
    let last = -Infinity;
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
      for (const digit of [1, 2, 5]) {
        const tick = digit * 10 ** power;
        if (tick < low || tick > high || x(tick) - last < (right - left) / room) continue;
        last = x(tick);
        const anchor = right - last < 24 ? "end" : "middle";
        svg("text", { x: last, y: bottom + 18, "text-anchor": anchor }, money(tick));
      }
    }
    svg("text", { x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, "cost");
    svg("text", { x: left, y: top - 4 }, "P");
    let highest = -1;
    const steps = [...cost.keys()]
      .sort((a, b) => cost[a] - cost[b] || choose[b] - choose[a])
      .filter((i) => choose[i] > highest && ((highest = choose[i]), true));
    const line = steps.map((i, k) =>
      (k ? `H${x(cost[i]).toFixed(1)}V` : `M${x(cost[i]).toFixed(1)} `) + y(choose[i]).toFixed(1));
    svg("path", { class: "best", d: `${line.join("")}H${right}` });
    const budget = x(asked.budget);
    svg("line", { class: "budget", x1: budget, x2: budget, y1: top, y2: bottom });
    if (best === null) return;
    const [cx, cy] = [x(cost[best]), y(p[best])];
    svg("line", { class: "whisker", x1: cx, x2: cx, y1: y(whisker[0]), y2: y(whisker[1]) });
    const points = [...Array(10).keys()].map((k) => {
      const [radius, angle] = [k % 2 ? 4 : 10, (Math.PI * k) / 5];
      return `${(cx + radius * Math.sin(angle)).toFixed(1)},${(cy - radius * Math.cos(angle)).toFixed(1)}`;
    });
    if (!far(asked.model, best)) svg("polygon", { class: "star", points: points.join(" ") });
  };

  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(update));
  narrow.addEventListener("change", update);
  update();
})();
