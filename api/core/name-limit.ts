/** Fuzzy name filter of the PVC API (pvc-facts.md §2.1): SQL LIKE with '%' on both sides unless it begins with '^' or ends with '$'. */
export type NameLimit = string | undefined;
