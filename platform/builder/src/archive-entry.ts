/** A file or anything else of an archive; it is read, if at all, before the next one is asked for. */
export interface ArchiveEntry {
  name: string;
  isFile: boolean;
  /** Whether its owner may run it. */
  isProgram: boolean;
  /** Bytes when it is unpacked, as the archive says; reading fails where it has more. */
  bytes: number;
  read(): Promise<Buffer>;
}
