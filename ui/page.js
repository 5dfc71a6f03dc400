// What the markup of ui/render.py and ui/lists.py asks for by its data- attributes; it makes no markup of its own.
(() => {
  "use strict";
  const closest = (event, what) => (event.target instanceof Element ? event.target.closest(what) : null);

  // What is drawn elsewhere on the page when a button asks for it.
  const SHOWS = {open: ".jb-viewer", preview: ".jb-viewer", series: ".jb-series", rivals: ".jb-series"};

  // The bus of a tab is a component that passes what is sent to it on to the server.
  let last = "", opener = null;
  const tell = (element) => {
    last = element.dataset.do;
    if (last in SHOWS) opener = {...element.dataset};
    const form = element.closest("[data-form]");
    const detail = {
      do: element.dataset.do,
      name: element.dataset.name ?? "",
      value: form?.querySelector("input")?.value ?? "",
      ids: [...document.querySelectorAll("input[data-id]:checked")].map((box) => box.dataset.id),
    };
    document.querySelector(`#jb-bus-${element.dataset.to} [id^=html-]`)?.dispatchEvent(new CustomEvent("jb", {detail}));
  };

  // A page that comes from another computer without https has no clipboard of its own.
  const copyByHand = (text) => {
    const box = document.body.appendChild(document.createElement("textarea"));
    box.value = text;
    box.select();
    document.execCommand("copy");
    box.remove();
  };

  const copy = async (element) => {
    if (navigator.clipboard) await navigator.clipboard.writeText(element.dataset.copy);
    else copyByHand(element.dataset.copy);
    const label = element.textContent;
    if (label === element.dataset.done) return;
    element.textContent = element.dataset.done;
    setTimeout(() => { element.textContent = label; }, 1500);
  };

  const show = (mark) => {
    const card = document.getElementById(mark.dataset.source);
    if (!card) return;
    const folded = card.closest("details");
    if (folded) folded.open = true;
    card.scrollIntoView({block: "nearest"});
    card.focus({preventScroll: true});
  };

  const light = (event, on) => {
    const mark = closest(event, "[data-source]");
    if (mark) document.getElementById(mark.dataset.source)?.classList.toggle("jb-lit", on);
  };

  // What a tab and its browser remember; nothing, where the browser keeps nothing.
  const remembered = (name, where) => {
    try {
      return window[where].getItem(name);
    } catch {
      return null;
    }
  };
  const remember = (name, value, where) => {
    try {
      window[where].setItem(name, value);
    } catch {}
  };

  const speak = (language) => {
    document.cookie = `jianbao-language=${language}; path=/; max-age=31536000; samesite=strict`;
    remember("jianbao-language", language, "localStorage");
    location.reload();
  };
  // The page is served in the language that was chosen last, so the browser's other tabs change to it too, once nothing
  // is typed or answered there.
  const follow = () => {
    if (document.querySelector("#jb-stop")?.disabled && !document.querySelector("#jb-question textarea")?.value) {
      location.reload();
    } else setTimeout(follow, 500);
  };
  window.addEventListener("storage", (event) => {
    if (event.key === "jianbao-language") follow();
  });

  const label = () => {
    const head = document.querySelector(".jb-head");
    if (!head) return;
    document.documentElement.lang = head.lang;
    document.querySelector("#jb-chat [role=log]")?.setAttribute("aria-label", head.dataset.log);
  };

  document.addEventListener("click", (event) => {
    const found = closest(event, "[data-source], [data-do], [data-copy], [data-lang]");
    if (!found) return;
    if (found.dataset.source) show(found);
    else if (found.dataset.do) {
      tell(found);
      if (found.dataset.do.endsWith("edit")) document.querySelector("#jb-question textarea")?.focus();
    }
    else if (found.dataset.copy) copy(found);
    else speak(found.dataset.lang);
  });
  document.addEventListener("keydown", (event) => {
    const form = event.key === "Enter" && !event.isComposing && closest(event, "[data-form] input");
    if (form) form.closest("[data-form]").querySelector("[data-do]").click();
  });
  document.addEventListener("change", (event) => {
    const all = closest(event, "input[data-all]");
    if (all) for (const box of document.querySelectorAll("input[data-id]")) box.checked = all.checked;
  });
  // The page changes a row in place: its tick belongs to the document that stood there before.
  new MutationObserver((changes) => {
    const moved = changes.filter(({target, oldValue}) => target.dataset.id !== oldValue);
    for (const {target} of moved) target.checked = false;
    if (moved.length) for (const all of document.querySelectorAll("input[data-all]")) all.checked = false;
  }).observe(document, {subtree: true, attributeFilter: ["data-id"], attributeOldValue: true});
  for (const [name, on] of [["mouseover", true], ["focusin", true], ["mouseout", false], ["focusout", false]]) {
    document.addEventListener(name, (event) => light(event, on));
  }

  // Called by the page after its own events.
  window.jianbao = {
    // A tab goes on with its own conversation, a new one with the browser's latest.
    kept: () => ["sessionStorage", "localStorage"].map((where) => remembered("jianbao-conversation", where))
      .find((id) => id !== null) ?? "",
    keep: () => {
      label();
      const conversation = document.querySelector("[data-conversation]")?.dataset.conversation;
      if (conversation === undefined) return;
      for (const where of ["sessionStorage", "localStorage"]) remember("jianbao-conversation", conversation, where);
    },
    // Leads to what a button has opened, and back to that button when it is closed.
    look: () => requestAnimationFrame(() => {
      if (last in SHOWS) {
        const shown = [...document.querySelectorAll(SHOWS[last])].find((one) => one.offsetParent);
        shown?.querySelector("h2, h3")?.focus({preventScroll: true});
        (shown?.querySelector("mark") ?? shown)?.scrollIntoView({block: "center"});
      } else if (last.startsWith("close") && opener) {
        [...document.querySelectorAll(`[data-to="${opener.to}"][data-do="${opener.do}"]`)]
          .find((one) => one.dataset.name === opener.name)?.focus();
      } else if (last.startsWith("ask_")) document.querySelector("#jb-question textarea")?.focus();
      last = "";
    }),
  };
})();
