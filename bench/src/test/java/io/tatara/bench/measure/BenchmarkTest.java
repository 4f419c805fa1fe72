package io.tatara.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.check.Rounding;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.runtime.Device;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.Tatara;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the figures are made of, and one measurement on each kind of back end. */
class BenchmarkTest {
    private static final double[] D = new double[HostData.BLOCK];

    static {
        for (int i = 0; i < D.length; i++) {
            D[i] = i % 7 - 3;
        }
    }

    @TempDir private Path folder;

    @Test
    void quantilesAreLinearBetweenNeighbours() {
        double[] s = {1, 2, 3, 4, 10};
        assertThat(Samples.quantile(s, 0.5)).isEqualTo(3);
        assertThat(Samples.quantile(s, 0.25)).isEqualTo(2);
        assertThat(Samples.quantile(s, 0.9)).isCloseTo(7.6, within(1e-12));
        assertThat(Samples.quantile(new double[] {5}, 0.75)).isEqualTo(5);
    }

    @Test
    void theRoofThatTakesLongerBinds() {
        Roofs r =
                new Roofs(
                        1e12,
                        "",
                        List.of(new Roofs.Copy(1 << 20, 100e9), new Roofs.Copy(1 << 30, 10e9)));
        Roofs.Bound arithmetic = r.bound(new Cost(1e12, 1e6), 1e6, "float32");
        assertThat(arithmetic.memory()).isFalse();
        assertThat(arithmetic.seconds()).isEqualTo(1);
        assertThat(r.bound(new Cost(1, 1e6), 1e6, "float32").seconds())
                .isCloseTo(1e-5, within(1e-12));
        // The same case on data that no cache holds.
        Roofs.Bound memory = r.bound(new Cost(1, 1e6), 1e9, "float32");
        assertThat(memory.memory()).isTrue();
        assertThat(memory.seconds()).isCloseTo(1e-4, within(1e-12));
        Roofs none = new Roofs(0, "", List.of());
        assertThat(none.bound(new Cost(1, 1), 1, "float32").seconds()).isZero();
    }

    @Test
    void matrixUnitsAreTheRoofOfWhatTheyCompute() {
        Roofs r =
                new Roofs(
                        1e12,
                        "",
                        List.of(new Roofs.Copy(1 << 20, 1e15)),
                        List.of(
                                new Roofs.Matrix("float16", 8e12, "mma.sync"),
                                new Roofs.Matrix("float16", 10e12, "wgmma")));
        Cost cost = new Cost(1e12, 1);
        assertThat(r.bound(cost, 1, "float16").seconds()).isCloseTo(0.1, within(1e-9));
        assertThat(r.bound(cost, 1, "bfloat16").seconds()).isCloseTo(1, within(1e-9));
        assertThat(r.bound(cost, 1, "float32").seconds()).isCloseTo(1, within(1e-9));
    }

    @Test
    void casesNameTheirArithmetic() {
        List<Case> all = BenchCases.list(Set.of("matmul"), Set.of("deepbench"), false);
        assertThat(all.stream().map(OpFacts::arithmetic).distinct())
                .containsExactlyInAnyOrder("float32", "tf32", "float16", "bfloat16");
    }

    @Test
    void suitesArePartsOfTheWhole() {
        assertThat(BenchCases.suites()).contains("standard", "deepbench", "transformer");
        int sum = 0;
        for (String suite : BenchCases.suites()) {
            sum += BenchCases.list(Set.of(), Set.of(suite), false).size();
        }
        assertThat(BenchCases.list(Set.of(), Set.of(BenchCases.ALL), false)).hasSize(sum);
        assertThatThrownBy(() -> BenchCases.list(Set.of(), Set.of("slow"), false))
                .hasMessageContaining("slow")
                .hasMessageContaining("deepbench");
    }

