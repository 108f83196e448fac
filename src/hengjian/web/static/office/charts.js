/* Charts from data in the page, in the colours of the theme. <div class="chart" data-chart="ID"> draws the JSON of <script id="ID">, which is one of
   {kind: "bars", categories, bars: [{name, values}], line: {name, values} or null, units: [left, right]}
   {kind: "ring", label, parts: [{name, value}]}   {kind: "rank", unit, rows: [{name, value}]}
   Where ECharts was not fetched the chart gives way and its data table opens. Tooltips are drawn as text: no style attribute passes the content policy. */
(function () {
  const boxes = [...document.querySelectorAll("[data-chart]")], live = [];
  if (!window.echarts) {
    boxes.forEach(box => { box.classList.add("off"); const table = box.parentElement.querySelector("details.alt"); if (table) table.open = true; });
    return;
  }
  const root = document.documentElement;
  const v = name => getComputedStyle(root).getPropertyValue(name).trim();
  const scale = () => parseFloat(getComputedStyle(root).fontSize) / 16;
  const data = box => JSON.parse(document.getElementById(box.dataset.chart).textContent);

  function look() {
    const k = scale(), font = { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 * k, color: v("--mut") };
    return {
      k, font,
      axis: { axisLine: { lineStyle: { color: v("--line") } }, axisTick: { show: false }, axisLabel: { ...font }, splitLine: { lineStyle: { color: v("--line2") } }, nameTextStyle: font },
      tip: { renderMode: "richText", backgroundColor: v("--card"), borderColor: v("--line"), textStyle: { ...font, fontSize: 13 * k, color: v("--ink") } },
      base: { textStyle: font, color: ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7"].map(v), animation: false },
    };
  }
  const kinds = {
    bars(d) {
      const { k, font, axis, tip, base } = look(), fills = [v("--c1"), v("--c1s"), v("--c2")], two = !!d.line;
      const alone = d.bars.length === 1 && two;
      const bars = d.bars.map((s, i) => ({ name: s.name, type: "bar", data: s.values, barMaxWidth: 16 * k, itemStyle: { borderRadius: [4, 4, 0, 0], color: alone ? fills[1] : fills[i] } }));
      const line = two ? [{ name: d.line.name, type: "line", yAxisIndex: 1, data: d.line.values, smooth: .3, symbol: "circle", symbolSize: 7 * k, lineStyle: { width: 2.5, color: v("--c4") }, itemStyle: { color: v("--c4"), borderColor: v("--card"), borderWidth: 2 } }] : [];
      const y = (name, split) => ({ ...axis, type: "value", name, axisLine: { show: false }, splitLine: split ? axis.splitLine : { show: false } });
      return { ...base, tooltip: { ...tip, trigger: "axis" }, legend: { top: 0, right: 0, itemWidth: 10, itemHeight: 10, icon: "roundRect", textStyle: font },
        grid: { left: 4, right: 4, top: 60 * k, bottom: 0, containLabel: true }, xAxis: { ...axis, type: "category", data: d.categories },
        yAxis: [y(d.units[0], true), ...(two ? [y(d.units[1], false)] : [])], series: [...bars, ...line] };
    },
    ring(d) {
      const { k, font, tip, base } = look(), sum = d.parts.reduce((all, p) => all + p.value, 0);
      return { ...base, tooltip: { ...tip, formatter: "{b}：{c}（{d}%）" }, legend: { bottom: 0, left: "center", icon: "circle", itemWidth: 8 * k, itemHeight: 8 * k, itemGap: 12, textStyle: font },
        series: [{ type: "pie", radius: ["50%", "72%"], center: ["50%", "40%"], padAngle: 2, itemStyle: { borderRadius: 5 }, emphasis: { scaleSize: 4 }, data: d.parts,
          label: { show: true, position: "center", formatter: `{t|${sum}}\n{s|${d.label}}`, rich: { t: { fontSize: 28 * k, fontWeight: 700, color: v("--ink"), lineHeight: 36 * k }, s: { fontSize: 12 * k, color: v("--mut") } } } }] };
    },
    rank(d) {
      const { k, font, axis, tip, base } = look(), rows = [...d.rows].reverse();
      return { ...base, tooltip: { ...tip, trigger: "item", formatter: `{b}：{c} ${d.unit}` }, grid: { left: 4, right: 48 * k, top: 4, bottom: 0, containLabel: true },
        xAxis: { ...axis, type: "value", axisLabel: { show: false }, splitLine: { show: false }, axisLine: { show: false } },
        yAxis: { ...axis, type: "category", data: rows.map(r => r.name), axisLine: { show: false }, axisLabel: { ...font, color: v("--ink2"), width: 130 * k, overflow: "truncate" } },
        series: [{ type: "bar", data: rows.map(r => r.value), barWidth: 14 * k, showBackground: true, backgroundStyle: { color: v("--line2"), borderRadius: 7 }, itemStyle: { borderRadius: 7, color: v("--c1") }, label: { show: true, position: "right", ...font, color: v("--ink"), fontWeight: 600 } }] };
    },
  };
  function draw() {
    live.splice(0).forEach(chart => chart.dispose());
    boxes.forEach(box => { const d = data(box), chart = echarts.init(box, null, { renderer: "canvas" }); chart.setOption(kinds[d.kind](d)); live.push(chart); });
  }
  draw();
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => live.forEach(chart => chart.resize()), 100); });
  document.addEventListener("themechange", draw);
  /* paper is light, whatever the screen is */
  let before;
  addEventListener("beforeprint", () => { before = root.dataset.theme; root.dataset.theme = "light"; draw(); });
  addEventListener("afterprint", () => { root.dataset.theme = before; draw(); });
})();
