import { type AiProgressStream, type Labels, registerLabels } from "@ai-progress-stream/element";
import { ar } from "@ai-progress-stream/element/labels/ar.js";
import { es } from "@ai-progress-stream/element/labels/es.js";
import { fr } from "@ai-progress-stream/element/labels/fr.js";
import { ja } from "@ai-progress-stream/element/labels/ja.js";
import { zh } from "@ai-progress-stream/element/labels/zh.js";
import { type ErrorCode, errorDescriptions, type RunError, runError } from "@ai-progress-stream/protocol";
import { expect } from "chai";
import { ownSentences } from "../../../packages/element/src/client/failure.js";
import { fill, formatDuration, formatMoney } from "../../../packages/element/src/element/format.js";
import { de } from "../../../packages/element/src/element/labels/de.js";
import { en } from "../../../packages/element/src/element/labels/en.js";
import { announced, drawn, lastSession, mount, part, partText, useFakeSessions } from "../support/mount.js";

const languages: Readonly<Record<string, Labels>> = { ar, es, fr, ja, zh };

/** Every placeholder of a text, of all its plural forms. */
const placeholders = (value: unknown): string[] =>
  [...new Set(JSON.stringify(value).match(/\{\w+\}/g))].sort();

async function inLanguage(lang: string, dir = "ltr"): Promise<AiProgressStream> {
  document.documentElement.lang = lang;
  document.documentElement.dir = dir;
  return mount();
}

async function finished(element: AiProgressStream): Promise<AiProgressStream> {
  const start = Date.now() - 21_400;
  void element.start();
  lastSession().emit(
    { type: "start", at: start },
    { type: "text", at: start, delta: "…" },
    {
      type: "usage",
      at: start,
      outputTokens: 1_203,
      cost: { amount: 0.0041, currency: "EUR" },
    },
    { type: "end", at: start + 21_400, status: "succeeded" },
  );
  await drawn(element);
  return element;
}

