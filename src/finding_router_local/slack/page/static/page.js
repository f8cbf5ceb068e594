"use strict";
(() => {
  const root = document.documentElement;
  const live = "live" in document.body.dataset;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  root.classList.add("scripted");

  // A page opened from a file may be refused storage: then the choice lasts as long as the page.
  const remembered = {
    get() { try { return localStorage.getItem("theme"); } catch { return null; } },
    set(theme) { try { localStorage.setItem("theme", theme); } catch { /* not kept */ } },
  };
  if (["light", "dark"].includes(remembered.get())) root.dataset.theme = remembered.get();
  document.getElementById("theme").addEventListener("click", () => {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    remembered.set(root.dataset.theme);
  });

  const isOpen = (button) => button.getAttribute("aria-expanded") === "true";
  const showJson = (button, shown) => {
    button.setAttribute("aria-expanded", String(shown));
    button.closest(".body").querySelector(":scope > .json").hidden = !shown;
  };
  const unfold = (button, shown) => {
    button.setAttribute("aria-expanded", String(shown));
    button.textContent = shown ? "Show less" : "Show more";
    button.previousElementSibling.hidden = !shown;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".tools button, .more");
    if (button) (button.matches(".more") ? unfold : showJson)(button, !isOpen(button));
  });

  const scroller = () => document.querySelector(".channel[data-selected] .scroll");
  const toEnd = () => { const list = scroller(); if (list) list.scrollTop = list.scrollHeight; };

  // "both" shows a copy of the channel beside it: without ids, which have to be unique.
  const mirror = () => {
    const phone = document.getElementById("phone");
    const shown = root.dataset.width === "both" && document.querySelector("#messages .channel[data-selected]");
    phone.replaceChildren(...(shown ? [shown.cloneNode(true)] : []));
    for (const each of phone.querySelectorAll("[id], [aria-controls]")) {
      each.removeAttribute("id");
      each.removeAttribute("aria-controls");
    }
    const list = phone.querySelector(".scroll");
    if (list) list.scrollTop = list.scrollHeight;
  };
  const widths = document.querySelectorAll(".widths button");
  const showWidth = (width) => {
    root.dataset.width = width;
    for (const each of widths) each.setAttribute("aria-pressed", String(each.dataset.width === width));
    mirror();
  };
  const asked = new URLSearchParams(location.search).get("width") ?? root.dataset.asked;
  if ([...widths].some((each) => each.dataset.width === asked)) showWidth(asked);
  // The other channels of a live page are other pages, which open in the same width.
  const keepWidth = () => {
    if (live) for (const link of document.querySelectorAll("#channels a")) link.search = location.search;
  };
  keepWidth();
  for (const each of widths) {
    each.addEventListener("click", () => {
      showWidth(each.dataset.width);
      // A page opened from a file may not change its address.
      try { history.replaceState(null, "", `?width=${each.dataset.width}${location.hash}`); } catch { return; }
      keepWidth();
    });
  }

  const openFromHash = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    const channel = target && target.closest(".channel");
    if (!channel) return;
    for (const each of document.querySelectorAll(".channel")) each.toggleAttribute("data-selected", each === channel);
    for (const each of document.querySelectorAll("#channels a")) {
      if (each.dataset.channel === channel.id) each.setAttribute("aria-current", "page");
      else each.removeAttribute("aria-current");
    }
    if (target !== channel) target.scrollIntoView({ block: "center" });
    else toEnd();
    mirror();
  };
  addEventListener("hashchange", openFromHash);
  toEnd();
  openFromHash();
  if (!live) return;

  const path = /p(\d{10})(\d{6})$/.exec(location.pathname);
  const linked = path && document.querySelector(`[id$="-p${path[1]}${path[2]}"]`);
  if (linked) linked.scrollIntoView({ block: "center" });

  const seen = new Map();
  const markUnread = () => {
    for (const link of document.querySelectorAll("#channels a")) {
      const count = Number(link.dataset.count);
      if (link.hasAttribute("aria-current") || !seen.has(link.dataset.channel)) seen.set(link.dataset.channel, count);
      link.classList.toggle("unread", count > seen.get(link.dataset.channel));
    }
  };
  markUnread();

  // Messages that did not change keep their nodes, and with them what is opened or selected.
  const take = (fresh) => {
    const list = scroller();
    const atEnd = !list || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    const top = list ? list.scrollTop : 0;
    for (const article of fresh.querySelectorAll(".log > article")) {
      const old = document.getElementById(article.id);
      if (old && old.dataset.version === article.dataset.version) { article.replaceWith(old); continue; }
      article.classList.add("fresh");
      if (!old) continue;
      for (const thread of old.querySelectorAll("details")) {
        const same = [...article.querySelectorAll("details")].find((each) => each.dataset.key === thread.dataset.key);
        if (same) same.open = thread.open;
      }
      const folds = article.querySelectorAll(".more");
      old.querySelectorAll(".more").forEach((each, number) => {
        if (isOpen(each) && folds[number]) unfold(folds[number], true);
      });
    }
    const open = [...document.querySelectorAll('.tools [aria-expanded="true"]')].map((each) => each.getAttribute("aria-controls"));
    document.body.dataset.live = fresh.body.dataset.live;
    for (const id of ["channels", "messages"]) document.getElementById(id).replaceWith(fresh.getElementById(id));
    for (const id of open) {
      const button = document.querySelector(`[aria-controls="${id}"]`);
      if (button) showJson(button, true);
    }
    if (atEnd) toEnd(); else if (scroller()) scroller().scrollTop = top;
    markUnread();
    keepWidth();
    mirror();
  };

  const status = document.getElementById("status");
  let drawing = false;
  let again = false;
  const draw = async () => {
    if (drawing) { again = true; return; }
    drawing = true;
    do {
      again = false;
      try {
        const answer = await fetch(location.pathname, { cache: "no-store" });
        take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch { /* the stream reports that the server is away */ }
      await new Promise((resolve) => { setTimeout(resolve, 300); });
    } while (again);
    drawing = false;
  };

  const news = new EventSource("/_page/news");
  news.addEventListener("message", (event) => {
    if (event.data !== document.body.dataset.live) draw();
  });
  news.addEventListener("open", () => { status.textContent = "live"; status.classList.remove("away"); });
  news.addEventListener("error", () => { status.textContent = "server is away"; status.classList.add("away"); });
})();
