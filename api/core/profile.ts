import type { Principal } from '../../domain/principal.ts';
import type { Profile } from '../../domain/profile.ts';
import type { NameLimit } from './template.ts';

export type NewProfile = Omit<Profile, 'id'>;

/** `create` and `update` throw 'invalid' naming the part (template, script, user-data, argument) that does not exist or parse. */
export interface ProfileService {
  list(who: Principal, limit?: NameLimit): Promise<readonly Profile[]>;
  get(who: Principal, name: string): Promise<Profile>;
  create(who: Principal, profile: NewProfile): Promise<void>;
  update(who: Principal, name: string, change: Partial<Omit<NewProfile, 'name'>>): Promise<void>;
  remove(who: Principal, name: string): Promise<void>;
  /** Makes the profile with all its parts what the document says, in one transaction; parts are named after the profile. */
  apply(who: Principal, document: ProfileDocument): Promise<void>;
  export(who: Principal, name: string): Promise<ProfileDocument>;
}

/** A profile as one value, the content of a profile directory (profile.yaml with the files it names read in). */
export interface ProfileDocument {
  readonly name: string;
  readonly description?: string | undefined;
  readonly system: {
    readonly vcpus: number;
    readonly memoryMiB: number;
    readonly serial?: boolean | undefined;
    readonly vnc?: boolean | undefined;
    readonly vncBind?: string | undefined;
    readonly nodeLimit?: readonly string[] | undefined;
    readonly nodeSelector?: string | undefined;
    readonly autostart?: boolean | undefined;
  };
  readonly networks?: readonly number[] | undefined;
  readonly macTemplate?: string | undefined;
  readonly disks?:
    | readonly {
        readonly id: string;
        readonly pool: string;
        readonly sizeGiB?: number | undefined;
        readonly filesystem?: string | undefined;
        readonly filesystemArgs?: readonly string[] | undefined;
        readonly mountpoint?: string | undefined;
        readonly sourceVolume?: string | undefined;
      }[]
    | undefined;
  readonly arguments?: Readonly<Record<string, string>> | undefined;
  readonly wait?: string | undefined;
  /** Text of the script, and of the user-data. */
  readonly script?: string | undefined;
  readonly userdata?: string | undefined;
}
