package io.tatara.runtime.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.check.CorrectnessSuite;
import io.tatara.runtime.check.Options;
import io.tatara.runtime.check.Result;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.tune.ShapeClass;
import io.tatara.runtime.tune.Tuner;
import io.tatara.runtime.tune.TuningTable;
import io.tatara.runtime.tune.Variants;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Parameters that only the tuner tries are right, and a real device is tuned. */
class OpenClTuningTest {
    private static final MatMul OP = MatMul.of(false, true);

    @SuppressWarnings("unchecked") // the table's line of this record
    private static OpEntry<MatMul> entry() {
        return (OpEntry<MatMul>) (OpEntry<?>) OpTable.of(OP);
    }

    @Test
    void candidatesComputeTheSame() {
        try (OpenClDevice device = ClTests.open(ProgramCache.OFF)) {
            device.poisonTemporaries();
            Case c =
                    Case.of("candidates", OP)
                            .in(TensorSpec.f32(27, 531), Data.integers(-3, 3))
                            .in(TensorSpec.f32(45, 531), Data.integers(-3, 3))
                            .exact();
            Map<String, GpuKernel<MatMul>> all =
                    Variants.of(entry(), OP, c.specs(), device.traits());
            assertThat(all).containsKey("portable");
            all.forEach((name, k) ->
                    assertThat(new CaseRunner(device, device::execute, 33).run(c, k))
                            .as(name)
                            .isEmpty());
        }
    }

    @Test
    void theSuiteRunsTheVariantsThatAreAskedFor() {
        try (OpenClDevice device = ClTests.open(ProgramCache.OFF)) {
            List<Result> results =
                    new CorrectnessSuite(
                                    device,
                                    Options.all()
                                            .withOp("matmul")
                                            .withSize(Options.Size.SMALLEST)
                                            .withVariant(Pattern.compile("^portable$|/32x32/")))
                            .run()
                            .results();
            assertThat(results).allMatch(r -> r.kind() == Result.Kind.OUTPUT);
            List<Result> ran =
                    results.stream().filter(r -> r.status() != Result.Status.SKIPPED).toList();
            assertThat(ran).allMatch(r -> r.status() == Result.Status.PASSED);
            assertThat(ran).anyMatch(r -> r.name().endsWith(" by portable"));
            assertThat(ran).noneMatch(r -> r.name().contains(" by cpu/12"));
            Options none = Options.all().withOp("matmul").withVariant(Pattern.compile("tensor"));
            assertThatThrownBy(() -> new CorrectnessSuite(device, none).checks())
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("'tensor'");
        }
    }

    @Test
    void tunesARealDevice() {
        try (OpenClDevice device = ClTests.open(ProgramCache.OFF)) {
            TensorSpec[] in = {TensorSpec.f32(24, 40), TensorSpec.f32(64, 40)};
            TensorSpec[] out = OP.infer(in);
            Binding[] bound = new Binding[2];
            for (int i = 0; i < 2; i++) {
                bound[i] = new Binding(in[i], device.allocate(in[i].dtype(), in[i].size()), null);
                device.upload(
                        java.lang.foreign.MemorySegment.ofArray(new float[in[i].size()]),
                        bound[i].memory());
            }
            Binding[] result = {
                new Binding(out[0], device.allocate(out[0].dtype(), out[0].size()), null)
            };
            Tuner.Outcome o =
                    new Tuner(device, device.traits(), 0)
                            .tune(entry(), OP, in, null, k -> device.execute(k, OP, bound, result));
            assertThat(o.measured()).isGreaterThanOrEqualTo(2);
            assertThat(o.entry().candidates()).noneMatch(c -> c.failed());
            assertThat(o.entry().candidates()).allMatch(c -> c.microseconds() > 0);
            String best = o.entry().best().orElseThrow().variant();
            String key = ShapeClass.of(OP, in).text();
            TuningTable table = new TuningTable(Map.of(key, o.entry()), device.info().driver());
            assertThat(table.choose(entry(), OP, in, out, device.traits()).map(GpuKernel::variant))
                    .contains(best);
            for (Binding b : List.of(bound[0], bound[1], result[0])) {
                device.release(b.memory());
            }
        }
    }
}
