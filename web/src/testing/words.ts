// Tests change the language without waiting for its words; those of tools have no page.
if (typeof location !== "undefined") {
  const { languageStore } = await import("../i18n/language");
  await languageStore.loadAll();
  await Promise.all([languageStore.load("zh-CN"), languageStore.load("en")]);
}

export {};
