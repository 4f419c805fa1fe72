package io.tatara.tornado;

import io.tatara.runtime.DeviceException;
import uk.ac.manchester.tornado.api.WorkerGrid3D;

/**
 * A launch with everything in its place.
 *
 * @param args its ints; where an argument is a float, its bits
 * @param groups work-groups along x, y, z
 * @param local work-items of a group
 */
record Launch(KernelTable.Entry kernel, int[] args, int[] groups, int[] local) {
    Launch {
        if (args.length > Session.ARGUMENTS) {
            throw new DeviceException(
                    "kernel "
                            + kernel.name()
                            + ": "
                            + args.length
                            + " arguments, at most "
                            + Session.ARGUMENTS);
        }
    }

    /** Whole work-groups: any other global size leaves everything undone. */
    void spread(WorkerGrid3D grid) {
        grid.setGlobalWork(
                (long) groups[0] * local[0],
                (long) groups[1] * local[1],
                (long) groups[2] * local[2]);
        grid.setLocalWork(local[0], local[1], local[2]);
    }
}
