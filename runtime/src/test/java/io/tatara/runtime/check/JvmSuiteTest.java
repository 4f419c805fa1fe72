package io.tatara.runtime.check;

/** The suite on the JVM's own device. */
class JvmSuiteTest extends AbstractBackEndSuite {
    @Override
    protected String deviceName() {
        return "jvm";
    }
}
