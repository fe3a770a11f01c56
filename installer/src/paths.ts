/** Every place on the host that the appliance owns. Uninstall removes exactly these. */
export const paths = {
  /** Programs and the installer itself. */
  programs: '/opt/ampoule',
  bin: '/opt/ampoule/bin',
  cniBin: '/opt/ampoule/cni/bin',
  /** Configuration of the host's services. */
  config: '/etc/ampoule',
  registryConfig: '/etc/ampoule/registry.yaml',
  /** What makes a registry read-only, and where it lies while one is to be so: in a folder that lives no longer than the sweep. */
  registryReadOnly: '/etc/ampoule/registry-readonly.env',
  registryModeFolder: '/run/ampoule-registry',
  registryMode: '/run/ampoule-registry/mode.env',
  secrets: '/etc/ampoule/secrets.json',
  containerdConfig: '/etc/ampoule/containerd.toml',
  mirrors: '/etc/ampoule/mirrors',
  kubeadmConfig: '/etc/ampoule/kubeadm.yaml',
  answers: '/etc/ampoule/answers.yaml',
  /** The key that bundles of this host must be signed with. */
  trusted: '/etc/ampoule/trusted.pub',
  /** State. */
  data: '/var/lib/ampoule',
  journal: '/var/lib/ampoule/journal.jsonl',
  /** The images that the registry must hold, kept after the bundle is gone. */
  images: '/var/lib/ampoule/images.json',
  pki: '/var/lib/ampoule/pki',
  registryData: '/var/lib/ampoule/registry',
  containerdData: '/var/lib/ampoule/containerd',
  run: '/run/ampoule',
  containerdState: '/run/ampoule/containerd',
  containerdSocket: '/run/ampoule/containerd/containerd.sock',
  runcState: '/run/ampoule/runc',
  volumes: '/var/lib/ampoule/volumes',
  logs: '/var/log/ampoule',
  /** Places whose names Kubernetes and CNI fix. */
  kubernetes: '/etc/kubernetes',
  adminKubeconfig: '/etc/kubernetes/admin.conf',
  kubelet: '/var/lib/kubelet',
  etcd: '/var/lib/etcd',
  cniConfig: '/etc/cni/net.d',
  units: '/etc/systemd/system',
  sysctl: '/etc/sysctl.d/90-ampoule.conf',
  /** Kernel modules to load at boot. */
  modules: '/etc/modules-load.d/ampoule.conf',
  /** The operator's command, a link into `programs`. */
  command: '/usr/local/bin/ampoule',
} as const;

/** The systemd units that the installer writes, in the order in which they start. */
export const units = ['ampoule-registry.service', 'ampoule-containerd.service', 'kubelet.service'] as const;

/** TCP and UDP ports that must be free on the host before the install. */
export const ports = {
  ingressHttp: 80,
  ingressHttps: 443,
  etcdClient: 2379,
  etcdPeer: 2380,
  registry: 5000,
  apiServer: 6443,
  kubeletHealthz: 10248,
  kubeProxyMetrics: 10249,
  kubelet: 10250,
  kubeProxyHealthz: 10256,
  controllerManager: 10257,
  scheduler: 10259,
  /** UDP. */
  vxlan: 8472,
} as const;
