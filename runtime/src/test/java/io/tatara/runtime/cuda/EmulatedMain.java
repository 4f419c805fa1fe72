package io.tatara.runtime.cuda;

import io.tatara.runtime.GraphTest;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.opencl.CaseRunner;
import io.tatara.runtime.opencl.SmallestFirst;
import java.nio.file.Path;
import java.util.List;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * To be run in a JVM of its own in which {@code TATARA_CUDA_DRIVER} and {@code TATARA_NVRTC} name
 * the emulation. Arguments: a folder for compiled programs, then seconds and perhaps an op's name
 * for the small cases, or {@code tests} for the test classes that need a device.
 */
final class EmulatedMain {
    private EmulatedMain() {}

    public static void main(String[] a) {
        System.setProperty("tatara.cache", a[0]);
        if (a[1].equals("tests")) {
            tests();
            return;
        }
        ProgramCache cache = new ProgramCache(Path.of(a[0]));
        long end = System.nanoTime() + Integer.parseInt(a[1]) * 1_000_000_000L;
        try (CudaDevice device = CudaTests.open(cache)) {
            device.poisonTemporaries();
            CaseRunner runner = new CaseRunner(device, device::execute, 33);
            SmallestFirst.run(
                    device.traits(),
                    (c, kernel) -> {
                        try {
                            return runner.run(c, kernel);
                        } catch (RuntimeException e) {
                            return List.of("throws " + e); // and the other cases go on
                        }
                    },
                    end,
                    a.length > 2 ? a[2] : null);
        }
    }

    /** The first time the compiler takes most of it, so the cases of ops have a limit. */
    private static void tests() {
        System.setProperty("tatara.check.seconds", "150");
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(
                                        DiscoverySelectors.selectClass(CudaDeviceTest.class),
                                        DiscoverySelectors.selectClass(CudaInteropTest.class),
                                        DiscoverySelectors.selectClass(CudaFaultTest.class),
                                        DiscoverySelectors.selectClass(CudaCheckTest.class),
                                        DiscoverySelectors.selectClass(GraphTest.class))
                                .build(),
                        listener);
        TestExecutionSummary s = listener.getSummary();
        s.getFailures()
                .forEach(f ->
                        System.out.println(
                                "FAILED "
                                        + f.getTestIdentifier().getDisplayName()
                                        + " "
                                        + f.getException()));
        System.out.println(
                "TESTS "
                        + s.getTestsSucceededCount()
                        + " FAILED "
                        + s.getTestsFailedCount()
                        + " SKIPPED "
                        + s.getTestsSkippedCount()
                        + " ABORTED "
                        + s.getTestsAbortedCount());
    }
}
