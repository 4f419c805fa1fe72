package io.tatara.tornado;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.tornado.cuda.MatrixUnits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Plans of ops with 16-bit tensors: these are storage, so inputs are unpacked to float32, the op's
 * own plan runs on that, and outputs are packed, rounded once. On CUDA products may take the packed
 * numbers as they are, on matrix units ({@link MatrixUnits}).
 */
final class HalfPlan {
    private static final int GROUP = 128;

    /** Where products have their operands and their result. */
    private static final int A = 0;

    private static final int B = 4;
    private static final int C = 8;

    private final TensorSpec[] in;
    private final TensorSpec[] out;
    private final List<LaunchPlan.Step> steps = new ArrayList<>();
    private final List<Integer> words = new ArrayList<>();
    private final int[] unpacked;
    private final int[] packed;

    private HalfPlan(Op op, TensorSpec[] in, TensorSpec[] out, LaunchPlan plan) {
        this.in = in;
        this.out = out;
        Arrays.stream(plan.temporaries()).forEach(words::add);
        this.unpacked = new int[in.length];
        this.packed = new int[out.length];
        for (int i = 0; i < in.length; i++) {
            unpacked[i] = half(in[i]) ? temporary(in[i].size()) : -1;
        }
        for (int j = 0; j < out.length; j++) {
            int k = op.alias(j);
            packed[j] = -1;
            if (half(out[j])) {
                packed[j] = k >= 0 && half(in[k]) ? unpacked[k] : temporary(out[j].size());
            }
        }
    }

    private int temporary(int size) {
        words.add(size);
        return words.size() - 1;
    }

    static boolean half(TensorSpec s) {
        return s != null && s.dtype().isHalf();
    }

    static boolean needed(TensorSpec[] in, TensorSpec[] out) {
        return Arrays.stream(in).anyMatch(HalfPlan::half)
                || Arrays.stream(out).anyMatch(HalfPlan::half);
    }

    /** The same in float32. */
    static TensorSpec[] floats(TensorSpec[] specs) {
        return Arrays.stream(specs)
                .map(s -> half(s) ? s.withDType(DType.FLOAT32) : s)
                .toArray(TensorSpec[]::new);
    }

    /**
     * @param plan the op's, for {@link #floats} of the same
     * @param matrixUnits whether products may run on them
     */
    static LaunchPlan of(
            Op op, TensorSpec[] in, TensorSpec[] out, LaunchPlan plan, boolean matrixUnits) {
        return new HalfPlan(op, in, out, plan).make(plan, matrixUnits);
    }

    private LaunchPlan make(LaunchPlan plan, boolean matrixUnits) {
        List<LaunchPlan.Step> own = new ArrayList<>();
        for (LaunchPlan.Step s : plan.steps()) {
            if (matrixUnits && product(s)) {
                product(s, own);
            } else {
                own.add(onFloats(s));
            }
        }
        Set<Integer> read = new HashSet<>();
        own.forEach(s -> s.slots().forEach(slot -> read.add(temporary(slot.arg()))));
        for (int i = 0; i < in.length; i++) {
            if (unpacked[i] >= 0 && read.contains(unpacked[i])) {
                unpack(i);
            }
        }
        steps.addAll(own);
        for (int j = 0; j < out.length; j++) {
            if (packed[j] >= 0) {
                pack(j);
            }
        }
        int[] floats = words.stream().mapToInt(Integer::intValue).toArray();
        int[] ints = Arrays.copyOf(plan.intTemporaries(), floats.length);
        return new LaunchPlan(List.copyOf(steps), floats, ints);
    }

    private static int temporary(Arg a) {
        return a instanceof Arg.Temporary t ? t.index() : -1;
    }

    private LaunchPlan.Step onFloats(LaunchPlan.Step s) {
        return new LaunchPlan.Step(
                s.kernel(), s.args(), s.groups(), s.local(), onFloats(s.slots()));
    }

    private List<LaunchPlan.Slot> onFloats(List<LaunchPlan.Slot> slots) {
        return slots.stream()
                .map(s -> new LaunchPlan.Slot(s.position(), onFloats(s.arg())))
                .toList();
    }

