package io.tatara.kernels.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * No emulation runs two launches at a time: that each kernel which may begin early waits at all is
 * seen here, in the text of its entry.
 */
class EarlyLaunchesTest {
    @Test
    void whatBeginsEarlyWaits() {
        Set<String> entries = new TreeSet<>();
        for (OpEntry<?> e : OpTable.all()) {
            for (Case c : e.cases().get()) {
                add(entries, e, c);
            }
        }
        assertThat(entries)
                .contains("lines_weights_sum", "matmul_hopper", "matmul_hopper_sum", "matmul_lines")
                .contains("shifted_weights");
    }

    private static <O extends Op> void add(Set<String> entries, OpEntry<O> e, Case c) {
        GpuTraits traits = GpuTraits.cuda(90, 132);
        O op = e.type().cast(c.op());
        TensorSpec[] in = c.specs();
        for (GpuKernel<O> k : e.gpu()) {
            if (!k.supports(op, in, traits)) {
                continue;
            }
            for (GpuPlan.Launch l : k.plan(op, in, op.infer(in), traits).launches()) {
                if (l.early() && entries.add(l.entry())) {
                    Pattern waits =
                            Pattern.compile(
                                    l.entry() + "\\((?:(?!__global__|KERNEL)[\\s\\S])*early_wait");
                    assertThat(waits.matcher(l.program().source()).find()).as(l.entry()).isTrue();
                }
            }
        }
    }
}
