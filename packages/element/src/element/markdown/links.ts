/** Where links may lead and images may come from. */
export interface LinkPolicy {
  /** Schemes, without the colon: "https". */
  readonly schemes: ReadonlySet<string>;
  /** Origins: "https://images.example.com". */
  readonly imageOrigins: ReadonlySet<string>;
}

/** Both lists are as an attribute holds them: parted by white space or commas. */
export function linkPolicy(schemes: string, imageOrigins: string): LinkPolicy {
  const list = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
  return {
    schemes: new Set(list(schemes.toLowerCase()).map((scheme) => scheme.replace(/:$/, ""))),
    imageOrigins: new Set(list(imageOrigins).map((origin) => origin.toLowerCase().replace(/\/$/, ""))),
  };
}

/** Longer ones are nothing that a person would follow, and an image's could carry a conversation away. */
const LONGEST_ADDRESS = 2_048;

/** The address as the browser reads it: white space, control characters and odd case hide no scheme from it. */
function parse(address: string): URL | null {
  try {
    const isAddress = address !== "" && address.length <= LONGEST_ADDRESS && !/\p{Cc}/u.test(address);
    return isAddress ? new URL(address, document.baseURI) : null;
  } catch {
    return null;
  }
}

/** The address that a link may have; null: it may not. Scripts are never among them, whatever a page lists. */
export function linkAddress(policy: LinkPolicy, address: string): URL | null {
  const url = parse(address);
  const scheme = url?.protocol.slice(0, -1) ?? "";
  return scheme !== "javascript" && policy.schemes.has(scheme) ? url : null;
}

/** The address that an image may be loaded from; null: it may not, as a request alone gives a conversation away. */
export function imageAddress(policy: LinkPolicy, address: string): URL | null {
  const url = parse(address);
  return url && /^https?:$/.test(url.protocol) && policy.imageOrigins.has(url.origin) ? url : null;
}

/** An address in running text ends before the punctuation that ends its sentence; a bracket that it opened is its own. */
export function trimAddress(address: string): string {
  const count = (bracket: string): number => address.split(bracket).length;
  let surplus = count(")") - count("(");
  let end = address.length;
  while (/[)\]}.,;:!?*_~'’]/.test(address[end - 1] ?? "")) {
    if (address[end - 1] === ")" && surplus-- <= 0) break;
    end--;
  }
  return address.slice(0, end);
}
