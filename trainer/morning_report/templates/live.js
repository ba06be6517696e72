"use strict";
(function () {
  var state = document.getElementById("live-state");
  var words = new Map([
    ["task", "The task waits to be worked on."],
    ["untried-task", "The task is not tried yet: no sandbox works here. It is tried before its first attempt."],
    ["rule", "The rule is taken in."],
    ["judge", "The rule is decided on."],
    ["stop", "The run ends after the attempts under way."]
  ]);
  var told = words.get(new URLSearchParams(location.search).get("told"));
  var latest = 0;
  var waiting = false;
  document.getElementById("told").textContent = told || "";
  if (told) { history.replaceState(null, "", "/"); }

  function busy() {
    var at = document.activeElement;
    return Boolean(document.querySelector("tr.opened, main details[open]"))
      || Boolean(at && at.closest("main form, main table"));
  }

  function old() {
    return latest > Number(document.querySelector("main").dataset.event);
  }

  function renew() {
    if (waiting || busy() || !old()) { return; }
    waiting = true;
    fetch("/").then(function (answer) { return answer.text(); }).then(function (html) {
      var fresh = new DOMParser().parseFromString(html, "text/html");
      if (fresh.querySelector("main") && !busy()) {
        var filter = new FormData(document.getElementById("filter"));
        document.title = fresh.title;
        ["header", "main", "footer"].forEach(function (part) {
          document.querySelector("body > " + part).replaceWith(fresh.querySelector("body > " + part));
        });
        filter.forEach(function (value, name) { document.getElementById("filter").elements[name].value = value; });
        document.dispatchEvent(new Event("report:renewed"));
      }
    }).catch(function () { /* the stream tells that the server is away */ }).finally(function () { waiting = false; });
  }

  var source = new EventSource("/events");
  source.onopen = function () { state.textContent = "connected"; };
  source.onerror = function () { state.textContent = "the server is away"; };
  source.onmessage = function (event) {
    state.textContent = "event " + event.data + (busy() ? ", the page waits while something is open" : "");
    latest = Number(event.data);
    renew();
  };
  window.setInterval(renew, 3000);
  source.addEventListener("trouble", function (event) {
    state.textContent = JSON.parse(event.data);
    source.close();
  });
}());
