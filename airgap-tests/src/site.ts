import { Appliance } from './appliance.ts';
import { type HostOptions, openLab } from './lab/lab.ts';

/** Boots a sealed host in a lab of its own and carries a bundle in; whoever asked for it closes `appliance.lab`. */
export async function openSite(bundleFile: string, options: HostOptions): Promise<Appliance> {
  const lab = await openLab();
  try {
    const host = await lab.createHost(options);
    await host.boot();
    return await Appliance.carry(lab, host, bundleFile);
  } catch (error) {
    await lab.close();
    throw error;
  }
}