describe("the languages", () => {
  const now = Date.now;
  beforeEach(() => useFakeSessions());
  afterEach(() => {
    Date.now = now;
    document.body.replaceChildren();
    document.documentElement.lang = "en";
    document.documentElement.dir = "";
  });

  for (const [lang, labels] of Object.entries(languages)) {
    it(`of which ${lang} is one, say all that English says, with the same figures in it`, () => {
      expect(Object.keys(labels).sort()).to.deep.equal(Object.keys(en).sort());
      expect(Object.keys(labels.errors).sort()).to.deep.equal(Object.keys(errorDescriptions).sort());
      expect(Object.keys(labels.stoppedBy)).to.deep.equal(Object.keys(en.stoppedBy));
      for (const name of Object.keys(en).filter((name) => name !== "errors") as (keyof Labels)[]) {
        expect([name, placeholders(labels[name])]).to.deep.equal([name, placeholders(en[name])]);
      }
      const texts = JSON.stringify(labels).match(/"(?:[^"\\]|\\.)*"/g) ?? [];
      expect(texts.filter((text) => /^"\s|\s"$|""/.test(text))).to.deep.equal([]);
    });

    it(`have every plural of ${lang}`, () => {
      const categories = new Intl.PluralRules(lang).resolvedOptions().pluralCategories;
      for (const label of [labels.tokens, labels.retryAfter, labels.doneWords]) {
        // "many" of Spanish and French begins at a million; "other" reads right there.
        const wanted = lang === "ar" ? categories : categories.filter((category) => category !== "many");
        expect(Object.keys(label)).to.include.members(wanted);
      }
    });

    it(`are spoken where the page is in ${lang}`, async () => {
      const element = await inLanguage(lang);
      expect(partText(element, "action")).to.equal(labels.start);
      expect(part(element, "card").lang).to.equal(lang);
      void element.start();
      lastSession().emit({ type: "end", status: "failed", error: runError("upstream_timeout") });
      await drawn(element);
      expect(labels.errors.upstream_timeout).to.contain(partText(element, "error-message"));
    });
  }

  it("write numbers, lengths of time and money in their own ways", async () => {
    const footer = async (lang: string): Promise<string> => {
      const element = await finished(await inLanguage(lang));
      return (part(element, "footer").textContent ?? "").replace(/\s+/g, " ").trim();
    };
    expect(await footer("en")).to.equal("21.4 s 1,203 tokens €0.0041");
    expect(await footer("de")).to.equal("21,4 s 1.203 Token 0,0041 €");
    expect(await footer("fr")).to.equal("21,4 s 1 203 jetons 0,0041 €");
    expect(await footer("es")).to.equal("21,4 s 1203 tokens 0,0041 €");
    expect(await footer("zh")).to.equal("21.4秒 1,203 个词元 €0.0041");
    expect(await footer("ja")).to.equal("21.4 秒 1,203 トークン €0.0041");
    expect(await footer("ar-EG")).to.match(/^٢١٫٤ ث ١٬٢٠٣ رموز .*٠٫٠٠٤١/);
  });

  it("keep the signs of a currency together among Arabic", () => {
    expect(formatMoney("ar", 0.0041, "USD")).to.contain("\u2066US$\u2069");
    expect(formatMoney("fr", 4, "USD")).to.equal("4,00\u00a0$US");
  });

  it("say by whom, or why, a run was stopped, in one sentence", async () => {
    const said: Record<string, string[]> = {};
    for (const lang of ["en", "de", ...Object.keys(languages)]) {
      for (const reason of ["user", "shutdown"] as const) {
        const element = await inLanguage(lang);
        void element.start();
        lastSession().emit({ type: "end", status: "cancelled", reason });
        await drawn(element);
        const sentence = partText(element, "message");
        expect(part(element, "message").title).to.equal(sentence);
        expect(announced(element).polite).to.equal(sentence);
        said[lang] = [...(said[lang] ?? []), sentence];
      }
    }
    expect(said).to.deep.equal({
      en: ["Stopped by you", "Stopped because the server was shut down"],
      de: ["Angehalten von Ihnen", "Angehalten, weil der Server beendet wurde"],
      ar: ["تم الإيقاف من قِبلك", "تم الإيقاف بسبب إيقاف الخادم"],
      es: ["Detenido por usted", "Detenido porque se apagó el servidor"],
      fr: ["Arrêté par vous", "Arrêté parce que le serveur a été arrêté"],
      ja: ["停止しました（ユーザーによる停止）", "停止しました（サーバーが終了したため）"],
      zh: ["已停止，由您停止", "已停止，因为服务器已关闭"],
    });
  });

  it("say what the client itself says of a failure, each in its own words", async () => {
    const all = { ...languages, de } as const;
    for (const [lang, labels] of Object.entries(all)) {
      const element = await inLanguage(lang);
      for (const [name, message] of Object.entries(ownSentences)) {
        expect(labels[name as keyof typeof ownSentences]).not.to.equal(message);
        void element.start();
        lastSession().set({ phase: "ended", error: runError("upstream_unavailable", { message }) });
        await drawn(element);
        const said = partText(element, "notice");
        const sentence = partText(element, "error-message");
        expect(labels[name as keyof typeof ownSentences]).to.satisfy((text: string) =>
          text.startsWith(sentence),
        );
        expect(said).not.to.contain(message.split(".")[0]);
      }
    }
    const older = { ...en, unreachable: undefined } as unknown as Labels;
    registerLabels("nl", older);
    const element = await inLanguage("nl");
    void element.start();
    const error = runError("upstream_unavailable", { message: ownSentences.unreachable });
    lastSession().set({ phase: "ended", error });
    await drawn(element);
    expect(partText(element, "error-message")).to.equal("The server cannot be reached.");
  });

  it("say what went wrong in a sentence, and when to try again once", async () => {
    const start = Date.now();
    Date.now = () => start;
    for (const [lang, labels] of Object.entries({ en, de, ...languages })) {
      const element = await inLanguage(lang);
      for (const [code, { message }] of Object.entries(errorDescriptions) as [
        ErrorCode,
        { message: string },
      ][]) {
        void element.start();
        const error = runError(code, { retryAfterMs: 60_000 });
        lastSession().emit({ type: "end", status: "failed", error });
        await drawn(element);
        const sentence = partText(element, "error-message");
        expect(sentence).to.match(/^[^.。]+[.。]$/);
        expect((labels.errors[code] ?? message).startsWith(sentence)).to.equal(true);
        const advice = fill(lang, labels.retryAfter, { count: 60 });
        expect(partText(element, "error-detail")).to.equal(`${advice} ${code}`);
      }
    }
  });

  it("end no sentence within a quotation", async () => {
    const element = await inLanguage("ja");
    void element.start();
    const message = "「何ですか？」は短すぎます！？詳しく書いてください。";
    lastSession().emit({ type: "end", status: "failed", error: runError("invalid_input", { message }) });
    await drawn(element);
    expect(partText(element, "error-message")).to.equal("「何ですか？」は短すぎます！？");
    expect(partText(element, "error-detail")).to.equal("詳しく書いてください。 invalid_input");
  });

  it("write numbers as their words are, where the page is in a language that is not there", async () => {
    document.documentElement.lang = "sv";
    const element = await finished(await mount());
    expect([partText(element, "elapsed"), partText(element, "tokens")]).to.deep.equal([
      "21.4 s",
      "1,203 tokens",
    ]);
    const own = await finished(await mount({ labels: '{"tokens": {"other": "{count} enheter"}}' }));
    expect([partText(own, "elapsed"), partText(own, "tokens")]).to.deep.equal(["21,4 s", "1 203 enheter"]);
  });

  it("write a running clock in their own digits", async () => {
    const element = await inLanguage("ar-EG");
    void element.start();
    lastSession().emit(
      { type: "start", at: Date.now() - 65_000 },
      { type: "progress", at: Date.now(), fraction: 0.5 },
    );
    await drawn(element);
    expect(partText(element, "elapsed")).to.match(/^١:٠[٥٦]$/);
  });

  it("run from right to left where the page does", async () => {
    const element = await inLanguage("ar", "rtl");
    void element.start();
    lastSession().emit(
      { type: "start", stages: [{ id: "a", label: "أ" }] },
      { type: "stage", stage: "a", status: "running" },
      { type: "progress", stage: "a", fraction: 0.5 },
    );
    await drawn(element);
    const left = (name: string): number => part(element, name).getBoundingClientRect().left;
    expect(left("message")).to.be.greaterThan(left("figures"));
    const [bar, segment] = ["bar", "segment"].map((name) => part(element, name).getBoundingClientRect());
    expect(bar?.left).to.be.greaterThan(segment?.left ?? Number.NaN);
  });

  it("are spoken by elements that were there before they came", async () => {
    const element = await inLanguage("it");
    expect(partText(element, "action")).to.equal(en.start);
    expect(part(element, "card").lang).to.equal("en");
    registerLabels("it", { ...en, start: "Genera" });
    await drawn(element);
    expect(partText(element, "action")).to.equal("Genera");
    expect(part(element, "card").lang).to.equal("it");
  });

  it("are marked as what they are where the page is in another, and the page's own words are not", async () => {
    document.documentElement.lang = "sv";
    const element = await mount({ label: "Sammanfatta avtalet" });
    const langOf = (name: string): string | null =>
      part(element, name).closest("[lang]")?.getAttribute("lang") ?? null;
    expect([langOf("label"), langOf("action")]).to.deep.equal(["sv", "en"]);
    void element.start();
    lastSession().emit(
      {
        type: "start",
        stages: [
          { id: "a", label: "Läser" },
          { id: "b", label: "Skriver" },
        ],
      },
      { type: "stage", stage: "a", status: "done" },
      { type: "stage", stage: "b", status: "running" },
    );
    await drawn(element);
    expect([langOf("message"), langOf("remark"), langOf("stage-label")]).to.deep.equal(["sv", "en", "sv"]);
    expect(part(element, "stage-label").querySelector(".hidden")?.getAttribute("lang")).to.equal("en");
    lastSession().emit({ type: "text", delta: "Hej" });
    const ended = (error: RunError): void => lastSession().emit({ type: "end", status: "failed", error });
    ended(runError("internal", { message: "Avtalet är för långt." }));
    await drawn(element);
    expect([langOf("message"), langOf("error-message"), langOf("text")]).to.deep.equal(["en", "sv", "sv"]);
    void element.start();
    ended(runError("internal"));
    await drawn(element);
    expect(langOf("error-message")).to.equal("en");
  });

  it("say a minute where tenths of a second would be rounded up to one", () => {
    const said = [59_940, 59_960, 60_000, 61_960].map((ms) => formatDuration("en", ms));
    expect(said).to.deep.equal(["59.9\u00a0s", "1:00", "1:00", "1:01"]);
    expect(formatDuration("en", 59_400, 0)).to.equal("59\u00a0s");
  });

  it("are found by the longest part of a tag that is known", async () => {
    registerLabels("zh-Hant", { ...en, start: "產生" });
    expect(partText(await inLanguage("zh-Hant-TW"), "action")).to.equal("產生");
    expect(partText(await inLanguage("zh-TW"), "action")).to.equal(zh.start);
    expect(partText(await inLanguage("constructor"), "action")).to.equal(en.start);
  });
});
