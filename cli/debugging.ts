/** Whether the environment asks for debugging, whatever a configuration says. */
export const isDebugging = (): boolean => process.env.SLIPWAY_DEBUG === '1';