    @Test
    void hostDataRepeatWhatWasDrawn() {
        int n = HostData.BLOCK + 5;
        for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16}) {
            Case c = Case.of("x", MatMul.plain()).in(new TensorSpec(t, Shape.of(1, n)), Data.of(D));
            MemorySegment s = HostData.of(c.inputs().getFirst(), 3);
            assertThat(s.byteSize()).isEqualTo((long) n * t.bytes());
            for (int i : new int[] {0, 1, 2}) {
                for (int at : new int[] {i, HostData.BLOCK + i}) {
                    float got =
                            switch (t) {
                                case FLOAT16 ->
                                        Float.float16ToFloat(
                                                s.getAtIndex(ValueLayout.JAVA_SHORT, at));
                                case BFLOAT16 ->
                                        Rounding.bfloat16ToFloat(
                                                s.getAtIndex(ValueLayout.JAVA_SHORT, at));
                                default -> s.getAtIndex(ValueLayout.JAVA_FLOAT, at);
                            };
                    assertThat(got).isEqualTo((float) D[i]);
                }
            }
        }
    }

    @Test
    void halfTypesAreLaidOutOrSkippedWithTheReason() {
        try (Device d = Tatara.open("jvm")) {
            Case c =
                    Case.of("half", MatMul.plain())
                            .in(new TensorSpec(DType.FLOAT16, Shape.of(3, 4)))
                            .in(new TensorSpec(DType.FLOAT16, Shape.of(4, 5)));
            String obstacle = CaseRun.obstacle(d.backEnd(), c);
            if (obstacle == null) {
                try (CaseRun run = new CaseRun(d.backEnd(), c, 1 << 20)) {
                    run.run();
                }
            } else {
                assertThat(obstacle).contains("float16");
            }
            int[] far = {1 << 15, 1 << 15};
            Case huge = Case.of("huge", MatMul.plain()).in(TensorSpec.f32(far));
            huge = huge.in(TensorSpec.f32(far));
            String why = CaseRun.obstacle(d.backEnd(), huge);
            assertThat(why == null || why.contains("GiB")).isTrue();
        }
    }

    @Test
    void dispatchCostsAreTakenInEveryWay() {
        try (Device d = Tatara.open("jvm")) {
            List<DispatchFigure> figures = Dispatch.measure(d, true);
            assertThat(figures)
                    .hasSizeGreaterThan(1)
                    .allSatisfy(f -> {
                        assertThat(f.failure()).isEmpty();
                        assertThat(f.median()).isPositive();
                        assertThat(f.drained()).isGreaterThanOrEqualTo(f.median());
                    });
            assertThat(d.leakedScopes()).isZero();
        }
    }

    @Test
    void matrixRoofProgramsAreThoseOfTheDevice() {
        List<String> run = new ArrayList<>();
        GpuTraits hopper = GpuTraits.cuda(90, 132);
        new MatrixRoofs(
                        hopper,
                        true,
                        p -> {
                            run.add(p.launches().getFirst().entry());
                            return 1e-3;
                        })
                .measure();
        assertThat(run)
                .containsExactly("roof_mma", "roof_wgmma", "roof_mma", "roof_wgmma", "roof_mma");
        assertThat(new MatrixRoofs(GpuTraits.MINIMAL_OPENCL, true, p -> 1).measure()).isEmpty();
        assertThat(new MatrixRoofs(GpuTraits.cuda(75, 40), true, p -> 1).measure()).isEmpty();
        assertThat(new MatrixRoofs(GpuTraits.cuda(120, 40), true, p -> 1).measure()).hasSize(3);
    }

    @Test
    void largeDataAreRotated() {
        Case small =
                BenchCases.list(Set.of("matmul"), Set.of(BenchCases.STANDARD), true).getFirst();
        double bytes = small.op().cost(small.specs()).bytes();
        assertThat(CaseRun.sets(small, (long) (bytes * 5))).isEqualTo(1);
        assertThat(CaseRun.sets(small, (long) (bytes * 3))).isEqualTo(6);
        assertThat(CaseRun.sets(small, (long) (bytes * 1000))).isEqualTo(1);
    }

    @Test
    void everyBenchCaseHasItsOwnName() {
        List<String> ids =
                BenchCases.list(Set.of(), Set.of(BenchCases.ALL), false).stream()
                        .map(Case::toString)
                        .toList();
        assertThat(ids).doesNotHaveDuplicates().isNotEmpty();
        assertThat(BenchCases.byId(ids.getLast()).toString()).isEqualTo(ids.getLast());
    }

    @Test
    void measuresTheJvmInFreshJvms() throws Exception {
        measure("jvm");
    }

    @Test
    void measuresOpenClByEvents() throws Exception {
        measure("opencl");
    }

    private void measure(String name) throws Exception {
        try (Device d = Tatara.open(name)) {
            BenchResult r =
                    new Benchmark(d, Plan.ofOps(Set.of("softmax"), true))
                            .run(new Benchmark.Listener() {});
            assertThat(r.roofs().flops()).isGreaterThan(1e8);
            assertThat(r.roofs().copies())
                    .hasSizeGreaterThan(1)
                    .allMatch(c -> c.bytesPerSecond() > 1e7);
            Measurement m = r.cases().getFirst();
            assertThat(m.failure()).isEmpty();
            assertThat(m.samples()).hasSizeGreaterThanOrEqualTo(5).allMatch(s -> s > 0);
            assertThat(m.ofRoof()).isPositive();
            Path png = folder.resolve("a/b.png");
            assertThat(BarChart.write(r, png)).isEmpty();
            assertThat(Files.size(png)).isGreaterThan(1000);
        } catch (DeviceException e) {
            Assumptions.abort(e.getMessage());
        }
    }
}
