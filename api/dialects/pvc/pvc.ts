import type { Services } from '../../core/services.ts';
import type { Dialect } from '../../http/dialect.ts';
import { authRoutes } from './auth.ts';
import { createRoutes } from './create.ts';
import { FailureMessage, type FailureStatus, failureReply } from './failure.ts';
import { networkRoutes } from './network.ts';
import { networkTemplateRoutes } from './network-template.ts';
import { nodeRoutes } from './node.ts';
import { poolRoutes } from './pool.ts';
import { poolSettingRoutes } from './pool-settings.ts';
import { profileRoutes } from './profile.ts';
import { profileDocumentRoutes } from './profile-document.ts';
import { rootRoutes } from './root.ts';
import { scriptRoutes } from './script.ts';
import { snapshotRoutes } from './snapshot.ts';
import { storageTemplateRoutes } from './storage-template.ts';
import { systemTemplateRoutes } from './system-template.ts';
import { taskRoutes } from './task.ts';
import { templateRoutes } from './template.ts';
import { tokenRoutes } from './token.ts';
import { userRoutes } from './user.ts';
import { userdataRoutes } from './userdata.ts';
import { vmRoutes } from './vm.ts';
import { vmChangeRoutes } from './vm-change.ts';
import { volumeRoutes } from './volume.ts';

export interface PvcSettings {
  readonly failureStatus: FailureStatus;
  /** `authentication.enabled` of the configuration. */
  readonly authentication: boolean;
  /** What nodes show as `pvc_version`. */
  readonly version: string;
}

/** The PVC API over the core: the manual's paths and words, and those of later PVC. */
export const pvc = (services: Services, settings: PvcSettings): Dialect => ({
  name: 'pvc',
  title: 'PVC API',
  description:
    'Values come by query, form or JSON body in any method; one that is given in two of these ways has to be the same in both. A flag that is present and empty is true. Names hold no white space: a blank in one is read as `+`.',
  mounts: ['/api/v1', '/pvc/api/v1'],
  failure: failureReply(settings.failureStatus),
  failureSchema: FailureMessage,
  // Fixed paths stand before those with a parameter in the same place.
  routes: [
    ...rootRoutes(),
    ...authRoutes(services.tokens, settings.authentication),
    ...tokenRoutes(services.tokens),
    ...userRoutes(services.users),
    ...taskRoutes(services.tasks),
    ...nodeRoutes(services.nodes, settings.version),
    ...vmRoutes(services.vms),
    ...vmChangeRoutes(services),
    ...snapshotRoutes(services),
    ...networkRoutes(services.networks),
    ...volumeRoutes(services.volumes),
    ...systemTemplateRoutes(services.templates),
    ...networkTemplateRoutes(services.templates),
    ...storageTemplateRoutes(services.templates),
    ...userdataRoutes(services.templates),
    ...templateRoutes(services.templates),
    ...scriptRoutes(services.templates),
    ...profileDocumentRoutes(services.profiles),
    ...profileRoutes(services.profiles),
    ...createRoutes(services.provisioner),
    ...poolRoutes(services.pools),
    ...poolSettingRoutes(services.pools),
  ],
});
