// Sorts the table of results when a heading is clicked; a second click turns the order round.
// Rows without a value stay last. Without this script the page only does not sort.
(function () {
  "use strict";
  function valueOf(row, column) {
    var cell = row.cells[column];
    var stored = cell.getAttribute("data-v");
    return stored === null ? cell.textContent : stored === "" ? null : Number(stored);
  }
  function compare(left, right) {
    return typeof left === "number" && typeof right === "number"
      ? left - right : String(left).localeCompare(String(right), "en", { numeric: true });
  }
  function sortBy(table, column, sign) {
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, place) {
      return { row: row, place: place, value: valueOf(row, column) };
    });
    rows.sort(function (a, b) {
      if (a.value === null || b.value === null) {
        return (a.value === null) - (b.value === null) || a.place - b.place;
      }
      return sign * compare(a.value, b.value) || a.place - b.place;
    });
    rows.forEach(function (entry) { body.appendChild(entry.row); });
  }
  document.querySelectorAll("table.results").forEach(function (table) {
    var headings = table.tHead.rows[0].cells;
    Array.prototype.forEach.call(headings, function (heading, column) {
      heading.querySelector("button").addEventListener("click", function () {
        var rising = heading.getAttribute("aria-sort") !== "ascending";
        Array.prototype.forEach.call(headings, function (other) {
          other.setAttribute("aria-sort", "none");
        });
        heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
        sortBy(table, column, rising ? 1 : -1);
      });
    });
  });
})();
