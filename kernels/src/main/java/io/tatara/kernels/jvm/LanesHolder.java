package io.tatara.kernels.jvm;

import java.lang.System.Logger.Level;

/** Chooses the primitives once, without linking the vector module where it is absent. */
final class LanesHolder {
    private static final System.Logger LOG = System.getLogger("io.tatara");

    static final Lanes BEST = choose();

    private LanesHolder() {}

    private static Lanes choose() {
        boolean wanted = !Boolean.getBoolean("tatara.plain");
        boolean present = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        if (wanted && present) {
            try {
                return (Lanes)
                        Class.forName("io.tatara.kernels.jvm.VectorLanes")
                                .getDeclaredConstructor()
                                .newInstance();
            } catch (ReflectiveOperationException | LinkageError e) {
                LOG.log(Level.WARNING, "vector kernels do not load; plain loops instead", e);
            }
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