    private Arg onFloats(Arg arg) {
        return switch (arg) {
            case Arg.Input i when unpacked[i.index()] >= 0 ->
                    new Arg.Temporary(unpacked[i.index()]);
            case Arg.Output o when packed[o.index()] >= 0 -> new Arg.Temporary(packed[o.index()]);
            default -> arg;
        };
    }

    private static int mantissa(TensorSpec s) {
        return s.dtype() == DType.FLOAT16 ? 10 : 7;
    }

    private void unpack(int i) {
        int n = in[i].size();
        convert(KernelTable.UNPACK, n, n, in[i], new Arg.Input(i), new Arg.Temporary(unpacked[i]));
    }

    private void pack(int j) {
        int n = out[j].size();
        convert(
                KernelTable.PACK,
                n,
                (n + 1) / 2,
                out[j],
                new Arg.Temporary(packed[j]),
                new Arg.Output(j));
    }

    private void convert(
            KernelTable.Entry kernel, int n, int items, TensorSpec type, Arg from, Arg to) {
        if (n > 0) {
            steps.add(
                    new LaunchPlan.Step(
                            kernel,
                            new int[] {-1, -1, n, mantissa(type)},
                            new int[] {Math.ceilDiv(items, GROUP), 1, 1},
                            new int[] {GROUP, 1, 1},
                            List.of(new LaunchPlan.Slot(0, from), new LaunchPlan.Slot(1, to))));
        }
    }

    /** Whether this is a tiled product of two 16-bit inputs of one type. */
    private boolean product(LaunchPlan.Step s) {
        if (s.kernel() != KernelTable.TILED || s.args()[18] > 65535) {
            return false;
        }
        TensorSpec a = input(s, A);
        TensorSpec b = input(s, B);
        return half(a) && half(b) && a.dtype() == b.dtype();
    }

    private TensorSpec input(LaunchPlan.Step s, int position) {
        for (LaunchPlan.Slot slot : s.slots()) {
            if (slot.position() == position && slot.arg() instanceof Arg.Input i) {
                return in[i.index()];
            }
        }
        return null;
    }

    private void product(LaunchPlan.Step s, List<LaunchPlan.Step> own) {
        int[] args = s.args();
        int rows = Math.ceilDiv(args[15], MatrixUnits.TILE);
        int columns = Math.ceilDiv(args[16], MatrixUnits.TILE);
        int batch = args[18];
        long padded = (long) MatrixUnits.TILE * MatrixUnits.TILE * rows * columns * batch;
        Arg scratch = new Arg.Temporary(temporary(Math.toIntExact(padded)));
        List<LaunchPlan.Slot> operands = new ArrayList<>();
        List<LaunchPlan.Slot> rest = new ArrayList<>();
        for (LaunchPlan.Slot slot : s.slots()) {
            if (slot.position() == A || slot.position() == B) {
                operands.add(slot);
            } else {
                rest.add(slot);
            }
        }
        operands.add(new LaunchPlan.Slot(C, scratch));
        boolean brain = input(s, A).dtype() == DType.BFLOAT16;
        own.add(
                new LaunchPlan.Step(
                        brain ? KernelTable.MMA_BFLOAT16 : KernelTable.MMA_FLOAT16,
                        args,
                        new int[] {columns, rows, batch},
                        new int[] {MatrixUnits.GROUP, 1, 1},
                        List.copyOf(operands)));
        rest = new ArrayList<>(onFloats(rest));
        rest.add(new LaunchPlan.Slot(MatrixUnits.SCRATCH, scratch));
        int items = Math.multiplyExact(batch, Math.multiplyExact(args[15], args[16]));
        own.add(
                new LaunchPlan.Step(
                        KernelTable.MMA_FINISH,
                        Arrays.copyOf(args, MatrixUnits.SCRATCH + 1),
                        new int[] {Math.ceilDiv(items, GROUP), 1, 1},
                        new int[] {GROUP, 1, 1},
                        List.copyOf(rest)));
    }
}
