package io.tatara.kernels.check;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Emitter;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import java.util.HashMap;
import java.util.Map;

/** Carries ops out on the reference, in double precision throughout. */
public final class ReferenceEmitter implements Emitter {
    private final Map<Class<?>, OpEntry<?>> more = new HashMap<>();
    private boolean stored;

    /**
     * @param more ops that are not in the table, such as those of a program that brings its own
     */
    public ReferenceEmitter(OpEntry<?>... more) {
        for (OpEntry<?> e : more) {
            this.more.put(e.type(), e);
        }
    }

    /**
     * One for which what passes from op to op is stored between them: each op of a rule reads its
     * float16 and bfloat16 inputs rounded to those types, as it must on a device. What an op gives
     * is not rounded yet.
     */
    public static ReferenceEmitter stored() {
        ReferenceEmitter e = new ReferenceEmitter();
        e.stored = true;
        return e;
    }

    @Override
    public RefArray[] emit(Op op, Value... inputs) {
        RefArray[] in = new RefArray[inputs.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = (RefArray) inputs[i];
            if (stored && in[i] != null && in[i].spec().dtype().isHalf()) {
                in[i] = new RefArray(in[i].spec(), in[i].data().clone());
                Rounding.round(in[i]);
            }
        }
        return run(entry(op), op, in);
    }

    /** The op's outputs; aliasing outputs are fresh arrays, the inputs stay as they were. */
    public RefArray[] run(Op op, RefArray... in) {
        return run(entry(op), op, in);
    }

    private OpEntry<?> entry(Op op) {
        OpEntry<?> e = more.get(op.getClass());
        return e != null ? e : OpTable.of(op);
    }

    private static <O extends Op> RefArray[] run(OpEntry<O> entry, Op op, RefArray[] in) {
        TensorSpec[] specs = new TensorSpec[in.length];
        for (int i = 0; i < in.length; i++) {
            specs[i] = in[i] == null ? null : in[i].spec();
        }
        TensorSpec[] outSpecs = op.infer(specs);
        RefArray[] out = new RefArray[outSpecs.length];
        for (int j = 0; j < out.length; j++) {
            out[j] = RefArray.zeros(outSpecs[j]);
        }
        entry.reference().run(entry.type().cast(op), in, out);
        return out;
    }

    /** Gradients of Σ outputs · gradOutputs by the op's own rule, carried out on the reference. */
    public RefArray[] gradient(
            Op op, RefArray[] in, RefArray[] out, RefArray[] gradOut, boolean[] needs) {
        Value[] g =
                op.gradient(
                        new Backprop() {
                            @Override
                            public int inputs() {
                                return in.length;
                            }

                            @Override
                            public Value input(int i) {
                                return i < in.length ? in[i] : null;
                            }

                            @Override
                            public Value output(int i) {
                                return out[i];
                            }

                            @Override
                            public Value grad(int i) {
                                return gradOut[i];
                            }

                            @Override
                            public boolean needs(int i) {
                                return i < needs.length && needs[i];
                            }

                            @Override
                            public Value[] emit(Op o, Value... inputs) {
                                return ReferenceEmitter.this.emit(o, inputs);
                            }
                        });
        RefArray[] r = new RefArray[g.length];
        for (int i = 0; i < g.length; i++) {
            r[i] = (RefArray) g[i];
        }
        return r;
    }
}
