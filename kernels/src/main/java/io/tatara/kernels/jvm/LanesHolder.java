package io.tatara.kernels.jvm;

/** Chooses the primitives once, without linking the vector module where it is absent. */
final class LanesHolder {
    static final Lanes BEST = choose();

    private LanesHolder() {}

    private static Lanes choose() {
        boolean wanted = !Boolean.getBoolean("tatara.plain");
        if (wanted && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            try {
                return (Lanes)
                        Class.forName("io.tatara.kernels.jvm.VectorLanes")
                                .getDeclaredConstructor()
                                .newInstance();
            } catch (ReflectiveOperationException | LinkageError e) {
                System.getLogger("io.tatara")
                        .log(
                                System.Logger.Level.WARNING,
                                "vector kernels do not load; plain loops instead",
                                e);
            }
        }
        return new PlainLanes();
    }
}
