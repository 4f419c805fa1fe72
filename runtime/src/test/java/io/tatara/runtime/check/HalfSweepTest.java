package io.tatara.runtime.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpException;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.runtime.Device;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.Tatara;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every op of the table in the 16-bit types: each small case whose op takes them, drawn anew and
 * rounded, forward and gradient. On the JVM no op needs to do anything for it, and none may undo
 * it; {@code -Dtatara.sweep=opencl} names another device, where an op must be right or refuse.
 */
class HalfSweepTest {
    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void everyOpThatTakesHalvesComputesThem(DType dtype) {
        List<Result> failures = new ArrayList<>();
        int ops = 0;
        try (Device device = Tatara.open(System.getProperty("tatara.sweep", "jvm"))) {
            for (OpEntry<?> e : entries()) {
                int passed = 0;
                for (Case c : e.cases().get()) {
                    if (c.isBench()
                            || c.isLarge()
                            || !CorrectnessSuite.isSmallest(c)
                            || !takes(c, dtype)) {
                        continue;
                    }
                    for (Check check : checks(device, c.as(dtype))) {
                        Result r = check.run();
                        if (r.cause() instanceof DeviceException) {
                            continue; // no kernel for it
                        }
                        if (r.status() == Result.Status.FAILED) {
                            failures.add(r);
                        } else {
                            passed++;
                        }
                    }
                }
                ops += passed > 0 ? 1 : 0;
            }
        }
        assertThat(failures).isEmpty();
        // All but those without real inputs (a mask of lengths) or whose real inputs mix types.
        assertThat(ops).isGreaterThan(entries().size() * 3 / 4 - 1);
    }

    private static List<OpEntry<?>> entries() {
        String only = System.getProperty("tatara.op");
        List<OpEntry<?>> all = new ArrayList<>(OpTable.all());
        all.removeIf(e -> only != null && !only.equals(e.name()));
        return all;
    }

    private static boolean takes(Case c, DType dtype) {
        boolean real = false;
        for (TensorSpec s : c.specs()) {
            real |= s != null && s.dtype() == DType.FLOAT32;
        }
        try {
            c.op().infer(c.as(dtype).specs());
            return real;
        } catch (OpException e) {
            return false;
        }
    }

    private static List<Check> checks(Device device, Case c) {
        OutputCheck output = new OutputCheck(device.backEnd(), c, 3);
        return c.testsGradient()
                ? List.of(output, new GradientCheck(device.backEnd(), c, 3))
                : List.of(output);
    }
}
