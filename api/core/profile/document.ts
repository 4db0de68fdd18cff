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
  /** What the script is called; without, as the profile is. */
  readonly scriptName?: string | undefined;
}
