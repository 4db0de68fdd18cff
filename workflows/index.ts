export { buildImage } from './image/build.ts';
export { removeNetwork } from './network/remove.ts';
export { createVm } from './vm/create.ts';
export { deleteVm } from './vm/delete.ts';
export { restartVm } from './vm/restart.ts';
export { shutdownVm } from './vm/shutdown.ts';
export { startVm } from './vm/start.ts';
export { stopVm } from './vm/stop.ts';
