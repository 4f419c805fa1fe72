package io.tatara.kernels.jvm;

import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;

/** Chooses the primitives once, without linking the vector module where it is absent. */
final class LanesHolder {
    private static final System.Logger LOG = System.getLogger("io.tatara");

    static final Lanes BEST = choose();

    private LanesHolder() {}

    private static Lanes choose() {
        boolean wanted = !Boolean.getBoolean("tatara.plain");
        boolean present = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        if (wanted && present) {
            return VectorForm.of(
                    MethodHandles.lookup(), "VectorLanes", Lanes.class, new PlainLanes());
        }
        if (wanted && !present) {
            LOG.log(
                    Level.WARNING,
                    "kernels on the JVM run as plain loops: jdk.incubator.vector is not there; start the JVM with"
                            + " --add-modules jdk.incubator.vector");
        }
        return new PlainLanes();
    }
}
