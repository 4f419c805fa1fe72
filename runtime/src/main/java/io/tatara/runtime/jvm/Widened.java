package io.tatara.runtime.jvm;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.runtime.spi.Binding;
import java.util.ArrayList;
import java.util.List;

/**
 * The arguments of one call as float32 kernels take them: a 16-bit tensor becomes a float array
 * from the scratch pool, read before and rounded back behind the kernel. That of a long-lived
 * weight is made once and kept with it.
 */
final class Widened implements AutoCloseable {
    /** Elements that one thread converts at a time. */
    private static final int GRAIN = 1 << 15;

    /** Key of a weight's kept float array, which is never written to. */
    private record Kept() {}

    private static final Kept KEPT = new Kept();

    private final JvmContext context;
    private final Binding[] outBindings;
    private final List<float[]> scratch = new ArrayList<>();
    final JvmArray[] in;
    final JvmArray[] out;

    Widened(Op op, Binding[] inBindings, Binding[] outBindings, JvmContext context) {
        this.context = context;
        this.outBindings = outBindings;
        in = new JvmArray[inBindings.length];
        out = new JvmArray[outBindings.length];
        boolean[] overwritten = new boolean[in.length];
        for (int j = 0; j < out.length; j++) {
            if (op.alias(j) >= 0) {
                overwritten[op.alias(j)] = true;
            }
        }
        try {
            for (int i = 0; i < in.length; i++) {
                in[i] = inBindings[i] == null ? null : input(inBindings[i], overwritten[i]);
            }
            for (int j = 0; j < out.length; j++) {
                int alias = op.alias(j);
                out[j] = alias >= 0 ? in[alias] : output(outBindings[j]);
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    static boolean needed(Binding[] bindings) {
        for (Binding b : bindings) {
            if (b != null && b.spec().dtype().isHalf()) {
                return true;
            }
        }
        return false;
    }

    private JvmArray input(Binding b, boolean overwritten) {
        if (!b.spec().dtype().isHalf()) {
            return JvmDevice.array(b);
        }
        float[] f =
                b.weight() != null && !overwritten
                        ? b.weight().get(KEPT, () -> widen(b, new float[b.spec().size()]))
                        : widen(b, acquire(b.spec()));
        return new JvmArray(wide(b.spec()), f, null, overwritten ? null : b.weight());
    }

    private JvmArray output(Binding b) {
        return b.spec().dtype().isHalf()
                ? JvmArray.of(wide(b.spec()), acquire(b.spec()))
                : JvmDevice.array(b);
    }

    private float[] acquire(TensorSpec spec) {
        float[] f = context.acquire(spec.size());
        scratch.add(f);
        return f;
    }

    static TensorSpec wide(TensorSpec spec) {
        return spec != null && spec.dtype().isHalf() ? spec.withDType(DType.FLOAT32) : spec;
    }

    private float[] widen(Binding b, float[] to) {
        DType type = b.spec().dtype();
        short[] s = ((JvmMemory) b.memory()).s();
        Lanes lanes = context.lanes();
        context.workers()
                .parallelFor(
                        b.spec().size(),
                        GRAIN,
                        (from, end) -> lanes.widen(type, s, from, to, from, end - from));
        return to;
    }

    /** Rounds the outputs to their types, where they are kept. */
    void store() {
        Lanes lanes = context.lanes();
        for (int j = 0; j < out.length; j++) {
            Binding b = outBindings[j];
            DType type = b.spec().dtype();
            if (type.isHalf()) {
                float[] f = out[j].f();
                short[] s = ((JvmMemory) b.memory()).s();
                context.workers()
                        .parallelFor(
                                b.spec().size(),
                                GRAIN,
                                (from, end) -> lanes.narrow(type, f, from, s, from, end - from));
            }
        }
    }

    @Override
    public void close() {
        scratch.forEach(context::release);
        scratch.clear();
    }
}
