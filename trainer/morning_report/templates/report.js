"use strict";
(function () {
  function start() {
    var form = document.getElementById("filter");
    var table = document.getElementById("attempts");
    if (!form || !table) { return; }
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    var found = document.getElementById("found");

    function close(row) {
      var below = row.nextElementSibling;
      if (!below || !below.classList.contains("opened")) { return false; }
      var body = below.querySelector(".body");
      document.getElementById(body.dataset.home).appendChild(body);
      below.remove();
      row.querySelector("a").setAttribute("aria-expanded", "false");
      return true;
    }

    function open(row, link) {
      var home = document.getElementById(link.hash.slice(1)).parentElement;
      var body = home.querySelector(".body");
      var below = document.createElement("tr");
      var cell = below.appendChild(document.createElement("td"));
      below.className = "opened";
      cell.colSpan = row.cells.length;
      body.dataset.home = home.id;
      cell.appendChild(body);
      row.after(below);
      link.setAttribute("aria-expanded", "true");
    }

    function apply() {
      var want = new FormData(form);
      var text = String(want.get("text")).trim().toLowerCase();
      var shown = 0;
      rows.forEach(function (row, index) {
        var data = row.dataset;
        var fits = (!want.get("outcome") || data.o === want.get("outcome"))
          && (!want.get("skill") || data.s.indexOf(" " + want.get("skill") + " ") >= 0)
          && (!want.get("slot") || data.w === want.get("slot"))
          && (!want.get("arm") || data.a === want.get("arm"))
          && (!text || texts[index].indexOf(text) >= 0);
        if (!fits) { close(row); }
        row.hidden = !fits;
        shown += fits;
      });
      found.textContent = shown + " of " + rows.length;
    }

    table.addEventListener("click", function (event) {
      var link = event.target.closest("a[href^='#w']");
      if (!link) { return; }
      event.preventDefault();
      var row = link.closest("tr");
      if (!close(row)) { open(row, link); }
    });
    Array.prototype.forEach.call(table.querySelectorAll("a[href^='#w']"), function (link) {
      link.setAttribute("aria-expanded", "false");
    });
    form.addEventListener("input", apply);
    form.addEventListener("reset", function () { setTimeout(apply); });
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.hidden = false;
    apply();
  }

  start();
  document.addEventListener("report:renewed", start);
}());
