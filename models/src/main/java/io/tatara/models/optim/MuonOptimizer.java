package io.tatara.models.optim;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.optimizer.Sgd;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Muon (Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024) for the
 * matrices between a network's first and last layer, AdamW for all other weights. A matrix moves by
 * the orthogonal matrix nearest to the momentum of its gradients, so in all directions alike,
 * however large the gradients are in each. Nearly so: five steps of the Newton-Schulz iteration of
 * fifth degree bring all singular values to about one. The step is then 0.2 √(max(rows, columns))
 * times as long, which gives its elements the mean square of AdamW's, so that one learning rate and
 * one weight decay serve both (Liu et al., "Muon is Scalable for LLM Training", 2025, section 2.2).
 *
 * <p>A weight of more than two axes, such as a convolution's [M, C, Kh, Kw], is the matrix [M, C ·
 * Kh · Kw]. A weight may be several matrices of as many rows each below each other, such as those
 * of a gated unit's filter and gate. Matrices of like shape are orthogonalized together, by batched
 * products.
 */
public final class MuonOptimizer extends Optimizer {
    private static final double MOMENTUM = 0.95;

    private static final int ITERATIONS = 5;

    /** The iteration's X ← a X + (b A + c A²) X, with A = X Xᵀ: those of Jordan et al. */
    private static final double A = 3.4445;

    private static final double B = -4.7750;
    private static final double C = 2.0315;

    private static final double ROOT_MEAN_SQUARE = 0.2;

    /** Keeps a norm of zero from being divided by. */
    private static final float LEAST = 1e-7f;

    /** b A + c A². */
    private static final Expr POLYNOMIAL =
            Exprs.add(Exprs.scale(Exprs.in(0), B), Exprs.scale(Exprs.in(1), C));

    /** a X + (b A + c A²) X. */
    private static final Expr STEP = Exprs.add(Exprs.scale(Exprs.in(0), A), Exprs.in(1));

    /** Nesterov's form: what the momentum will be when the same gradient comes again. */
    private static final Expr AHEAD =
            Exprs.add(Exprs.scale(Exprs.in(0), MOMENTUM), Exprs.scale(Exprs.in(1), 1 - MOMENTUM));

    /** One, or infinity where the gradients' scale is, for gradients overflowed: a step skipped. */
    private static final Expr TAKEN =
            Exprs.select(
                    Exprs.greater(Exprs.in(0), Exprs.constant(Float.MAX_VALUE)),
                    Exprs.in(0),
                    Exprs.constant(1));

    private final int[] matrices;
    private final int[] parts;
    private final Tensor[] momentum;
    private final float weightDecay;
    private final AdamStep rest;

    /**
     * @param clip largest global norm of the gradients, 0 for none; it matters to what AdamW moves
     *     alone, since a matrix's step is as long whatever its gradient
     * @param beta2 decay of AdamW's second moment
     * @param weightDecay decoupled
     * @param parts of how many matrices a weight of this name is, 0 for those that AdamW moves:
     *     embeddings and the last layer should be among them
     * @throws TataraException if a matrix has fewer than two axes, or its rows are no multiple of
     *     its parts
     */
    public MuonOptimizer(
            Parameters parameters,
            double clip,
            double beta2,
            double weightDecay,
            ToIntFunction<String> parts) {
        check(parameters, parts);
        super(parameters, clip);
        List<String> names = parameters.names();
        this.matrices = places(names, n -> parts.applyAsInt(n) > 0);
        this.parts = Arrays.stream(matrices).map(i -> parts.applyAsInt(names.get(i))).toArray();
        this.weightDecay = (float) weightDecay;
        this.momentum = slots("momentum", matrices);
        int[] others = places(names, n -> parts.applyAsInt(n) <= 0);
        this.rest = new AdamStep(this, others, beta2, weightDecay, true);
    }

