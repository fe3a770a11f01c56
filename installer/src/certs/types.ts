/** Folders that hold certificates of the appliance; one that is not there has none. */
export interface CertificateSources {
  /** The installer's own PKI. */
  pki: string;
  /** /etc/kubernetes: its pki folder and its kubeconfig files. */
  kubernetes: string;
  /** /var/lib/kubelet, whose pki folder holds the kubelet's certificates. */
  kubelet: string;
  now: Date;
  /** Told of each file that looks like certificates and cannot be read. */
  onUnreadable?: (file: string, why: string) => void;
}

export type CertificateStatus = 'ok' | 'expiring' | 'expired' | 'not-yet-valid';

/** One certificate of the calendar. */
export interface CertificateEntry {
  /** Common name, or the whole subject when it has none. */
  name: string;
  /** What it is for, in words. */
  purpose: string;
  subject: string;
  issuer: string;
  /** For example `DNS:localhost` and `IP Address:127.0.0.1`. */
  sans: string[];
  notBefore: Date;
  notAfter: Date;
  /** Whole days until it expires; below zero afterwards. */
  daysLeft: number;
  status: CertificateStatus;
  file: string;
  /** Further files with the same certificate. */
  alsoIn: string[];
}
