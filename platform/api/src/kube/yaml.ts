export { dumpYaml } from '@kubernetes/client-node';
