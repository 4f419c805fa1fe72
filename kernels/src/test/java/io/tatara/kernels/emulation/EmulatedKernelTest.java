package io.tatara.kernels.emulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Comparison;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every case of every op on every CUDA-only variant under emulation, for each architecture where
 * the variant's plan differs, cheap cases first, within a time budget; and of the portable sources
 * each op's cheapest case.
 *
 * <p>Properties: {@code tatara.op}, {@code tatara.case} (part of the name), {@code tatara.arch},
 * {@code tatara.variant}; {@code tatara.portable=true} runs all cases of the portable sources too;
 * {@code tatara.emulation.seconds} (80); {@code tatara.emulation.check=false} leaves plain accesses
 * unchecked; {@code tatara.emulation.races=true} looks for data races on shared memory; {@code
 * tatara.emulation.shuffle=SEED} runs threads in a random order. Short runs are done twice, in
 * order and in a random order, and must give the same bits.
 */
class EmulatedKernelTest {
    private static final int MULTIPROCESSORS = 4;

    /** Runs that take less are done once more, in a random order of threads. */
    private static final double SECONDS_OF_A_SECOND_RUN = 1;

    /** Operations and bytes of a case marked large; what is larger is for devices. */
    private static final double MOST_OF_LARGE = 1.6e8;

    /** One variant on one case. */
    private record Run(String name, double work, GpuTraits traits, Case c, GpuPlan plan) {}

    private final long begin = System.nanoTime();
    private int ran;
    private int left;

    @TestFactory
    List<DynamicTest> cases() {
        List<Run> runs = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            collect(runs, e);
        }
        runs.sort(Comparator.comparingDouble(Run::work));
        List<DynamicTest> tests = new ArrayList<>();
        for (Run r : runs) {
            tests.add(DynamicTest.dynamicTest(r.name(), () -> within(r)));
        }
        tests.add(
                DynamicTest.dynamicTest(
                        "summary",
                        () ->
                                System.out.printf(
                                        "CUDA emulation: %d runs, %d left out for time%n",
                                        ran, left)));
        return tests;
    }

    private static boolean selected(String property, String value) {
        String want = System.getProperty(property);
        return want == null || want.equals(value);
    }

    private static <O extends Op> void collect(List<Run> runs, OpEntry<O> e) {
        if (!selected("tatara.op", e.name())) {
            return;
        }
        boolean allPortable = Boolean.getBoolean("tatara.portable");
        String part = System.getProperty("tatara.case", "");
        Set<String> plans = new HashSet<>();
        List<Run> portable = new ArrayList<>();
        for (Case c : e.cases().get()) {
            if (c.op().view() || c.isBench() || !c.name().contains(part)) {
                continue;
            }
            O op = e.type().cast(c.op());
            TensorSpec[] out = op.infer(c.specs());
            Cost cost = op.cost(c.specs());
            double work = cost.flops() + cost.bytes();
            if (c.isLarge() && work > MOST_OF_LARGE) {
                continue;
            }
            for (int arch : GpuTraits.CUDA_ARCHES) {
                if (!selected("tatara.arch", Integer.toString(arch))) {
                    continue;
                }
                GpuTraits traits = GpuTraits.cuda(arch, MULTIPROCESSORS);
                for (GpuKernel<O> k : e.gpu()) {
                    if (!selected("tatara.variant", k.variant())
                            || !k.supports(op, c.specs(), traits)) {
                        continue;
                    }
                    GpuPlan plan = k.plan(op, c.specs(), out, traits);
                    if (!plans.add(c.name() + k.variant() + text(plan))) {
                        continue;
                    }
                    Run run = new Run(c + " " + k.variant() + " sm_" + arch, work, traits, c, plan);
                    if (plan.launches().isEmpty()) {
                        continue;
                    }
                    boolean cuda =
                            plan.launches().stream()
                                    .anyMatch(l -> !l.program().headers().isEmpty());
                    (cuda ? runs : portable).add(run);
                }
            }
        }
        portable.sort(Comparator.comparingDouble(Run::work));
        runs.addAll(allPortable || portable.isEmpty() ? portable : portable.subList(0, 1));
    }

    /** What a plan launches, so that the same plan for another architecture is run once. */
    private static String text(GpuPlan plan) {
        StringBuilder s = new StringBuilder();
        for (GpuPlan.Launch l : plan.launches()) {
            s.append(l.program().name()).append(l.program().defines()).append(l.entry());
            s.append(Arrays.toString(l.groups())).append(Arrays.toString(l.local()));
            s.append(l.dynamicShared()).append(l.args());
        }
        return s.toString();
    }

    private void within(Run r) {
        double limit = Double.parseDouble(System.getProperty("tatara.emulation.seconds", "80"));
        if ((System.nanoTime() - begin) * 1e-9 > limit) {
            left++;
            Assumptions.abort("left out: the time budget of " + limit + " s is spent");
        }
        ran++;
        check(r);
    }

    private static void check(Run r) {
        Case c = r.c();
        Op op = c.op();
        RefArray[] in = c.draw(3);
        RefArray[] want = new ReferenceEmitter().run(op, in);
        TensorSpec[] out = op.infer(c.specs());
        int[] alias = new int[out.length];
        for (int j = 0; j < out.length; j++) {
            alias[j] = op.alias(j);
        }
        long seed = Long.getLong("tatara.emulation.shuffle", 0);
        long start = System.nanoTime();
        RefArray[] got = run(r, in, out, alias, seed);
        for (int j = 0; j < got.length; j++) {
            Comparison d = Comparison.of(got[j].data(), want[j]);
            assertThat(d.error())
                    .as("%s output %d: %s", r.name(), j, d)
                    .isLessThanOrEqualTo(c.tolerance(want[j].spec().dtype()));
        }
        if ((System.nanoTime() - start) * 1e-9 < SECONDS_OF_A_SECOND_RUN) {
            RefArray[] again = run(r, in, out, alias, seed + 1);
            for (int j = 0; j < got.length; j++) {
                assertThat(again[j].data())
                        .as("%s output %d depends on the order of threads", r.name(), j)
                        .isEqualTo(got[j].data());
            }
        }
    }

    private static RefArray[] run(Run r, RefArray[] in, TensorSpec[] out, int[] alias, long seed) {
        Emulation emulation = Emulation.open();
        boolean checked = !"false".equals(System.getProperty("tatara.emulation.check"));
        emulation.order(seed, Boolean.getBoolean("tatara.emulation.races"));
        try (EmulatedPlan plan = new EmulatedPlan(emulation, r.traits(), checked)) {
            return plan.run(r.plan(), in, out, alias);
        } finally {
            emulation.order(0);
        }
    }
}
