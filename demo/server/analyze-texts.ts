/** What the job says, in the two languages of the page. */
export const analyzeTexts = {
  en: {
    stages: {
      extract: "Extracting text",
      analyze: "Analyzing pages",
      summarize: "Writing the summary",
      insights: "Collecting insights",
    },
    opening: "Opening the document",
    page: (n: number, total: number) => `Analyzing page ${n} of ${total}`,
    estimated: "Writing, progress estimated",
    retrying: (seconds: number) => `The model is busy, trying again in ${seconds} s`,
    summaryPrompt: (document: string) =>
      `Summarise this document in three paragraphs:\n\n${document.slice(0, 20_000)}`,
    insightsPrompt: (names: readonly string[]) =>
      `Give three short insights into a document in which these names are frequent: ${names.join(", ")}`,
  },
  de: {
    stages: {
      extract: "Text auslesen",
      analyze: "Seiten analysieren",
      summarize: "Zusammenfassung schreiben",
      insights: "Erkenntnisse sammeln",
    },
    opening: "Dokument wird geöffnet",
    page: (n: number, total: number) => `Seite ${n} von ${total} wird analysiert`,
    estimated: "Wird geschrieben, Fortschritt geschätzt",
    retrying: (seconds: number) => `Das Modell ist ausgelastet, neuer Versuch in ${seconds} s`,
    summaryPrompt: (document: string) =>
      `Fasse dieses Dokument in drei Absätzen zusammen:\n\n${document.slice(0, 20_000)}`,
    insightsPrompt: (names: readonly string[]) =>
      `Nenne drei kurze Erkenntnisse zu einem Dokument, in dem diese Namen häufig sind: ${names.join(", ")}`,
  },
} as const;
