package io.tatara.kernels.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Comparison;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.emulation.EmulatedPlan;
import io.tatara.kernels.emulation.Emulation;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;

/**
 * Holds one kernel to the reference under emulation, whether it {@code supports} the case or not.
 */
final class EmulatedCheck {
    private EmulatedCheck() {}

    /**
     * Adds a test of a case as {@link #run} makes it, in float16 and bfloat16 in turn; only where
     * its name has {@code -Dtatara.case}.
     */
    static <O extends Op> void add(
            List<DynamicTest> tests, Case c, GpuKernel<O> kernel, int units) {
        if (!c.name().contains(System.getProperty("tatara.case", ""))) {
            return;
        }
        Case typed = c.as(tests.size() % 2 == 0 ? DType.FLOAT16 : DType.BFLOAT16);
        tests.add(DynamicTest.dynamicTest(typed.toString(), () -> run(typed, kernel, units, 1)));
    }

    /**
     * Runs a case with one output on a device of compute capability 9.0.
     *
     * @param units its multiprocessors
     * @param part of the case's tolerance that is allowed
     * @return the plan that was run
     */
    @SuppressWarnings("unchecked")
    static <O extends Op> GpuPlan run(Case c, GpuKernel<O> kernel, int units, double part) {
        O op = (O) c.op();
        GpuTraits traits = GpuTraits.cuda(90, units);
        TensorSpec[] out = op.infer(c.specs());
        RefArray[] in = c.draw(5);
        RefArray[] want = new ReferenceEmitter().run(op, in);
        GpuPlan plan = kernel.plan(op, c.specs(), out, traits);
        Emulation emulation = Emulation.open();
        emulation.order(
                Long.getLong("tatara.emulation.shuffle", 0),
                Boolean.getBoolean("tatara.emulation.races"));
        try (EmulatedPlan run = new EmulatedPlan(emulation, traits, true)) {
            RefArray[] got = run.run(plan, in, out, new int[] {-1});
            Comparison d = Comparison.of(got[0].data(), want[0]);
            assertThat(d.error())
                    .as("%s: %s", c, d)
                    .isLessThanOrEqualTo(part * c.tolerance(want[0].spec().dtype()));
        } finally {
            emulation.order(0);
        }
        return plan;
    }
}
