package io.tatara.runtime.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.runtime.cache.ProgramCache;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every case of every op, by each GPU kernel that takes the first OpenCL device, against the
 * reference; guard bands behind each buffer, poisoned outputs and temporaries. {@code
 * -Dtatara.op=NAME} limits it to one op.
 *
 * <p>A driver that compiles on the CPU may take long for the many programs on a machine that has
 * none of them in its cache: the kernels that are preferred come first, and what is left after
 * {@code -Dtatara.opencl.seconds=N} (250) is left out, with a count.
 */
class OpenClSuiteTest {
    private static final long SECONDS = Long.getLong("tatara.opencl.seconds", 250);

    private static OpenClDevice device;
    private static long start;
    private static int left;

    @BeforeAll
    static void open() {
        start = System.nanoTime();
        device = ClTests.open(ProgramCache.OFF);
        device.poisonTemporaries();
    }

    @AfterAll
    static void close() {
        if (device != null) {
            device.close();
        }
        if (left > 0) {
            System.out.println("OpenCL suite: " + left + " cases left out for time");
        }
    }

    @TestFactory
    List<DynamicTest> cases() {
        String only = System.getProperty("tatara.op");
        List<DynamicTest> tests = new ArrayList<>();
        List<DynamicTest> others = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (only == null || only.equals(e.name())) {
                for (Case c : e.cases().get()) {
                    if (!c.isBench()) {
                        add(tests, others, e, c);
                    }
                }
            }
        }
        tests.addAll(others);
        return tests;
    }

    private static <O extends Op> void add(
            List<DynamicTest> preferred, List<DynamicTest> others, OpEntry<O> e, Case c) {
        O op = e.type().cast(c.op());
        List<DynamicTest> tests = preferred;
        for (int i = 0; i < e.gpu().size(); i++) {
            GpuKernel<O> k = e.gpu().get(i);
            if (k.supports(op, c.specs(), device.traits())) {
                tests.add(
                        DynamicTest.dynamicTest(
                                c + " " + k.variant() + (i == 0 ? "" : " " + i), () -> run(c, k)));
                tests = others;
            }
        }
    }

    private static void run(Case c, GpuKernel<?> kernel) {
        if (System.nanoTime() - start > SECONDS * 1_000_000_000L) {
            left++;
            Assumptions.abort("left out for time");
        }
        List<String> wrong;
        try {
            wrong = new CaseRunner(device, device::execute, 33).run(c, kernel);
        } catch (TataraException e) {
            throw new AssertionError(c + " on " + device.info().name() + ": " + e.getMessage(), e);
        }
        assertThat(wrong).as("%s on %s", c, device.info().name()).isEmpty();
    }
}
