import { word } from '../../http/words.ts';

/** A VM's name as the core has it: whatever follows the first dot is a domain. */
export const shortName = (asked: string): string => asked.split('.', 1)[0] ?? asked;

export const fullName = (vm: string, domain: string | null): string => (domain === null ? vm : `${vm}.${domain}`);

/** `a+b`: Express has decoded it, `%2B` too. Nothing stands behind a last plus. */
export const splitNames = (text: string): readonly string[] => text.replace(/\++$/, '').split('+');

export const hostname = word('Name of a VM, with or without its domain.');
