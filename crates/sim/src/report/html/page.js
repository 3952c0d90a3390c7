// Draws the charts; the page's selectors choose versions, the page's style the colors.
(() => {
  const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dressed = (figure, log) => {
    const layout = structuredClone(figure.layout);
    layout.font = { color: tone("--text"), family: tone("--font"), size: 13 };
    layout.hoverlabel = { namelength: -1 };
    for (const axis of ["xaxis", "yaxis"]) {
      Object.assign(layout[axis], { gridcolor: tone("--rule"), linecolor: tone("--rule") });
    }
    if (log) layout.yaxis.type = "log";
    return layout;
  };
  const redraws = swellCharts.map(([id, versions]) => {
    const choice = document.getElementById(`${id}-version`);
    const log = document.getElementById(`${id}-log`);
    const draw = () => {
      const figure = versions[choice ? choice.value : 0].figure;
      Plotly.react(id, figure.data, dressed(figure, log && log.checked), figure.config);
    };
    for (const control of [choice, log]) if (control) control.addEventListener("change", draw);
    draw();
    return draw;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    redraws.forEach((draw) => draw()));
})();
