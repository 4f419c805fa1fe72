package io.tatara.models.optim;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.optimizer.ClipScale;
import io.tatara.kernels.optimizer.GlobalNorm;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Gradients;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Changes the weights against their gradients. What all optimizers share: clipping by the global
 * norm (Pascanu, Mikolov and Bengio 2013), which stays on the device, and state by name for
 * checkpoints.
 */
public abstract class Optimizer implements AutoCloseable {
    private final Parameters parameters;
    private final double clip;
    private final Scope scope;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private long steps;

    /**
     * @param clip largest 2-norm of all gradients together, 0 for none
     */
    Optimizer(Parameters parameters, double clip) {
        if (!(clip >= 0)) {
            throw new TataraException("optimizer: clip: given " + clip + ", expected >= 0");
        }
        this.parameters = parameters;
        this.clip = clip;
        this.scope = parameters.scope().device().scope();
    }

    /** Zeros shaped like each weight, saved as {@code kind.name}. */
    final Tensor[] slots(String kind) {
        List<String> names = parameters.names();
        Tensor[] weights = parameters.tensors();
        Tensor[] slots = new Tensor[weights.length];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = scope.zeros(weights[i].shape().toArray());
            state.put(kind + "." + names.get(i), slots[i]);
        }
        return slots;
    }

    /**
     * One step.
     *
     * @param step scope for temporaries
     * @param gradients of the loss with respect to all parameters
     */
    public final void step(Scope step, Gradients gradients, double learningRate) {
        Tensor[] p = parameters.tensors();
        Tensor[] g = new Tensor[p.length];
        for (int i = 0; i < p.length; i++) {
            g[i] = gradients.of(p[i]);
        }
        steps++;
        update(step, p, g, learningRate, scale(step.ops(), step, g));
    }

    /** The factor [1] by which gradients shrink to stay within the norm. */
    private Tensor scale(Ops ops, Scope step, Tensor[] g) {
        if (clip == 0) {
            return step.full(1, 1);
        }
        Tensor norm = ops.run(new GlobalNorm(g.length), g)[0];
        return ops.reshape(ops.run(new ClipScale((float) clip), norm)[0], 1);
    }

    /** Changes the weights p by the gradients g times {@code scale} [1]. */
    abstract void update(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale);

    static Tensor[] join(Tensor first, Tensor[]... rest) {
        int n = 1;
        for (Tensor[] r : rest) {
            n += r.length;
        }
        Tensor[] all = new Tensor[n];
        all[0] = first;
        int at = 1;
        for (Tensor[] r : rest) {
            System.arraycopy(r, 0, all, at, r.length);
            at += r.length;
        }
        return all;
    }

    /** Steps taken so far. */
    public final long steps() {
        return steps;
    }

    /** What a checkpoint needs besides the weights. */
    public final Map<String, HostTensor> save() {
        Map<String, HostTensor> out = new LinkedHashMap<>();
        out.put("steps", HostTensor.of(new int[] {(int) steps, (int) (steps >>> 32)}, 2));
        state.forEach((name, t) -> out.put(name, HostTensor.of(t.toFloats(), t.shape().toArray())));
        return out;
    }

    /**
     * Takes up what {@link #save} gave.
     *
     * @throws TataraException naming a tensor that is missing or has another shape
     */
    public final void load(Map<String, HostTensor> saved) {
        int[] n = checked(saved, "steps", Shape.of(2)).ints();
        steps = (n[0] & 0xFFFFFFFFL) | (long) n[1] << 32;
        state.forEach((name, t) -> t.write(checked(saved, name, t.shape()).floats()));
    }

    private static HostTensor checked(Map<String, HostTensor> saved, String name, Shape shape) {
        HostTensor t = saved.get(name);
        if (t == null || !t.spec().shape().equals(shape)) {
            throw new TataraException(
                    "optimizer state: tensor "
                            + name
                            + ": given "
                            + (t == null ? "nothing" : t.spec())
                            + ", expected "
                            + shape);
        }
        return t;
    }

    /** Ends the state; the parameters stay. */
    @Override
    public final void close() {
        scope.close();
    }
}
