// What a check of `berth doctor` finds.

/** Either what is well, or what is wrong and how to mend it. */
export type Finding = { readonly well: string } | { readonly wrong: string; readonly mend: string };
