import { languageStore } from "../i18n/language";

// Tests change the language without waiting for its words.
await languageStore.loadAll();
await Promise.all([languageStore.load("zh-CN"), languageStore.load("en")]);
