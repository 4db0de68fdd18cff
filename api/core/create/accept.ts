import type { Principal } from '../../../domain/principal.ts';
import { keepRecipe } from '../../../store/base-image.ts';
import { insertNics } from '../../../store/nic.ts';
import type { Db } from '../../../store/open.ts';
import { insertTask, type TaskRow } from '../../../store/task.ts';
import { newTurn } from '../../../store/turn.ts';
import { insertVm } from '../../../store/vm.ts';
import { insertVolumes } from '../../../store/volume.ts';
import type { Plan } from './plan.ts';

/** Writes the task and all that is reserved for it. To be called in the transaction that planned. */
export async function accept(tx: Db, plan: Plan, who: Principal): Promise<TaskRow> {
  const { cmd, ingredients, recipe } = plan;
  const { system, profile, script, userdata, args } = ingredients;
  const { vm, name, node, memory, vcpus, serial, vnc } = cmd;
  if (recipe) await keepRecipe(tx, recipe);
  await insertVm(tx, {
    ...{ id: vm, name, node, memory, vcpus, serial, vnc, args },
    ...{ tenant: who.tenant, state: 'provisioning', changing: cmd.task, createdAt: Date.now() },
    ...{ profile: profile.name, description: '', turn: await newTurn(tx, node) },
    nodeLimit: system.nodeLimit,
    selector: system.nodeSelector ?? 'mem',
    autostart: system.nodeAutostart,
    migrationMethod: system.migrationMethod,
    migrationMaxDowntimeMs: system.migrationMaxDowntimeMs,
    scriptSha256: script?.sha256 ?? null,
    userdataSha256: userdata?.sha256 ?? null,
  });
  await insertNics(tx, cmd.nics);
  await insertVolumes(tx, cmd.disks, { vm, tenant: who.tenant, node });
  return insertTask(tx, {
    ...{ id: cmd.task, kind: 'provisioner.create', target: name, runOn: node, input: cmd },
    ...{ tenant: who.tenant, account: who.account },
    workflowStarted: false,
  });
}
