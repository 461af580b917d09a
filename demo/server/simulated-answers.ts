const CONTRACT = `### Termination and liability

Either party may end the contract with **sixty days' written notice**. Fees that were already due stay due, and what was paid in advance for the time after the notice is paid back.

Liability is capped at the fees of the twelve months before the claim. The cap does not hold for breaches of confidentiality, for claims that the other party has agreed to indemnify, and for intent.

Three points deserve a second look:

1. The notice must reach a postal address that the contract names only in an *annex*.
2. The renewal is silent, and for a whole year.
3. The place of jurisdiction differs between the two language versions.`;

const VERTRAG = `### Kündigung und Haftung

Beide Seiten können den Vertrag mit einer Frist von **sechzig Tagen** schriftlich kündigen. Bereits fällige Entgelte bleiben geschuldet; was für die Zeit danach im Voraus gezahlt wurde, wird erstattet.

Die Haftung ist auf die Entgelte der letzten zwölf Monate begrenzt. Das gilt nicht für die Verletzung der Vertraulichkeit, für übernommene Freistellungen und für Vorsatz.

Drei Stellen verdienen einen zweiten Blick:

1. Die Kündigung muss an eine Anschrift gehen, die nur im *Anhang* steht.
2. Der Vertrag verlängert sich stillschweigend um ein ganzes Jahr.
3. Der Gerichtsstand ist in den beiden Sprachfassungen nicht derselbe.`;

const INSIGHTS = `### Insights

First, the notice period and the silent renewal work against each other: miss one date, and a year is added. Second, the cap on liability follows the fees, so it is lowest when the contract is youngest. Third, what is missing says as much as what is there: nobody is named who has to keep the annexes in step.`;

const ERKENNTNISSE = `### Erkenntnisse

Erstens arbeiten Frist und stillschweigende Verlängerung gegeneinander: Ein verpasster Tag kostet ein Jahr. Zweitens folgt die Haftungsgrenze den Entgelten und ist damit am Anfang am niedrigsten. Drittens sagt auch das Fehlende etwas: Niemand ist benannt, der die Anhänge auf demselben Stand hält.`;

const ABOUT = `This answer is simulated: no model was asked, because none is configured. Everything around it is real, though. Your browser sent one POST; an Express middleware made a run of it, asked an OpenAI-compatible server over HTTP, and recorded what came back, piece by piece, each with a number.

That number is why you can pull the network now. Your text stays where it is, the run goes on without you, and when the connection is back the page asks for what follows the last piece it has seen. Nothing is lost, nothing comes twice, and the job is neither started nor paid for again.

Reload the page and it finds the same run. Press Stop and it is the server that stops, which is **not** the same as a lost connection. Set \`AI_BASE_URL\`, \`AI_API_KEY\` and \`AI_MODEL\`, and a real model will answer here.`;

const UEBER = `Diese Antwort ist simuliert: Es wurde kein Modell gefragt, weil keines eingerichtet ist. Alles darum herum ist echt. Ihr Browser hat einen POST gesendet; eine Express-Middleware hat daraus einen Lauf gemacht, einen OpenAI-kompatiblen Server über HTTP gefragt und Stück für Stück aufgezeichnet, was zurückkam, jedes mit einer Nummer.

Wegen dieser Nummer dürfen Sie jetzt das Netz kappen. Ihr Text bleibt stehen, der Lauf geht ohne Sie weiter, und sobald die Verbindung wieder da ist, fragt die Seite nach dem, was auf das letzte Stück folgt. Nichts geht verloren, nichts kommt doppelt, und der Auftrag wird weder neu gestartet noch noch einmal bezahlt.

Laden Sie die Seite neu, und sie findet denselben Lauf. Drücken Sie Stopp, dann hält der Server an, und das ist **etwas anderes** als eine verlorene Verbindung. Mit \`AI_BASE_URL\`, \`AI_API_KEY\` und \`AI_MODEL\` antwortet hier ein echtes Modell.`;

const GERMAN =
  /\b(der|die|das|und|ist|nicht|wie|was|warum|eine?|bitte|erkläre|fasse|zusammen|vertrag)\b|[äöüß]/i;

/** A canned answer, in the language of the question. */
export function answerTo(prompt: string): string {
  const isGerman = GERMAN.test(prompt);
  const range = /\b(?:count from|zähle von)\s+(\d{1,3})\s+(?:to|bis)\s+(\d{1,3})\b/i.exec(prompt);
  if (range) return countFrom(Number(range[1]), Number(range[2]));
  if (/\binsights\b/i.test(prompt)) return INSIGHTS;
  if (/\bErkenntnisse\b/i.test(prompt)) return ERKENNTNISSE;
  if (/\b(contract|document|vertrag|dokument)\b/i.test(prompt)) return isGerman ? VERTRAG : CONTRACT;
  return isGerman ? UEBER : ABOUT;
}

function countFrom(first: number, last: number): string {
  const numbers: number[] = [];
  for (let number = first; number <= last; number++) numbers.push(number);
  return numbers.join("\n");
}
