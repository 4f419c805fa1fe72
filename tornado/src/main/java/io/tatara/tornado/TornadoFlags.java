package io.tatara.tornado;

import java.util.function.UnaryOperator;

/**
 * Whether this JVM was started in a way in which TornadoVM's results can be trusted. Loads no class
 * of TornadoVM.
 */
final class TornadoFlags {
    static final String REMEDY =
            "start the JVM with the SDK's argfile: java @$TORNADOVM_HOME/tornado-argfile"
                    + " -Dtornado.recover.bailout=False … (scripts/tatara --tornado does it).";

    private static final String API = "uk.ac.manchester.tornado.api.TornadoExecutionPlan";

    private TornadoFlags() {}

    /** Why there is no device, or null where nothing stands in the way. */
    static String absence() {
        return absence(System::getProperty, API);
    }

    /**
     * @param property reads a system property
     * @param api a class that is there where TornadoVM is
     */
    static String absence(UnaryOperator<String> property, String api) {
        if ("off".equals(property.apply("tatara.tornado"))) {
            return "TornadoVM is switched off by -Dtatara.tornado=off.";
        }
        if (!present(api) || property.apply("tornado.load.runtime.implementation") == null) {
            return "TornadoVM is not in this JVM: " + REMEDY;
        }
        if (!"false".equalsIgnoreCase(property.apply("tornado.recover.bailout"))) {
            return "TornadoVM would go on in plain Java, with wrong data, where a kernel does not compile:"
                    + " its devices are refused without -Dtornado.recover.bailout=False.";
        }
        if ("true".equalsIgnoreCase(property.apply("tornado.virtual.device"))
                && !"true".equalsIgnoreCase(property.apply("tatara.tornado.virtual"))) {
            return "TornadoVM's device is a virtual one (-Dtornado.virtual.device=True), which computes nothing.";
        }
        return null;
    }

    private static boolean present(String api) {
        try {
            Class.forName(api, false, TornadoFlags.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }
}
