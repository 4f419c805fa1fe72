package io.tatara.kernels.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpException;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * A kernel that reads or writes 16-bit tensors as float32 goes beyond their end, into the memory of
 * others. So each program that is given one must have been told of storage or width by a define;
 * kernels that know neither must refuse by {@code supports}.
 */
class HalfPlansTest {
    /** Parts of the names of defines that tell a program how its tensors are stored. */
    private static final List<String> TOLD = List.of("STORAGE", "WORD", "FROM", "TO", "BYTES");

    @Test
    void programsAreToldOf16BitTensors() {
        Set<String> untold = new TreeSet<>();
        int checked = 0;
        for (OpEntry<?> e : OpTable.all()) {
            for (Case c : e.cases().get()) {
                if (!c.isBench()) {
                    checked += check(e, c, untold);
                    checked += check(e, c.as(DType.FLOAT16), untold);
                    checked += check(e, c.as(DType.BFLOAT16), untold);
                }
            }
        }
        assertThat(untold).isEmpty();
        assertThat(checked).isGreaterThan(1000);
    }

    private static <O extends Op> int check(OpEntry<O> e, Case c, Set<String> untold) {
        O op = e.type().cast(c.op());
        TensorSpec[] out;
        try {
            out = op.infer(c.specs());
        } catch (OpException refused) {
            return 0;
        }
        int checked = 0;
        for (GpuTraits traits : List.of(GpuTraits.MINIMAL_OPENCL, GpuTraits.cuda(90, 132))) {
            for (GpuKernel<O> k : e.gpu()) {
                if (!k.supports(op, c.specs(), traits)) {
                    continue;
                }
                for (GpuPlan.Launch l : k.plan(op, c.specs(), out, traits).launches()) {
                    boolean half = l.args().stream().anyMatch(a -> isHalf(a, c.specs(), out));
                    if (half) {
                        checked++;
                        if (!told(l.program())) {
                            untold.add(op.name() + " " + k.variant() + ": " + l.program().name());
                        }
                    }
                }
            }
        }
        return checked;
    }

    private static boolean isHalf(GpuPlan.Arg a, TensorSpec[] in, TensorSpec[] out) {
        TensorSpec s =
                switch (a) {
                    case GpuPlan.Arg.Input i -> in[i.index()];
                    case GpuPlan.Arg.Output o -> out[o.index()];
                    default -> null;
                };
        return s != null && s.dtype().isHalf();
    }

    /** Whether a define says so, and not that all is float32. */
    private static boolean told(GpuProgram p) {
        return p.defines().entrySet().stream()
                .anyMatch(d ->
                        TOLD.stream().anyMatch(d.getKey()::contains) && !d.getValue().equals("0"));
    }
}
