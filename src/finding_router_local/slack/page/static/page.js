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
      const asked = new URLSearchParams(location.search);
      asked.set("width", each.dataset.width);
      try { history.replaceState(null, "", `?${asked}${location.hash}`); } catch { return; }
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
    takeModal(fresh);
    if (atEnd) toEnd(); else if (scroller()) scroller().scrollTop = top;
    markUnread();
    keepWidth();
    mirror();
  };

  // An open modal that did not change keeps what was entered.
  const takeModal = (fresh) => {
    const [old, now] = [document, fresh].map((each) => each.getElementById("modals"));
    if (old.dataset.version === now.dataset.version) return;
    old.replaceWith(now);
    const first = now.querySelector("input:not([type=radio]), textarea");
    if (first) first.focus();
  };

  const person = document.getElementById("person");
  person.addEventListener("change", () => {
    const asked = new URLSearchParams(location.search);
    asked.set("as", person.value);
    location.search = asked;
  });

  const control = async (name, said) => {
    const answer = await fetch(`/_control/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: person.value, ...said }),
    });
    return answer.status === 204 ? {} : answer.json();
  };

  // Slack's warning beside what was pressed.
  const warn = (pressed, words) => {
    const shown = document.createElement("p");
    shown.className = "warning";
    shown.setAttribute("role", "alert");
    shown.textContent = `⚠ ${words}`;
    pressed.parentElement.append(shown);
  };
  const confirmed = (pressed) => {
    if (!pressed.dataset.confirm) return true;
    const asked = JSON.parse(pressed.dataset.confirm);
    return confirm(`${asked.title.text}\n\n${asked.text.text}`);
  };
  const press = async (pressed, selected) => {
    if (!confirmed(pressed)) return;
    const { channel, ts } = pressed.closest(".message").dataset;
    const { action, block } = pressed.dataset;
    for (const each of pressed.parentElement.querySelectorAll(".warning")) each.remove();
    pressed.classList.add("pressed");
    try {
      const end = await control("press", { channel, ts, action, block_id: block, selected });
      if (end.problem || end.warning) warn(pressed, end.problem || end.warning);
    } catch { warn(pressed, "The local Slack is away."); }
    pressed.classList.remove("pressed");
    draw();
  };
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest(".message button[data-action]");
    if (pressed) press(pressed);
    const dismiss = event.target.closest(".dismiss");
    if (dismiss) control("dismiss", { ts: dismiss.closest(".message").dataset.ts }).then(() => draw());
    if (event.target.closest(".modal .close")) closeModal();
  });
  document.addEventListener("change", (event) => {
    const chosen = event.target.closest(".message select[data-action]");
    if (!chosen || !chosen.value) return;
    const { value } = chosen;
    chosen.value = "";
    press(chosen, value);
  });

  const closeModal = async () => {
    const modal = document.querySelector(".modal");
    await control("close", { view_id: modal.dataset.view });
    draw();
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.querySelector(".modal")) closeModal();
  });
  const entered = (input) => {
    switch (input.dataset.kind) {
      case "radio_buttons": return input.querySelector(":checked")?.value ?? null;
      case "checkboxes": return [...input.querySelectorAll(":checked")].map((each) => each.value);
      default: return input.querySelector("input, textarea, select").value || null;
    }
  };
  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const modal = event.target;
    const say = (block, words) => {
      const shown = [...modal.querySelectorAll(".error")].find((each) => each.dataset.errorFor === block);
      if (shown) shown.textContent = words;
    };
    for (const each of modal.querySelectorAll(".error")) each.textContent = "";
    const values = {};
    for (const each of modal.querySelectorAll(".input")) {
      values[each.dataset.block] = { [each.dataset.action]: entered(each) };
    }
    const button = modal.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const end = await control("submit", { view_id: modal.dataset.view, values });
      if (end.problem || end.warning) say("", end.problem || end.warning);
      for (const [block, words] of Object.entries(end.errors ?? {})) say(block, words);
    } catch { say("", "The local Slack is away."); }
    button.disabled = false;
    draw();
  });

  const status = document.getElementById("status");
  let drawing = false;
  let again = false;
  const draw = async () => {
    if (drawing) { again = true; return; }
    drawing = true;
    do {
      again = false;
      try {
        const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
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
