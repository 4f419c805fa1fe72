package io.tatara.kernels.jvm;

import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Makes the form of a room's inner loops that uses the vector unit, without linking the vector
 * module where it is absent.
 */
public final class VectorForm {
    private VectorForm() {}

    /**
     * An object of the class {@code name} beside the caller's, else {@code plain}: where {@code
     * jdk.incubator.vector} is not there, or the class does not load, which is logged.
     *
     * @param room a lookup of the caller's package, where the class has a constructor without
     *     arguments
     * @param plain the same as plain loops
     */
    public static <T> T of(MethodHandles.Lookup room, String name, Class<T> type, T plain) {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return plain;
        }
        String full = room.lookupClass().getPackageName() + "." + name;
        try {
            Class<?> c = room.findClass(full);
            return type.cast(
                    room.findConstructor(c, MethodType.methodType(void.class))
                            .invokeWithArguments());
        } catch (Throwable e) {
            if (e instanceof VirtualMachineError fatal) {
                throw fatal;
            }
            System.getLogger("io.tatara")
                    .log(Level.WARNING, full + " does not load; plain loops instead", e);
            return plain;
        }
    }
}
