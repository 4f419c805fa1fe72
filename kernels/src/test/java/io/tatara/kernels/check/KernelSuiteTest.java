package io.tatara.kernels.check;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.jvm.JvmKernel;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.PlainLanes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Every case of every op: each JVM kernel (vector, plain, on several threads) against the
 * reference, with guard bands and poisoned outputs; each gradient rule against finite differences;
 * each GPU plan at least made. {@code -Dtatara.op=NAME} limits it to one op.
 */
@Execution(ExecutionMode.CONCURRENT)
class KernelSuiteTest {
    @TestFactory
    List<DynamicTest> cases() {
        String only = System.getProperty("tatara.op");
        List<DynamicTest> tests = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (only != null && !only.equals(e.name())) {
                continue;
            }
            for (Case c : e.cases().get()) {
                if (!c.isBench()) {
                    add(tests, e, c);
                }
            }
        }
        return tests;
    }

    private static <O extends Op> void add(List<DynamicTest> tests, OpEntry<O> e, Case c) {
        O op = e.type().cast(c.op());
        Lanes best = Lanes.best();
        for (JvmKernel<O> k : e.jvm()) {
            if (k.supports(op, KernelChecks.widened(c.specs()))) {
                test(tests, c + " jvm", () -> KernelChecks.jvm(k, op, c, best));
                test(tests, c + " jvm threads", () -> KernelChecks.threads(k, op, c, best));
                if (!(best instanceof PlainLanes)) {
                    test(
                            tests,
                            c + " jvm plain",
                            () -> KernelChecks.jvm(k, op, c, new PlainLanes()));
                }
            }
        }
        if (c.testsGradient()) {
            test(tests, c + " gradient", () -> KernelChecks.gradient(c, new ReferenceEmitter()));
        }
        test(tests, c + " gpu plan", () -> KernelChecks.gpuPlan(e, c));
    }

    private static void test(List<DynamicTest> tests, String name, Executable body) {
        tests.add(DynamicTest.dynamicTest(name, body));
    }
}
