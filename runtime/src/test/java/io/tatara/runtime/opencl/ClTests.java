package io.tatara.runtime.opencl;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.Discovery;

/** What the tests of this package share. */
final class ClTests {
    private ClTests() {}

    /** The first OpenCL device; the test is skipped, saying why, where there is none. */
    static OpenClDevice open(ProgramCache cache) {
        OpenClBackEnd backEnd = new OpenClBackEnd(ClLibrary.names(), () -> cache);
        Discovery d = backEnd.discover();
        assumeTrue(!d.devices().isEmpty(), () -> "no OpenCL device: " + d.absences());
        return backEnd.open(d.devices().getFirst());
    }
}
