package io.tatara.runtime.cuda;

import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.Discovery;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;

/** What the tests of this package share. */
final class CudaTests {
    private static final AtomicBoolean SAID = new AtomicBoolean();

    private CudaTests() {}

    /**
     * The first CUDA device, be it a GPU or an emulation that {@code -Dtatara.cuda.driver} and
     * {@code -Dtatara.nvrtc} name; the test is skipped, saying why, where there is none.
     */
    static CudaDevice open(ProgramCache cache) {
        CudaBackEnd backEnd = new CudaBackEnd(CudaLibrary.names(), () -> cache);
        Discovery d = backEnd.discover();
        if (d.devices().isEmpty()) {
            if (SAID.compareAndSet(false, true)) {
                System.out.println("CUDA tests SKIPPED, nothing ran on a device: " + d.absences());
            }
            Assumptions.abort("no CUDA device: " + d.absences());
        }
        return backEnd.open(d.devices().getFirst());
    }
}