    private static void check(Parameters parameters, ToIntFunction<String> parts) {
        for (String name : parameters.names()) {
            int n = parts.applyAsInt(name);
            Shape shape = parameters.get(name).shape();
            if (n > 0 && (shape.rank() < 2 || shape.dim(0) % n != 0)) {
                throw new TataraException(
                        "muon: weight "
                                + name
                                + ": given "
                                + shape
                                + ", expected at least two axes and rows for "
                                + n
                                + " matrices");
            }
        }
    }

    private static int[] places(List<String> names, Predicate<String> which) {
        return IntStream.range(0, names.size()).filter(i -> which.test(names.get(i))).toArray();
    }

    @Override
    void update(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        if (matrices.length > 0) {
            move(step, Group.of(p, matrices), Group.of(g, matrices), learningRate, scale);
        }
        rest.update(step, p, g, learningRate, scale);
    }

    private void move(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        Ops ops = step.ops();
        Tensor taken = ops.pointwise(TAKEN, scale);
        Tensor rate = step.tensor(new float[] {(float) (1 - MOMENTUM)}, 1);
        // Against the gradient of half the squared distance between momentum and gradient.
        Tensor[] back = new Tensor[g.length];
        Arrays.setAll(back, i -> ops.sub(momentum[i], ops.mul(g[i], scale)));
        ops.run(new Sgd(g.length, 0, false, 0), join(ops.concat(0, rate, taken), momentum, back));
        Tensor[] ahead = new Tensor[g.length];
        Arrays.setAll(ahead, i -> ops.pointwise(AHEAD, momentum[i], ops.mul(g[i], scale)));
        Tensor[] moves = orthogonal(ops, ahead);
        Tensor hyper = ops.concat(0, step.tensor(new float[] {(float) learningRate}, 1), taken);
        for (Group t : groups(p, weightDecay)) {
            float decay = t.decayed() ? weightDecay : 0;
            ops.run(new Sgd(t.size(), 0, false, decay), join(hyper, t.of(p), t.of(moves)));
        }
    }

    /** The steps for these momenta, matrices of one shape together. */
    private Tensor[] orthogonal(Ops ops, Tensor[] momenta) {
        Map<Shape, List<Integer>> alike = new LinkedHashMap<>();
        for (int i = 0; i < momenta.length; i++) {
            int rows = momenta[i].shape().dim(0);
            int columns = momenta[i].shape().size() / rows;
            Shape shape = Shape.of(parts[i], rows / parts[i], columns);
            alike.computeIfAbsent(shape, k -> new ArrayList<>()).add(i);
        }
        Tensor[] moves = new Tensor[momenta.length];
        alike.forEach((shape, members) -> {
            Tensor[] stacked = new Tensor[members.size()];
            Arrays.setAll(stacked, i -> ops.reshape(momenta[members.get(i)], shape.toArray()));
            Tensor x = orthogonal(ops, ops.concat(0, stacked));
            int each = shape.dim(0);
            for (int i = 0; i < stacked.length; i++) {
                int[] like = momenta[members.get(i)].shape().toArray();
                Tensor move = ops.slice(x, 0, i * each, (i + 1) * each);
                moves[members.get(i)] = ops.reshape(move, like);
            }
        });
        return moves;
    }

    /** Of matrices [n, rows, columns]. */
    private static Tensor orthogonal(Ops ops, Tensor matrices) {
        int n = matrices.shape().dim(0);
        int rows = matrices.shape().dim(1);
        int columns = matrices.shape().dim(2);
        Tensor norm = ops.sqrt(ops.sum(ops.mul(matrices, matrices), 1, 2));
        Tensor x = ops.div(matrices, ops.reshape(ops.add(norm, LEAST), n, 1, 1));
        // The smaller of X Xᵀ and XᵀX.
        boolean tall = rows > columns;
        for (int i = 0; i < ITERATIONS; i++) {
            Tensor a = ops.matmul(x, x, tall, !tall);
            Tensor b = ops.pointwise(POLYNOMIAL, a, ops.matmul(a, a));
            x = ops.pointwise(STEP, x, tall ? ops.matmul(x, b) : ops.matmul(b, x));
        }
        return ops.mul(x, (float) (ROOT_MEAN_SQUARE * Math.sqrt(Math.max(rows, columns))));
    }
}
