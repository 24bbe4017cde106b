// Shows only those rows of the tables of results that fit what was typed and chosen above them. All
// words must stand in the row or in the cell's name. Without this script the page shows all rows.
(function () {
  "use strict";
  var bar = document.getElementById("filter");
  if (!bar) { return; }
  var text = bar.querySelector("input");
  var choices = Array.prototype.slice.call(bar.querySelectorAll("select"));
  var said = bar.querySelector("output");
  var tables = Array.prototype.slice.call(document.querySelectorAll("#results table.results"));
  function wordsOf(row) {
    if (!row.words) { row.words = (row.title + " " + row.textContent).toLowerCase(); }
    return row.words;
  }
  function fits(row, words) {
    return words.every(function (word) { return wordsOf(row).indexOf(word) >= 0; }) &&
      choices.every(function (choice) {
        var values = (row.getAttribute("data-" + choice.name) || "").split("|");
        return choice.value === "" || values.indexOf(choice.value) >= 0;
      });
  }
  function apply() {
    var words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var shown = 0, all = 0;
    tables.forEach(function (table) {
      var here = 0;
      Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
        row.hidden = !fits(row, words);
        here += row.hidden ? 0 : 1;
        all += 1;
      });
      shown += here;
      table.parentNode.hidden = here === 0;
      table.parentNode.previousElementSibling.hidden = here === 0;
    });
    said.textContent = shown === all ? all + " cells" : shown + " of " + all + " cells";
  }
  text.addEventListener("input", apply);
  choices.forEach(function (choice) { choice.addEventListener("change", apply); });
  bar.addEventListener("submit", function (event) { event.preventDefault(); });
  bar.addEventListener("reset", function () { window.setTimeout(apply, 0); });
  bar.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { bar.reset(); }
  });
  bar.hidden = false;
  apply();
})();
