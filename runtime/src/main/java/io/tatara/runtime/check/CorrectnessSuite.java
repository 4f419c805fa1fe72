package io.tatara.runtime.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.Device;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.PlanRunner;
import io.tatara.runtime.tune.Variants;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Every op × case on one device against the reference. What someone with a new GPU, a new kernel or
 * a new back end runs. A case that throws is a failure of that case, or left out where the device
 * has no kernel for it; the others go on.
 */
public final class CorrectnessSuite {
    /** Elements and operations that a simulator may be asked for. */
    private static final int SMALLEST_ELEMENTS = 4096;

    private static final double SMALLEST_FLOPS = 5e5;

    private final BackEndDevice device;
    private final Options options;

    /**
     * @throws TataraException if the options name an op that is not in the table, or variants where
     *     the device has none
     */
    public CorrectnessSuite(BackEndDevice device, Options options) {
        this.device = device;
        this.options = options;
        if (options.op() != null
                && OpTable.all().stream().noneMatch(e -> e.name().equals(options.op()))) {
            throw new TataraException(
                    "no op '"
                            + options.op()
                            + "'; there are "
                            + OpTable.all().stream().map(OpEntry::name).toList());
        }
        if (options.variant() != null && !(device instanceof PlanRunner)) {
            throw new TataraException(
                    device.info().id() + ": no variants: this back end has one kernel for each op");
        }
    }

    public static CorrectnessSuite of(Device device, Options options) {
        return new CorrectnessSuite(device.backEnd(), options);
    }

    /**
     * All checks, in the order of the op table, for those who run them one by one.
     *
     * @throws TataraException if the options name variants and no case has one so named here
     */
    public List<Check> checks() {
        List<Check> list = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (options.op() != null && !options.op().equals(e.name())) {
                continue;
            }
            for (Case c : e.cases().get()) {
                if (c.isBench() || !wanted(c)) {
                    continue;
                }
                if (options.variant() == null) {
                    add(list, c);
                } else {
                    addVariants(list, e, c);
                }
            }
        }
        if (options.variant() != null && list.stream().noneMatch(c -> c instanceof OutputCheck)) {
            throw new TataraException(
                    device.info().id()
                            + ": no case has a variant in whose name '"
                            + options.variant()
                            + "' is found");
        }
        return list;
    }

    private boolean wanted(Case c) {
        DType d = options.dtype();
        return d == null
                || Arrays.stream(c.specs()).anyMatch(s -> s != null && s.dtype() == d)
                || Arrays.stream(c.op().infer(c.specs())).anyMatch(s -> s.dtype() == d);
    }

    private void add(List<Check> list, Case c) {
        String reason = reasonToSkip(c);
        list.add(
                reason != null
                        ? new SkippedCheck(c, Result.Kind.OUTPUT, reason)
                        : new OutputCheck(device, c, options.seed()));
        if (c.testsGradient() && options.gradients()) {
            list.add(
                    reason != null
                            ? new SkippedCheck(c, Result.Kind.GRADIENT, reason)
                            : new GradientCheck(device, c, options.seed()));
        }
    }

    private <O extends Op> void addVariants(List<Check> list, OpEntry<O> e, Case c) {
        String reason = reasonToSkip(c);
        if (reason != null) {
            list.add(new SkippedCheck(c, Result.Kind.OUTPUT, reason));
            return;
        }
        O op = e.type().cast(c.op());
        GpuTraits traits = ((PlanRunner) device).traits();
        Variants.of(e, op, c.specs(), traits)
                .forEach((name, kernel) -> {
                    if (options.variant().matcher(name).find()) {
                        list.add(new OutputCheck(device, c, options.seed(), kernel));
                    }
                });
    }

    private String reasonToSkip(Case c) {
        if (options.size() != Options.Size.ALL && c.isLarge()) {
            return "large";
        }
        if (options.size() == Options.Size.SMALLEST && !isSmallest(c)) {
            return "not among the smallest";
        }
        try {
            for (TensorSpec s : c.specs()) {
                if (s != null) {
                    device.storageClass(s.dtype());
                }
            }
            for (TensorSpec s : c.op().infer(c.specs())) {
                device.storageClass(s.dtype());
            }
        } catch (TataraException e) {
            return e.getMessage();
        }
        return null;
    }

    /** Whether a simulator may be asked for it. */
    static boolean isSmallest(Case c) {
        long elements = 0;
        for (TensorSpec s : c.specs()) {
            elements += s == null ? 0 : s.size();
        }
        return elements <= SMALLEST_ELEMENTS && c.op().cost(c.specs()).flops() <= SMALLEST_FLOPS;
    }

    public Report run() {
        return run(r -> {});
    }

    /**
     * @param listener is told each result as it comes
     */
    public Report run(Consumer<Result> listener) {
        List<Result> results = new ArrayList<>();
        for (Check check : checks()) {
            Result r = check.run();
            results.add(r);
            listener.accept(r);
        }
        return new Report(device.info().id(), results);
    }
}
