package io.tatara.models.optim;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.optimizer.ClipScale;
import io.tatara.kernels.optimizer.GlobalNorm;
import io.tatara.kernels.optimizer.LossScale;
import io.tatara.kernels.optimizer.Sgd;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Gradients;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Changes the weights against their gradients. What all optimizers share: clipping by the global
 * norm (Pascanu, Mikolov and Bengio 2013) and scaling of the loss, which stay on the device, and
 * state by name for checkpoints.
 */
public abstract class Optimizer implements AutoCloseable {
    private final Parameters parameters;
    private final double clip;
    private final Scope scope;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private Predicate<Tensor> decays = t -> true;
    private long steps;
    private LossScaler scaler;
    private Tensor lossScale;
    private double decay;
    private Tensor[] means;

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
        return slots(kind, IntStream.range(0, parameters.tensors().length).toArray());
    }

    /** The same for these weights alone. */
    final Tensor[] slots(String kind, int[] members) {
        List<String> names = parameters.names();
        Tensor[] slots = Group.of(parameters.tensors(), members);
        for (int i = 0; i < slots.length; i++) {
            slots[i] = scope.zeros(slots[i].shape().toArray());
            state.put(kind + "." + names.get(members[i]), slots[i]);
        }
        return slots;
    }

    /**
     * From now on gradients are those of the scaled loss, as {@link #backward} computes them. Part
     * of what is saved.
     */
    public final Optimizer scaleLoss(LossScaler s) {
        if (scaler != null) {
            throw new TataraException("optimizer: the loss is scaled already, by " + scaler);
        }
        scaler = s;
        lossScale = scope.tensor(new float[] {(float) s.initial(), 0, 0, 0}, 4);
        state.put("lossScale", lossScale);
        return this;
    }

    /**
     * From now on a running mean of the weights is kept: mean ← d · mean + (1 − d) · weight after
     * each step, with d the decay, or in the first 1 / (1 − decay) steps what makes it the plain
     * mean of all so far (Polyak and Juditsky 1992). Part of what is saved.
     *
     * @param d 0 … 1, 1 excluded; 0 for no mean
     */
    public final Optimizer average(double d) {
        if (!(d >= 0 && d < 1) || means != null) {
            throw new TataraException(
                    "optimizer: average: given "
                            + d
                            + (means == null ? "" : " a second time")
                            + ", expected 0 … 1, 1 excluded, once");
        }
        decay = d;
        means = d == 0 ? null : slots("mean");
        return this;
    }

    /**
     * Puts the running means in the place of the weights and these in theirs; a second call puts
     * all back. Does nothing where no mean is kept; waits for the device.
     */
    public final void exchange() {
        Tensor[] weights = parameters.tensors();
        for (int i = 0; means != null && i < weights.length; i++) {
            float[] weight = weights[i].toFloats();
            weights[i].write(means[i].toFloats());
            means[i].write(weight);
        }
    }

    private void updateMeans(Scope step, Tensor[] p) {
        if (means != null) {
            double d = Math.min(decay, 1 - 1.0 / steps);
            // A step of gradient descent on half the squared distance between mean and weight.
            Tensor hyper = step.tensor(new float[] {(float) (1 - d), -1}, 2);
            step.ops().run(new Sgd(p.length, 0, false, 1), join(hyper, means, p));
        }
    }

    /**
     * Weight decay is for these weights alone, such as those of rank 2 and above: biases, and the
     * scales and shifts of norms, are usually spared.
     */
    public final Optimizer decayOnly(Predicate<Tensor> which) {
        decays = which;
        return this;
    }

    /** Weights that are changed in one launch, all with decay or all without. */
    record Group(boolean decayed, int[] members) {
        Tensor[] of(Tensor[] all) {
            return of(all, members);
        }

        static Tensor[] of(Tensor[] all, int[] members) {
            return Arrays.stream(members).mapToObj(i -> all[i]).toArray(Tensor[]::new);
        }

        int size() {
            return members.length;
        }
    }

    /** One group where the weights are all decayed, or none is to be; else two. */
    final List<Group> groups(Tensor[] p, float decay) {
        return Stream.of(true, false)
                .map(d ->
                        new Group(
                                d,
                                IntStream.range(0, p.length)
                                        .filter(i -> (decay > 0 && decays.test(p[i])) == d)
                                        .toArray()))
                .filter(g -> g.size() > 0)
                .toList();
    }

    /** The scale of the loss, 1 where it is not scaled; waits for the device. */
    public final double lossScale() {
        return scaler == null ? 1 : lossScale.toFloats()[0];
    }

    /** Steps that were skipped because their gradients overflowed; waits for the device. */
    public final long skipped() {
        return scaler == null ? 0 : (long) lossScale.toFloats()[3];
    }

    /**
     * Gradients for {@link #step}: of the loss, or of the loss times its scale.
     *
     * @param loss one element, computed through the tape
     */
    public final Gradients backward(Tape tape, Tensor loss) {
        if (scaler == null) {
            return tape.backward(loss);
        }
        Ops ops = tape.scope().ops();
        Tensor scale = ops.reshape(ops.slice(lossScale, 0, 0, 1), loss.shape().toArray());
        return tape.backward(loss, ops.cast(scale, loss.dtype()));
    }

    /**
     * One step.
     *
     * @param step scope for temporaries
     * @param gradients of the loss with respect to all parameters, as {@link #backward} gives them
     */
    public final void step(Scope step, Gradients gradients, double learningRate) {
        Tensor[] p = parameters.tensors();
        Tensor[] g = new Tensor[p.length];
        for (int i = 0; i < p.length; i++) {
            g[i] = gradients.of(p[i]);
        }
        steps++;
        update(step, p, g, learningRate, scale(step.ops(), step, g));
        updateMeans(step, p);
    }

    /**
     * The factor [1] by which gradients shrink to stay within the norm and to be those of the loss
     * itself; infinity where the step is to be skipped.
     */
    private Tensor scale(Ops ops, Scope step, Tensor[] g) {
        if (scaler != null) {
            LossScale op =
                    new LossScale(
                            (float) scaler.growth(),
                            (float) scaler.backoff(),
                            scaler.interval(),
                            (float) clip);
            return ops.run(op, ops.run(new GlobalNorm(g.length), g)[0], lossScale)[1];
        }
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

    /**
     * Steps that changed the weights [1], this one with them, on the device; null where all did,
     * {@link #steps} of them.
     */
    final Tensor taken(Ops ops) {
        return scaler == null ? null : ops.slice(lossScale, 0, 2, 3);
    }

    /** Steps so far, those with them that were skipped. */
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
